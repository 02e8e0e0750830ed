"""Uses of a setting's value, and what is known of the value on its way there."""

from __future__ import annotations

from collections.abc import Iterable

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, Function
from aiaudit.model.settings.emptiness import filled
from aiaudit.model.settings.flags import meanings
from aiaudit.model.settings.reads import Read
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass, replace

# Parts the keys of a container in a container.
BELOW = "\0"
# Kinds of uses. "argument": given to code outside; "stored": put on an object or into a structure of code outside;
# "compared": held against something that a request brings; "refused": an operation that raises for None;
# "field": what a pydantic model is made with, which validates it; "missing": a branch for the case that there is no
# value (`outcome` says what it does).
ARGUMENT, STORED, COMPARED, REFUSED, MISSING = "argument", "stored", "compared", "refused", "missing"
FIELD = "field"


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One use of a setting's value, or of a `flag` that tells whether there is one. `guarded`: a test around it, or on
    the way to it, makes sure that there is; `segment`: as in `State`."""

    kind: str
    read: Read
    call: Call | None = None
    paths: tuple[str, ...] = ()
    parameter: str = ""
    derived: bool = False
    outcome: str = ""
    keys: tuple[str, ...] = ()
    missing: str = ""
    ignored: frozenset[int] = frozenset()
    flag: bool = False
    guarded: bool = False
    segment: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """`derived`: something made from the value, never None itself; `inside`: the value lies in a container, under `key`
    if known; `guarded`: only where a test has found it; `call`: the call that brought it into `function`; `flag`: only
    whether there is a value; `missing`: what a missing value has become on the way ("none" or "empty"); `segment`: it
    stands in an address where something has to stand."""

    derived: bool = False
    key: str | None = None
    inside: bool = False
    guarded: bool = False
    call: Call | None = None
    function: Function | None = None
    flag: bool = False
    missing: str = ""
    ignored: frozenset[int] = frozenset()
    segment: bool = False

    def within(self, call: Call, function: Function) -> State:
        """The state in a function that a call brought it into."""
        return State(
            self.derived, self.key, self.inside, self.guarded, call, function,
            self.flag, self.missing, self.ignored, self.segment,
        )  # fmt: skip


def is_guarded(read: Read, keys: Iterable[str], ignored: frozenset[int], evaluator: Evaluator) -> bool:
    """Whether a test around a reading makes sure that one of these variables has a value."""
    known = set(keys)
    return any(
        key in known
        for test, outcome in read.conditions
        if id(test) not in ignored
        for meant, result in meanings(test, outcome, read.scope, evaluator)
        for key in filled(meant, result)
    )


def harmless_tests(read: Read) -> frozenset[int]:
    """Tests of `x if x else None` around a reading: they let nothing through but the same nothing."""
    return frozenset(id(parent[2]) for parent in read.parents if parent[0] == "ifexp" and is_nothing(parent[4]))


def is_nothing(expression: Expression) -> bool:
    return expression[0] == "const" and (expression[2] is None or expression[2] == "")


def put(state: State, key: str | None) -> State:
    """The state of what is put into a container, under a key where that is known."""
    path = f"{key or ''}{BELOW}{state.key or ''}" if state.inside else key
    return replace(state, inside=True, key=path or None)


def taken(state: State, key: object) -> State | None:
    """The state of what a container has under a key, None where that is something else."""
    first, below, rest = (state.key or "").partition(BELOW)
    if first and key is not None and key != first:
        return None
    return replace(state, inside=bool(below), key=rest or None)
