"""What a setting is used for, in words."""

from __future__ import annotations

from aiaudit.model.resources import short_name
from aiaudit.model.scopes import Call
from aiaudit.model.settings.uses import COMPARED, STORED, Use
from aiaudit.sources.python.facts import Expression

# The need of a setting that what requests bring is compared with.
COMPARISON = "a comparison"
# Functions that compare texts, and refuse what is none.
_COMPARING = ("hmac.compare_digest", "secrets.compare_digest")


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
