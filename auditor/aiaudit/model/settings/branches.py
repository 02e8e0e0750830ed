"""What a program does when it finds that a setting is missing."""

from __future__ import annotations

import re
from collections.abc import Collection

from aiaudit.model.environments import in_production
from aiaudit.model.scopes import Scope, last_name, walk
from aiaudit.model.settings.emptiness import key_of
from aiaudit.model.settings.lookups import is_exit, is_failure
from aiaudit.model.syntax import blocks, ends_block, statements_in
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Statement

# Raises: an exception or the end of the process. Answers: an error to the caller of a route. Warns: says so and goes
# on. Disables: gives nothing back. Other: does something else instead. Absent: there is no such branch.
# Fallback: gives the setting a value.
RAISES, ANSWERS, WARNS, DISABLES, OTHER, ABSENT = "raises", "answers", "warns", "disables", "other", "absent"
# Flag: keeps whether there is a value, for later decisions.
FALLBACK, FLAG = "fallback", "flag"

_HTTP_ERROR = regex(
    r"^(HTTPException|Http\w*|APIException|\w*HTTPError|ServiceUnavailable\w*|abort|WebSocketException)$"
)
_RESPONSE = regex(r"^(jsonify|make_response|abort|\w*Response)$")
_LOGGING = regex(r"^(print|warn|warning|error|info|debug|critical|exception|log|echo|secho)$")
_COMPLAINT = regex(
    r"not (set|found|configured|provided|defined|available)|missing|required|unset|no .*key|error|falta|configur", re.I
)
_COLLECTING = ("append", "add", "extend")
_BROAD = frozenset(("Exception", "BaseException", "ValueError", "RuntimeError", "KeyError", "SQLAlchemyError"))
_ERROR_KEYS = ("error", "detail", "errors", "message", "msg", "status")


def outcome_of(body: tuple[Statement, ...], scope: Scope, keys: Collection[str] = ()) -> str:
    """What a branch for a missing setting does."""
    if not body:
        return ABSENT
    outcome, warned = WARNS, False
    for statement in body:
        if is_failure(statement):
            if not _is_http_error(statement):
                return RAISES
            return DISABLES if _is_not_implemented(statement[2]) else ANSWERS
        if statement[0] == "assign" and any(key_of(target) in keys for target in statement[2]):
            return OTHER if statement[3][0] == "const" and not statement[3][2] else FALLBACK
        found = _outcome_of_one(statement, scope)
        warned = warned or _warns(statement)
        if found is not None:
            outcome = found
            if found in (RAISES, ANSWERS, DISABLES) or (statement[0] == "return" and not _passes_on(statement, scope)):
                return found
    return WARNS if outcome == OTHER and warned else outcome


def first_behind(statement: Statement, scope: Scope) -> tuple[Statement, ...]:
    """What runs right behind an `if` whose branch leaves: `if KEY: return ask(KEY)`, and then `raise`."""
    if not statement[3] or not ends_block(statement[3][-1]):
        return ()
    block = _block_with(statement, scope.body)
    position = next((number for number, other in enumerate(block) if other is statement), len(block))
    return tuple(other for other in block[position + 1 :] if not _warns(other))[:1]


