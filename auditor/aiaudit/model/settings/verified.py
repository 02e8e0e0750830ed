"""Calls at startup by which a wrong key shows: they ask the server, and fail with what it answers."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.contexts import Reach
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call
from aiaudit.model.values import External

# What asks a provider who one is, or what one may use.
_ASKING = (
    ".models.list", ".models.retrieve", ".models.get", ".auth.test", ".auth_test", ".whoami", ".get_me",
    ".describe_index_stats", ".list_indexes", ".list_models", ".users.me",
)  # fmt: skip
# What raises where a server has refused.
_RAISING = "raise_for_status"


def shows_wrong_key(value: External) -> bool:
    """Whether what is called asks a server about the key itself, and fails where that is wrong."""
    return value.path.endswith(_ASKING)


def answered_by(call: Call, evaluator: Evaluator) -> Iterator[Call]:
    """The request of which a call raises over the answer: `httpx.get(...).raise_for_status()`."""
    function = call.expression[2]
    if call.name != _RAISING or function[0] != "attr":
        return
    for answer, scope in ((function[2], call.scope), *evaluator.definitions(function[2], call.scope)):
        made = answer[2] if answer[0] == "await" else answer
        if made[0] == "call":
            yield evaluator.call_of(made, scope)


def is_certain(call: Call, reach: Reach) -> bool:
    """Whether startup makes a call whatever else is set: no test stands around it, or around the way to it."""
    ways = (call, *(link.edge.call for link in reach.chain() if link.edge is not None))
    return not any(link.kind in ("if", "unless") for made in ways if made is not None for link in made.around)
