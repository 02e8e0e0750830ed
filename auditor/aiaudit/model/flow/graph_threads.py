"""What a graph with a checkpointer keeps of its threads: which of its nodes send all messages, whether its state adds
each turn to those before it, and whether something of it leaves messages out."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.checkpoints import GRAPHS
from aiaudit.model.flow.tools import Tools
from aiaudit.model.graphs import Graphs
from aiaudit.model.resources import origins
from aiaudit.model.scopes import Binding, Call, Class, Function, Module, Scope, last_name, walk
from aiaudit.model.values import ClassValue, External
from aiaudit.sources.python.facts import Expression

# Where a graph's state keeps the conversation.
_MESSAGES = "messages"
TRIMMERS = ("trim_messages", "RemoveMessage", "SummarizationNode", "SummarizationMiddleware", "filter_messages",
            "delete_messages", "ContextEditingMiddleware", "summarize_conversation", "trim_history")  # fmt: skip
# Bases of a state that bring no fields of their own.
_PLAIN = ("TypedDict", "BaseModel", "object", "Generic", "ABC", "Protocol")
_DEPTH = 4


class GraphThreads:
    """Answers about graphs, by the call that compiles one."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.side = tools.side
        self.evaluator = tools.evaluator
        self.graphs = Graphs(tools.side)

    def builder(self, compiling: Call) -> Call | None:
        """The call that made the builder of a graph."""
        receiver = compiling.expression[2]
        for value in self.evaluator.evaluate(receiver[2], compiling.scope) if receiver[0] == "attr" else ():
            for origin in origins(value) if isinstance(value, External) else ():
                if self.graphs.made_by(origin) is not None:
                    return origin
        return None

    def nodes(self, builder: Call) -> list[Function]:
        """The functions that a graph runs, those of the graphs in its nodes included."""
        return list(self._nodes(builder, set()))

    def _nodes(self, builder: Call, seen: set[int]) -> Iterator[Function]:
        seen.add(id(builder))
        graph = self.graphs.made_by(builder)
        yield from graph.nodes if graph is not None else ()
        for made in self.within(builder):
            inner = self.builder(made) if made.name == "compile" else None
            if inner is not None and id(inner) not in seen:
                yield from self._nodes(inner, seen)

    def within(self, builder: Call) -> Iterator[Call]:
        """The calls that made the agents and graphs which stand as nodes in a graph."""
        for added in self.side.uses.get(id(builder), ()):
            if added.name != "add_node":
                continue
            for given in (*added.arguments, *(value for _, value in added.keywords)):
                for value in self.evaluator.evaluate(given, added.scope):
                    if isinstance(value, External) and value.origin is not None and value.origin.name in GRAPHS:
                        yield value.origin

    def adds_turns(self, builder: Call) -> bool:
        """Whether the messages of a run are added to those of the thread, as far as is known: a field without a reducer
        has what was written last."""
        state = builder.argument("state_schema", 0)
        values = self.evaluator.evaluate(state, builder.scope)
        classes = [value.cls for value in values if isinstance(value, ClassValue)]
        return not classes or any(map(self._has_reducer, classes))

    def _has_reducer(self, cls: Class) -> bool:
        lineage, outside = self.evaluator.lineage(cls)
        fields = [binding for line in lineage for binding in line.bindings.get(_MESSAGES, ())]
        if fields:
            return any(map(_is_reduced, fields))
        return any(last_name_of(path) not in _PLAIN for path in outside)

    def leaves_out(self, builder: Call) -> bool:
        """Whether a node, or what it calls, trims or sums up messages; what a module trims may be of any graph."""
        program = self.side.program
        trimming = [call for name in TRIMMERS for call in program.calls_by_name.get(name, ())]
        if any(isinstance(call.scope, Module) for call in trimming):
            return True
        scopes = {id(scope) for call in trimming for scope in call.scope.within()}
        return bool(scopes) and any(id(scope) in scopes for scope in self._reached(self.nodes(builder)))

    def _reached(self, nodes: list[Function]) -> Iterator[Scope]:
        """Node functions and what they call."""
        seen = {id(node) for node in nodes}
        layer: list[Scope] = list(nodes)
        for _ in range(_DEPTH):
            yield from layer
            found = [edge.target for scope in layer for edge in self.side.contexts.edges(scope)]
            layer = []
            for scope in found:
                if id(scope) not in seen and not isinstance(scope, Module):
                    seen.add(id(scope))
                    layer.append(scope)


def last_name_of(path: str) -> str:
    """The last name of a dotted path."""
    return path.rpartition(".")[2]


def _is_reduced(field: Binding) -> bool:
    """Whether a field says how what is written is joined to what is there: `Annotated[list, add_messages]`."""
    annotation: Expression | None = field.annotation
    if annotation is None:
        return True
    return any(
        part[0] == "sub" and last_name(part[2]) == "Annotated" and part[3][0] == "tuple" and len(part[3][2]) > 1
        for part in walk(annotation)
    )
