"""Judging a literal: a reference, a placeholder, a guessable default, or something with the entropy of a real secret."""

from __future__ import annotations

import math
import re
from collections import Counter

from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.facts import DEFAULT_PASSWORD, FAIR, GENERIC, PLACEHOLDER, STRONG, WEAK

_LONGEST_VALUE = 4096
# The 190 most frequent pairs of letters in English identifiers; random text holds about a quarter of all 676.
_COMMON_PAIRS = (
    "abacadagaialamanaparasatbabebiblbobucacechcickclcocrctcudadddedidodrdsdueaecedeeefegelemeneperesetevewexfafefffi"
    "flfofrfugegigshahehihoiaibicidieifigiliminioipirisitivizkelaldlelilllolsltlulymamemimompmsnancndnenfngninonsntnu"
    "nvobocodolomonoooporosotouovowpapepiplpoppprptqurarcrdrergrirmrnrorrrsrtrurysascseshsisospssstsutatctethtitltotp"
    "trtstttutyubueulumunupurusutvaveviwawixtypze"
)
_PAIRS = frozenset(_COMMON_PAIRS[at : at + 2] for at in range(0, len(_COMMON_PAIRS), 2))

_REFERENCE = re.compile(
    r"""\$\{|\$\(|\{\{|\}\}|<%|%\(\w+\)|%[sdr]\b|\{[\w.\[\]!:'"-]*\}
    |^\$\w|^%\w+%$|^`|^!|^@(?:Microsoft\.KeyVault|ref)|^ENC\[|^\w*:?projects/[^/]+/secrets/
    |^(?:os\.environ|process\.env|import\.meta|env|ENV|secrets?|vars?|steps|inputs|config|settings|self|var|local|data
        |module|each|vault|ssm|arn:aws|op|gcpsm|kv|keyring|file|ref\+\w+|awssm|sm|doppler|infisical)[.:\[/(]\S""",
    re.VERBOSE,
)
_COMPOSE_DEFAULT = re.compile(r"\$\{\w+:?-([^{}$]*)\}")
_LITERALS = frozenset(
    ["true", "false", "yes", "no", "on", "off", "null", "none", "nil", "undefined", "nan", "auto", "default", "required", "optional", "string", "str", "text", "password_here", "bool", "int", "number", "any", "object", "basic", "bearer", "digest", "oauth", "oauth2", "apikey", "jwt", "hidden", "header", "query", "cookie"]
)
# What a client sends to a server that asks for no key.
_KEYLESS = re.compile(
    r"""(?:sk-)?(?:empty|none|null|n/?a|na|ollama|lm[-_ ]?studio|llama(?:[-_.]?cpp)?|local(?:host|ai)?|vllm|unused|ignored?
    |(?:any|no|not|non?)[-_ ]?(?:api[-_ ]?)?(?:key|token|auth|needed|required|used|necessary|applicable|thing)
        (?:[-_ ]?(?:needed|required|necessary|used))?
    |whatever|anonymous|token-abc123)""",
    re.VERBOSE | re.IGNORECASE,
)
_MARKER_WORDS = frozenset(
    ["your", "yours", "yourself", "example", "examples", "placeholder", "changeme", "change", "changeit", "changethis", "replace", "replaceme", "insert", "todo", "fixme", "dummy", "fake", "sample", "xxx", "xxxx", "here", "enter", "redacted", "removed", "tbd", "goes", "fill", "paste", "foo", "bar", "baz", "foobar", "mock", "masked", "notset", "unset", "invalid", "aqui", "cambiar", "cambiame", "cambia", "trocar", "troque", "mude", "sua", "seu", "votre", "ici", "hier", "dein", "ihr", "must"]
)
_MARKER_PARTS = re.compile(
    r"change[-_ ]?(?:me|this|it\b|in[-_ ]?prod|before|on[-_ ]|for[-_ ])|(?:your|my)[-_ ]?(?:own|actual|real|open|super)"
    r"|your[-_ ]?(?:api|key|secret|token|pass|google|hf|db|aws|azure|gemini|groq)|placeholder|replace[-_ ]?(?:me|this|with)"
    r"|x{4,}|\*{3,}|\.{3}|…|_here\b|-here\b|EXAMPLE(?:KEY)?$|insert[-_ ]|redacted|lorem|<[^<>]{1,80}>|^\[[^\[\]]{1,80}\]$|^__\w+__$|^\?+$",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"(?:sk-(?:proj-|ant-(?:api\d\d-)?|or-(?:v1-)?|lf-)?|pk-lf-|hf_|gsk_|ghp_|gho_|github_pat_|glpat-|AIza(?:Sy)?|r8_|pcsk_"
    r"|lsv2_(?:pt|sk)_|ls__|tvly-|pplx-|xox[abprs]-|xapp-|AKIA|npm_|pypi-|SG\.|[spr]k_(?:live|test)_|whsec_|sk_|django-insecure-)"
)
_HINTS = frozenset(
    ["secret", "secrets", "password", "pass", "passw", "passwd", "key", "token", "dev", "development", "test", "testing", "tests", "admin", "administrator", "local", "insecure", "unsafe", "demo", "private", "super", "supersecret", "jwt", "mysecret", "mysecretkey", "secretkey", "qwerty", "root", "temp", "tmp", "hello", "secure", "strong", "random", "session", "signing", "production", "staging", "default", "hardcoded", "do", "not", "use", "only", "never", "safe", "minioadmin", "guest", "postgres", "redis", "mysql", "letmein", "welcome", "please"]
)
_NAMING = frozenset(["x", "api", "key", "token", "secret", "access", "auth", "client", "id", "refresh", "bearer", "private", "password", "user", "the", "app"])
_FILE = re.compile(r"(?:^(?:\.{0,2}/|~|[A-Za-z]:\\)|\.(?:pem|key|json|txt|crt|cer|env|ya?ml|toml|ini|sock|p12|pfx|jks|db|py|sh|js)$)")
_LINK = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.\-]*://|^(?:www\.|mailto:)|^[\w.+-]+@[\w-]+\.[\w.]+$")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_TOKEN = re.compile(r"[\w\-.+/=~:|@!#$%^&*()?,;\[\]]+")
_PASSWORD = re.compile(r"[^\s\"'`\\<>(){}\[\]]+")
_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SCHEME = re.compile(r"(?:bearer|basic|token|bot|api-?key|key)\s+(?=\S+$)", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def entropy(value: str) -> float:
    """Shannon's bits a character."""
    if not value:
        return 0.0
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in Counter(value).values())


