"""Values: references, placeholders, guessable ones, generated ones."""

from __future__ import annotations

import random
import string

import pytest

from aiaudit.sources.secrets.randomness import is_random, is_sequence, wordiness
from aiaudit.sources.secrets.values import (
    CODE,
    CONFIG,
    PROCESS,
    default_of_variable,
    is_placeholder,
    is_reference,
    judge,
)


def _words(text: str) -> list[str]:
    return text.split()


PLACEHOLDERS = _words("""
sk-xxxx sk-... sk- sk-your-key-here your-api-key YOUR_API_KEY changeme change-me-in-production CHANGE_ME <token>
<YOUR_API_TOKEN> [your-key] xxxxxxxx replace-with-your-token insert-your-key-here dummy fake-key test-key-placeholder
AKIAIOSFODNN7EXAMPLE hf_xxxxxxxxxxxxxxxx AIzaSy...tu_clave_aqui cambia-esto-por-una-clave abcdef123456 0000000000
sk-proj-Qm27VbTasdfasdflKxW93ZtPqR
""")

REFERENCES = _words("""
${OPENAI_API_KEY} $OPENAI_API_KEY ${{secrets.TOKEN}} {{.Values.token}} {token} %(token)s %s $(cat/run/secrets/x)
os.environ["KEY"] process.env.KEY vault:secret/data/openai#key op://vault/item/field arn:aws:secretsmanager:eu:1:x
projects/42/secrets/openai/versions/latest !vault prefix-${TOKEN} @Microsoft.KeyVault(SecretUri=x) ENC[AES256,data:x]
""")


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_placeholders(value: str) -> None:
    """They ask to be replaced, in whatever words."""
    assert is_placeholder(value)
    assert judge(value, "SERVICE_TOKEN", PROCESS) in (("placeholder", "weak"), None)


@pytest.mark.parametrize("value", REFERENCES)
def test_references(value: str) -> None:
    """The secret is kept elsewhere."""
    assert is_reference(value)
    assert judge(value, "API_KEY", PROCESS) is None


@pytest.mark.parametrize(
    ("name", "value", "use", "kind"),
    [
        ("JWT_SECRET", "9d1c3f6a7be24805c1f2e3d4b5a69788", CODE, "generic"),
        ("SECRET_KEY", "django-insecure-gz&r^km)6)@%9q^t#jr@-)k-o1!uai!^5nv-+8e", CODE, "generic"),
        ("api_key", "123e4567-e89b-12d3-a456-426614174000", CODE, "generic"),
        ("admin_password", "Winter2024!", CODE, "generic"),
        ("POSTGRES_PASSWORD", "postgres", PROCESS, "default-password"),
        ("POSTGRES_PASSWORD", "password", PROCESS, "default-password"),
        ("password", "123456", PROCESS, "default-password"),
        ("JWT_SECRET", "secret", CODE, "default-password"),
        ("SECRET_KEY", "lakeshore9!", CODE, "default-password"),
        ("SECRET_KEY", "dev", CODE, "default-password"),
        ("secret_key", "my-secret-key", CODE, "default-password"),
        ("MINIO_SECRET_KEY", "minioadmin", PROCESS, "default-password"),
        ("OPENAI_API_KEY", "test", PROCESS, "placeholder"),
        ("api_key", "weaviate-key", PROCESS, "placeholder"),
        ("API_KEY", "<redacted>", PROCESS, "placeholder"),
        ("secret_key", "12345678", PROCESS, "placeholder"),
        ("secret_key", "90210", PROCESS, "default-password"),
        ("JWT_SECRET", "storefront", PROCESS, "default-password"),
        ("password", "Zr>2Lm-q9]Vt", CONFIG, "generic"),
        ("password", "K7W3D94QX", PROCESS, "generic"),
        ("password", "team2024", PROCESS, "default-password"),
        ("api_token", "ct-9f83b1c4d7e24a60", CONFIG, "generic"),
        ("SMTP_PASSWORD", "xkqz wvbn plmt rtyh", CODE, "generic"),
        ("WP_APP_PASSWORD", "x7fQ 9sLm 1vBt ijKL mnop 5Zk8", PROCESS, "generic"),
        ("MAIL_PASSWORD", "xxxx xxxx xxxx xxxx", PROCESS, "placeholder"),
        ("ELASTIC_PASSWORT", "Winter2024!", CODE, "generic"),
        ("MILVUS_TOKEN", "root:Milvus", CODE, "default-password"),
        ("token", "root:Zr2Lm#q9", PROCESS, "generic"),
        ("Authorization", "Bearer 9d1c3f6a7be24805c1f2e3d4b5a69788", CODE, "generic"),
    ],
)
def test_kinds(name: str, value: str, use: str, kind: str) -> None:
    """What is a secret, and of which kind."""
    judged = judge(value, name, use)
    assert judged is not None
    assert judged[0] == kind


