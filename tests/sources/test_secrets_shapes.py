"""Provider's keys: each form is found with its label, and what looks like it is not.

The keys are made when the test runs, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import base64
import json
import random
import string
import zlib

import pytest

from aiaudit.sources.secrets import SecretFact, extract

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def some(length: int, alphabet: str = ALNUM, seed: int = 1) -> str:
    """A generated text, the same in every run."""
    numbers = random.Random(f"{length}{alphabet}{seed}")
    return "".join(numbers.choice(alphabet) for _ in range(length))


def checksummed(prefix: str) -> str:
    """A token whose last six characters are its checksum, as GitHub and npm make them."""
    body, digits = some(30), ""
    number = zlib.crc32(body.encode())
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return prefix + body + digits.rjust(6, "0")


def jwt(claims: dict[str, object], algorithm: str = "HS256") -> str:
    """A signed token with these claims."""
    parts = [{"alg": algorithm, "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, some(43, ALNUM + "-_")])


KEYS = {
    "openai": "sk-proj-" + some(120, ALNUM + "-_"),
    "openai-like": "sk-" + some(48),
    "anthropic": "sk-ant-api03-" + some(95, ALNUM + "-_"),
    "openrouter": "sk-or-v1-" + some(64, HEX),
    "google": "AIzaSy" + some(33),
    "huggingface": "hf_" + some(34, string.ascii_letters),
    "groq": "gsk_" + some(52),
    "replicate": "r8_" + some(37),
    "pinecone": "pcsk_" + some(6) + "_" + some(60),
    "langsmith": "lsv2_pt_" + some(32, HEX) + "_" + some(10, HEX),
    "langfuse": "sk-lf-" + "-".join(some(n, HEX) for n in (8, 4, 4, 4, 12)),
    "tavily": "tvly-dev-" + some(32),
    "xai": "xai-" + some(80),
    "nvidia": "nvapi-" + some(64),
    "aws": "AKIA" + some(16, BASE32),
    "github": checksummed("ghp_"),
    "npm": checksummed("npm_"),
    "gitlab": "glpat-" + some(20),
    "slack": "xoxb-" + some(12, string.digits) + "-" + some(12, string.digits) + "-" + some(24),
    "stripe": "sk_live_" + some(24),
    "sendgrid": "SG." + some(22) + "." + some(43),
    "databricks": "dapi" + some(32, HEX),
    "telegram": some(10, "123456789") + ":AA" + some(33),
    "azure-client-secret": some(3) + "8Q~" + some(34),
    "jwt": jwt({"sub": "service", "role": "admin"}),
    "slack-webhook": "hooks.slack.com/services/T" + some(10, BASE32) + "/B" + some(10, BASE32) + "/" + some(24),
}

BY_NAME = {
    "mistral": ("MISTRAL_API_KEY", some(32)),
    "cohere": ("COHERE_API_KEY", some(40)),
    "wandb": ("WANDB_API_KEY", some(40, HEX)),
    "azure": ("AZURE_OPENAI_API_KEY", some(32, HEX)),
    "aws": ("AWS_SECRET_ACCESS_KEY", some(40, ALNUM + "+/")),
    "twilio": ("TWILIO_AUTH_TOKEN", some(32, HEX)),
}

LOOK_ALIKES = [
    "sk-learn-pipeline-for-the-nightly-evaluation-run",
    "sk-" + "x" * 48,
    "sk-proj-your-key-goes-here-and-nowhere-else",
    "AKIAIOSFODNN7EXAMPLE",
    "AIza" + "x" * 35,
    "hf_internal_testing_tiny_random_llama_model",
    "ghp_" + some(36),  # the checksum does not hold
    "task-" + some(48),
    some(64, HEX),
    jwt({"role": "anon"}),
    jwt({"sub": "1234567890", "name": "John Doe"}),
    jwt({"sub": "service"}, "none"),
    "eyJ" + some(40) + ".eyJ" + some(40) + "." + some(40),  # decodes to nothing
]


def found(text: str, path: str) -> list[SecretFact]:
    """The facts, after checking that none gives its value away."""
    facts = extract(text, path)
    assert facts.problems == ()
    return list(facts.secrets)


@pytest.mark.parametrize(
    "path", ["app/main.py", "README.md", ".env", "config.yaml", "app.json", "main.ts", "run.sh", "x.csv"]
)
@pytest.mark.parametrize("provider", KEYS)
def test_every_form_in_every_kind_of_file(provider: str, path: str) -> None:
    """One fact, with provider, place and mask, and without the value."""
    key = KEYS[provider]
    lines = {
        "app/main.py": f'value = "{key}"\n',
        "README.md": f"Use `{key}`.\n",
        ".env": f"VALUE={key}\n",
        "config.yaml": f"value: {key}\n",
        "app.json": f'{{"value": "{key}"}}\n',
        "main.ts": f"const value = '{key}';\n",
        "run.sh": f"export VALUE={key}\n",
        "x.csv": f"a;{key};b\n",
    }
    facts = found("\n" + lines[path], path)

    assert [(fact.kind, fact.provider) for fact in facts] == [("provider", provider)]
    assert facts[0].extent.line == 2
    assert facts[0].length >= 20
    assert facts[0].masked.startswith(key[:4])
    assert key not in repr(facts)


@pytest.mark.parametrize("provider", BY_NAME)
def test_forms_known_by_the_name(provider: str) -> None:
    """The same value under another name is an ordinary secret, under no secret's name nothing."""
    name, value = BY_NAME[provider]

    assert [fact.provider for fact in found(f'{name} = "{value}"\n', "a.py")] == [provider]
    assert [fact.kind for fact in found(f'INTERNAL_SECRET = "{value}"\n', "a.py")] == ["generic"]
    assert found(f'CHECKSUM = "{value}"\n', "a.py") == []


@pytest.mark.parametrize("value", LOOK_ALIKES)
@pytest.mark.parametrize("path", ["a.py", "README.md", "a.yaml"])
def test_look_alikes(value: str, path: str) -> None:
    """Words with hyphens, digests, examples, public tokens, wrong checksums."""
    text = f'value = "{value}"\n' if path == "a.py" else f"value: {value}\n"
    assert [fact.kind for fact in found(text, path) if fact.kind == "provider"] == []


def test_private_keys() -> None:
    """A block with key material counts, dots and placeholders do not; where it is an argument, the name is kept."""
    body = "\n".join(some(64, ALNUM + "+/", seed) for seed in range(6))
    pem = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n"

    assert [fact.provider for fact in found(pem, "key.pem")] == ["private-key"]
    assert [fact.provider for fact in found(f'PRIVATE_KEY = """{pem}"""\n', "a.py")] == ["private-key"]
    assert found("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n", "key.pem") == []
    assert found("-----BEGIN PUBLIC KEY-----\n" + body, "key.pem") == []


def test_escaped_text_before_a_key() -> None:
    """`\\n` in a string is no part of the token behind it."""
    facts = found('{"text": "the key:\\n' + KEYS["openai"] + '"}', "a.json")
    assert [fact.provider for fact in facts] == ["openai"]


def test_public_web_configuration() -> None:
    """The key of a Firebase web application is made to be shown."""
    text = f"const c = {{apiKey: '{KEYS['google']}', authDomain: 'x.firebaseapp.com', messagingSenderId: '1'}};\n"
    assert found(text, "firebase.ts") == []
