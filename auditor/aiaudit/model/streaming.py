"""Routes that answer with generated text: what they generate, and whether they stream it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Container, Iterator

from aiaudit.finding import Step
from aiaudit.model.arguments import argument_of
from aiaudit.model.edge import Edge
from aiaudit.model.flow.targets import GENERATING
from aiaudit.model.graphs import Graphs
from aiaudit.model.knowledge.schema import Output
from aiaudit.model.making import ingredients
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.raw_generations import raw_generations
from aiaudit.model.receivers import may_be_taken, told_by
from aiaudit.model.resources import Known, origins
from aiaudit.model.returned import Keys, Names, gives_back, returned
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name
from aiaudit.model.service import Service
from aiaudit.model.values import ClassValue, External, FunctionValue
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression
from aiaudit.sources.secrets.names import words_of
from aiaudit.values import dataclass, replace

# Answers shorter than this come in one piece soon enough: labels, titles, yes or no.
SHORT = 128
# So many ways to a generation are looked at.
_WAYS = 3
# What gives back something else than the text that it is given.
_ASKED = GENERATING | {"embedding", "vector", "retriever", "search", "rerank", "speech", "image"}
# What makes data of a text: nobody reads it while it is written.
_READING = frozenset(("loads", "model_validate_json", "parse_raw", "literal_eval", "safe_load", "validate_json"))
_COUNTING = ("len", "int", "float", "bool")
STRUCTURED = (
    "response_format",
    "response_model",
    "tools",
    "functions",
    "text_format",
    "format",
    "output_type",
    "config.response_mime_type",
    "config.response_schema",
    "generation_config.response_mime_type",
)
# The same in a request that is sent without an SDK.
_SENT = "json.stream"
_SENT_STRUCTURED = (
    *(f"json.{name}" for name in ("response_format", "tools", "functions", "format", "text.format")),
    "json.generationConfig.responseMimeType",
)
# How agents are told the form of their answers when they are made.
_FORMS = ("output_type", "result_type")
# What makes a chain or an agent answer in data rather than in prose.
_PARSING = regex(r"^(?!Str)\w*OutputParser|^with_structured_output$|^bind_(tools|functions)$|^create_extraction_chain")
_PROSE = frozenset(("answer", "reply", "response", "text", "content", "message", "summary", "explanation", "story"))
STREAMING_ANSWERS = (
    "StreamingResponse",
    "EventSourceResponse",
    "StreamingHttpResponse",
    "stream_with_context",
    "StreamResponse",
    "ServerSentEvent",
)


@dataclass(frozen=True, slots=True, eq=False)
class BufferedAnswer:
    """A route that waits for a whole generation and returns it. `path` leads from the handler to the generation.

    `call` is where to look: the generation itself, or the handler's own call on the way where other routes wait for the
    same generation or the route for other ones.
    """

    route: Route
    known: Known
    path: tuple[Edge, ...]
    call: Call

    @property
    def trace(self) -> tuple[Step, ...]:
        """The route, the calls on the way, the generation."""
        inner = [Step(edge.caption, edge.span) for edge in self.path]
        return (Step(self.route.label, self.route.span), *inner, Step(self.known.name, self.known.call.span))


def buffered_answers(service: Service) -> list[BufferedAnswer]:
    """One a route, at the generation nearest to its handler."""
    return list(_Finder(python_side(service)).find())


class Streams:
    """What routes run, and which of them stream."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.generations: dict[int, list[Known]] = defaultdict(list)
        self._onward_edges: dict[int, list[Edge]] = {}
        self._making_streams: dict[int, bool] = {}
        self.makers = {id(known.call): known for known in side.known}
        for known in side.known:
            if known.entry.kind == "call" and known.entry.generates and known.entry.purpose in GENERATING:
                self.generations[id(known.call.scope)].append(known)
        for known in _sent_over_http(side):
            self.generations[id(known.call.scope)].append(known)

    def reached(self, route: Route, ways: int = 1) -> Iterator[tuple[Scope, tuple[Edge, ...]]]:
        """The scopes that a handler runs, nearest first, each on so many ways; work put off to tasks is left out."""
        seen: dict[int, int] = defaultdict(int, {id(route.handler): ways})
        queue: deque[tuple[Scope, tuple[Edge, ...]]] = deque([(route.handler, ())])
        while queue:
            scope, path = queue.popleft()
            yield scope, path
            for edge in self._onward(scope):
                if not may_be_taken(edge, told_by(reversed(path), edge, self.side.evaluator), self.side.evaluator):
                    continue
                if seen[id(edge.target)] < ways and all(other.target is not edge.target for other in path):
                    seen[id(edge.target)] += 1
                    queue.append((edge.target, (*path, edge)))

    def _onward(self, scope: Scope) -> list[Edge]:
        """The functions that a scope runs before it is done."""
        known = self._onward_edges.get(id(scope))
        if known is None:
            known = self._onward_edges[id(scope)] = [
                edge
                for edge in self.side.contexts.edges(scope)
                if isinstance(edge.target, Function) and not (edge.deferred and edge.caption.startswith("queues"))
            ]
        return known

    def streams(self, route: Route) -> bool:
        """Whether a route streams: it yields, answers with a stream, or asks the model for one."""
        if route.handler.generator or "stream" in route.label.lower():
            return True
        for scope, _ in self.reached(route):
            if self._makes_stream(scope):
                return True
            if any(self.is_streamed(known) for known in self.generations.get(id(scope), ())):
                return True
        return False

    def _makes_stream(self, scope: Scope) -> bool:
        """Whether a scope makes an answer that streams."""
        known = self._making_streams.get(id(scope))
        if known is None:
            callees = (call.expression[2] for call in scope.calls)
            names = (callee[2] if callee[0] == "name" else callee[-1] for callee in callees)
            known = self._making_streams[id(scope)] = any(name in STREAMING_ANSWERS for name in names)
        return known

    def is_streamed(self, known: Known) -> bool:
        """Whether a generation is asked for as a stream (or may be)."""
        entry = known.entry
        if entry.streams:
            return True
        maker = known if entry.stream_parameter is not None else self.maker_that_streams(known)
        if maker is None or maker.entry.stream_parameter is None:
            return False
        found = argument_of(maker.call, maker.entry.stream_parameter, self.side.evaluator)
        if found.state == "absent" or (found.state == "hidden" and known.entry.purpose == "generation-local"):
            return False  # what `generate(**inputs)` spreads are a tokenizer's numbers
        # Only a literal says no: a field's default may be overridden by the client.
        return not (found.expression is not None and found.expression[0] == "const" and not found.expression[2])

    def maker_that_streams(self, known: Known) -> Known | None:
        """The maker of the object that was called, where streaming is decided when it is made."""
        for origin in origins(known.value):
            maker = self.makers.get(id(origin))
            if maker is not None and maker.entry.stream_parameter is not None:
                return maker
        return None


