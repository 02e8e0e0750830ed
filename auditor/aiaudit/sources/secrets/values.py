"""Judging a literal: a reference, a placeholder, a guessable default, or a value that looks generated."""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.facts import DEFAULT_PASSWORD, FAIR, GENERIC, PLACEHOLDER, STRONG, WEAK
from aiaudit.sources.secrets.names import word_set
from aiaudit.sources.secrets.randomness import is_random, is_sequence, wordiness

# How a literal is used: a string in a program, the value of a key in a settings file, or what a process really gets
# (its environment, the default of a look-up). `{"password": "password"}` names a field, but the environment's
# POSTGRES_PASSWORD=password opens a door.
CODE, CONFIG, PROCESS = "code", "config", "process"

LONGEST_VALUE = 4096
_SHORTEST_KEY = 32
_REFERENCE = regex(
    r"""\$\{|\$\(|\{\{|\}\}|<%|%\(\w+\)|%[sdr]\b|\{[\w.\[\]!:'"-]*\}
    |^\$[\w$(]|^%\w+%$|^`|^!|^@(?:Microsoft\.KeyVault|ref)|^ENC\[|^\w*:?projects/[^/]+/secrets/
    |^(?:os\.environ|process\.env|import\.meta|env|ENV|secrets?|vars?|steps|inputs|config|settings|self|var|local|data
        |module|each|vault|ssm|arn:aws|op|gcpsm|kv|keyring|file|ref\+\w+|awssm|sm|doppler|infisical)[.:\[/(]\S""",
    re.VERBOSE,
)
_DEFAULT_OF_VARIABLE = regex(r"\$\{(?:env:)?\w+:?-([^{}$]*)\}")
_LITERALS = word_set(
    "true false yes no on off null none nil undefined nan auto default required optional string str text bool int"
    " number any object basic bearer digest oauth oauth2 apikey jwt hidden header query cookie"
)
# What a client sends to a server that asks for no key, and the servers that ask for none.
_KEYLESS = regex(
    r"""(?:sk-)?(?:empty|none|null|n/?a|na|ollama|lm[-_ ]?studio|llama(?:[-_.]?cpp)?|local(?:host|ai)?|vllm|unused
    |ignored?|(?:any|no|not|non?)[-_ ]?(?:api[-_ ]?)?(?:key|token|auth|needed|required|used|necessary|thing)
        (?:[-_ ]?(?:needed|required|necessary|used))?
    |whatever|anonymous|token-abc123)""",
    re.VERBOSE | re.IGNORECASE,
)
_KEYLESS_SERVERS = word_set("ollama vllm xinference localai lmstudio llamacpp llamafile tgi tei infinity")
_PUBLIC = regex(r"phc_|pk[-_](?:live|test|lf)|pub[-_]|sb_publishable_|rzp_")
_MARKER_WORDS = word_set(
    "your yours yourself example examples placeholder changeme change changeit changethis replace replaceme insert todo"
    " fixme dummy fake sample xxx xxxx here enter redacted removed tbd goes fill paste foo bar baz foobar mock notset"
    " unset invalid aqui cambiar cambiame cambia trocar troque mude sua seu votre ici hier dein ihr must"
)
_MARKER_PARTS = regex(
    r"""change[-_ ]?(?:me|this|it\b|in[-_ ]?prod|before|on[-_ ]|for[-_ ])
    |(?:your|my)[-_ ]?(?:own|actual|real|open|super)
    |your[-_ ]?(?:api|key|secret|token|pass|google|hf|db|aws|azure|gemini|groq)
    |placeholder|replace[-_ ]?(?:me|this|with)|x{4,}|.\*{3,}|\.{3}|…|_here\b|-here\b|EXAMPLE(?:KEY)?$
    |insert[-_ ]|redacted|lorem|^\[[^\[\]]{1,80}\]$|^\?+$""",
    re.IGNORECASE | re.VERBOSE,
)
# A hand that ran over the keyboard: where a key was made up, or made unreadable.
_MASHED = regex(r"asdf|qwert", re.IGNORECASE)
# What code puts in the place of a secret, so that nobody reads it.
_MASKS = word_set("redacted removed hidden masked")
_BRACKETED = regex(r"<(?!\|)[^<>]{1,80}>")
_BRACKETED_HINT = regex(r"(?i:key|token|secret|pass|your|api|auth|cred|user|insert|value|here)|[A-Z]{2}|[-_ ]")
_PREFIX = regex(
    r"""(?:sk-(?:proj-|ant-(?:api\d\d-)?|or-(?:v1-)?|lf-)?|hf_|gsk_|ghp_|gho_|github_pat_|glpat-|AIza(?:Sy)?|r8_|pcsk_
    |lsv2_(?:pt|sk)_|ls__|tvly-|pplx-|xox[abprs]-|xapp-|AKIA|npm_|pypi-|SG\.|[sr]k_(?:live|test)_|whsec_|sk_)""",
    re.VERBOSE,
)
_HINTS = word_set(
    "secret secrets password pass passw passwd key token dev development test testing tests admin administrator"
    " local insecure unsafe demo private super supersecret jwt mysecret mysecretkey secretkey qwerty root temp tmp"
    " hello secure strong random session signing production staging default hardcoded do not use only never safe"
    " minioadmin guest postgres redis mysql letmein welcome please minio"
)
_TRIAL_WORDS = word_set("test testing tests dev demo key keys api token mock fake local secret sk")
_NAMING = word_set("x api key token secret access auth client id refresh bearer private password user the app")
_MADE_UP = word_set(
    "my super very dev test demo local some random strong prod production insecure unsafe default change"
)
_OWN_KEYS = word_set("secret key jwt flask django app session signing cookie csrf wtf")
_SIGNING = word_set("secret jwt signing")
_SHORTEST_SIGNING = 4
_FILE = regex(
    r"^(?:\.{0,2}/|~|[A-Za-z]:\\)|\.(?:pem|key|json|txt|crt|cer|env|ya?ml|toml|ini|sock|p12|pfx|jks|db|py|sh|js)$"
)
_LINK = regex(r"^[a-zA-Z][a-zA-Z0-9+.\-]*://|^(?:www\.|mailto:)|^[\w.+-]+@[\w-]+\.[\w.]+$")
_CONSTANT = regex(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_DOTTED = regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?::\w+)?")
_PASSWORD = regex(r"[^\s\"'`\\{}]+")
# Brackets that belong together stand in code and templates, one alone may stand in a password.
_BRACKETS = regex(r"\(.*\)|\[.*\]|<.*>|->|=>|^[(\[<]|[)\]>]$")
_CHANGES = regex(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_MIXED = 4  # letters and digits change places so often in nothing that people make up
_MADE_OF_WORDS = regex(r"[\w\-.!@#$%^&*+=]+")
_SPLIT = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# `secret123` is a password, `password1` and `api_key_2` are names of fields.
_NUMBERED = regex(r"[A-Za-z]\d{2,}$")
# Passwords that Google and WordPress make for single programs: four or six groups of four, some words are as long.
_GROUPED = regex(r"[A-Za-z0-9]{4}(?: [A-Za-z0-9]{4}){3}(?:(?: [A-Za-z0-9]{4}){2})?")
_MOSTLY_WORDS = 0.5
_LOGIN = regex(r"(?:root|admin):([^\s:/]{4,64})")
_SCHEME = regex(r"(?:bearer|basic|token|bot|api-?key|key)\s+(?=\S+$)", re.IGNORECASE)


def is_reference(value: str) -> bool:
    """Whether the value is made elsewhere: a variable, a template, a store of secrets."""
    return bool(_REFERENCE.search(value)) and not value.startswith("django-insecure-")


def default_of_variable(value: str) -> str | None:
    """The literal in `${NAME:-literal}`, None for other values."""
    match = _DEFAULT_OF_VARIABLE.fullmatch(value.strip())
    return match.group(1) if match else None


def with_defaults(value: str) -> str:
    """The text with every `${NAME:-literal}` replaced by its literal."""
    return _DEFAULT_OF_VARIABLE.sub(r"\1", value)


def without_scheme(value: str) -> str:
    """`Bearer abc` -> `abc`."""
    return _SCHEME.sub("", value, count=1) if _SCHEME.match(value) else value


def prefix_of(value: str) -> str:
    """The mark that a provider's keys begin with (`sk-`, `hf_`), "" for none."""
    match = _PREFIX.match(value)
    return match.group() if match else ""


def is_placeholder(value: str) -> bool:
    """`your-key-here`, `sk-xxxx`, `<token>`, `changeme`, `abcdef123456`: a value that asks to be replaced."""
    bracketed = _BRACKETED.search(value)
    if _MARKER_PARTS.search(value) or (bracketed and _BRACKETED_HINT.search(bracketed.group())):
        return True
    prefix = prefix_of(value)
    body = value[len(prefix) :]
    if prefix and (len(body) < 8 or _MASHED.search(body)):
        return True
    if not re.search(r"[^xX*._#?0\-]", body) or is_sequence(re.sub(r"[-_. ]", "", body)):
        return len(body) >= 3
    words = _words(body)
    if "public" in words:
        return False
    if prefix and wordiness(body) > 0.6 and not re.search(r"\d", body):
        return True
    return len(words) <= 14 and any(word in _MARKER_WORDS for word in words)


def is_own_key(name: str) -> bool:
    """Whether a name is that of a program's own signing key, which works with any value: `secret_key`, `JWT_SECRET`."""
    return _OWN_KEYS.issuperset(names.words_of(name))


def is_signing_key(name: str) -> bool:
    """Whether what a name promises signs with whatever it is: `secret_key`, `JWT_SECRET`, not `app_key`."""
    return is_own_key(name) and not _SIGNING.isdisjoint(names.words_of(name))


def is_naming(value: str, name: str, use: str) -> bool:
    """Whether the literal names a secret rather than being it: `API_KEY = "api_key"`, `secretKey: redis_password`."""
    words = _words(value)
    if not words or use == PROCESS:
        return False
    kind = names.kind_of_name(name)
    if kind == names.PASSWORD and len(words) == 1 and name.isupper() and len(names.words_of(name)) > 1:
        return False  # DB_PASSWORD = "password"
    own = _squeezed(name).rstrip("0123456789").endswith("".join(words)) and (len(words) > 1 or use == CODE)
    if own:
        return use == CONFIG or not is_own_key(name) or name == name.lower()
    if use == CONFIG and kind == names.PASSWORD:
        return False
    if len(words) > 1 and names.is_secret_name(value) and not _MADE_UP.intersection(words):
        return not _NUMBERED.search(value)
    return kind in (names.KEY, names.TOKEN) and all(word in _NAMING for word in words)


def judge(value: str, name: str, use: str) -> tuple[str, str] | None:
    """Kind and grade of a literal bound to a name, None if it is no secret; `use` is CODE, CONFIG or PROCESS."""
    kind = names.kind_of_name(name)
    value = without_scheme(value.strip())
    if kind is None or kind == names.URL or len(value) < 2 or len(value) > LONGEST_VALUE:
        return None
    if kind == names.PASSWORD and _GROUPED.fullmatch(value):
        value = value.replace(" ", "")
        if not is_placeholder(value):
            return (GENERIC, FAIR) if wordiness(value) < _MOSTLY_WORDS else None
    if _is_login_of_words(value):
        return DEFAULT_PASSWORD, WEAK
    if any(character.isspace() for character in value):
        return (PLACEHOLDER, WEAK) if re.fullmatch(r"<[^<>|]{2,60}>", value) else None
    login = _LOGIN.fullmatch(value) if kind == names.TOKEN else None
    if login is not None:  # the token of a vector store is its user and password
        kind, value = names.PASSWORD, login.group(1)
    signs = _signs(value, name, use)
    if _KEYLESS.fullmatch(value) or _PUBLIC.match(value):
        return None
    if _is_something_else(value, kind, use) and not (signs and value.isdigit()):
        return None
    if kind == names.PASSWORD and is_sequence(value) and not _MARKER_PARTS.search(value):
        return DEFAULT_PASSWORD, WEAK
    if is_placeholder(value):
        return None if _KEYLESS_SERVERS.intersection(names.words_of(name)) else (PLACEHOLDER, WEAK)
    if is_random(value):
        return GENERIC, STRONG if len(value) >= 20 else FAIR
    if signs:
        return DEFAULT_PASSWORD, WEAK
    if is_naming(value, name, use):
        return None
    return _judge_password(value, use) if kind == names.PASSWORD else _judge_made_up(value, name, kind, use)


def _is_login_of_words(value: str) -> bool:
    """Whether it is what `Basic` stands before, and stands for a user and a password that anybody can guess."""
    import base64

    if len(value) > 64 or len(value) % 4 or not value.endswith("="):
        return False
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode("ascii").partition(":")
    except ValueError:
        return False
    return bool(colon and user and password) and _HINTS.issuperset(_words(password))


def _signs(value: str, name: str, use: str) -> bool:
    """Whether the value signs with whatever it is; code also says what a signing key is called."""
    if not is_signing_key(name) or len(value) < _SHORTEST_SIGNING or not _MADE_OF_WORDS.fullmatch(value):
        return False
    if use != CODE:
        return use == PROCESS
    is_constant = name.isupper() and len(names.words_of(name)) > 1
    return is_constant and not value.isdigit() and not is_naming(value, name, use)


def _is_something_else(value: str, kind: str, use: str) -> bool:
    lower = value.lower()
    if lower in _LITERALS and not (kind == names.PASSWORD and lower in ("default", "hidden")):
        return True
    if not value.isascii() or not value.strip("*•") or is_reference(value):
        return True
    if _FILE.search(value) or _LINK.search(value) or (use == CODE and _MASKS.issuperset(_words(value) or ("",))):
        return True
    if (_CONSTANT.fullmatch(value) and not is_placeholder(value)) or (use == CONFIG and not value.strip(".")):
        return True
    if _DOTTED.fullmatch(value) and wordiness(value) > 0.55 and (kind != names.PASSWORD or value.count(".") > 1):
        return True
    digits = value.replace(".", "")  # as many as a key has are one, if only zeros
    return digits.isdigit() and kind != names.PASSWORD and len(digits) < _SHORTEST_KEY


def _judge_password(value: str, use: str) -> tuple[str, str] | None:
    if not _PASSWORD.fullmatch(value) or len(value) > 64 or _BRACKETS.search(value):
        return None
    classes = sum(bool(re.search(pattern, value)) for pattern in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w]"))
    guessable = any(word in _HINTS for word in _words(value)) or is_sequence(value) or "secretpass" in value.lower()
    if len(value) >= 8 and not guessable and (classes >= 3 or len(_CHANGES.findall(value)) >= _MIXED):
        return GENERIC, FAIR
    if classes == 1 and use == CODE and not guessable and len(value) > 12:
        return None
    return DEFAULT_PASSWORD, FAIR if len(value) >= 8 and classes >= 3 else WEAK


def _judge_made_up(value: str, name: str, kind: str, use: str) -> tuple[str, str] | None:
    """Keys and tokens made of words: a signing key `dev-secret` works, a provider's key `test` does not."""
    if kind == names.IDENTIFIER or len(value) > 100 or not _MADE_OF_WORDS.fullmatch(value):
        return None
    words = _words(value)
    if not any(word in _HINTS for word in words) and not re.search("secret|passw|key|minio", value.lower()):
        return None
    mentioned = set(names.words_of(name))
    if "access" in mentioned and kind == names.KEY and "secret" not in mentioned:
        return None  # an access key of an object store is the user's name; its secret key is the password
    if "public" in words or mentioned & _KEYLESS_SERVERS:
        return None
    if mentioned & names.PROVIDERS and _TRIAL_WORDS.issuperset(words):
        return PLACEHOLDER, WEAK
    if names.PROVIDERS.intersection(words) and (_TRIAL_WORDS | _NAMING | names.PROVIDERS).issuperset(words):
        return PLACEHOLDER, WEAK  # `api_key="openai-key"`: it says what belongs there
    if len(mentioned) == 1 and use != PROCESS:
        return None
    return DEFAULT_PASSWORD, WEAK


def _words(value: str) -> list[str]:
    return [word.lower() for word in _SPLIT.findall(value)]


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
