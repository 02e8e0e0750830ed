"""Secrets that a program makes itself where nobody sets them: another one in each process and at each start."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Function, Scope, last_name, walk
from aiaudit.model.settings.lookups import COMPUTED, Default, Source
from aiaudit.model.values import External, FunctionValue
from aiaudit.sources.python.facts import Expression

_RANDOM = frozenset(
    ("secrets.token_hex", "secrets.token_urlsafe", "secrets.token_bytes", "os.urandom", "uuid.uuid4",
     "cryptography.fernet.Fernet.generate_key", "django.core.management.utils.get_random_secret_key")
)  # fmt: skip
# What functions call that keep what they have made.
_KEEPING = frozenset(("open", "write", "write_text", "write_bytes", "read_text", "read_bytes", "set", "set_key"))
# What calls give that was known before, with something new as the other choice: `body.get("thread", str(uuid4()))`.
_LOOKUPS = frozenset(("get", "pop", "setdefault", "getenv"))
_DEPTH = 3


def is_made_anew(source: Source, default: Default, evaluator: Evaluator) -> bool:
    """Whether a setting that nobody sets gets a random value: `getenv("SECRET_KEY", token_hex())`, one behind an `or`
    or an `else`, and a field with such a default."""
    if default.kind == COMPUTED:
        return default.expression is not None and is_random(default.expression, source.scope, evaluator)
    return source.read is not None and any(
        is_random(other, source.read.scope, evaluator) for other in _alternatives(source)
    )


def _alternatives(source: Source) -> Iterator[Expression]:
    """What stands in for a value that is looked up where it is needed."""
    for parent in source.read.parents if source.read is not None else ():
        if parent[0] == "bool" and parent[2] == "Or":
            yield parent[3][-1]
        elif parent[0] == "ifexp":
            yield parent[4]


def is_random(expression: Expression, scope: Scope, evaluator: Evaluator, depth: int = _DEPTH) -> bool:
    """Whether a value is another one each time that it is made."""
    if depth == 0 or expression[0] not in ("call", "name", "attr", "fstr", "bin"):
        return False
    if expression[0] == "name":
        written = list(evaluator.definitions(expression, scope))
        return bool(written) and all(is_random(inner, holder, evaluator, depth - 1) for inner, holder in written)
    parts = list(walk(expression))
    if any(part[0] == "call" and last_name(part[2]) in _LOOKUPS for part in parts):
        return False
    for part in parts:
        for value in evaluator.evaluate(part[2], scope) if part[0] == "call" else ():
            if isinstance(value, External) and value.path in _RANDOM:
                return True
            if isinstance(value, FunctionValue) and gives_random(value.function, evaluator, depth):
                return True
    return False


def gives_random(function: Function, evaluator: Evaluator, depth: int = _DEPTH) -> bool:
    """Whether all that a function returns is random, and it keeps nothing of it for the next start."""
    if any(call.name in _KEEPING for call in function.calls):
        return False
    returned = [value for value, _ in function.returns]
    return bool(returned) and all(is_random(value, function, evaluator, depth - 1) for value in returned)
