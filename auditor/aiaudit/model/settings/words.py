"""What a setting's name says: is it a credential, is it one that a service can do without?"""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.sources.secrets.names import KEY, PASSWORD, SECRET, TOKEN, URL, kind_of_name
from aiaudit.sources.secrets.shapes import shape_of_value

# Providers whose key is the point of the service: without it no answer is given.
PROVIDERS = regex(
    r"(OPENAI|ANTHROPIC|CLAUDE|GEMINI|GOOGLE|GROQ|MISTRAL|COHERE|TOGETHER|FIREWORKS|OPENROUTER|DEEPSEEK|PERPLEXITY|XAI"
    r"|VOYAGE|HUGGINGFACE\w*|REPLICATE|DASHSCOPE|ZHIPU\w*|MOONSHOT|AZURE_OPENAI|LLM)_\w*(KEY|TOKEN)$"
)
# Credentials that many installations do without: the client has other ways, the server asks for none, or it is about
# watching and notifying rather than about the service's work.
_OPTIONAL = regex(
    r"^(AWS|AMAZON|BEDROCK|MINIO|S3)_|LANGSMITH|LANGFUSE|LANGCHAIN|HELICONE|WANDB|SENTRY|DATADOG|NEW_RELIC|LOGFIRE|OPIK"
    r"|PHOENIX|ARIZE|TRACELOOP|AGENTOPS|LANGTRACE|POSTHOG|MIXPANEL|SLACK|DISCORD|TELEGRAM|TEAMS|WEBHOOK(?!\w*SECRET)|SMTP|EMAIL|MAIL"
    r"|^HF_TOKEN|HUGGING_?FACE_?(HUB_)?TOKEN|GITHUB|GITLAB|REDIS|QDRANT|WEAVIATE|CHROMA|MILVUS|ELASTIC|NGROK|PROXY"
    r"|SESSION_TOKEN|LITELLM_MASTER|UNSTRUCTURED|OLLAMA|VLLM|LM_?STUDIO|LLAMA_?CPP|LOCAL|OTEL|OTLP|PROMETHEUS|METRICS"
    r"|TEST|DEBUG|STRIPE|PADDLE|PAYPAL|RECAPTCHA|CAPTCHA|FIRECRAWL|SERPER|SERPAPI|BRAVE|BING|JINA|EXA_|^S2_|SEMANTIC_?SCHOLAR|^(NCBI|PUBMED|ENTREZ)_",
    re.IGNORECASE,
)
# Those of them whose servers answer without any as well: told a wrong one, they refuse.
_ANONYMOUS = regex(
    r"^HF_TOKEN|HUGGING_?FACE|GITHUB|GITLAB|JINA|^S2_|SEMANTIC_?SCHOLAR|^(NCBI|PUBMED|ENTREZ)_", re.IGNORECASE
)
# Settings that clients and services do without, whatever their kind.
_KNOB = regex(
    r"((?<!supa)(?<!data)(?<!fire)BASE_?URL|API_?BASE|ENDPOINT_URL|LOCATION|LANGUAGE|REDIRECT_UR[IL]|ISSUER|PROXY|PROXIES|ORG|ORGANIZATION|ORG_ID|PROJECT_?ID|PROJECT|TIMEOUT|RETRIES|VERSION|PREFIX"
    r"|SUFFIX|HEADERS?|USER_?AGENT|CACHE\w*|DIR|FOLDER|PATH|FILE|LEVEL|ENV|ENVIRONMENT|MODE|DEBUG|VERBOSE|PORT|TITLE"
    r"|REGION|TZ|LANG|LOCALE|ORIGINS?|LIMIT|SIZE|WORKERS|THREADS|DEVICE|TEMPERATURE|ENABLED?|SCHEMA|ROOT_PATH|TAG|COMMIT"
    r"|(APP|PROJECT|SERVICE|HOST|SITE|COOKIE|LOGGER|BOT|PRODUCT|COMPANY|DISPLAY)_?NAME|DESCRIPTION|CALLBACKS?|DOMAIN|PEM|(?<![a-z])(CERT\w*|CA|SSL\w*|TLS\w*|LOG\w*)|PROFILE|REVISION|VARIANT|SENTRY_DSN|PROMPT)$",
    re.IGNORECASE,
)
# What is there without anybody setting it.
_GIVEN = frozenset(
    ("HOME", "USER", "USERNAME", "PATH", "PWD", "SHELL", "HOSTNAME", "LANG", "TMPDIR", "TEMP", "TMP", "DISPLAY", "TERM",
     "RANK", "LOCAL_RANK", "WORLD_SIZE", "CUDA_VISIBLE_DEVICES", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH")
)  # fmt: skip
# What stands for "nobody has set this".
_STAND_IN = regex(
    r"^(unset|not[-_ ]?set|undefined|none|null|nil|n/?a|change[-_ ]?me.*|.*change[-_ ]?(this|me|in[-_ ]?prod).*|todo"
    r"|fixme|x{3,}|your[-_ ].*|<.*>|\[.*\]|placeholder|dummy.*|example.*|replace.*|insert[-_ ].*|sk-x*\.*|sk-your.*"
    r"|fake.*|(.*[^a-z])?x{4,}([^a-z].*)?|.*your[-_].*|test[-_]?(key|token|secret).*|foo|bar|secret|default[-_]?(key|secret))$",
    re.IGNORECASE,
)
# Servers that ask for a key and look at none.
_ACCEPTED_ANYTHING = regex(
    r"^(empty|ollama|none|no|not[-_ ]?needed|not[-_ ]?required|no[-_ ]?key(-required|-needed)?|lm-?studio|local"
    r"|anything|-|na|sk-no-key(-required)?|sk-1234|token-abc123|vllm|na|n/a|unused|ignored|dummy[-_]?key-for-local)$",
    re.IGNORECASE,
)
CREDENTIALS_IN_URL = regex(r"^[a-z][\w+.-]*://[^/\s:@]+:[^/\s@]+@", re.IGNORECASE)


def is_credential(name: str) -> bool:
    """Whether a setting of this name is a key, token, secret or password."""
    return kind_of_name(name) in (KEY, TOKEN, SECRET, PASSWORD) or name.upper() in ("API_KEY", "SECRET_KEY")


def is_store_address(name: str) -> bool:
    """Whether it tells where a database is, with the credentials for it."""
    return kind_of_name(name) == URL


def is_signing_secret(name: str) -> bool:
    """Whether tokens or sessions are signed with it."""
    return re.search(r"^(app_?|jwt_?|flask_?|session_?|token_?)?secret(_key)?$|^jwt_\w*key$", name, re.I) is not None


def is_provider_key(name: str) -> bool:
    """Whether it is the key of a provider of models."""
    return PROVIDERS.search(name.upper()) is not None


def is_optional(name: str) -> bool:
    """Whether services commonly run without it."""
    return _OPTIONAL.search(name) is not None and not is_provider_key(name)


def may_be_left_out(name: str) -> bool:
    """Whether the server answers those too who send no credential of this name."""
    return _ANONYMOUS.search(name) is not None


def is_given_by_platform(name: str) -> bool:
    """Whether the operating system, the container or the platform sets it, not who deploys the service."""
    return name.upper() in _GIVEN or name.upper().startswith(("LAMBDA_", "KUBERNETES_", "GAE_", "K_", "DYNO", "RAY_"))


def is_knob(name: str) -> bool:
    """Whether it tunes rather than connects."""
    return _KNOB.search(name) is not None


def is_taken_for_any(text: str) -> bool:
    """Whether a text is what servers get that ask for a key and look at none: "EMPTY", "not-needed"."""
    return _ACCEPTED_ANYTHING.match(text.strip()) is not None


def is_stand_in(name: str, text: str) -> bool:
    """Whether a default stands for a value that is missing."""
    if _STAND_IN.match(text.strip()):
        return not _ACCEPTED_ANYTHING.match(text.strip()) or text.strip().lower() == "unset"
    if is_credential(name):  # a provider's key is no stand-in: the service works with it
        return not _ACCEPTED_ANYTHING.match(text.strip()) and shape_of_value(text.strip()) is None
    if not is_store_address(name):
        return False
    # A word that is no host tells nothing of where the database is.
    is_word = text.strip().isalpha() and text.strip().lower() != "localhost"
    return is_word or CREDENTIALS_IN_URL.match(text.strip()) is not None