def _block_with(statement: Statement, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    if any(other is statement for other in body):
        return body
    found = (_block_with(statement, inner) for other in body for inner in blocks(other))
    return next((block for block in found if block), ())


def _passes_on(statement: Statement, scope: Scope) -> bool:
    """`return await call_next(request)`: the request goes its usual way, only without what was missing."""
    return statement[2] is not None and any(
        part[0] == "call"
        and part[2][0] == "name"
        and any(binding.kind in ("parameter", "function") for binding in scope.bindings.get(part[2][2], ()))
        for part in walk(statement[2])
    )


def _warns(statement: Statement) -> bool:
    return statement[0] == "expr" and statement[2][0] == "call" and bool(_LOGGING.match(last_name(statement[2][2])))


def _outcome_of_one(statement: Statement, scope: Scope) -> str | None:
    tag = statement[0]
    if tag == "return":
        return _returned(statement[2])
    if tag == "expr":
        call = statement[2]
        if call[0] == "await":
            call = call[2]
        if call[0] != "call":
            return None
        name = last_name(call[2])
        if name == "abort":
            return DISABLES if _is_not_implemented(call) else ANSWERS
        if name in _COLLECTING and fails(scope):
            return RAISES
        return None if _LOGGING.match(name) else OTHER
    if tag == "aug" and fails(scope):
        return RAISES
    if tag in ("if", "try", "with"):
        inner = [outcome_of(block, scope) for block in blocks(statement)]
        return RAISES if inner and inner[0] == RAISES else OTHER
    return None if tag == "pass" else OTHER


def _returned(value: Expression | None) -> str:
    if value is None or (value[0] == "const" and not value[2]):
        return DISABLES
    if value[0] == "const" and isinstance(value[2], str):
        return ANSWERS if _COMPLAINT.search(value[2]) else OTHER
    if value[0] in ("list", "dict", "tuple", "set") and not value[2]:
        return DISABLES
    if _is_not_implemented(value):
        return DISABLES
    for part in walk(value):
        if part[0] == "call" and _RESPONSE.match(last_name(part[2])):
            return ANSWERS
        if part[0] == "dict":
            keys = [key[2] for key, _ in part[2] if key is not None and key[0] == "const"]
            if any(key in _ERROR_KEYS[:3] for key in keys) or _complains(part):
                return ANSWERS
    return ANSWERS if value[0] in ("fstr", "tuple", "bin") and _complains(value) else OTHER


def _is_not_implemented(answer: Expression) -> bool:
    """Whether an answer says that this installation has no such feature: status 501."""
    return any(
        (part[0] == "const" and part[2] == 501) or last_name(part) in ("HTTP_501_NOT_IMPLEMENTED", "NOT_IMPLEMENTED")
        for part in walk(answer)
    )


def _complains(value: Expression) -> bool:
    return any(part[0] == "const" and isinstance(part[2], str) and _COMPLAINT.search(part[2]) for part in walk(value))


def _is_http_error(statement: Statement) -> bool:
    if statement[0] != "raise" or statement[2] is None:
        return False
    raised = statement[2]
    return bool(_HTTP_ERROR.match(last_name(raised[2] if raised[0] == "call" else raised)))


def fails(scope: Scope) -> bool:
    """Whether anything in a function (or at module level) raises or ends the process."""
    return any(is_failure(statement) for statement in statements_in(scope.body))


def notes(body: tuple[Statement, ...]) -> bool:
    """Whether a loop raises for what it looks at, or takes note of it: `missing.append(name)`."""
    return any(
        is_failure(statement)
        or statement[0] == "aug"
        or (statement[0] == "assign" and any(target[0] == "sub" for target in statement[2]))
        or (statement[0] == "expr" and statement[2][0] == "call" and last_name(statement[2][2]) in _COLLECTING)
        for statement in statements_in(body)
    )


def swallows(tries: tuple[Statement, ...]) -> bool:
    """Whether an exception raised inside these `try` statements is caught by one that goes on."""
    for statement in reversed(tries):
        for kind, _, body, _ in statement[3]:
            if kind is not None and not _catches_all(kind):
                continue
            return not any(is_failure(inner) for inner in in_production(body))
    return False


def _catches_all(kind: Expression) -> bool:
    kinds = kind[2] if kind[0] == "tuple" else (kind,)
    return any(last_name(k) in _BROAD for k in kinds)


def ends_process(expression: Expression) -> bool:
    """Whether evaluating an expression raises or ends the process by its name: `sys.exit(...)`, `fail(...)`."""
    return expression[0] == "call" and (is_exit(expression) or last_name(expression[2]) in ("fail", "_raise", "abort"))