@pytest.mark.parametrize(
    ("name", "value", "use"),
    [
        ("password", "password", CODE),
        ("api_key", "api_key", CODE),
        ("API_KEY", "braintrust_api_key", CODE),
        ("secretKey", "redis_password", CONFIG),
        ("SMTP_PASS", "smtp_pass", CONFIG),
        ("api_key", "OPENAI_API_KEY", CODE),
        ("token", "default", CONFIG),
        ("secret", "openai-credentials", CONFIG),
        ("api_key", "platform.api_key", CODE),
        ("password", "Enter your password", CODE),
        ("password", "some long text here", PROCESS),
        ("password", "xkqz wvbn plmt", PROCESS),
        ("api_token", "2024-01-01T00:00:00Z", CONFIG),
        ("auth_token", "xkqz wvbn plmt rtyh", PROCESS),
        ("api_key", "/run/secrets/openai_api_key", PROCESS),
        ("api_key", "EMPTY", CODE),
        ("OPENAI_API_KEY", "ollama", PROCESS),
        ("VLLM_API_KEY", "dummy", PROCESS),
        ("POSTHOG_API_KEY", "phc_C3Vd0pQk8LmXz2Rt7Yw5Bn1Hs9Jf6Ge4Ua", CODE),
        ("token", "8", CODE),
        ("api_key", "true", CONFIG),
        ("MINIO_ACCESS_KEY", "minioadmin", PROCESS),
        ("MAX_TOKENS", "9d1c3f6a7be24805c1f2e3d4b5a69788", PROCESS),
        ("api_key", "", CODE),
        ("password", "****", CONFIG),
        ("app_password", "<redacted>", CODE),
        ("secret_key", "jwt_secret", CODE),
        ("SECRET", "secret", CODE),
        ("secret", "blueprint", CODE),
        ("SECRET_KEY", "settings.signing", CODE),
        ("api_key", "[REMOVED]", CODE),
        ("password", "read_secret(name)Ab1", CONFIG),
        ("password", "vault[Name1]", CONFIG),
        ("password", "user->Password1", CONFIG),
        ("app_key", "storefront", PROCESS),
        ("SECRET_KEY", "12345", CODE),
        ("REFRESH_TOKEN", "user:refresh", CODE),
        ("access_token", "root:token", CODE),
    ],
)
def test_no_secrets(name: str, value: str, use: str) -> None:
    """Names of fields, of variables and of files, switches, masks, public keys, keys for servers that ask for none."""
    assert judge(value, name, use) is None


def test_default_of_a_variable() -> None:
    """Compose's fallback is what runs when nothing is set."""
    assert default_of_variable("${PW:-postgres}") == "postgres"
    assert default_of_variable("${env:PW:-postgres}") == "postgres"
    assert default_of_variable("${PW:?is not set}") is None
    assert default_of_variable("${PW}") is None


def test_randomness_tells_generated_text_from_words() -> None:
    """At most one in a hundred of either is taken for the other."""
    numbers = random.Random(7)
    alphabet = string.ascii_letters + string.digits
    generated = ["".join(numbers.choice(alphabet) for _ in range(32)) for _ in range(1000)]
    names = _words("create request session model chat history token user context storage cache database embedding")
    worded = ["_".join(numbers.choice(names) for _ in range(4)) for _ in range(1000)]

    assert sum(is_random(value) for value in generated) >= 990
    assert sum(is_random(value) for value in worded) <= 10
    assert is_sequence("abcdefghijkl")
    assert is_sequence("1111111111")
    assert wordiness("configuration") > 0.8
