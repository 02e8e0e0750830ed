"""What the value of a variable looks like: told by its type, by what converts it, else by its name."""

from __future__ import annotations

from aiaudit.boot.planning.types import Bounds, Type, Types
from aiaudit.boot.record import Kind
from aiaudit.model.scopes import last_name
from aiaudit.model.settings.reads import Read
from aiaudit.model.settings.words import is_credential, is_store_address
from aiaudit.sources.python.facts import Expression
from aiaudit.sources.secrets.names import URL, kind_of_name, providers_in, words_of
from aiaudit.values import dataclass

_SECRETS = frozenset(("SecretStr", "SecretBytes", "Secret"))
_URLS = frozenset(("AnyUrl", "HttpUrl", "AnyHttpUrl", "AnyWebsocketUrl", "WebsocketUrl", "Url", "FileUrl"))
_INTEGERS = frozenset(("int", "PositiveInt", "NonNegativeInt", "StrictInt", "ByteSize"))
_NUMBERS = frozenset(("float", "Decimal", "PositiveFloat", "NonNegativeFloat", "StrictFloat"))
_LISTS = frozenset(("list", "List", "set", "Set", "tuple", "Tuple", "Sequence", "frozenset", "FrozenSet"))
_OBJECTS = frozenset(("dict", "Dict", "Mapping", "Json"))
_PATHS = {"Path": "", "DirectoryPath": "", "NewPath": "", "FilePath": "file"}
# Types of addresses, and words of names, by the scheme of what they lead to.
_DSNS = {
    "PostgresDsn": "postgresql",
    "RedisDsn": "redis",
    "MongoDsn": "mongodb",
    "MySQLDsn": "mysql",
    "MariaDBDsn": "mysql",
    "AmqpDsn": "amqp",
    "ClickHouseDsn": "clickhouse",
}
_STORES = {
    "redis": "redis",
    "celery": "redis",
    "broker": "redis",
    "cache": "redis",
    "mongo": "mongodb",
    "mongodb": "mongodb",
    "mysql": "mysql",
    "mariadb": "mysql",
    "rabbitmq": "amqp",
    "amqp": "amqp",
    "clickhouse": "clickhouse",
}
_CONVERTERS = {
    "int": Kind.INTEGER,
    "float": Kind.NUMBER,
    "bool": Kind.BOOLEAN,
    "strtobool": Kind.BOOLEAN,
    "Path": Kind.PATH,
    "PurePath": Kind.PATH,
}
_TRUTHS = frozenset(("true", "1", "yes", "on", "false", "0", "no", "off", "t", "y"))
_ADDRESS = frozenset(("url", "uri", "endpoint", "webhook", "dsn", "origin"))
_OWN_PROVIDERS = {
    "claude": "anthropic",
    "gemini": "google",
    "hf": "huggingface",
    "hugging": "huggingface",
    "huggingfacehub": "huggingface",
    "grok": "xai",
    "langchain": "langsmith",
    "pplx": "perplexity",
    "llama": "llamacloud",
    "gh": "github",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What a value looks like: see `Variable`."""

    kind: Kind
    provider: str = ""
    choices: tuple[str, ...] = ()
    least: int = 0


def look_of_type(name: str, found: Type, bounds: Bounds, types: Types) -> Look:
    """Of a field with an annotation."""
    choices = tuple(str(choice) for choice in types.choices(found))
    if choices:
        return Look(Kind.CHOICE, choices=choices)
    if found.name in _SECRETS:
        return Look(Kind.SECRET, provider_of(name), least=bounds.least)
    if found.name in _DSNS:
        return Look(Kind.URL, _DSNS[found.name])
    if found.name in _URLS:
        return Look(Kind.URL, api_of(name))
    if found.name in _INTEGERS:
        return Look(Kind.INTEGER, least=int(bounds.low or 0))
    if found.name in _NUMBERS:
        return Look(Kind.NUMBER, least=int(bounds.low or 0))
    if found.name in ("bool", "StrictBool"):
        return Look(Kind.BOOLEAN)
    if found.name in _PATHS:
        return Look(Kind.PATH, _PATHS[found.name])
    if found.name in ("EmailStr", "NameEmail"):
        return Look(Kind.EMAIL)
    if found.name in _LISTS:
        return Look(Kind.TEXT, "list")
    if found.name in _OBJECTS or found.cls is not None:
        return Look(Kind.TEXT, "object")
    look = look_of_name(name)
    if look.kind not in (Kind.SECRET, Kind.TEXT):
        return look if not bounds.least else Look(look.kind, look.provider)
    return Look(look.kind, look.provider, least=bounds.least)


def look_of_read(name: str, read: Read) -> Look:
    """Of a look-up: `int(os.environ["X"])`, `os.getenv("X", "").lower() == "true"`, `config("X", cast=int)`."""
    for parent in reversed(read.parents):
        kind = _converted(parent, read.expression)
        if kind is not None:
            return Look(kind)
        if parent[0] not in ("call", "attr", "cmp", "bool"):
            break
    kind = _cast(read.expression)
    return Look(kind) if kind is not None else look_of_name(name)


def look_of_name(name: str) -> Look:
    """Of a text that only its name tells about."""
    words = words_of(name)
    if is_store_address(name) or (set(words) & _ADDRESS and kind_of_name(name) == URL):
        scheme = next((_STORES[word] for word in words if word in _STORES), "")
        return Look(Kind.URL, scheme or ("postgresql" if is_store_address(name) else api_of(name)))
    if is_credential(name):
        return Look(Kind.SECRET, provider_of(name))
    last = words[-1] if words else ""
    if last in _ADDRESS or words[-2:] == ("api", "base") or words[-2:] == ("base", "url"):
        scheme = next((_STORES[word] for word in words if word in _STORES), "")
        return Look(Kind.URL, scheme or api_of(name))
    if last == "port":
        return Look(Kind.INTEGER)
    if last in ("dir", "directory", "folder", "path"):
        return Look(Kind.PATH)
    if last == "email":
        return Look(Kind.EMAIL)
    return Look(Kind.TEXT)


def provider_of(name: str) -> str:
    """Whose key a secret of this name is, as dummies are shaped."""
    words = words_of(name)
    if "fernet" in words:
        return "fernet"
    if "azure" in words:
        return ""
    if "aws" in words:
        return "aws" if words[-2:] == ("key", "id") else ""
    mentioned = providers_in(name)
    found = next((word for word in words if word in mentioned), "")
    return _OWN_PROVIDERS.get(found, found)


def api_of(name: str) -> str:
    """Whose API an address of this name leads to, where it is one that the stub speaks."""
    words = words_of(name)
    if "azure" in words or not ({"base", "endpoint", "api", "url"} & set(words)):
        return ""
    return "openai" if "openai" in words else "anthropic" if {"anthropic", "claude"} & set(words) else ""


def _converted(parent: Expression, inner: Expression) -> Kind | None:
    if parent[0] == "call" and parent[2] is not inner:
        return _CONVERTERS.get(last_name(parent[2]))
    if parent[0] == "cmp":
        compared = [
            part for right in parent[4] for part in (right[2] if right[0] in ("list", "tuple", "set") else (right,))
        ]
        texts = {str(part[2]).lower() for part in compared if part[0] == "const"}
        return Kind.BOOLEAN if texts and texts <= _TRUTHS else None
    return None


def _cast(call: Expression) -> Kind | None:
    """The type that a reader of environments converts to: `config("X", cast=int)`, `env.int("X")`."""
    if call[0] != "call":
        return None
    given = dict(call[4]).get("cast")
    named = _CONVERTERS.get(last_name(given)) if given is not None else None
    method = call[2][3] if call[2][0] == "attr" else ""
    return named or _CONVERTERS.get(method)
