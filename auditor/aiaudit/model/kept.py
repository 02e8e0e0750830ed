"""State that requests leave in the memory of one process, for later requests to find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from aiaudit.finding import Confidence, Step
from aiaudit.model.checkpoints import kept_threads
from aiaudit.model.contexts import Reach
from aiaudit.model.guards import guard_at
from aiaudit.model.holding import Holding, is_index_in_memory
from aiaudit.model.lifetimes import Lasting, Lifetimes
from aiaudit.model.memories import kept_turns
from aiaudit.model.passing_entries import Passing, Write, entries_in, is_new, is_nothing_in, named
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.scopes import Call, Function, Module, Scope, Store, is_same, walk, walk_all
from aiaudit.model.service import Service
from aiaudit.model.tenants import comes_from_request
from aiaudit.model.values import CONTAINERS, FORGETTING, Elements, External, Instance, Literal
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.span import Span
from aiaudit.values import dataclass, field

# The methods that put something into an index.
_INDEXING = frozenset(
    ("add", "add_with_ids", "add_items", "add_documents", "add_texts", "aadd_documents", "upsert", "insert")
)
_CONTAINER_CLASSES = (*(path.removesuffix("()") for path in CONTAINERS), "collections.UserDict", "collections.UserList")


@dataclass(slots=True, eq=False)
class KeptState:
    """The variables of one owner that one function writes on the way of a request, and that requests read.

    `names` are the variables, `writes` the places (the first stands for all), `how` that of the first write: as in
    `Write`, "thread" for a graph's threads in a checkpointer, made at the place, or "turns" for what a library's object
    remembers of each request.
    """

    names: tuple[str, ...]
    how: str
    reach: Reach
    writes: list[Span] = field(default_factory=list)
    read: Step | None = None
    confidence: Confidence = Confidence.HIGH


def kept_states(service: Service) -> list[KeptState]:
    """All state that requests keep in memory."""
    side = python_side(service)
    found = _Finder(side).find()
    for kept in kept_threads(side):
        found.append(KeptState((kept.saver.name,), "thread", kept.reach, [kept.saver.span], kept.step))
    for turns in kept_turns(side):
        found.append(KeptState((turns.name,), "turns", turns.reach, [turns.span], turns.step))
    return found


class _Finder:
    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.contexts = side.contexts
        self.evaluator = side.evaluator
        self.lifetimes = Lifetimes(side.contexts)
        self.passing = Passing(self.lifetimes, side.evaluator)
        self.holding = Holding(side)
        self._reads: dict[int, dict[str, list[Expression]]] = {}
        self._only_asked: dict[object, bool] = {}

    def find(self) -> list[KeptState]:
        writes = [write for function in self._functions() for write in self._writes(function)]
        by_variable: dict[object, list[Write]] = defaultdict(list)
        connecting = {
            id(w.root.cls) for w in writes if w.root.cls is not None and self.holding.is_bound(w.value, w.scope)
        }
        writes = [write for write in writes if write.root.cls is None or id(write.root.cls) not in connecting]
        for write in writes:
            by_variable[write.root.key].append(write)
        state: dict[object, Step] = {}
        for key, group in by_variable.items():
            if not any(self._is_state(write) for write in group) or any(map(self.passing.is_drained, group)):
                continue
            read = self._read_of(group)
            if read is not None:
                state[key] = read
        return self._grouped([w for w in writes if w.root.key in state and self._counts(w)], state)

    def _functions(self) -> Iterator[Function]:
        """Functions that requests run again and again; a callback that startup registers is no request."""
        for function in self.side.program.functions:
            reach = self.contexts.in_request(function, cached=False)
            if reach is not None and not reach.entry.is_aside and function.name != "__init__":
                yield function

    def _grouped(self, writes: Iterable[Write], state: dict[object, Step]) -> list[KeptState]:
        """One for each function and owner: the attributes of one object together, other variables alone. What a task
        goes on to write is told where the request that starts it writes."""
        groups: dict[tuple[int, object], list[Write]] = defaultdict(list)
        for write in writes:
            owner = id(write.root.cls) if write.root.cls is not None else write.root.key
            groups[id(write.scope), owner].append(write)
        reached = [
            (reach, owner, group)
            for (_, owner), group in groups.items()
            if (reach := self.contexts.in_request(group[0].scope, cached=False)) is not None
        ]
        states: list[KeptState] = []
        nearest: dict[tuple[int, object], KeptState] = {}
        for reach, owner, group in sorted(reached, key=lambda item: len(item[0].chain())):
            group.sort(key=lambda write: write.span)
            first = group[0]
            spans = [write.span for write in group]
            known = nearest.get((id(reach.entry), owner))
            if known is not None and any(link.edge is not None and link.edge.deferred for link in reach.chain()):
                known.writes.extend(spans)
                continue
            is_doubtful = all(map(self._is_doubtful, group)) or reach.is_of_a_library
            made = KeptState(
                tuple(dict.fromkeys(write.root.name for write in group)),
                first.how,
                reach,
                spans,
                state[first.root.key],
                Confidence.MEDIUM if is_doubtful else Confidence.HIGH,
            )
            nearest.setdefault((id(reach.entry), owner), made)
            states.append(made)
        return states

    def _is_doubtful(self, write: Write) -> bool:
        """Whether each process may well have its own: what it counts, what it has done already, and entries that no
        request brings under names that are not made for them: read from a disk or a database, and read again."""
        if write.how == "count" or self._is_only_asked(write.root):
            return True
        if write.how != "entry" or write.key is None or self._changes(write):
            return False
        return not is_new(write.key, write.scope, self.evaluator)

    def _is_only_asked(self, root: Lasting) -> bool:
        """Whether requests want to know of a variable no more than whether something is in it."""
        if root.key not in self._only_asked:
            name = root.name.rpartition(".")[2]
            self._only_asked[root.key] = all(
                self.passing.is_only_asked(self._nodes_of(root, scope), scope) for scope in self._requested(name)
            )
        return self._only_asked[root.key]

    def _nodes_of(self, root: Lasting, scope: Scope) -> Iterator[Expression]:
        """The places in a scope that name a variable without setting it."""
        for node in self._read_in(scope).get(root.name.rpartition(".")[2], ()):
            found = self.lifetimes.root(node, scope)
            if found is not None and found.key == root.key:
                yield node

    # Writes

    def _writes(self, function: Function) -> Iterator[Write]:
        for store in function.stores:
            yield from self._stored(store, function)
        for call in function.calls:
            yield from self._called(call, function)
        for name in function.declared_global:
            for binding in function.module.bindings.get(name, ()):
                if binding.scope is function and binding.kind == "value" and binding.statement is not None:
                    base = ("name", binding.statement[1], name)
                    root = self.lifetimes.root(base, function.module)
                    if root is not None:
                        how = "count" if binding.statement[0] == "aug" else "value"
                        span = Span.at(function.module.path, binding.statement[1])
                        yield Write(
                            root,
                            function,
                            span,
                            how,
                            binding.expression,
                            None,
                            binding.enclosing,
                            base,
                        )

    def _stored(self, store: Store, function: Function) -> Iterator[Write]:
        span = Span.at(function.module.path, store.statement[1])
        if store.attribute is not None:
            base = ("attr", store.base[1], store.base, store.attribute)
            how = "count" if store.statement[0] == "aug" or _goes_on_counting(store) else "value"
        else:
            base = store.base
            is_count = store.statement[0] == "aug" or _goes_on_counting(store)
            how = "count" if is_count else "growth" if store.how in ("append", "extend") else "entry"
        root = self.lifetimes.root(base, function)
        if root is None:
            return
        if store.attribute is None and not self._is_container(base, function):
            return
        yield Write(root, function, span, how, store.value, store.key, store.enclosing, store.base)

    def _called(self, call: Call, function: Function) -> Iterator[Write]:
        callee = call.expression[2]
        if callee[0] != "attr" or callee[3] not in _INDEXING:
            return
        base, given = callee[2], [*call.arguments, *(value for _, value in call.keywords)]
        if not given or not self._is_index(base, function):
            return
        root = self.lifetimes.root(base, function)
        if root is not None:
            yield Write(root, function, call.span, "index", given[0], None, call.enclosing, base)

    def _is_container(self, base: Expression, scope: Scope) -> bool:
        """Whether an expression is known to be a plain container: what others do with what they get is theirs."""
        if base[0] == "sub":
            return self._is_container(base[2], scope)
        return any(
            isinstance(value, (Literal, Elements))
            or (isinstance(value, External) and value.path in (*CONTAINERS, *FORGETTING))
            or (isinstance(value, Instance) and self.evaluator.inherits(value.cls, *_CONTAINER_CLASSES))
            for value in self.evaluator.evaluate(base, scope)
        ) or self._is_entry(base, scope)

    def _is_entry(self, base: Expression, scope: Scope) -> bool:
        """An entry of a container, of which nothing else is known: `sessions[key]`, `sessions.get(key)`."""
        if base[0] == "call" and base[2][0] == "attr" and base[2][3] in ("get", "setdefault"):
            return self._is_container(base[2][2], scope)
        if base[0] != "name":
            return False
        for holder in scope.within():
            for binding in holder.bindings.get(base[2], ()):
                given = binding.expression
                if binding.kind == "value" and given is not None and given[0] in ("sub", "call") and given is not base:
                    return (given[0] == "sub" and self._is_container(given[2], scope)) or self._is_entry(given, scope)
        return False

    def _is_index(self, base: Expression, scope: Scope) -> bool:
        values = self.evaluator.evaluate(base, scope)
        return any(isinstance(value, External) and is_index_in_memory(value) for value in values)

    # Is it state?

    def _counts(self, write: Write) -> bool:
        """Whether a write to what is known as state is worth a place of its own."""
        if write.how == "value":
            return not self._is_guarded(write) and (self._changes(write) or self._is_empty(write.value))
        return self._is_state(write)

    def _is_state(self, write: Write) -> bool:
        if self.passing.is_cache(write) or self.passing.is_taken_back(write):
            return False
        if self.holding.is_bound(write.value, write.scope):
            return False
        is_kept_once = (
            self.holding.is_resource(write.value, write.scope)
            or self._is_guarded(write)
            or self.passing.is_handed_back(write)
            or _gives_what_was_there(write)
        )
        if is_kept_once and not self.holding.holds_state(write.value, write.scope):
            return False
        if write.how == "count":
            # What an object counts decides over its own work: a circuit breaker, a queue. A table of counts is told.
            return write.root.cls is None or (write.key is not None and write.key[0] != "const")
        return (self._changes(write) or self._is_looked_up(write)) and not self.passing.is_left(write)

    def _is_looked_up(self, write: Write) -> bool:
        """Whether requests ask for the entry by what they bring: `jobs[new_id] = job`, then `jobs[id]`."""
        if write.how != "entry" or write.key is None or write.key[0] == "const":
            return False
        name = write.root.name.rpartition(".")[2]
        return any(
            comes_from_request(key, scope, self.evaluator, self.contexts) and self.passing.is_of(base, write, scope)
            for scope in self._requested(name)
            for base, key in entries_in(scope)
            if named(base) == name
        )

    def _requested(self, name: str) -> Iterator[Scope]:
        """The functions that requests run in modules where a name stands."""
        for module in self.side.program.modules:
            if self.side.program.tree.mentions(module.path, (name,)):
                for scope in module.scopes:
                    reach = self.contexts.in_request(scope) if not isinstance(scope, Module) else None
                    if reach is not None and not (reach.entry.registered and reach.entry.kind == "task"):
                        yield scope  # a job of this process sees what its requests have kept

    def _changes(self, write: Write) -> bool:
        """Whether what is written, or under what, comes with the request."""
        parts = [part for part in (write.value, write.key) if part is not None]
        parts += [part[3] for part in walk(write.base) if part[0] == "sub"]
        return any(comes_from_request(part, write.scope, self.evaluator, self.contexts) for part in parts)

    def _is_empty(self, value: Expression | None) -> bool:
        """A fresh container or index in the place of the old one."""
        if value is None or value[0] == "const":
            return False
        return is_nothing_in(value) or value[0] == "call"

    def _is_guarded(self, write: Write) -> bool:
        """Whether it is made only where it was not there: a cache, or a lazy object."""
        return guard_at(write.enclosing, write.scope, self.evaluator).keeps

    # Reads

    def _read_of(self, group: list[Write]) -> Step | None:
        """A place where a request reads the variable, in another function if there is one."""
        root = group[0].root
        name = root.name.rpartition(".")[2]
        bases = {id(write.base) for write in group if not _gives_what_was_there(write)}
        writers = {id(write.scope) for write in group}
        found: list[tuple[bool, Step]] = []
        for scope in self._requested(name):
            node = next((node for node in self._nodes_of(root, scope) if id(node) not in bases), None)
            if node is not None:
                reach = self.contexts.in_request(scope)
                label = reach.entry.label if reach is not None else ""
                step = Step(f"{label} reads it", Span.at(scope.module.path, node[1]))
                found.append((id(scope) in writers, step))
        return min(found, key=lambda item: (item[0], item[1].span))[1] if found else None

    def _read_in(self, scope: Scope) -> dict[str, list[Expression]]:
        """The names and attributes that a scope reads, by their last name, in order."""
        known = self._reads.get(id(scope))
        if known is None:
            nodes = walk_all(scope.body)
            assigned = {id(target) for node in nodes for target in _targets(node)}
            known = self._reads[id(scope)] = defaultdict(list)
            for node in nodes:
                name = named(node)
                if name is not None and id(node) not in assigned:
                    known[name].append(node)
        return known


def _gives_what_was_there(write: Write) -> bool:
    """`return sessions.setdefault(key, [])`: the write is a read as well."""
    return any(
        call.name == "setdefault" and call.expression[2][2] is write.base and call.statement[0] != "expr"
        for call in write.scope.calls
    )


def _goes_on_counting(store: Store) -> bool:
    """`hits[key] = hits.get(key, 0) + 1` counts as `hits[key] += 1` does, and so does `top = max(top, size)`."""
    value = store.value
    if value is None or value[0] not in ("bin", "call"):
        return False
    terms = list(_terms(value))
    replaced = [term for term in terms if _is_replaced(term, store)]
    return bool(replaced) and (
        value[0] == "call" or any(map(_is_number, terms)) or any(term[0] == "call" for term in replaced)
    )


def _terms(value: Expression) -> Iterator[Expression]:
    """What a sum, or the larger or smaller of some numbers, is put together from."""
    if value[0] == "bin" and value[2] in ("Add", "Sub"):
        parts: tuple[Expression, ...] = (value[3], value[4])
    elif value[0] == "call" and value[2][0] == "name" and value[2][2] in ("max", "min"):
        parts = value[3]
    else:
        yield value
        return
    for part in parts:
        yield from _terms(part)


def _is_replaced(part: Expression, store: Store) -> bool:
    """Whether a part is what a store puts something else in the place of."""
    if store.attribute is not None:
        return part[0] == "attr" and part[3] == store.attribute and is_same(part[2], store.base)
    if store.key is None:
        return False
    if part[0] == "sub":
        return is_same(part[2], store.base) and is_same(part[3], store.key)
    if part[0] != "call" or part[2][0] != "attr" or part[2][3] != "get" or len(part[3]) != 2:
        return False
    (asked, none), base = part[3], part[2][2]
    return _is_number(none) and is_same(base, store.base) and is_same(asked, store.key)


def _is_number(expression: Expression) -> bool:
    return expression[0] == "const" and isinstance(expression[2], (int, float))


def _targets(statement: Statement) -> Iterable[Expression]:
    """What a statement assigns to."""
    if statement[0] == "assign":
        return statement[2]  # type: ignore[no-any-return]
    return (statement[2],) if statement[0] in ("ann", "aug") else ()
