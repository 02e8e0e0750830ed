"""Blocking calls that run on the event loop: reached from `async def` code without off-loading to a thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from aiaudit.finding import Step
from aiaudit.model.answering import TORNADO
from aiaudit.model.branches import is_dead
from aiaudit.model.consuming import is_iterated, takes_items
from aiaudit.model.contexts import Reach, is_after_failure
from aiaudit.model.edge import MANY, Edge, is_cached
from aiaudit.model.graphql import ON_THE_LOOP
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.receivers import may_be_taken, told_by
from aiaudit.model.resources import Known
from aiaudit.model.routes import MIDDLEWARE, Route
from aiaudit.model.scopes import Call, Function, Scope, dotted
from aiaudit.model.service import Service
from aiaudit.model.values import External
from aiaudit.model.warming import is_cold
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass, replace

STORES = frozenset(("datastore", "cache", "storage", "queue"))


@dataclass(frozen=True, slots=True, eq=False)
class BlockingCall:
    """A call in a coroutine that blocks its event loop: `call` stands in the coroutine, `known` is what blocks,
    directly or at the end of `path` (edges through plain functions). `more` are further calls on the same store beside
    it. `loop` is the loop of the coroutine that waits for each piece of a stream which was opened elsewhere. `rare`: a
    call on the way takes one of many ways, most of which do not block, or it blocks once alone."""

    call: Call
    known: Known
    path: tuple[Edge, ...]
    reach: Reach
    more: tuple[Call, ...] = ()
    loop: Span | None = None
    rare: bool = False

    @property
    def place(self) -> Span:
        """Where it blocks."""
        return self.loop or self.call.span

    @property
    def name(self) -> str:
        """What blocks, for a message: an object that is called goes by the call that gave it."""
        name = self.known.name
        return f"a call of what {name} gave" if name.endswith("()") else name

    @property
    def trace(self) -> tuple[Step, ...]:
        """From the entry through the coroutine to what blocks."""
        inner = [Step(edge.caption, edge.span) for edge in self.path]
        says = f"{self.name} blocks" if self.loop is None else f"{self.name} opens the stream"
        return (*self.reach.steps(), *inner, Step(says, self.known.call.span))


def blocking_calls(service: Service) -> list[BlockingCall]:
    """All blocking calls in coroutines that requests or tasks reach."""
    return list(_Finder(python_side(service)).find())


class _Finder:
    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.made = {id(resource.call): resource for resource in side.resources}
        self.blocking: dict[int, list[Known]] = {}
        for known in side.known:
            happens_here = known.handed_by is None and not known.call.awaited
            waits = known.entry.blocking or (known.entry.lazy and takes_items(known.call))
            call = known.call
            if not waits or is_told_not_to_block(known) or finds_something(call) or only_undoes(call):
                continue
            if happens_here and not self.happens_early(known):
                self.blocking.setdefault(id(known.call.scope), []).append(known)
        self.paths: dict[int, tuple[tuple[Edge, ...], Known] | None] = {}
        self.cuts: dict[tuple[int, int], bool] = {}

    def happens_early(self, known: Known) -> bool:
        """A kept resource that startup builds, or puts where a request would look for it, costs a request nothing, nor
        does what is called only while it is built."""
        scope = known.call.scope
        resource = self.made.get(id(known.call))
        if resource is not None and resource.guard.keeps and resource.per_request is None:
            return resource.first_request is None or resource.early is not None
        contexts = self.side.contexts
        if contexts.before_requests(scope) is None or contexts.in_background(scope) is not None:
            return False
        if contexts.in_request(scope, cached=False) is None:
            return True
        guard = contexts.guard(known.call)
        return known.entry.kind == "call" and guard.asks_for_one_thing and not is_cold(known.call, guard, contexts)

    def find(self) -> Iterator[BlockingCall]:
        once: set[int] = set()
        plain = {id(route.handler) for route in self.side.routing.routes if runs_on_the_loop(route)}
        plain |= {id(entry.scope) for entry in self.side.routing.entries if entry.label == MIDDLEWARE}
        for function in self.side.program.functions:
            if not function.asynchronous and id(function) not in plain:
                continue
            reach = self.reach_of(function)
            if reach is None or reach.entry.kind == "task":
                continue
            for blocking in (*self.in_coroutine(function, reach), *self.in_loops(function, reach)):
                if self.is_kept(blocking):
                    # What is built once blocks once: worth a word only if it takes long, and one is enough.
                    if blocking.known.entry.cost != "model-load" or id(blocking.known.call) in once:
                        continue
                    once.add(id(blocking.known.call))
                yield replace(blocking, rare=blocking.rare or self.is_once(blocking))

    def is_once(self, blocking: BlockingCall) -> bool:
        """Whether a coroutine asks no more than what is remembered: `if self.version is None: self.version = run()`.

        Models and servers may take long that one time.
        """
        known = blocking.known
        if known.entry.kind != "call" or known.entry.purpose != "other" or blocking.more:
            return False
        guard = self.side.contexts.guard(known.call)
        is_on_own = guard.cls is not None and self.side.contexts.is_ephemeral(guard.cls)
        return guard.asks_for_one_thing and not is_on_own

    def reach_of(self, function: Function) -> Reach | None:
        """How a function comes to run on the event loop that serves requests: for one of them, or in a task."""
        contexts = self.side.contexts
        return contexts.in_request(function, offloaded=False) or contexts.in_background(function)

    def is_kept(self, blocking: BlockingCall) -> bool:
        """Whether the result is kept, so that only the first request waits."""
        if any(edge.cached and self.keeps_one(edge, blocking.known) for edge in blocking.path):
            return True
        return blocking.known.entry.kind != "call" and self.side.contexts.guard(blocking.known.call).keeps

    @staticmethod
    def keeps_one(edge: Edge, known: Known) -> bool:
        """Whether a cache spares all but the first call; one with an answer for each argument waits for each anew."""
        target = edge.target
        if known.entry.kind != "call" or not isinstance(target, Function) or not is_cached(target):
            return True
        return all(parameter[0] == target.self_name for parameter in target.parameters)

    def in_coroutine(self, function: Function, reach: Reach) -> Iterator[BlockingCall]:
        found: dict[tuple[int, int], BlockingCall] = {}
        for known in self.blocking.get(id(function), ()):
            place = known.call.at[:2]
            other = found.get(place)
            if other is None or (len(known.call.at) and known.call.at[2:] > other.call.at[2:]):
                found[place] = BlockingCall(known.call, known, (), reach)  # of a chain a().b().c() the longest
        for edge in self.side.contexts.edges(function):
            if edge.call is None or not self.runs_here(edge):
                continue
            inner = self.path_to_blocking(edge.target)
            if inner is not None and not self.leads_there(inner, edge, reach):
                inner = self.shortest(edge.target, edge, reach)
            if inner is not None and edge.call.at[:2] not in found:
                path = (edge, *inner[0])
                rare = any(self.is_rare(step, path[:index], reach) for index, step in enumerate(path))
                found[edge.call.at[:2]] = BlockingCall(edge.call, inner[1], path, reach, rare=rare)
        yield from grouped(list(found.values()))

    def is_rare(self, edge: Edge, path: tuple[Edge, ...], reach: Reach) -> bool:
        """Whether a call takes one of many ways, and most of the others do not block."""
        if not edge.among or edge.call is None:
            return False
        if 0 < len(told_by((*reversed(path), *reach.way()), edge, self.side.evaluator)) < MANY:
            return False
        others = (e for e in self.side.contexts.edges_of(edge.call) if e.among and self.runs_here(e))
        return 2 * sum(self.path_to_blocking(e.target) is not None for e in others) < edge.among

    def in_loops(self, function: Function, reach: Reach) -> Iterator[BlockingCall]:
        """Plain loops over a stream that a thread has opened: each piece is waited for on the event loop."""
        for bindings in function.bindings.values():
            for binding in bindings:
                loop = binding.statement
                if binding.kind != "element" or loop is None or loop[0] != "for" or loop[6] or loop[3][0] == "call":
                    continue
                for value in self.side.evaluator.evaluate(loop[3], function):
                    origin = value.origin if isinstance(value, External) else None
                    opened = self.streams.get(id(origin))
                    if origin is not None and opened is not None and not self.opens_here(opened, function):
                        place = Span.at(function.module.path, loop[3][1])
                        yield BlockingCall(origin, opened, (), reach, loop=place)
                        break

    @cached_property
    def streams(self) -> dict[int, Known]:
        """The calls that open a synchronous stream."""
        return {
            id(known.call): known
            for known in self.side.known
            if known.entry.blocking and known.entry.generates and not known.call.awaited and is_streaming(known)
        }

    def opens_here(self, opened: Known, function: Function) -> bool:
        """Whether the coroutine opens the stream on the event loop itself, which is told at that call."""
        if opened.call.scope is function:
            return opened.handed_by is None
        paths = (self.path_to_blocking(e.target) for e in self.side.contexts.edges(function) if self.runs_here(e))
        return any(path is not None and path[1].call is opened.call for path in paths)

    def runs_here(self, edge: Edge) -> bool:
        """Whether an edge runs its target on the spot, in the calling thread."""
        target = edge.target
        if edge.offloaded or edge.deferred or not isinstance(target, Function) or target.asynchronous:
            return False
        if edge.call is not None and edge.call.awaited:
            return False
        if edge.cached and self.side.contexts.before_requests(target) is not None:
            return False
        return not target.generator or (edge.call is not None and (is_iterated(edge.call) or edge.call.entered))

    def path_to_blocking(self, start: Scope) -> tuple[tuple[Edge, ...], Known] | None:
        """The shortest way through plain functions from a scope to what blocks longest there.

        A model or a foreign service goes before a data store, which goes before what only computes for a moment.
        """
        if id(start) not in self.paths:
            self.paths[id(start)] = self.shortest(start)
        return self.paths[id(start)]

    def leads_there(self, inner: tuple[tuple[Edge, ...], Known], first: Edge, reach: Reach) -> bool:
        """Whether a way that starts where an edge ends is one for what that edge calls it with."""
        path, known = inner
        if self.is_cut(path[0].call if path else known.call, first.call):
            return False
        return all(self.is_taken(edge, path[:index], first, reach) for index, edge in enumerate(path))

    def is_taken(self, edge: Edge, path: tuple[Edge, ...], first: Edge | None, reach: Reach | None) -> bool:
        """Whether an edge is taken behind others with what they give on the way."""
        before = () if first is None or reach is None else (first, *reach.way())
        given = told_by((*reversed(path), *before), edge, self.side.evaluator)
        return may_be_taken(edge, given, self.side.evaluator)

    def is_cut(self, call: Call | None, through: Call | None) -> bool:
        """Whether a call stands in a branch which the function that holds it does not take when called `through`."""
        if call is None or through is None or not any(link.kind in ("if", "unless") for link in call.around):
            return False
        key = id(call), id(through)
        if key not in self.cuts:
            self.cuts[key] = is_dead(call, self.side.evaluator, self.side.contexts.handlers, through)
        return self.cuts[key]

    def shortest(
        self, start: Scope, first: Edge | None = None, reach: Reach | None = None
    ) -> tuple[tuple[Edge, ...], Known] | None:
        """The same, looked for along the branches and the objects that each function takes for the call that leads to
        it; with `first`, so does `start` for that one call of it."""
        seen, cut, tried = {id(start)}, set[int](), set[tuple[int, int]]()
        queue: list[tuple[Scope, tuple[Edge, ...]]] = [(start, ())]
        later: dict[int, list[tuple[Edge, ...]]] = {}  # other ways to what was seen already
        answer: tuple[tuple[Edge, ...], Known] | None = None
        for scope, path in queue:  # grows while it is walked
            by = path[-1].call if path else first.call if first is not None else None
            everything = self.blocking.get(id(scope), [])
            own = [known for known in everything if not self.is_cut(known.call, by)]
            if own:
                worst = min(own, key=lightness)
                if answer is None or lightness(worst) < lightness(answer[1]):
                    answer = path, worst
                if weight(worst) == 0:
                    break
            edges = [edge for edge in self.side.contexts.edges(scope) if edge.call is not None and self.runs_here(edge)]
            taken = [e for e in edges if not self.is_cut(e.call, by) and self.is_taken(e, path, first, reach)]
            if len(own) + len(taken) < len(everything) + len(edges) and id(scope) not in cut:
                cut.add(id(scope))  # another call of it may take the branches that this one does not
                queue.extend((scope, other) for other in later.pop(id(scope), ()))
            for edge in taken:
                target, way = id(edge.target), (*path, edge)
                if target not in seen:
                    seen.add(target)
                    queue.append((edge.target, way))
                elif not any(step.target is edge.target for step in path):
                    if target not in cut:
                        later.setdefault(target, []).append(way)
                    elif (target, id(edge.call)) not in tried:
                        tried.add((target, id(edge.call)))
                        queue.append((edge.target, way))
        return answer


def weight(known: Known) -> int:
    """How long something blocks, as a rank: 0 for models and foreign services, 1 for data stores, 2 for computing."""
    if known.entry.brief:
        return 2
    return int(known.entry.purpose in STORES)


def lightness(known: Known) -> tuple[int, bool]:
    """What happens each time weighs more than what is built once."""
    return weight(known), known.entry.kind != "call"


def is_streaming(known: Known) -> bool:
    """Whether a generation gives its pieces one after the other."""
    if known.entry.streams:
        return True
    given = known.call.keyword(known.entry.stream_parameter) if known.entry.stream_parameter is not None else None
    return given is not None and given[0] == "const" and given[2] is True


def runs_on_the_loop(route: Route) -> bool:
    """Whether a plain handler is called on the event loop: GraphQL servers and Tornado do so, and Litestar where it is
    not told to use a thread."""
    if route.framework in (ON_THE_LOOP, TORNADO):
        return not route.handler.asynchronous
    if route.framework != "Litestar" or route.handler.asynchronous or route.decorator is None:
        return False
    told = route.decorator.keyword("sync_to_thread")
    return told is None or (told[0] == "const" and told[2] is not True)


def grouped(found: list[BlockingCall]) -> Iterator[BlockingCall]:
    """One finding a data store and coroutine: who uses a synchronous session does so line after line."""
    first: dict[str, list[BlockingCall]] = {}
    for blocking in sorted(found, key=lambda b: b.call.at):
        entry = blocking.known.entry
        if entry.purpose not in STORES or entry.kind != "call":
            yield blocking
        else:
            first.setdefault(entry.dist, []).append(blocking)
    for blocking, *others in first.values():
        yield replace(blocking, more=tuple(other.call for other in others))


def is_told_not_to_block(known: Known) -> bool:
    """`queue.get(block=False)`, `queue.get(False)`; `cpu_percent()`, which waits only where it is told how long."""
    waits_with = known.entry.default("waits_with")
    if waits_with is not None:
        given = known.call.argument(str(waits_with), 0)
        return given is None or (given[0] == "const" and not given[2])
    given = known.call.argument("block", 0)
    return given is not None and given[0] == "const" and given[2] is False


def only_undoes(call: Call) -> bool:
    """Whether a call takes back, after a failure, what others have asked for: those are what blocks each time."""
    return call.name == "rollback" and is_after_failure(call)


def finds_something(call: Call) -> bool:
    """Whether a call takes out of a queue that was seen to hold something: `if not queue.empty(): queue.get()`."""
    callee = call.expression[2]
    queue = dotted(callee[2]) if callee[0] == "attr" and callee[3] == "get" else None
    if queue is None:
        return False
    return any(
        link.kind in ("if", "while", "unless")
        and _says_filled(link.node[2], link.branch and link.kind != "unless", queue)
        for link in call.around
    )


def _says_filled(test: Expression, holds: bool, queue: str) -> bool:
    """Whether a test that holds (or does not) says that a queue is not empty."""
    if test[0] == "unary" and test[2] == "Not":
        return _says_filled(test[3], not holds, queue)
    if test[0] == "bool":
        return (test[2] == "And") is holds and any(_says_filled(part, holds, queue) for part in test[3])
    return not holds and test[0] == "call" and dotted(test[2]) == f"{queue}.empty"
