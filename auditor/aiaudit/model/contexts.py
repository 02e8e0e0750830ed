"""What runs when: at import, at startup, in a request, in a task; with the shortest chain of calls that leads there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from aiaudit.finding import Step
from aiaudit.model.branches import is_dead
from aiaudit.model.edge import MANY, Edge
from aiaudit.model.edges import Edges
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program
from aiaudit.model.receivers import may_be_taken, told_by
from aiaudit.model.replacing import is_used_behind, replaces
from aiaudit.model.routes import Entry, Routing
from aiaudit.model.runners import CLOCKS, RUN_BY_REQUESTS, STARTERS, TASK_STARTERS
from aiaudit.model.scopes import Call, Class, Function, Module, Scope, last_name
from aiaudit.model.stopping import is_at_shutdown
from aiaudit.model.values import External
from aiaudit.values import dataclass, replace


@dataclass(slots=True, eq=False)
class Reach:
    """How a scope is reached in one context: the edge that led there and the reach before it."""

    entry: Entry
    scope: Scope
    edge: Edge | None
    before: Reach | None
    cached: bool
    offloaded: bool

    def chain(self) -> list[Reach]:
        """From the entry to here."""
        links: list[Reach] = []
        link: Reach | None = self
        while link is not None:
            links.append(link)
            link = link.before
        return links[::-1]

    def way(self) -> Iterator[Edge]:
        """The edges from here back to the entry."""
        link: Reach | None = self
        while link is not None and link.edge is not None:
            yield link.edge
            link = link.before

    @property
    def is_one_of_many(self) -> bool:
        """Whether a call on the way takes one of many ways."""
        return any(edge.among for edge in self.way())

    @property
    def is_of_a_library(self) -> bool:
        """Whether a library runs what it was handed on the way, in this request or in a later one."""
        return self.entry.registered or any(edge.registered for edge in self.way())

    @property
    def is_on_unknown_loop(self) -> bool:
        """Whether a library runs what plain code has handed to it on the way: on which event loop, only it knows."""
        return self.entry.registered or any(
            link.edge is not None
            and link.edge.registered
            and isinstance(link.edge.source, Function)
            and not link.edge.source.asynchronous
            for link in self.chain()
        )

    def steps(self) -> list[Step]:
        """The chain as evidence: the entry, then each call on the way."""
        found = [Step(self.entry.label, self.entry.span)]
        found.extend(Step(link.edge.caption, link.edge.span) for link in self.chain() if link.edge is not None)
        return found


State = tuple[int, bool, bool]
# Exceptions that answer a question.
_ASKING = frozenset(
    ("KeyError", "IndexError", "LookupError", "AttributeError", "ImportError", "ModuleNotFoundError", "StopIteration",
     "StopAsyncIteration", "FileNotFoundError", "DoesNotExist", "ObjectDoesNotExist", "Empty", "NameError")
)  # fmt: skip


class Contexts(Edges):
    """Reachability from the entries of each kind."""

    def __init__(self, program: Program, evaluator: Evaluator, routing: Routing) -> None:
        super().__init__(program, evaluator, routing)
        self._ephemeral: set[int] = set()
        self._replacing: dict[int, bool] = {}
        self._keeping: list[dict[int, list[Reach]]] | None = None
        self.reached = {kind: self._explore(kind) for kind in ("import", "startup")}
        routing.entries.extend(self._callbacks())
        self.handlers = frozenset(id(entry.scope) for entry in routing.entries)
        self.reached |= {kind: self._explore(kind) for kind in ("request", "task")}
        if self._adopt_tools():
            self.reached["request"] = self._explore("request")
        self._find_ephemeral()

    def _callbacks(self) -> Iterator[Entry]:
        """Functions that import or startup hand to libraries (tools, nodes, listeners): they run while serving."""
        known = {id(entry.scope) for entry in self.routing.entries if entry.kind != "tool"}
        for kind in ("import", "startup"):
            for reaches in list(self.reached[kind].values()):
                for edge in self.edges(reaches[0].scope):
                    if edge.registered and id(edge.target) not in known:
                        known.add(id(edge.target))
                        label = f"callback {edge.target.qualified_name}"
                        by = self._kind_of_library(edge.call)
                        yield Entry("request", edge.target, label, edge.span, registered=True, by=by)

    def _kind_of_library(self, call: Call | None) -> str:
        """Who runs what a call hands over, as `Entry.by` says it."""
        paths = [v.path for v in self.evaluator.callees(call) if isinstance(v, External)] if call is not None else []
        for kind, packages in (("clock", CLOCKS), ("run", RUN_BY_REQUESTS)):
            if paths and all(path.startswith(packages) for path in paths):
                return kind
        return ""

    def _adopt_tools(self) -> bool:
        """Make requests of the tools that no chain of calls from a request leads to: out of a registry, say."""
        left = [entry for entry in self.routing.entries if entry.kind == "tool" and not self.in_request(entry.scope)]
        for entry in left:
            entry.kind = "request"
        return bool(left)

    # Questions

    def in_request(self, scope: Scope, cached: bool | None = None, offloaded: bool | None = None) -> Reach | None:
        """The shortest reach of a scope in a request or task; filters where given."""
        found = self.reach("request", scope, cached, offloaded)
        return found if found is not None else self.reach("task", scope, cached, offloaded)

    def reach(self, kind: str, scope: Scope, cached: bool | None = None, offloaded: bool | None = None) -> Reach | None:
        """The shortest reach of a scope in a context."""
        states = self.reached[kind].get(id(scope))
        if states is None:
            return None
        for candidate in states:
            if cached is not None and candidate.cached is not cached:
                continue
            if offloaded is not None and candidate.offloaded is not offloaded:
                continue
            return candidate
        return None

    def taken(self, call: Call, reach: Reach | None) -> Reach | None:
        """The reach of a call whose branch the way there really takes, or another reach of the same kind that does."""
        if reach is None or not any(link.kind in ("if", "unless") for link in call.around):
            return reach
        if reach.edge is None or not is_dead(call, self.evaluator, self.handlers, reach.edge.call):
            return reach
        for source in self.reached[reach.entry.kind].values():
            for before in source:
                for edge in self.edges(before.scope):
                    if edge.target is reach.scope and not is_dead(call, self.evaluator, self.handlers, edge.call):
                        cached = before.cached or edge.cached
                        if cached is reach.cached:
                            return Reach(before.entry, reach.scope, edge, before, cached, before.offloaded)
        return None

    def before_requests(self, scope: Scope) -> Reach | None:
        """The reach of a scope at import or startup, None if only requests get there."""
        return self.reach("startup", scope) or self.reach("import", scope)

    def is_over_before_requests(self, scope: Scope) -> bool:
        """Whether a scope runs at startup alone, and to its end there: no thread or task goes on with it."""
        if self.reach("import", scope) is not None or self.in_request(scope) is not None:
            return False
        known = self.reached["startup"].get(id(scope), ())
        return bool(known) and not any(goes_on(link.edge) for reach in known for link in reach.chain())

    def in_background(self, scope: Scope) -> Reach | None:
        """The reach of a scope that a task runs which startup leaves behind on the event loop, beside the requests."""
        for reach in self.reached["startup"].get(id(scope), ()):
            if not reach.offloaded and any(starts_task(link.edge) for link in reach.chain()):
                return reach
        return None

    def reached_at_all(self, scope: Scope) -> Reach | None:
        """The reach of a scope in a request, or before the first one."""
        return self.in_request(scope) or self.before_requests(scope)

    def is_ephemeral(self, cls: Class) -> bool:
        """Whether instances of a class live no longer than a request."""
        return id(cls) in self._ephemeral

    def is_reached(self, scope: Scope) -> bool:
        """Whether anything runs a scope."""
        for reached in self.reached.values():  # noqa: SIM110 asked of nearly every call
            if id(scope) in reached:
                return True
        return False

    def making(self, call: Call) -> Reach | None:
        """The shortest reach of a call in a request or task that makes something for itself: neither to be kept, nor in
        the place of what import or startup has made."""
        found = self.taken(call, self.in_request(call.scope, cached=False))
        if found is None:
            return None
        if self.replaces(call):
            return self._making_for_callers(call)
        if not any(self._replaces(link.edge) for link in found.chain()):
            return found
        if self._keeping is None:
            self._keeping = [self._explore(kind, keeping=True) for kind in ("request", "task")]
        states = (reach for reached in self._keeping for reach in reached.get(id(call.scope), ()) if not reach.cached)
        return self.taken(call, next(states, None))

    def _making_for_callers(self, call: Call) -> Reach | None:
        """The reach of what a call puts in the place of something else by a function that works with it then."""
        if not isinstance(call.scope, Function):
            return None
        for caller, *_ in self.evaluator.callers(call.scope):
            before = self.in_request(caller.scope, cached=False) if is_used_behind(call, caller) else None
            edge = next((e for e in self.edges_of(caller) if e.target is call.scope), None) if before else None
            if before is not None and edge is not None:
                return Reach(before.entry, call.scope, edge, before, False, before.offloaded or edge.offloaded)
        return None

    def _replaces(self, edge: Edge | None) -> bool:
        return edge is not None and edge.call is not None and self.replaces(edge.call)

    def replaces(self, call: Call) -> bool:
        """Whether what a call gives takes the place of what import or startup has made."""
        known = self._replacing.get(id(call))
        if known is None:
            self._replacing[id(call)] = False  # an object that is kept in one that is renewed as well
            early, shared = self._is_early, self._is_shared
            known = self._replacing[id(call)] = replaces(call, self.evaluator, early, shared)
        return known

    def _is_early(self, scope: Scope) -> bool:
        return self.before_requests(scope) is not None

    def _is_shared(self, cls: Class) -> bool:
        return all(map(self._is_kept, self.evaluator.constructions(cls)))

    def _is_kept(self, call: Call) -> bool:
        """Whether no request makes an object with a call, but for one in the place of what startup has made."""
        reach = self.in_request(call.scope, cached=False)
        return reach is None or self.replaces(call) or any(self._replaces(link.edge) for link in reach.chain())

    # Exploration

    def _explore(self, kind: str, keeping: bool = False) -> dict[int, list[Reach]]:
        """All scopes that are reached from the entries of a kind. With `keeping`, what takes the place of something
        that startup has made counts as kept."""
        found: dict[int, list[Reach]] = {}
        others: dict[State, list[Edge]] = {}
        entries = [entry for entry in self.routing.entries if entry.kind == kind]
        # What a route leads to is told of the route, though a library may run it as well.
        for rank in range(3):
            ranked = [entry for entry in entries if entry.registered + entry.is_aside == rank]
            starts = [Reach(entry, entry.scope, None, None, False, entry.apart) for entry in ranked]
            self._follow(kind, starts, found, others, keeping)
        return found

    def _follow(
        self,
        kind: str,
        starts: list[Reach],
        found: dict[int, list[Reach]],
        others: dict[State, list[Edge]],
        keeping: bool,
    ) -> None:
        """Add what can be reached from some starts to what is found already. `others` are the edges that none of the
        ways found takes: those that go on with what another caller gives."""
        seen: set[State] = {(id(r.scope), r.cached, r.offloaded) for known in found.values() for r in known}
        # What a call leads to that takes one of many ways, and what only a failure leads to, where nothing else does.
        queue, chosen, failed = queues = (deque(starts), deque[Reach](), deque[Reach]())
        while any(queues):
            reach = next(waiting for waiting in queues if waiting).popleft()
            state = (id(reach.scope), reach.cached, reach.offloaded)
            if state in seen and not others.get(state):
                continue
            edges: Iterable[Edge] = others.pop(state, ())
            if state not in seen:
                seen.add(state)
                found.setdefault(id(reach.scope), []).append(reach)
                edges = self.edges(reach.scope)
            for edge in edges:
                if edge.registered and kind in ("import", "startup"):
                    continue
                if kind == "startup" and is_at_shutdown(edge.span, reach):
                    continue
                if kind == "request" and isinstance(edge.target, Module) and self._is_imported(edge.target):
                    continue  # it ran when the service started: an import inside of a function finds it
                given = told_by(reach.way(), edge, self.evaluator)
                if not may_be_taken(edge, given, self.evaluator):
                    others.setdefault(state, []).append(edge)  # for who comes another way
                    continue
                if edge.among and 0 < len(given) < MANY:
                    edge = replace(edge, among=0)
                cached = reach.cached or (edge.cached and not self._guard_is_vain(edge)) or is_import(edge)
                cached = cached or (keeping and self._replaces(edge))
                following = Reach(reach.entry, edge.target, edge, reach, cached, reach.offloaded or edge.offloaded)
                (failed if is_after_failure(edge.call) else chosen if edge.among else queue).append(following)

    def _is_imported(self, module: Module) -> bool:
        return id(module) in self.reached["import"]

    def _guard_is_vain(self, edge: Edge) -> bool:
        return edge.guard_class is not None and id(edge.guard_class) in self._ephemeral

    def _find_ephemeral(self) -> None:
        """A cache kept on an object that each request makes anew caches nothing: explore again without it."""
        for cls in self.program.classes:
            calls = list(self.evaluator.constructions(cls)) or self._made_of_heirs(cls)
            alive = [c for c in calls if self.before_requests(c.scope)]
            fresh = [c for c in calls if self.in_request(c.scope, cached=False) and not self.guard(c).keeps]
            if fresh and self.is_singleton(cls):
                continue
            injected = self._injected_per_request(cls)
            if (fresh or injected) and not alive:
                self._ephemeral.add(id(cls))
        if self._ephemeral:
            for kind in ("request", "task"):
                self.reached[kind] = self._explore(kind)

    def _made_of_heirs(self, cls: Class) -> list[Call]:
        """The constructions of the classes that a base class lives in: it is never made itself."""
        return [call for heir in self.evaluator.subclasses(cls) for call in self.evaluator.constructions(heir)]

    def _injected_per_request(self, cls: Class) -> bool:
        constructor = self.evaluator.constructor(cls)
        if constructor is None:
            return False
        found = self.reach("request", constructor, cached=False)
        return found is not None and found.edge is not None and found.edge.caption.startswith("depends on")


def goes_on(edge: Edge | None) -> bool:
    """Whether an edge starts what goes on beside its caller: a thread, a task, a callback."""
    if edge is None or edge.call is None:
        return False
    return edge.offloaded or edge.registered or edge.call.name in STARTERS or starts_task(edge)


def is_after_failure(call: Call | None) -> bool:
    """Whether a call stands in the handler of an exception that says that something went wrong: not that something is
    not there, which is another way to ask for it."""
    link = call.enclosing if call is not None else None
    while link is not None:
        if link.kind == "except":
            kind = link.node[1][0]
            if kind is None or last_name(kind) not in _ASKING:
                return True
        link = link.outer
    return False


def starts_task(edge: Edge | None) -> bool:
    """Whether an edge leaves a coroutine to a task of the event loop: `asyncio.create_task(work())`."""
    parent = edge.call.parent if edge is not None and edge.call is not None else None
    return parent is not None and parent[0] == "call" and last_name(parent[2]) in TASK_STARTERS


def is_import(edge: Edge) -> bool:
    """Whether an edge imports a module, which runs it once, however often the importing script runs."""
    return isinstance(edge.source, Module) and isinstance(edge.target, Module)
