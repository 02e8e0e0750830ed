"""Names: which promise a secret."""

from __future__ import annotations

import pytest

from aiaudit.sources.secrets import is_secret_name
from aiaudit.sources.secrets.names import kind_of_name, providers_in, words_of


def _words(text: str) -> list[str]:
    return text.split()


SECRET = _words("""
OPENAI_API_KEY openai_api_key openaiApiKey OpenAIKey OPENAIKEY APIKEY apiKey x-api-key API_KEY_OPENAI OPENAI_API_KEY_2
OPENAI_API_KEY_PROD api_keys HF_TOKEN bot_token botToken access_token auth_tokens Authorization JWT_SECRET client_secret
clientSecret SECRET_KEY SECRET_KEY_BASE DJANGO_SECRET_KEY awsSecretAccessKey awssecretaccesskey AWS_ACCESS_KEY_ID
private_key encryption_key POSTGRES_PASSWORD PGPASSWORD MYSQL_PWD DB_PASS smtp_pass rootpassword passphrase requirepass
spring.datasource.password org.assistant.deploy-token DATABASE_URL SQLALCHEMY_DATABASE_URI sqlalchemy.url REDIS_URL
AZURE_STORAGE_CONNECTION_STRING SENTRY_DSN SLACK_WEBHOOK_URL PIP_INDEX_URL GH_PAT TWILIO_AUTH basic_auth
FASTAPI_KEY BACKEND_KEY GATEWAY_KEY INTERNAL_KEY LLM_KEY ELASTIC_PASSWORT DB_SENHA
""")

BENIGN = _words("""
MAX_TOKENS max_new_tokens TOKENIZERS_PARALLELISM tokenizer_path TOKEN_LIMIT token_count CONTEXT_TOKENS pad_token
eos_token next_page_token csrf_token CACHE_KEY_TTL KEY_PREFIX primary_key PUBLIC_KEY cache_key memory_key key
KMS_KEY_ALIAS KEYCLOAK_URL MONKEY KEYBOARD AUTH_MODE AUTH_ENABLED AUTHOR auth USE_AUTH AUTH_TOKEN_FILE
OPENAI_API_KEY_FILE api_key_header API_KEY_NAME SECRET_PATH secret_name existing_secret imagePullSecrets
PASSWORD_MIN_LENGTH password_hash hashed_password reset_password forgot_password PASSTHROUGH COMPASS_DIR compass bypass
first_pass API_BASE_URL API_PORT tokenUrl USERNAME SSH_AUTH_SOCK GOPRIVATE PRIVATE_NETWORK TIKTOKEN_CACHE_DIR
HF_HUB_DISABLE_TELEMETRY EXAMPLE_KEY publishable_key anon_key old_pwd verify_token checksum/secret
""")


@pytest.mark.parametrize("name", SECRET)
def test_secret_names(name: str) -> None:
    """What opens, signs or encrypts something."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", BENIGN)
def test_benign_names(name: str) -> None:
    """What only sounds like it."""
    assert not is_secret_name(name)


def test_words_of_compact_and_mixed_names() -> None:
    """Names are cut at signs, at changes of case and at known words."""
    assert words_of("OpenAIApiKey") == ("openai", "api", "key")
    assert words_of("openaiapikey") == ("openai", "api", "key")
    assert words_of("MONKEY") == ("monkey",)
    assert words_of("DB2_PASSWORD") == ("db", "2", "password")


def test_kinds_and_providers() -> None:
    """The kind decides how a value is judged, the provider which forms are tried."""
    assert kind_of_name("tmdb_key") == kind_of_name("newsapiKey") == "key"
    assert (
        kind_of_name("AZURE_SEARCH_KEY")
        == kind_of_name("SUPABASE_SERVICE_ROLE_KEY")
        == kind_of_name("SPEECH_KEY")
        == "key"
    )
    assert kind_of_name("search_key") is kind_of_name("role_key") is kind_of_name("SUPABASE_ANON_KEY") is None
    assert kind_of_name("movie_key") is None
    assert kind_of_name("REDIS_URL") == "url"
    assert kind_of_name("AWS_ACCESS_KEY_ID") == "identifier"
    assert kind_of_name("smtp_pass") == "password"
    assert kind_of_name("SecretStr") is None
    assert providers_in("MISTRAL_API_KEY") == {"mistral"}


def test_any_length_is_fine() -> None:
    """A name of a megabyte costs nothing."""
    assert not is_secret_name("a" * 1_000_000)
    assert is_secret_name("x_" * 500_000 + "password")
