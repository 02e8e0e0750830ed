"""Conversations that reach a model whole and grow without limit."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.agent_sessions import is_stored, sends_all
from aiaudit.model.checkpoints import GRAPHS, SUMMARISING
from aiaudit.model.contexts import Reach
from aiaudit.model.flow.graph_threads import TRIMMERS, GraphThreads
from aiaudit.model.flow.keeping import Growth, Keeping
from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.places import ANY, Place
from aiaudit.model.flow.roundtrips import RoundTrip, RoundTrips
from aiaudit.model.flow.rows import all_related, unlimited_rows
from aiaudit.model.flow.sources import is_conversation
from aiaudit.model.flow.stored_lists import growing_list
from aiaudit.model.flow.targets import GENERATING, ModelCall
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.walk import Arrival, Walk
from aiaudit.model.flow.words import speaks_of_conversation
from aiaudit.model.guards import guard_of
from aiaudit.model.http_requests import address_of
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Call, Function, Scope, Store, dotted, last_name, walk_all
from aiaudit.model.threads import RUNS, begins_anew
from aiaudit.model.values import External, Instance
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

_FIELD = regex(r"\{[^}]*\}")
# The chain that sends a session's history with each question, and what histories are called.
_REPLAYING, _HISTORY = "RunnableWithMessageHistory", "ChatMessageHistory()"
_HANDED_ON = 3
_CUTTING = regex(r"(?i)trim|trunc|summar|prune|shorten|window|limit|last|recent|pop|count")


@dataclass(frozen=True, slots=True, eq=False)
class GrowingConversation:
    """A conversation without limit. `kind`: "kept" (a list that the service fills and sends), "client" (a list of any
    length in the request), "memory" (an object that keeps every turn), "stored" (all rows or entries of a store).

    `what` is the conversation, `where` the model call it goes to; `span` is where to look, `steps` the evidence.
    """

    kind: str
    what: str
    where: str
    span: Span
    steps: tuple[Step, ...]


class Histories:
    """Finds the conversations, those that a walk comes to and those that objects keep by themselves."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.keeping = Keeping(tools)
        self.trips = RoundTrips(self.keeping)
        self.threads = GraphThreads(tools)
        self.sending: set[int] = set()  # the nodes that send all messages of their graph's state

    def of_walk(self, call: ModelCall, walk: Walk) -> Iterator[GrowingConversation]:
        """The conversations that a model call gets whole."""
        if call.purpose not in GENERATING:
            return
        for place in walk.places:
            if self._is_whole_state(place):
                self.sending.add(id(place.scope))
            growth = self.keeping.grown(place)
            trip = self.trips.of(place) if growth is None else None
            if growth is not None:
                yield self._kept(growth, call)
            elif trip is not None:
                yield self._stored(trip, call.name, call.call.span)
            elif (push := growing_list(place, self.tools)) is not None:
                yield self._listed(push, place, call)
            elif place.expression[0] in ("call", "attr") and not place.few:
                rows = unlimited_rows if place.expression[0] == "call" else all_related
                table = rows(place, self.tools)
                if table is not None and speaks_of_conversation(table):
                    steps = (Step(f"all of {table}", place.span), Step(call.name, call.call.span))
                    yield GrowingConversation("stored", table, call.name, place.span, steps)
        sent: dict[str, GrowingConversation] = {}
        for arrival in walk.arrivals:  # the fields of one list's items arrive on ways of their own
            for conversation in self._sent(arrival, call):
                sent.setdefault(conversation.what, conversation)
        yield from sent.values()

    def sent_to_services(self) -> Iterator[GrowingConversation]:
        """Stored conversations that are posted to another service of the repository."""
        for name in ("post", "request"):
            for call in self.tools.side.program.calls_by_name.get(name, ()):
                payload = call.keyword("json") or call.keyword("data")
                trip = self.trips.of(Place(payload, call.scope)) if payload is not None else None
                if trip is not None and self._is_own_service(call):
                    yield self._stored(trip, f"POST {address_of(call, self.tools.evaluator)}", call.span)

    def _is_own_service(self, call: Call) -> bool:
        """Whether an address ends in the path of a route that the repository serves."""
        path = _FIELD.sub("{}", address_of(call, self.tools.evaluator).partition("://")[2]).partition("/")[2]
        labels = (route.label.partition(" ")[2] for route in self.tools.side.routing.routes)
        return bool(path) and any(_FIELD.sub("{}", label).strip("/") == path.strip("/") for label in labels)

    def _is_whole_state(self, place: Place) -> bool:
        """Whether a node of a graph sends all messages of the graph's state."""
        if place.few or place.expression[0] != "name" or id(place.scope) not in self.tools.nodes():
            return False
        function = place.scope
        if not isinstance(function, Function):
            return False
        names = [parameter[0] for parameter in function.parameters if parameter[0] != function.self_name]
        whole = place.path in ((), ("messages",)) or place.path[:2] == ("messages", ANY)
        return names[:1] == [place.expression[2]] and whole

    def _kept(self, growth: Growth, call: ModelCall) -> GrowingConversation:
        name = growth.root.name
        written = dotted(growth.call.expression[2][2])  # of a module's object the name says nothing: `st.session_state`
        name = written if written is not None and written.startswith(f"{name}.") else name
        steps = (*growth.reach.steps(), Step(f"adds to {name}", growth.span), Step(call.name, call.call.span))
        return GrowingConversation("kept", name, call.name, growth.span, steps)

    def _stored(self, trip: RoundTrip, where: str, span: Span) -> GrowingConversation:
        reach = self.tools.side.contexts.in_request(trip.added.scope)
        steps = (
            *(reach.steps() if reach is not None else ()),
            Step(f"adds to {trip.what}", trip.added.span),
            Step(where, span),
            Step("stores it again", trip.stored.span),
        )
        return GrowingConversation("kept", trip.what, where, trip.added.span, steps)

    def _listed(self, push: Call, place: Place, call: ModelCall) -> GrowingConversation:
        reach = self.tools.side.contexts.in_request(push.scope)
        steps = (
            *(reach.steps() if reach is not None else ()),
            Step("adds to the list", push.span),
            Step("reads all of it", place.span),
            Step(call.name, call.call.span),
        )
        return GrowingConversation("kept", "the list in Redis", call.name, place.span, steps)

    # Lists in requests

    def _sent(self, arrival: Arrival, call: ModelCall) -> Iterator[GrowingConversation]:
        container = arrival.source.container
        if container is None or not is_conversation(arrival.source) or self._is_counted(arrival, container.name):
            return
        span = self._assembly(arrival) or call.call.span
        route = arrival.source.route
        steps = [Step(route.label, route.span)] if route is not None else []
        steps.append(Step(container.description, container.span or arrival.source.span))
        steps += [Step("all of its items", span)] if span != call.call.span else []
        steps.append(Step(call.name, call.call.span))
        yield GrowingConversation("client", container.description, call.name, span, tuple(steps))

    def _is_counted(self, arrival: Arrival, name: str) -> bool:
        """Whether the number of items is checked or cut somewhere on the way."""
        for place in arrival.places:
            key = key_of(place.expression)
            if key is None:
                continue
            names = [part for part in place.path if isinstance(part, str)]
            whole = ".".join([key, *names[: names.index(ANY)]] if ANY in names else [key, *names])
            for holder in place.scope.within():
                for check in self.tools.checks.of(holder) if isinstance(holder, Function) else ():
                    if check.bound.key in (key, whole, f"{key}.{name}"):
                        return True
        return False

    def _assembly(self, arrival: Arrival) -> Span | None:
        """Where the items become messages for the model, if that is not the call itself."""
        sink = arrival.places[-1].scope
        for before, place in zip(arrival.places, arrival.places[1:], strict=False):
            added = self._addition(before)
            if added is not None:
                return added
            if place.expression[0] == "comp" and self._is_joined(place):
                return place.span
        for place, after in zip(arrival.places, arrival.places[1:], strict=False):
            entered = bool(after.stack) and after.stack[-1].call.scope is sink and after.scope is not sink
            if place.scope is sink and entered and place.expression[0] in ("name", "attr", "sub"):
                return self._statement(place)
        return None

    def _addition(self, place: Place) -> Span | None:
        """The statement that adds a place's value to a list inside a loop."""
        found = self.tools.order.layout(place.scope).at(place.expression[1])
        if found is None or len(found[1]) < 3 or found[0][0] != "expr":
            return None
        statement = found[0]
        call = statement[2]
        if call[0] == "call" and call[2][0] == "attr" and call[2][3] in ("append", "extend", "insert"):
            return Span.at(place.scope.module.path, statement[1])
        return None

    def _is_joined(self, place: Place) -> bool:
        """Whether a comprehension is what `"...".join(...)` gets."""
        return any(
            call.name == "join" and any(argument is place.expression for argument in call.arguments)
            for call in place.scope.calls
        )

    def _statement(self, place: Place) -> Span | None:
        found = self.tools.order.layout(place.scope).at(place.expression[1])
        return Span.at(place.scope.module.path, found[0][1]) if found is not None else None

    # Objects that keep conversations

    def of_objects(self) -> Iterator[GrowingConversation]:
        """Memory objects that keep every turn, and graphs that store a thread without trimming it."""
        for known in self.tools.side.known:
            if self._keeps_every_turn(known):
                reach = self._lasting_reach(known)
                if reach is not None:
                    steps = (*reach.steps(), Step(known.name, known.call.span))
                    yield GrowingConversation("memory", known.name, "the model", known.call.span, steps)
        program = self.tools.side.program
        for name in GRAPHS:
            for call in program.calls_by_name.get(name, ()):
                yield from self._stored_thread(call, name)
        for call in program.calls_by_name.get(_REPLAYING, ()):
            yield from self._replayed(call)

    def _replayed(self, chain: Call) -> Iterator[GrowingConversation]:
        """The histories that a chain of LangChain sends whole, as the function gives them that it asks for one."""
        side, evaluator = self.tools.side, self.tools.evaluator
        reach = side.contexts.before_requests(chain.scope) or side.contexts.in_request(chain.scope)
        given = chain.argument("get_session_history", 1)
        if reach is None or given is None or not self._asks_a_model(chain) or self._may_cut_histories():
            return
        for function in evaluator.functions_of(given, chain.scope):
            made = (value for returned, _ in function.returns for value in evaluator.evaluate(returned, function))
            for value in made:
                if isinstance(value, External) and value.origin and value.path.endswith(_HISTORY):
                    steps = (*reach.steps(), Step(_REPLAYING, chain.span), Step("keeps every turn", value.origin.span))
                    what = value.origin.name
                    yield GrowingConversation("memory", what, "the model", value.origin.span, steps)
                    return

    def _asks_a_model(self, chain: Call) -> bool:
        """Whether what a chain is made around is known to ask a model."""
        runnable = chain.argument("runnable", 0)
        values = self.tools.evaluator.evaluate(runnable, chain.scope) if runnable is not None else ()
        paths = (value.path.removesuffix("()") for value in values if isinstance(value, External))
        entries = (self.tools.knowledge.find(path) for path in paths)
        return any(entry is not None and entry.purpose in ("chain", "llm", "agent") for entry in entries)

    def _may_cut_histories(self) -> bool:
        """Whether the program trims messages somewhere, or puts fewer in the place of those of a history."""
        program = self.tools.side.program
        return any(program.calls_by_name.get(trimmer) for trimmer in TRIMMERS) or bool(
            program.stores_by_attribute.get("messages")
        )

    def _keeps_every_turn(self, known: Known) -> bool:
        """Whether a call makes an object that remembers all that is said through it."""
        maker = self.tools.side.knowledge.maker(known.entry)
        if maker is None or maker.kind == "call" or maker.default("keeps_every_turn") is not True:
            return False
        return maker.default("stored_at") is None or sends_all(known, maker, self.tools.side)

    def _lasting_reach(self, known: Known) -> Reach | None:
        """How the program makes a memory that lives longer than one request."""
        call, contexts = known.call, self.tools.side.contexts
        early = contexts.before_requests(call.scope)
        if early is not None:
            return early
        reach = contexts.in_request(call.scope)
        if reach is None:
            return None
        lasting = (
            reach.entry.label.startswith(("WEBSOCKET", "chainlit"))
            or call.keyword("chat_memory") is not None
            or guard_of(call, self.tools.evaluator).keeps
            or self._is_put_away(call)
            or is_stored(known)
        )
        return reach if lasting else None

    def _is_put_away(self, call: Call, depth: int = 0) -> bool:
        """`sessions[key] = Memory(...)`, on a variable that outlives the request; or an object with it is kept so, or
        the chain that is made with it."""
        for store in call.scope.stores:
            if not self._is_made_by(store, call):
                continue
            owner = call.scope.owner if store.how == "attribute" and isinstance(call.scope, Function) else None
            if owner is not None and any(map(self._is_put_away, self.tools.evaluator.constructions(owner))):
                return True
            if store.how == "element":
                root = store.base
                while root[0] in ("sub", "attr"):
                    root = root[2]
                own = root[0] == "name" and root[2] in call.scope.bindings
                local = own and root[2] not in call.scope.declared_global
                return not local or (store.base[0] == "attr" and _is_self(root, call.scope))
        return depth < _HANDED_ON and any(self._is_put_away(other, depth + 1) for other in self._takers(call))

    def _takers(self, call: Call) -> Iterator[Call]:
        """The chains that are made with a memory, and the calls of the function that gives back what a call makes."""
        scope, evaluator = call.scope, self.tools.evaluator
        for other in scope.calls:
            given = other.keyword("memory")
            if given is not None and self._is_it(given, scope, call):
                yield other
        if isinstance(scope, Function) and any(self._is_it(returned, scope, call) for returned, _ in scope.returns):
            yield from (caller for caller, _, shift in evaluator.callers(scope) if not shift)

    def _is_made_by(self, store: Store, call: Call) -> bool:
        """Whether what a call makes is stored, at once or through a variable."""
        return store.value is not None and self._is_it(store.value, store.scope, call)

    def _is_it(self, value: Expression, scope: Scope, call: Call) -> bool:
        if value[0] != "name":
            return value is call.expression
        found = self.tools.evaluator.evaluate(value, scope)
        return any(isinstance(each, (External, Instance)) and each.origin is call for each in found)

    def _stored_thread(self, call: Call, name: str) -> Iterator[GrowingConversation]:
        saver = call.keyword("checkpointer")
        if saver is None or (saver[0] == "const" and saver[2] is None) or self._may_trim(call):
            return
        builder = self.threads.builder(call) if name == "compile" else None
        if builder is None and any(self.tools.side.program.calls_by_name.get(trimmer) for trimmer in TRIMMERS):
            return
        if name == "compile" and not (self.sending if builder is None else self._grows(builder)):
            return
        side = self.tools.side
        runs = [run for run in side.uses.get(id(call), ()) if run.name in RUNS]
        if runs and all(begins_anew(run, side.contexts, side.evaluator) for run in runs):
            return
        reach = side.contexts.before_requests(call.scope) or side.contexts.in_request(call.scope)
        if reach is not None:
            steps = (*reach.steps(), Step("keeps each thread in a checkpointer", call.span))
            yield GrowingConversation("memory", f"the checkpointer of {name}", "the model", call.span, steps)

    def _grows(self, builder: Call) -> bool:
        """Whether a graph sends the model all messages of a thread, itself or by an agent in it, and each turn is added
        to them."""
        sends = any(id(node) in self.sending for node in self.threads.nodes(builder)) or any(
            made.name != "compile" and not self._may_trim(made) for made in self.threads.within(builder)
        )
        return sends and self.threads.adds_turns(builder) and not self.threads.leaves_out(builder)

    def _may_trim(self, agent: Call) -> bool:
        """Whether what an agent runs ahead of its model may leave messages out."""
        if agent.name in SUMMARISING or agent.keyword("middleware") is not None:
            return True
        hook = agent.keyword("pre_model_hook")
        if hook is None:
            return False
        run = list(self.tools.evaluator.functions_of(hook, agent.scope))
        called = [
            edge.target
            for function in run
            for edge in self.tools.side.contexts.edges(function)
            if isinstance(edge.target, Function)
        ]
        return not run or any(map(_leaves_out, (*run, *called)))


def _leaves_out(function: Function) -> bool:
    """Whether a function cuts something or speaks of cutting it."""
    return any(
        (node[0] == "sub" and node[3][0] == "slice") or (node[0] == "call" and _CUTTING.search(last_name(node[2])))
        for node in walk_all(function.body)
    )


def _is_self(expression: object, scope: Scope) -> bool:
    return any(isinstance(s, Function) and s.self_name == expression[2] for s in scope.within())  # type: ignore[index]
