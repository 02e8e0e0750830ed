"""Graphs of nodes: whether the edges that the program draws lead round in a circle, and whether something counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from aiaudit.model.counting import counts
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import origins
from aiaudit.model.scopes import Call, Function, last_name, walk, walk_all
from aiaudit.model.values import Constant, External, FunctionValue, Literal
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass

# How the start of a graph is written where it is not a text.
START = "langgraph.graph.START"
_BUILDERS = frozenset(("StateGraph", "MessageGraph", "Graph"))
# What a graph's state says of the steps that are left.
_REMAINING = frozenset(("remaining_steps", "is_last_step", "RemainingSteps", "IsLastStep"))


@dataclass(slots=True, eq=False)
class Graph:
    """The edges of a graph by the names of its nodes; `deciding` are the functions that choose the next node, `nodes`
    those that run; `unknown` tells that some edge leads to a node whose name is not written down. `named` are the
    functions of each node, `choices` those that choose behind each node with the nodes that their answers stand for.
    """

    edges: dict[str, set[str]]
    deciding: list[Function]
    nodes: list[Function]
    unknown: bool
    named: dict[str, list[Function]]
    choices: dict[str, list[tuple[Function, dict[str, str]]]]

    def may_go_round(self) -> bool:
        """Whether a run may come to the same node again with nothing that counts the rounds."""
        if self.unknown or not any(self._comes_back(node) for node in self.edges):
            return False
        return not any(map(counts, self.deciding)) and not any(map(_knows_its_steps, (*self.deciding, *self.nodes)))

    def _comes_back(self, node: str) -> bool:
        return node in self.after(node)

    def after(self, node: str, without: str | None = None) -> set[str]:
        """The nodes that a run may come to behind a node, on ways that do not lead through another one."""
        queue = [other for other in self.edges.get(node, ()) if other != without]
        seen = set(queue)
        for other in queue:  # grows while it is walked
            for following in self.edges.get(other, ()):
                if following not in seen and following != without:
                    seen.add(following)
                    queue.append(following)
        return seen


class Graphs:
    """The graphs of a program, by the call that makes their builder."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self._known: dict[int, Graph] = {}

    def of(self, value: External) -> Graph | None:
        """The graph that a value was compiled from; None for graphs that a library draws."""
        return next((graph for origin in origins(value) if (graph := self.made_by(origin)) is not None), None)

    def made_by(self, builder: Call) -> Graph | None:
        """The graph that is drawn on what a call makes, None if that is no builder."""
        if builder.name not in _BUILDERS:
            return None
        if id(builder) not in self._known:
            self._known[id(builder)] = self._read(builder)
        return self._known[id(builder)]

    def all(self) -> Iterator[Graph]:
        """Every graph that the program draws."""
        for name in sorted(_BUILDERS):
            for builder in self.side.program.calls_by_name.get(name, ()):
                if id(builder) not in self._known:
                    self._known[id(builder)] = self._read(builder)
                yield self._known[id(builder)]

    def _read(self, builder: Call) -> Graph:
        edges: dict[str, set[str]] = defaultdict(set)
        graph = Graph(edges, [], [], False, defaultdict(list), defaultdict(list))
        for call in self.side.uses.get(id(builder), ()):
            name = call.name
            if name == "add_edge":
                self._edge(call, graph)
            elif name == "set_entry_point":
                graph.edges[START].update(self._names(call.argument("key", 0), call))
            elif name == "add_conditional_edges":
                self._choice(call, graph)
            elif name == "add_node":
                self._node(call, graph)
        return graph

    def _edge(self, call: Call, graph: Graph) -> None:
        start, end = call.argument("start_key", 0), call.argument("end_key", 1)
        starts, ends = list(self._names(start, call)), list(self._names(end, call))
        graph.unknown = graph.unknown or not starts or not ends
        for name in starts:
            graph.edges[name].update(ends)

    def _choice(self, call: Call, graph: Graph) -> None:
        deciding = list(self.side.evaluator.functions_of(call.argument("path", 1), call.scope))
        graph.deciding += deciding
        listed = self._written(call.argument("path_map", 2), call)
        ends: set[str] = set()
        meant: dict[str, str] = {}
        if listed is not None and listed[0] == "dict":
            ends.update(name for _, value in listed[2] for name in self._names(value, call))
            meant = {
                answer: name
                for key, value in listed[2]
                if key is not None
                for answer in self._names(key, call)
                for name in self._names(value, call)
            }
        elif listed is not None:
            ends.update(self._names(listed, call))
        else:
            for function in deciding:
                ends.update(_returned_names(function))
        if "tools_condition" in (last_name(part) for part in walk(call.expression) if part[0] in ("name", "attr")):
            ends.add("tools")
        graph.unknown = graph.unknown or not ends
        for name in self._names(call.argument("source", 0), call):
            graph.edges[name].update(ends)
            graph.choices[name] += [(function, meant) for function in deciding]

    def _written(self, listed: Expression | None, call: Call) -> Expression | None:
        """A table or list as it is written, here or where a variable is given it."""
        if listed is not None and listed[0] == "name":
            for value in self.side.evaluator.evaluate(listed, call.scope):
                if isinstance(value, Literal):
                    return value.expression
        return listed

    def _node(self, call: Call, graph: Graph) -> None:
        """A node; what it returns may name the next one: `Command(goto="agent")`."""
        named = list(self._names(call.argument("node", 0), call))
        action = call.argument("action", 1) or call.argument("node", 0)
        for function in self.side.evaluator.functions_of(action, call.scope):
            graph.nodes.append(function)
            for name in named or [function.name]:
                graph.named[name].append(function)
            for returned, _ in function.returns:
                for part in walk(returned):
                    if part[0] == "call" and last_name(part[2]) == "Command":
                        graph.deciding.append(function)
                        for key, value in part[4]:
                            if key == "goto":
                                graph.edges[named[0] if named else function.name].update(self._names(value, call))

    def _names(self, expression: Expression | None, call: Call) -> Iterator[str]:
        """The names of nodes that an expression gives: texts, START and END, node functions themselves, lists."""
        if expression is None:
            return
        if expression[0] in ("list", "tuple", "set"):
            for item in expression[2]:
                yield from self._names(item, call)
            return
        for value in self.side.evaluator.evaluate(expression, call.scope):
            if isinstance(value, Constant) and isinstance(value.value, str):
                yield value.value
            elif isinstance(value, External):
                yield value.path
            elif isinstance(value, FunctionValue):
                yield value.function.name


def _returned_names(function: Function) -> Iterator[str]:
    """The texts that a function returns."""
    for returned, _ in function.returns:
        for part in walk(returned):
            if part[0] == "const" and isinstance(part[2], str):
                yield part[2]


def _knows_its_steps(function: Function) -> bool:
    """Whether a function looks at how many steps its graph has left."""
    return any(
        (part[2] if part[0] == "const" else last_name(part)) in _REMAINING
        for part in walk_all(function.body)
        if part[0] in ("const", "name", "attr")
    )
