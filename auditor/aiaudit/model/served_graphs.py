"""Graphs that LangGraph's server runs: those that `langgraph.json` names, `"agent": "./src/agent/graph.py:graph"`."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program
from aiaudit.model.resources import origins
from aiaudit.model.scopes import Call, Function, Module
from aiaudit.model.values import External, FunctionValue
from aiaudit.values import dataclass

_FILE = "langgraph.json"
_BUILDERS = ("StateGraph()", "MessageGraph()")
# What makes a graph, or the builder of one.
_MAKING = ("StateGraph", "MessageGraph", "create_react_agent", "create_agent", "create_supervisor", "create_deep_agent")


@dataclass(frozen=True, slots=True, eq=False)
class ServedGraph:
    """A graph under the name that clients know, the module that makes it, and the functions of its nodes."""

    name: str
    module: Module
    nodes: tuple[Function, ...]


def served_graphs(program: Program, evaluator: Evaluator) -> Iterator[ServedGraph]:
    """All graphs that are served so."""
    if not any(program.calls_by_name.get(name) for name in _MAKING):
        return
    modules = {module.path: module for module in program.modules}
    for path in program.tree.files():
        if posixpath.basename(path) != _FILE:
            continue
        for name, place in _named(program.tree.text(path)):
            file, _, variable = place.partition(":")
            module = modules.get(posixpath.normpath(posixpath.join(posixpath.dirname(path), file)))
            if module is not None and variable in module.bindings:
                yield ServedGraph(name, module, tuple(_nodes(variable, module, program, evaluator)))


def _named(text: str) -> Iterator[tuple[str, str]]:
    """The names of graphs, and the files and variables where they are."""
    try:
        graphs = json.loads(text).get("graphs", {})
    except (ValueError, AttributeError, RecursionError):
        return
    for name, graph in graphs.items() if isinstance(graphs, dict) else ():
        place = graph.get("path") if isinstance(graph, dict) else graph
        if isinstance(place, str):
            yield str(name), place


def _nodes(variable: str, module: Module, program: Program, evaluator: Evaluator) -> Iterator[Function]:
    """The functions of the nodes of the graph that a variable holds, or that a function of that name gives."""
    values = evaluator.evaluate(("name", (1, 1, 1, 1), variable), module)
    graphs = [value for value in values if isinstance(value, External)]
    for value in values:
        if isinstance(value, FunctionValue):
            graphs += [given for given in evaluator.result(value.function) if isinstance(given, External)]
    builders = {id(made) for graph in graphs for made in origins(graph)}
    for call in program.calls_by_name.get("add_node", ()) if builders else ():
        if _is_on(call, builders, evaluator):
            action = call.argument("action", 1) or call.argument("node", 0)
            yield from evaluator.functions_of(action, call.scope)


def _is_on(call: Call, builders: set[int], evaluator: Evaluator) -> bool:
    """Whether a node is added to one of some builders."""
    function = call.expression[2]
    values = evaluator.evaluate(function[2], call.scope) if function[0] == "attr" else ()
    return any(
        isinstance(value, External) and value.path.endswith(_BUILDERS) and id(made) in builders
        for value in values
        for made in (origins(value) if isinstance(value, External) else ())
    )
