"""Entries that no other request misses: what could be made again, and what goes with the request that has put it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.lifetimes import Lasting, Lifetimes
from aiaudit.model.scopes import Call, Enclosing, Function, Scope, dotted, walk, walk_all
from aiaudit.model.values import ClassValue, External, FunctionValue
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.sources.secrets.names import words_of
from aiaudit.span import Span
from aiaudit.values import dataclass

_REMOVING = frozenset(("pop", "remove", "discard"))
# What is done with a set of which nobody wants more than to know whether something is in it.
_OF_MEMBERS = frozenset(("add", "discard", "remove", "clear"))
_CACHES = frozenset(("cache", "cached", "caches", "memo", "memoized", "memoised", "lru", "ttl"))
# What gives another value each time.
_DRAWING = ("uuid", "secrets.", "random.", "time.", "datetime.", "os.urandom", "nanoid.", "shortuuid.", "ulid.")
_LOGGERS = frozenset(("logger", "loggers", "metrics"))
# So many calls away from a write it is looked for who takes back what was written, and from there what does so.
_CALLERS = 3
_HELPERS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """One write to a lasting variable. `how`: "entry", "growth", "count", "value" or "index"; `value` what is put in,
    `key` under what."""

    root: Lasting
    scope: Scope
    span: Span
    how: str
    value: Expression | None
    key: Expression | None
    enclosing: Enclosing | None
    base: Expression


class Passing:
    """Answers about writes."""

    def __init__(self, lifetimes: Lifetimes, evaluator: Evaluator) -> None:
        self.lifetimes = lifetimes
        self.evaluator = evaluator

    def is_cache(self, write: Write) -> bool:
        """Whether the variable, or the class of the object that holds it, is called a cache; what is said in a log, or
        told as a metric, is the affair of the process that does so."""
        name, cls = write.root.name.rpartition(".")[2], write.root.cls
        of_class = words_of(cls.name) if cls is not None else ()
        return bool(_CACHES.intersection((*words_of(name), *of_class))) or bool(_LOGGERS.intersection(of_class))

    def is_handed_back(self, write: Write) -> bool:
        """Whether the function looks for an entry, else makes, keeps and returns one: a cache, as it is written."""
        value = write.value
        parts = () if value is None else value[2] if value[0] == "tuple" else (value,)  # `kept[key] = made, time()`
        names = {name for part in parts if (name := dotted(part)) is not None}
        if write.how == "growth" or names.isdisjoint(dotted(returned) for returned, _ in write.scope.returns):
            return False
        key = dotted(write.key) if write.key is not None else None
        if key is not None:
            return self._is_sought(key, write.scope, write)
        word = write.root.name.rpartition(".")[2]
        for node in walk_all(write.scope.body):
            if named(node) == word and node is not write.base and self.is_of(node, write):
                return True
        return False

    def _is_sought(self, key: str, scope: Scope, write: Write) -> bool:
        """Whether a function asks the variable for the entry under a key, beside the write."""
        return any(
            dotted(asked) == key and base is not write.base and self.is_of(base, write, scope)
            for base, asked in (*entries_in(scope), *_members_in(scope))
        )

    def is_taken_back(self, write: Write) -> bool:
        """Whether the same function removes it again, or has its task do so when it is done: an entry that lives as
        long as its own request."""
        if any(self._is_removed_when_done(call, write) for call in write.scope.calls):
            return True
        written = write.key if write.key is not None else write.value
        name = dotted(written) if written is not None else None
        if name is None:
            return False
        for call in write.scope.calls:
            callee = call.expression[2]
            if callee[0] != "attr" or callee[3] not in _REMOVING or not call.arguments:
                continue
            if dotted(call.arguments[0]) == name and self.is_of(callee[2], write):
                return True
        return any(dotted(target[3]) == name and self.is_of(target[2], write) for target in _deleted_in(write.scope))

    def is_left(self, write: Write) -> bool:
        """Whether all that have it written see to it that it goes when they are done: `finally: sessions.pop(name)`."""
        if write.how not in ("entry", "growth") or not isinstance(write.scope, Function):
            return False
        return self._is_left_by_callers(write.scope, write, {id(write.scope)})

    def _is_left_by_callers(self, function: Function, write: Write, seen: set[int]) -> bool:
        scopes = {id(call.scope): call.scope for call, _, _ in self.evaluator.callers(function)}
        reach = self.lifetimes.contexts.in_request(function) if not scopes else None
        if reach is not None and reach.before is not None:
            scopes = {id(reach.before.scope): reach.before.scope}  # called on what only the chain knows
        if not scopes or len(seen) > _CALLERS:
            return False
        return all(
            isinstance(scope, Function)
            and key not in seen
            and (self._leaves(scope, write) or self._is_left_by_callers(scope, write, {*seen, key}))
            for key, scope in scopes.items()
        )

    def _leaves(self, scope: Function, write: Write) -> bool:
        return any(
            any(link.kind == "finally" for link in call.around) and self._removes(call, write, _HELPERS)
            for inner in scope.descendants()
            for call in inner.calls
        )

    def _removes(self, call: Call, write: Write, depth: int) -> bool:
        """Whether a call takes something out of the variable, itself or through the functions it runs."""
        callee = call.expression[2]
        if callee[0] == "attr" and callee[3] in _REMOVING:
            return self.is_of(callee[2], write, call.scope)
        functions = [v.function for v in self.evaluator.callees(call) if isinstance(v, FunctionValue)] if depth else []
        return any(
            any(self._removes(inner, write, depth - 1) for inner in function.calls)
            or any(self.is_of(target[2], write, function) for target in _deleted_in(function))
            for function in functions
        )

    def is_only_asked(self, nodes: Iterable[Expression], scope: Scope) -> bool:
        """Whether a function does no more with a container, where it names it, than to ask whether something is in it
        to spare itself work, and to put in and take out."""
        asked = {
            id(part[4][0])
            for statement in walk_all(scope.body)
            if statement[0] == "if" and not any(inner[0] == "raise" for inner in statement[3])
            for part in walk(statement[2])
            if part[0] == "cmp" and part[3][0] in ("In", "NotIn")
        }
        for call in scope.calls:
            callee = call.expression[2]
            if callee[0] == "attr" and callee[3] in _OF_MEMBERS:
                asked.add(id(callee[2]))
        return all(id(node) in asked for node in nodes)

    def is_drained(self, write: Write) -> bool:
        """Whether the function takes all that is there and leaves the variable empty: a buffer on its way out."""
        if write.how != "value" or write.value is None or not is_nothing_in(write.value):
            return False
        return any(
            binding.kind == "value" and binding.expression is not None and self._is_whole(binding.expression, write)
            for bindings in write.scope.bindings.values()
            for binding in bindings
            if binding.scope is write.scope
        )

    def _is_whole(self, expression: Expression, write: Write) -> bool:
        """`buffer`, `buffer[:]`, `list(buffer)` or `buffer.copy()`."""
        if expression[0] == "call":
            function, given = expression[2], expression[3]
            expression = given[0] if given else function[2] if function[0] == "attr" else expression
        elif expression[0] == "sub" and expression[3][0] == "slice":
            expression = expression[2]
        return expression[0] in ("name", "attr") and self.is_of(expression, write)

    def is_of(self, base: Expression, write: Write, scope: Scope | None = None) -> bool:
        """Whether an expression leads to the variable that is written."""
        root = self.lifetimes.root(base, scope or write.scope)
        return root is not None and root.key == write.root.key

    def _is_removed_when_done(self, call: Call, write: Write) -> bool:
        """`task.add_done_callback(tasks.discard)`."""
        if call.name != "add_done_callback" or not call.arguments:
            return False
        done = call.arguments[0]
        return done[0] == "attr" and done[3] in _REMOVING and self.is_of(done[2], write)


def is_new(key: Expression, scope: Scope, evaluator: Evaluator, depth: int = 0) -> bool:
    """Whether a key is made for what is put under it: drawn, taken from a clock, or given by an object made here."""
    for part in walk(key):
        if part[0] == "call":
            for value in evaluator.evaluate(part[2], scope):
                if isinstance(value, External) and value.path.startswith(_DRAWING):
                    return True
                if isinstance(value, FunctionValue) and depth < _HELPERS:
                    returns = value.function.returns
                    if any(is_new(returned, value.function, evaluator, depth + 1) for returned, _ in returns):
                        return True
                if isinstance(value, ClassValue):
                    return True
        elif part[0] == "name" and depth < _HELPERS:
            given = [b.expression for b in scope.bindings.get(part[2], ()) if b.kind == "value" and b.scope is scope]
            if any(value is not None and is_new(value, scope, evaluator, depth + 1) for value in given):
                return True
    return False


def is_nothing_in(value: Expression) -> bool:
    """An empty container, as it is written."""
    return value[0] in ("list", "dict", "set") and not value[2]


def _deleted_in(scope: Scope) -> Iterator[Expression]:
    """The entries that a function deletes: `del kept[name]`."""
    for statement in walk_all(scope.body):
        if statement[0] == "del":
            yield from (target for target in statement[2] if target[0] == "sub")


def entries_in(scope: Scope) -> Iterator[tuple[Expression, Expression]]:
    """The containers whose entries a scope reads or writes, each with the key: `base[key]`, `base.get(key)`."""
    for node in walk_all(scope.body):
        if node[0] == "sub":
            yield node[2], node[3]
        elif node[0] == "call" and node[2][0] == "attr" and node[2][3] in ("get", "pop") and node[3]:
            yield node[2][2], node[3][0]


def _members_in(scope: Scope) -> Iterator[tuple[Expression, Expression]]:
    """The containers that a scope asks for a member, each with it: `key in base`."""
    for node in walk_all(scope.body):
        if node[0] == "cmp" and node[3][0] in ("In", "NotIn"):
            yield node[4][0], node[2]


def named(node: Expression | Statement) -> str | None:
    """The name of a variable or attribute, None for all else."""
    if node[0] == "name":
        return node[2]  # type: ignore[no-any-return]
    return node[3] if node[0] == "attr" else None
