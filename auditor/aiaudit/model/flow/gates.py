"""Nodes of graphs that every run passes before it comes to another one, and what they let through."""

from __future__ import annotations

from aiaudit.model.flow.checks import Checks
from aiaudit.model.flow.places import Path
from aiaudit.model.graphs import START, Graph, Graphs
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Function, last_name
from aiaudit.model.syntax import statements_in
from aiaudit.sources.python.facts import Expression


class Gates:
    """Tells which parts of a graph's state are bounded when a node runs."""

    def __init__(self, side: PythonSide, checks: Checks) -> None:
        self.graphs = list(Graphs(side).all())
        self.checks = checks

    def bounds(self, node: Function, path: Path) -> bool:
        """Whether what a graph starts with comes to a node only if a part of it is not too large."""
        if not path:
            return False
        names = [(graph, name) for graph in self.graphs for name, run in graph.named.items() if node in run]
        return bool(names) and all(self._is_behind_gate(graph, name, path) for graph, name in names)

    def _is_behind_gate(self, graph: Graph, name: str, path: Path) -> bool:
        if graph.unknown or name not in graph.after(START):
            return False
        for other in (*graph.named, START):
            if other == name or (other != START and name in graph.after(START, without=other)):
                continue
            run = graph.named.get(other, [])
            if any(self._refuses(function, path, graph, other) for function in run):
                return True
            choices = [*graph.choices.get(other, ()), *((function, dict[str, str]()) for function in run)]
            if any(self._leads_away(function, meant, path, graph, name) for function, meant in choices):
                return True
        return False

    def _refuses(self, function: Function, path: Path, graph: Graph, name: str) -> bool:
        """Whether a node raises on what is too large, or catches it and has the way chosen behind it."""
        state = _state_of(function)
        if state is None or (_catches(function) and name not in graph.choices):
            return False
        wanted = "".join(f".{part}" for part in path)
        return any(_covers(suffix, whole, wanted) for suffix, whole in self.checks.checking(function).get(state, ()))

    def _leads_away(self, function: Function, meant: dict[str, str], path: Path, graph: Graph, name: str) -> bool:
        """Whether a choice, or a node that names the next one, sends what is too large to a node from which no way
        leads to another one."""
        state = _state_of(function)
        if state is None:
            return False
        wanted = "".join(f".{part}" for part in path)
        for check in self.checks.of(function):
            root, _, rest = check.bound.key.partition(".")
            if root != state or check.branch is not None or not _covers(f".{rest}", check.bound.whole, wanted):
                continue
            statement = self.checks.order.layout(function).statement(check.address)
            answer = statement[3][-1][2] if statement[0] == "if" and statement[3][-1][0] == "return" else None
            target = _named(answer) if answer is not None else None
            if target is not None:
                target = meant.get(target, target)
                return target != name and name not in graph.after(target)
        return False


def _covers(suffix: str, whole: bool, wanted: str) -> bool:
    return suffix == wanted or (whole and wanted.startswith(f"{suffix}."))


def _state_of(function: Function) -> str | None:
    """The parameter of a node that the state comes as."""
    return next((p[0] for p in function.parameters if p[0] != function.self_name), None)


def _named(answer: Expression) -> str | None:
    """The node that an answer names: `"refuse"`, `Command(goto="refuse")`, `END`."""
    if answer[0] == "call" and last_name(answer[2]) == "Command":
        answer = next((value for key, value in answer[4] if key == "goto"), answer)
    if answer[0] in ("name", "attr") and last_name(answer) == "END":
        return "END"
    return str(answer[2]) if answer[0] == "const" and isinstance(answer[2], str) else None


def _catches(function: Function) -> bool:
    return any(statement[0] == "try" and statement[3] for statement in statements_in(function.body))
