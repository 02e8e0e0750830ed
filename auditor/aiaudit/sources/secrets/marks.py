"""Keys that no run of token characters shows: JSON Web Tokens, private keys, web hooks, connection strings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aiaudit.patterns import regex
from aiaudit.sources.secrets.prefilter import Scan
from aiaudit.sources.secrets.randomness import entropy, is_sequence
from aiaudit.sources.secrets.values import is_placeholder

_PUBLIC = ("", "")
_JWT = regex(r"eyJ[\w\-]{8,1200}\.eyJ[\w\-]{4,6000}\.[\w\-]{16,1200}(?![\w\-])")
_PRIVATE_KEY = regex(r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY(?: BLOCK)?-----(?P<body>[\s\S]{0,400})")
_BASE64_ROW = regex(r"[A-Za-z0-9+/]{48,}")
_SLACK = regex(r"hooks\.slack\.com/services/T[A-Z0-9]{7,12}/B[A-Z0-9]{7,12}/[A-Za-z0-9]{18,30}")
_DISCORD = regex(r"/api/webhooks/\d{16,20}/[\w\-]{60,72}")
_TELEGRAM = regex(r"(?<![\w:])\d{8,10}:AA[\w\-]{32,34}(?![\w\-])")
_AZURE_CLIENT = regex(r"(?<![\w~.\-])[\w~.\-]{3}8Q~[\w~.\-]{31,34}(?![\w~.\-])")
_ACCOUNT_KEY = regex(r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{42,86}={1,2})")


def mark_of_value(value: str) -> tuple[str, str] | None:
    """Id and label of the form that a whole value has; ("", "") for a public one or an example, None for no form."""
    if value.startswith("eyJ") and _JWT.fullmatch(value):
        return ("jwt", "JSON Web Token") if is_real_jwt(value) else _PUBLIC
    if value.startswith("-----BEGIN"):
        return ("private-key", "private key") if is_real_private_key(value) else _PUBLIC
    if _TELEGRAM.fullmatch(value) and not is_sequence(value.partition(":")[2]):
        return "telegram", "Telegram bot token"
    if _AZURE_CLIENT.fullmatch(value):
        return "azure-client-secret", "Azure client secret"
    return None


def jwt_at(text: str, start: int) -> int | None:
    """Where a JSON Web Token that begins here ends, if it is one that opens something."""
    match = _JWT.match(text, start)
    return match.end() if match and is_real_jwt(match.group()) else None


def is_real_jwt(token: str) -> bool:
    """Header and claims decode, it is signed, and it is neither a public key of a database service nor a textbook's."""
    header, claims, signature = token.split(".")
    head, body = _decoded(header), _decoded(claims)
    if head is None or body is None or str(head.get("alg", "none")).lower() == "none":
        return False
    if body.get("role") in ("anon", "public") or body.get("name") == "John Doe" or body.get("sub") == "1234567890":
        return False
    return entropy(signature) >= 3.0 and not is_placeholder(signature)


def _decoded(part: str) -> dict[str, object] | None:
    import base64
    import json

    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_real_private_key(text: str) -> bool:
    """The block goes on with key material instead of dots or a placeholder."""
    match = _PRIVATE_KEY.search(text)
    if match is None:
        return False
    row = _BASE64_ROW.search(match.group("body").replace("\\n", "\n").replace("\\r", ""))
    return row is not None and not is_sequence(row.group()) and entropy(row.group()) >= 4.0


def landmarks(places: Iterable[tuple[bytes, int]], scan: Scan) -> Iterator[tuple[str, str, int, int]]:
    """(id, label, start, end) of the keys that fixed texts lead to."""
    text = scan.text
    for mark, at in places:
        window = max(0, at - 60)
        if mark == b"PRIVATE KEY-----":
            begin = text.rfind("-----BEGIN", window, at)
            if begin >= 0 and is_real_private_key(text[begin : at + 420]):
                yield "private-key", "private key", begin, at + len(mark)
        elif mark == b"8Q~":
            yield from _matches(_AZURE_CLIENT, "azure-client-secret", "Azure client secret", text, window, at + 60)
        elif mark == b":AA":
            yield from _matches(_TELEGRAM, "telegram", "Telegram bot token", text, window, at + 60)
        elif mark == b"hooks.slack.com/services/":
            yield from _matches(_SLACK, "slack-webhook", "Slack webhook", text, at, at + 120)
        elif mark == b"/api/webhooks/":
            yield from _matches(_DISCORD, "discord-webhook", "Discord webhook", text, at, at + 140)
        else:
            yield from _matches(_ACCOUNT_KEY, "azure-storage", "Azure account key", text, at, at + 140, group=1)


def _matches(
    pattern: re.Pattern[str], id: str, label: str, text: str, start: int, stop: int, group: int = 0
) -> Iterator[tuple[str, str, int, int]]:
    match = pattern.search(text, start, min(stop, len(text)))
    if match is None:
        return
    tail = match.group(group).rstrip("=")[-24:]
    if not is_placeholder(match.group()) and not is_sequence(tail) and entropy(tail) > 3.2:
        yield id, label, match.start(group), match.end(group)
