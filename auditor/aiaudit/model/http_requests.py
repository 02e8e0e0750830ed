"""Raw HTTP requests as they are written down: to which address, with which payload."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, Scope, last_name
from aiaudit.model.values import Constant, External, Literal
from aiaudit.sources.python.facts import Expression

SENDING = frozenset(("post", "request", "stream", "send", "fetch", "Request", "urlopen"))
_LIBRARIES = frozenset(("requests", "httpx", "httpx2", "aiohttp", "urllib3", "urllib", "niquests"))

# Methods that make a request which is sent later: httpx.
BUILDING = frozenset(("build_request",))
# Those that are told the method ahead of the address.
_METHOD_FIRST = frozenset(("request", "stream", *BUILDING))

# Methods of an address that are told what to take away.
_TRIMMING = frozenset(("strip", "lstrip", "rstrip", "removeprefix", "removesuffix"))


def is_request(call: Call, evaluator: Evaluator) -> bool | None:
    """Whether a call of one of the `SENDING` names sends over HTTP; None where nothing is known of the object."""
    values = evaluator.callees(call)
    if not values:
        return None
    outside = [value.path for value in values if isinstance(value, External)]
    return any(path.partition(".")[0].partition("(")[0] in _LIBRARIES for path in outside)


def payload_of(call: Call, evaluator: Evaluator) -> tuple[Expression, Scope] | None:
    """What a request carries and where that is written, without the `json.dumps` around it."""
    payload = call.keyword("json") or call.keyword("data") or call.keyword("content")
    if payload is None and call.name == "post" and len(call.arguments) > 1:
        payload = call.arguments[1]
    return None if payload is None else _undumped(payload, call.scope, evaluator)


def _undumped(payload: Expression, scope: Scope, evaluator: Evaluator) -> tuple[Expression, Scope]:
    """`json.dumps(data).encode()` is the data, also through a variable."""
    for written, holder in ((payload, scope), *evaluator.definitions(payload, scope)):
        data, inner = written, _dumped(written)
        while inner is not None:
            data, inner = inner, _dumped(inner)
        if data is not written:
            return data, holder
    return payload, scope


def _dumped(expression: Expression) -> Expression | None:
    """What `json.dumps(data)` or `text.encode()` is made of."""
    if expression[0] != "call" or last_name(expression[2]) not in ("dumps", "encode"):
        return None
    function, given = expression[2], expression[3]
    return given[0] if given else function[2] if function[0] == "attr" else None


def keys_of(payload: Expression, scope: Scope, evaluator: Evaluator) -> set[str]:
    """The keys of a payload that are written down, through variables."""
    found: set[str] = set()
    for value in evaluator.evaluate(payload, scope):
        if isinstance(value, Literal) and value.expression[0] == "dict":
            found.update(key[2] for key, _ in value.expression[2] if key is not None and key[0] == "const")
        elif isinstance(value, External) and value.path == "builtins.dict()" and value.origin is not None:
            found.update(name for name, _ in value.origin.keywords if name is not None)
    for store in evaluator.filled.get(evaluator.variable(payload, scope), ()):
        if store.key is not None and store.key[0] == "const":
            found.add(store.key[2])
    return {key for key in found if isinstance(key, str)}


def has_turns(payload: Expression, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether the `messages` of a payload are turns of a conversation: `{"role": ..., "content": ...}`."""
    for value in evaluator.contained(payload, scope, ("const", payload[1], "messages")):
        if not isinstance(value, Literal):
            continue
        turns = evaluator.elements(value.expression, value.scope)
        if any(isinstance(turn, Literal) and {"role", "content"} <= _written_keys(turn) for turn in turns):
            return True
    return False


def _written_keys(value: Literal) -> set[object]:
    pairs = value.expression[2] if value.expression[0] == "dict" else ()
    return {key[2] for key, _ in pairs if key is not None and key[0] == "const"}


def is_written_out(payload: Expression, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether the keys of a payload are all written down; those that are set on what a request brings are not."""
    return any(
        isinstance(value, Literal) or (isinstance(value, External) and value.path == "builtins.dict()")
        for value in evaluator.evaluate(payload, scope)
    )


def address_of(call: Call, evaluator: Evaluator, sought: re.Pattern[str] | None = None) -> str:
    """The literal parts of the address; of several texts that a variable may have, one that fits what is sought."""
    first = call.keyword("url") or (call.arguments[0] if call.arguments else None)
    if call.name in _METHOD_FIRST and len(call.arguments) > 1:
        first = call.arguments[1]
    return "".join(_Address(evaluator, sought).of(first, call.scope)) if first is not None else ""


class _Address:
    """Puts together what is written down of an address."""

    def __init__(self, evaluator: Evaluator, sought: re.Pattern[str] | None) -> None:
        self.evaluator = evaluator
        self.sought = sought

    def of(self, expression: Expression, scope: Scope, depth: int = 0) -> Iterator[str]:
        tag = expression[0]
        if tag == "const":
            yield str(expression[2])
        elif tag in ("fstr", "list", "tuple"):
            for part in expression[2]:
                yield from self.of(part, scope, depth)
        elif tag == "bin":
            yield from self.of(expression[3], scope, depth)
            yield from self.of(expression[4], scope, depth)
        elif tag in ("name", "attr") and depth < 3:
            yield from self._of_variable(expression, scope, depth)
        elif tag == "call":
            function = expression[2]
            if function[0] == "attr" and function[3] in _TRIMMING:
                yield from self.of(function[2], scope, depth)
                return
            for argument in expression[3]:
                yield from self.of(argument, scope, depth + 1)

    def _of_variable(self, expression: Expression, scope: Scope, depth: int) -> Iterator[str]:
        values = self.evaluator.evaluate(expression, scope)
        found = [str(v.value) for v in values if isinstance(v, Constant) and v.value]
        if found:
            fitting = (text for text in found if self.sought is not None and self.sought.search(text))
            yield next(fitting, found[0])
            return
        for definition, holder in self.evaluator.definitions(expression, scope):
            if definition[0] in ("fstr", "bin", "call"):
                yield from self.of(definition, holder, depth + 1)
                return
        yield f"{{{last_name(expression)}}}"
