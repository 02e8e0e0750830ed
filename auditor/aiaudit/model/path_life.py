"""How long a file stays: temporary folders, files that are deleted or sent in the request that wrote them, caches."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.contexts import Contexts
from aiaudit.model.flow.order import Order
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function, Scope, last_name, walk
from aiaudit.model.values import FunctionValue
from aiaudit.sources.python.facts import Expression
from aiaudit.sources.secrets.names import words_of

_DELETING = frozenset(
    ("remove", "unlink", "rmtree", "removedirs", "rmdir", "rename", "cleanup", "rmdir_p", "safe_unlink")
)
_SENDING = frozenset(("FileResponse", "send_file", "send_from_directory", "StreamingResponse", "FSInputFile"))
# Folders and files that go by themselves, and buffers that take the place of a file.
_TEMPORARY = frozenset(
    ("mkdtemp", "NamedTemporaryFile", "TemporaryDirectory", "mkstemp", "gettempdir", "TemporaryFile", "mktemp",
     "SpooledTemporaryFile", "BytesIO", "StringIO")
)  # fmt: skip
_WORDS = frozenset(
    (
        "tmp",
        "temp",
        "temporary",
        "tmpdir",
        "tempdir",
        "tmpfile",
        "tempfile",
        "cache",
        "cached",
        "log",
        "logs",
        "debug",
        "trace",
        "dump",
        "null",
    )
)
_DEPTH = 4


class PathLife:
    """Follows what a path is made of, and what becomes of it."""

    def __init__(self, contexts: Contexts, order: Order) -> None:
        self.contexts = contexts
        self.evaluator = contexts.evaluator
        self.order = order

    def is_passing(self, path: Expression, writing: Call) -> bool:
        """Whether a file is gone, or of no use, after the request that writes it."""
        scope = writing.scope
        parts = list(self.parts(path, scope))
        if _is_made_if_missing(writing):
            return True
        names = {part[2] for part, holder in parts if part[0] == "name" and holder is scope}
        if any(_is_temporary(part) for part, _ in parts) and not self._goes_to_a_worker(names, scope):
            return True
        return self._ends(names, scope) or self._ends_with_caller(scope, 2)

    def is_of_temporary_file(self, handle: Expression, scope: Scope) -> bool:
        """Whether a file was opened in a place that goes by itself: `with open(tmp / name) as file`."""
        holder = scope_of_name(scope, handle[2]) if handle[0] == "name" else None
        opened = [binding.expression for binding in holder.bindings[handle[2]]] if holder is not None else [handle]
        paths = [call[3][0] for call in opened if call is not None and call[0] == "call" and call[3]]
        names = {part[2] for path in paths for part in walk(path) if part[0] == "name"}
        if self._ends(names, scope):
            return True  # read once, and deleted
        return any(_is_temporary(part) for path in paths for part, _ in self.parts(path, scope))

    def parts(self, path: Expression, scope: Scope, depth: int = 0) -> Iterator[tuple[Expression, Scope]]:
        """What a path is put together from: through variables, attributes and arguments."""
        for part in walk(path):
            yield part, scope
            if depth >= _DEPTH:
                continue
            for value, holder in self._behind(part, scope):
                yield from self.parts(value, holder, depth + 1)

    def _behind(self, part: Expression, scope: Scope) -> Iterator[tuple[Expression, Scope]]:
        if part[0] == "attr":
            for store in self.contexts.program.stores_by_attribute.get(part[3], ()):
                if store.value is not None and store.base[0] == "name" and store.scope.module is scope.module:
                    yield store.value, store.scope
            for method in self._methods(part[3], scope):
                for returned, _ in method.returns:
                    yield returned, method
            return
        holder = scope_of_name(scope, part[2]) if part[0] == "name" else None
        if holder is None:
            return
        for binding in self.order.reaching(scope, holder, part[2], part[1]):
            if binding.kind in ("value", "entered", "element") and binding.expression is not None:
                yield binding.expression, binding.scope
            elif binding.kind == "parameter" and isinstance(holder, Function):
                yield from self.evaluator.passed(holder, part[2])
            elif binding.kind == "from":
                yield from self.evaluator.definitions(part, scope)

    def _methods(self, name: str, scope: Scope) -> Iterator[Function]:
        """The methods and properties of a name in the module: what they return is part of the path."""
        for other in scope.module.scopes:
            if isinstance(other, Function) and other.name == name and other.owner is not None:
                yield other

    def _goes_to_a_worker(self, names: set[str], scope: Scope) -> bool:
        """Whether a path is put into a queue: the worker that takes it out may have another disk."""
        return any(
            edge.deferred and edge.caption.startswith("queues")
            for call in scope.calls
            if any(part[0] == "name" and part[2] in names for given in _given(call) for part in walk(given))
            for edge in self.contexts.edges_of(call)
        )

    def _ends(self, names: set[str], scope: Scope) -> bool:
        """Whether a function (or one inside it) deletes or sends a file that has one of these names in its path. What
        it deletes after a failure, it keeps otherwise."""
        for inner in scope.descendants():
            for call in inner.calls:
                if (
                    not _is_after_failure(call)
                    and self._is_end(call)
                    and any(
                        part[0] == "name" and part[2] in names for part in walk(call.expression) if part[0] == "name"
                    )
                ):
                    return True
        return False

    def _is_end(self, call: Call) -> bool:
        if call.name in _DELETING | _SENDING:
            return True
        if any(last_name(argument) in _DELETING for argument in call.arguments):
            return True  # background_tasks.add_task(os.remove, path)
        given = [call.expression[2], *call.arguments[:1]]
        return any(
            isinstance(value, FunctionValue)
            and any(c.name in _DELETING and not _is_after_failure(c) for c in value.function.calls)
            for expression in given
            if expression[0] in ("name", "attr")
            for value in self.evaluator.evaluate(expression, call.scope)
        )

    def _ends_with_caller(self, scope: Scope, depth: int) -> bool:
        """Whether those who gave the path, or get it back, delete or send the file."""
        if not isinstance(scope, Function) or depth == 0:
            return False
        for caller, _, _ in self.evaluator.callers(scope):
            outer = caller.scope
            known = {part[2] for given in _given(caller) for part in walk(given) if part[0] == "name"}
            known |= {
                name
                for name, bindings in outer.bindings.items()
                for binding in bindings
                if binding.expression is not None
                and any(part is caller.expression for part in walk(binding.expression))
            }
            if self._ends(known, outer) or self._ends_with_caller(outer, depth - 1):
                return True
        return False


def _given(call: Call) -> tuple[Expression, ...]:
    return (*call.arguments, *(value for _, value in call.keywords))


def _is_after_failure(call: Call) -> bool:
    """Whether a call stands in a handler, or in a branch that ends with an exception."""
    for link in call.around:
        if link.kind == "except":
            return True
        if link.kind == "if" and link.node[0] == "if":
            arm = link.node[3 if link.branch else 4]
            if arm and arm[-1][0] == "raise":
                return True
    return False


def _is_temporary(part: Expression) -> bool:
    if part[0] == "call":
        return last_name(part[2]) in _TEMPORARY
    if part[0] == "const" and isinstance(part[2], str):
        text = part[2]
        return text.startswith(("/tmp", "/dev/", "/var/tmp")) or bool(_WORDS.intersection(words_of(text)))
    return part[0] in ("name", "attr") and bool(_WORDS.intersection(words_of(last_name(part))))


def _is_made_if_missing(writing: Call) -> bool:
    """Whether the file is written only where there is none: seeded, downloaded once, cached."""
    for link in writing.around:
        if link.kind in ("if", "unless") and any(
            last_name(part) in ("exists", "is_file", "isfile") for part in walk(link.node[2])
        ):
            return True
    return False
