"""Raw HTTP requests as they are written down: to which address, with which payload."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, Scope, last_name
from aiaudit.model.values import Constant, External, Literal
from aiaudit.sources.python.facts import Expression

SENDING = frozenset(("post", "request", "stream", "send", "fetch", "Request", "urlopen"))
_LIBRARIES = frozenset(("requests", "httpx", "httpx2", "aiohttp", "urllib3", "urllib", "niquests"))

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


def address_of(call: Call, evaluator: Evaluator) -> str:
    """The literal parts of the address."""
    first = call.keyword("url") or (call.arguments[0] if call.arguments else None)
    if call.name in ("request", "stream") and len(call.arguments) > 1:
        first = call.arguments[1]
    parts: list[str] = []
    if first is not None:
        _collect(first, call.scope, evaluator, parts, 0)
    return "".join(parts)


def _collect(expression: Expression, scope: Scope, evaluator: Evaluator, parts: list[str], depth: int) -> None:
    tag = expression[0]
    if tag == "const":
        parts.append(str(expression[2]))
    elif tag in ("fstr", "list", "tuple"):
        for part in expression[2]:
            _collect(part, scope, evaluator, parts, depth)
    elif tag == "bin":
        _collect(expression[3], scope, evaluator, parts, depth)
        _collect(expression[4], scope, evaluator, parts, depth)
    elif tag in ("name", "attr") and depth < 3:
        found = [v.value for v in evaluator.evaluate(expression, scope) if isinstance(v, Constant) and v.value]
        if found:
            parts.append(str(found[0]))
        else:
            parts.append(f"{{{last_name(expression)}}}")
            for definition, holder in evaluator.definitions(expression, scope):
                if definition[0] in ("fstr", "bin", "call"):
                    parts.pop()
                    _collect(definition, holder, evaluator, parts, depth + 1)
                    break
    elif tag == "call":
        function = expression[2]
        if function[0] == "attr" and function[3] in _TRIMMING:
            _collect(function[2], scope, evaluator, parts, depth)
            return
        for argument in expression[3]:
            _collect(argument, scope, evaluator, parts, depth + 1)