def _sent_over_http(side: PythonSide) -> Iterator[Known]:
    """Requests to the API of a model whose payload is written down, as calls that may stream like those of an SDK."""
    sent = {id(raw.call): raw for raw in raw_generations(side.program, side.evaluator)}
    for known in side.known if sent else ():
        raw = sent.get(id(known.call))
        if raw is None or raw.api.is_guessed or known.entry.purpose != "http" or known.call.name != "post":
            continue
        if known.call.keyword("json") is not None and known.call.keyword("stream") is None:
            caps = Output(tuple(f"json.{cap}" for cap in raw.api.caps), default="none")
            entry = replace(known.entry, purpose="llm", generates=True, stream_parameter=_SENT, output=caps)
            yield replace(known, entry=entry)


class _Finder(Streams):
    def __init__(self, side: PythonSide) -> None:
        super().__init__(side)
        asking = [k.call for k in side.known if k.entry.kind == "call" and k.entry.purpose in _ASKED]
        asking += [k.call for known in self.generations.values() for k in known if k.entry.stream_parameter == _SENT]
        # A database answers with its rows; a function that writes the text down may still give it back.
        stored = (k.call for k in side.known if k.entry.kind == "call" and k.entry.purpose == "datastore")
        self.asking = {*map(id, asking), *map(id, stored)}
        self.asking_scopes = {id(call.scope) for call in asking}
        self._giving_back: dict[tuple[int, str], bool] = {}
        self._names: Names = {}
        self._coming_back: dict[tuple[int, Keys], tuple[bool, Keys]] = {}
        self.graphs = Graphs(side)
        self._asked_of_nodes: set[int] = set()  # graphs may run each other

    def find(self) -> Iterator[BufferedAnswer]:
        if not self.generations:
            return
        streaming = {id(route) for route in self.side.routing.routes if self.streams(route)}
        names = [route.label for route in self.side.routing.routes if id(route) in streaming]
        waiting: list[tuple[Route, list[tuple[Known, tuple[Edge, ...]]]]] = []
        users: dict[int, int] = defaultdict(int)
        for route in self.side.routing.routes:
            if route.kind != "http" or id(route) in streaming or has_streaming_twin(route, names):
                continue
            answers = list(self.answers(route))
            if answers:
                waiting.append((route, answers))
                for key in {id(known.call) for known, _ in answers}:
                    users[key] += 1
        done: set[int] = set()
        for route, answers in waiting:
            known, path = answers[0]
            is_own = len({id(other.call) for other, _ in answers}) == 1 and users[id(known.call)] == 1
            first = path[0].call if path and not is_own else None
            call = known.call if first is None else first
            if id(call) not in done:
                done.add(id(call))
                yield BufferedAnswer(route, known, path, call)

    def answers(self, route: Route) -> Iterator[tuple[Known, tuple[Edge, ...]]]:
        """The generations whose text a handler returns, nearest first.

        A helper that asks the model may be called for several things, of which one is the answer.
        """
        asked: dict[int, bool] = {}
        for scope, path in self.reached(route, _WAYS):
            for known in reversed(self.generations.get(id(scope), ())):
                if not asked.get(id(known)) and self.could_stream(known):
                    asked[id(known)] = self.is_answer(known, path)
                    if asked[id(known)]:
                        yield known, path

    def is_answer(self, asked: Known, path: tuple[Edge, ...]) -> bool:
        """Whether the generated text is part of what the handler returns, followed up the calls that led to it."""
        keys: Keys = None
        for call in (asked.call, *(edge.call for edge in reversed(path))):
            if call is None or any(link.kind == "comprehension" for link in call.around):
                return False  # many answers are waited for, none of which is the text that somebody reads
            known = self._coming_back.get((id(call), keys))
            if known is None:
                known = returned(call.expression, call.scope, self.keeps, self._names, keys)
                self._coming_back[id(call), keys] = known
            comes_back, keys = known
            if not comes_back:
                return False
        return True

    def keeps(self, expression: Expression, scope: Scope) -> Container[int] | None:
        """What a call keeps to itself: all where it asks a model, searches, parses or counts, otherwise the arguments
        that the functions it runs do not give back."""
        call = self.side.evaluator.call_of(expression, scope)
        if id(call) in self.asking or last_name(expression[2]) in _READING or expression[2][-1] in _COUNTING:
            return None
        edges = self.side.contexts.edges_of(call) if call.scope is scope else ()
        if any(id(edge.target) in self.asking_scopes for edge in edges):
            return None
        callees = self.side.evaluator.callees(call)
        functions = [value.function for value in callees if isinstance(value, FunctionValue)]
        if not functions or len(functions) < len(callees):
            return ()
        given = {id(argument): name for name, argument in call.keywords if name is not None}
        return {key for key, name in given.items() if not any(self.gives_back(f, name) for f in functions)} | {
            id(argument)
            for position, argument in enumerate(call.arguments)
            if argument[0] != "star" and not any(self.gives_back(f, position) for f in functions)
        }

    def gives_back(self, function: Function, given: str | int) -> bool:
        """Whether a function hands on what it is given, by name or position, instead of making something else of it."""
        names = [p[0] for p in function.parameters if p[1] in ("positional", "any") and p[0] != function.self_name]
        if isinstance(given, int):
            given = names[given] if given < len(names) else ""
        if not any(p[0] == given and p[1] not in ("variadic", "keywords") for p in function.parameters):
            return True  # it is among what `*rest` or `**rest` collects
        key = (id(function), given)
        known = self._giving_back.get(key)
        if known is None:
            self._giving_back[key] = True  # where it calls itself
            known = self._giving_back[key] = gives_back(function, given, self.keeps, self._names)
        return known

    def could_stream(self, known: Known, *, in_a_node: bool = False) -> bool:
        """Whether the library streams such a generation, and its answer is prose that somebody waits for."""
        entry = known.entry
        if entry.stream_parameter is None and not entry.stream_twins and self.maker_that_streams(known) is None:
            return False
        if (entry.output is None or entry.output == Output()) and not self.writes_prose(known):
            return False
        evaluator = self.side.evaluator
        if any(argument_of(known.call, name, evaluator).state == "given" for name in (*STRUCTURED, *_SENT_STRUCTURED)):
            return False
        if self.gives_data(known, in_a_node=in_a_node):
            return False
        makers = (self.makers.get(id(origin)) for origin in origins(known.value))
        return not any(self.is_short(one) for one in (known, *makers) if one is not None)

    def gives_data(self, known: Known, *, in_a_node: bool) -> bool:
        """Whether the model that is asked was told a form to answer in: one that has no text of prose in it.

        A node that comes back to a model with tools ends with its words, unless it has to call one of them.
        """
        link: object = known.value
        while isinstance(link, External):
            if link.made and link.origin is not None and self._answers_in_a_form(link.origin):
                return True
            if link.made and link.origin is not None and _PARSING.search(link.origin.name):
                if in_a_node and link.origin.name == "bind_tools" and link.origin.keyword("tool_choice") is None:
                    return False
                form = link.origin.argument("schema", 0)
                forms = self.side.evaluator.evaluate(form, link.origin.scope) if form is not None else ()
                return not any(isinstance(value, ClassValue) and _has_prose(value.cls) for value in forms)
            link = link.base
        return False

    def _answers_in_a_form(self, made: Call) -> bool:
        """Whether an agent is made to answer in a form of the program without a text of prose in it."""
        form = next((value for name, value in made.keywords if name in _FORMS), None)
        forms = self.side.evaluator.evaluate(form, made.scope) if form is not None else ()
        classes = [value.cls for value in forms if isinstance(value, ClassValue)]
        return bool(classes) and not any(_has_prose(cls) for cls in classes)

    def is_short(self, known: Known) -> bool:
        """Whether a call, or the making of a model, caps the answers at a few words."""
        output = known.entry.output
        if output is None:
            return False
        given = [argument_of(known.call, name, self.side.evaluator) for name in output.parameters]
        if all(found.state == "absent" for found in given):
            return known.entry.kind == "call" and isinstance(output.default, int) and output.default <= SHORT
        return any(found.number is not None and found.number <= SHORT for found in given)

    def has_writing_node(self, known: Known) -> bool:
        """Whether a node of the graph that is run has a model write prose, which the graph would pass on piece by
        piece: the text is part of what the node puts into the state."""
        graph = self.graphs.of(known.value) if isinstance(known.value, External) else None
        if graph is None or id(known.call) in self._asked_of_nodes:
            return False
        self._asked_of_nodes.add(id(known.call))
        return any(
            self.could_stream(inner, in_a_node=True) and self.is_answer(inner, path)
            for node in graph.nodes
            for scope, path in [(node, ()), *((edge.target, (edge,)) for edge in self._onward(node))]
            for inner in self.generations.get(id(scope), ())
        )

    def writes_prose(self, known: Known) -> bool:
        """Whether a chain, engine or agent that says nothing of its output has a model in it and no parser of data."""
        if known.entry.dist == "langgraph" and self.has_writing_node(known):
            return True
        callee = known.call.expression[2]
        made_on = callee[2] if callee[0] == "attr" else callee
        has_model = known.entry.path.startswith("llama_index.")
        made_by = [(origin.expression, origin.scope) for origin in origins(known.value)]  # what lies in a container
        places = [(made_on, known.call.scope), *made_by]
        for part, scope in (one for place in places for one in ingredients(*place, self.side.evaluator)):
            if part[0] in ("name", "attr") and _PARSING.search(last_name(part)):
                return False
            if part[0] != "call":
                continue
            if any(keyword in STRUCTURED and keyword not in ("tools", "functions") for keyword, _ in part[4]):
                return False
            made = self.makers.get(id(self.side.evaluator.call_of(part, scope)))
            has_model = has_model or (made is not None and made.entry.purpose == "llm" and made.entry.kind != "call")
        return has_model


def _has_prose(form: Class) -> bool:
    """Whether a form has a text for people to read among its fields."""
    return any(
        _PROSE.intersection(words_of(name))
        and any(binding.annotation is not None and last_name(binding.annotation) == "str" for binding in bindings)
        for name, bindings in form.bindings.items()
    )


def has_streaming_twin(route: Route, streaming: list[str]) -> bool:
    """Whether a sibling route streams the same: `/infer` and `/infer-stream`, `/agent/query` and `/agent/stream`."""
    path = route.label.rpartition(" ")[2].rstrip("/").lower()
    for label in streaming:
        other = label.rpartition(" ")[2].rstrip("/").lower()
        last = path.rpartition("/")[2]
        if last and other != path and other.rpartition("/")[0] == path.rpartition("/")[0] and other.endswith(last):
            return True  # `/generate` and `/agenerate`
        rest = other.removeprefix(path) if other.startswith(path) else other.removeprefix(path.rpartition("/")[0])
        if rest != other and rest.strip("/-_.").replace("_", "-") in ("stream", "streaming", "sse") and path:
            return True
    return False
