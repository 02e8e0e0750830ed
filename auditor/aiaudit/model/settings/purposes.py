"""What a setting is used for: in words, and whether that is about signatures and tokens."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.resources import short_name
from aiaudit.model.scopes import Call, walk
from aiaudit.model.settings.uses import ARGUMENT, COMPARED, STORED, Use
from aiaudit.model.values import Literal
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression

# The need of a setting that what requests bring is compared with.
COMPARISON = "a comparison"
# Functions that compare texts, and refuse what is none.
_COMPARING = ("hmac.compare_digest", "secrets.compare_digest")
_SIGNING = regex(r"^hmac\.(new|digest|HMAC)$|(^|\.)jwt(\.\w+)*\.(en|de)code$|^itsdangerous\.")
_TOKEN_CHECK = regex(r"(^|\.)jwt(\.\w+)*\.decode$|\.id_token\.verify_\w+$")


def is_checked_in_tokens(use: Use, evaluator: Evaluator) -> bool:
    """Whether the tokens that requests bring have to name a use's value: without it, none is accepted.

    A call that says itself whether it looks (`options={"verify_aud": AUDIENCE is not None}`) can do without.
    """
    if use.call is None or use.kind != ARGUMENT or use.parameter != "audience":
        return False
    for options in evaluator.evaluate(use.call.keyword("options"), use.call.scope):
        if isinstance(options, Literal) and any(
            part[0] == "const" and part[2] == "verify_aud" for part in walk(options.expression)
        ):
            return False
    return any(map(_TOKEN_CHECK.search, use.paths))


def is_signed_with(use: Use) -> bool:
    """Whether signatures are made or checked with a value: with a stand-in, anybody makes them."""
    return use.kind == ARGUMENT and any(map(_SIGNING.search, use.paths))


def is_formatted_into_header(use: Use) -> bool:
    """`headers={"Authorization": f"Bearer {TOKEN}"}`: without a value, "Bearer None" is sent and refused."""
    return use.kind == ARGUMENT and use.derived and use.parameter == "headers"


def purpose(use: Use, *, is_text: bool = False) -> str:
    """What a setting is used for, in words for a message; `is_text`: it is a text where it is missing."""
    if use.kind == COMPARED or (is_text and any(path in _COMPARING for path in use.paths)):
        return COMPARISON
    if use.kind == STORED:
        path = use.paths[0] if use.paths else use.parameter or "a structure"
        return short_name(path) if "()" in path else path
    name = _written(use.call) if use.call is not None else ""
    return f"{name}()" if name else "a call"


def _written(call: Call) -> str:
    expression: Expression = call.expression[2]
    names: list[str] = []
    while expression[0] == "attr":
        names.insert(0, expression[3])
        expression = expression[2]
    if expression[0] == "name":
        names.insert(0, expression[2])
    return ".".join(names[-2:])