def wordiness(value: str) -> float:
    """The share of neighbouring letters that are usual in English; 1 for words, about 0.3 for random text."""
    lower = value.lower()
    pairs = [lower[at : at + 2] for at in range(len(lower) - 1)]
    letters = [pair for pair in pairs if pair.isalpha()]
    return sum(pair in _PAIRS for pair in letters) / len(letters) if letters else 0.0


def is_sequence(value: str) -> bool:
    """`abcdefgh`, `12345678`, `aaaaaaaa` and mixtures of such runs."""
    if len(value) < 6:
        return False
    steps = sum(ord(right) - ord(left) in (0, 1) for left, right in zip(value, value[1:], strict=False))
    return steps >= 0.6 * (len(value) - 1) or len(set(value.lower())) <= max(3, len(value) // 8)


def is_random(value: str) -> bool:
    """Whether the text has the make of a generated secret rather than of words, a path or an expression."""
    if len(value) < 16 or len(value) > _LONGEST_VALUE or is_sequence(value) or not _TOKEN.fullmatch(value):
        return False
    value = value.removeprefix("django-insecure-")
    letters = sum(character.isalpha() for character in value)
    digits = sum(character.isdigit() for character in value)
    if letters == 0 or value.count("/") > 3 or value.count(".") > 3 or " " in value:
        return False
    if _UUID.fullmatch(value):
        return True
    if re.fullmatch(r"[0-9a-fA-F]+", value):
        return digits > 0 and entropy(value) >= 2.8
    if digits == 0:
        mixed = value != value.lower() and value != value.upper()
        return mixed and len(value) >= 20 and entropy(value) >= 3.8 and wordiness(value) < 0.5
    return entropy(value) >= 3.2 and wordiness(value) < 0.58 and _changes(value) >= 4


def _changes(value: str) -> int:
    """How often letters, digits and signs, or the case within letters, take turns."""
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" if c.isalpha() else "s" for c in value]
    return sum(left != right for left, right in zip(kinds, kinds[1:], strict=False))


def is_reference(value: str) -> bool:
    """Whether the value is made elsewhere: a variable, a template, a store of secrets."""
    return bool(_REFERENCE.search(value))


def compose_default(value: str) -> str | None:
    """The literal in `${NAME:-literal}`, None for other values."""
    match = _COMPOSE_DEFAULT.fullmatch(value.strip())
    return match.group(1) if match else None


def is_placeholder(value: str) -> bool:
    """`your-key-here`, `sk-xxxx`, `<token>`, `changeme`, `abcdef123456`: a value that asks to be replaced."""
    if _MARKER_PARTS.search(value):
        return True
    prefix = _PREFIX.match(value)
    body = value[prefix.end() :] if prefix else value
    if prefix and len(body) < 8:
        return True
    if not re.search(r"[^xX*._#?0\-]", body) or is_sequence(re.sub(r"[-_. ]", "", body)):
        return len(body) >= 3
    words = [word.lower() for word in _SPLIT.findall(body)]
    if prefix and wordiness(body) > 0.6 and not re.search(r"\d", body):
        return True
    return len(words) <= 14 and any(word in _MARKER_WORDS for word in words)


def without_scheme(value: str) -> str:
    """`Bearer abc` -> `abc`."""
    return _SCHEME.sub("", value, count=1) if _SCHEME.match(value) else value


def _is_something_else(value: str, kind: str) -> bool:
    lower = value.lower()
    if lower in _LITERALS and not (kind == names.PASSWORD and lower in ("default", "hidden")):
        return True
    if not value.isascii() or _FILE.search(value) or _LINK.search(value) or is_reference(value):
        return True
    if _CONSTANT.fullmatch(value) and not is_placeholder(value):
        return True
    return value.replace(".", "").isdigit() and kind != names.PASSWORD


def is_naming(value: str, name: str) -> bool:
    """Whether the literal names the secret rather than being it: `API_KEY = "api_key"`, `{"password": "password"}`."""
    words = [word.lower() for word in _SPLIT.findall(value)]
    if not words:
        return False
    squeezed = "".join(words)
    if squeezed == re.sub(r"[^a-z0-9]", "", name.lower()):
        return True
    single = len(words) == 1 and names.kind_of_name(name) in (names.PASSWORD, names.SECRET)
    return not single and all(word in _NAMING for word in words)


def judge(value: str, name: str, *, runs: bool) -> tuple[str, str] | None:
    """Kind and grade of a literal bound to a name, None if it is no secret.

    `runs` tells that the value is what a process gets (an environment, the default of a lookup) rather than a string in
    a program, where `{"password": "password"}` names a field.
    """
    kind = names.kind_of_name(name)
    value = without_scheme(value.strip())
    if kind is None or kind == names.URL or len(value) < 2 or len(value) > _LONGEST_VALUE:
        return None
    if any(character.isspace() for character in value):
        return (PLACEHOLDER, WEAK) if re.fullmatch(r"<[^<>]{2,60}>", value) else None
    if _KEYLESS.fullmatch(value) or _is_something_else(value, kind):
        return None
    if kind == names.PASSWORD and is_sequence(value) and not _MARKER_PARTS.search(value):
        return DEFAULT_PASSWORD, WEAK
    if is_placeholder(value):
        return PLACEHOLDER, WEAK
    if is_random(value):
        return GENERIC, STRONG if len(value) >= 20 else FAIR
    if not runs and is_naming(value, name):
        return None
    return _judge_password(value, runs) if kind == names.PASSWORD else _judge_made_up(value, name, kind, runs)


def _judge_password(value: str, runs: bool) -> tuple[str, str] | None:
    if not _PASSWORD.fullmatch(value) or len(value) > 64:
        return None
    classes = sum(bool(re.search(pattern, value)) for pattern in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w]"))
    words = [word.lower() for word in _SPLIT.findall(value)]
    guessable = any(word in _HINTS for word in words) or is_sequence(value)
    if len(value) >= 8 and classes >= 3 and not guessable:
        return GENERIC, FAIR
    if classes == 1 and not runs and not guessable and len(value) > 12:
        return None
    return DEFAULT_PASSWORD, FAIR if len(value) >= 8 and classes >= 3 else WEAK


def _judge_made_up(value: str, name: str, kind: str, runs: bool) -> tuple[str, str] | None:
    """Keys and tokens made of words: a signing key `dev-secret` works, a provider's key `test` does not."""
    if kind == names.IDENTIFIER or len(value) > 100 or not re.fullmatch(r"[\w\-.!@#$%^&*+=:]+", value):
        return None
    words = [word.lower() for word in _SPLIT.findall(value)]
    hinted = any(word in _HINTS for word in words) or any(hint in value.lower() for hint in ("secret", "passw", "key"))
    if not hinted:
        return None
    if names.providers_in(name):
        return PLACEHOLDER, WEAK
    if names.words_of(name)[-1:] == (name.lower(),) and not runs:
        return None
    return DEFAULT_PASSWORD, WEAK
