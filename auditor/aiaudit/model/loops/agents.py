"""Agents, teams and graphs of libraries: the most rounds that each run may take."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.arguments import Argument, argument_of
from aiaudit.model.graphs import Graphs
from aiaudit.model.knowledge.schema import INFINITE, LoopCap
from aiaudit.model.loops.found import AgentLoop
from aiaudit.model.making import ingredients
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import Known, origins
from aiaudit.model.scopes import Call, last_name
from aiaudit.model.tree import Tree
from aiaudit.sources.python.facts import Expression

# Middleware and tools that end an agent's rounds themselves.
_LIMITERS = frozenset(("ModelCallLimitMiddleware", "ToolCallLimitMiddleware"))
# Sets the step limit of all graphs of a process.
_VARIABLE = "LANGGRAPH_DEFAULT_RECURSION_LIMIT"
# A runnable takes its configuration as second argument.
_CONFIGURATION = 1


class Agents:
    """The runs of agents in a program."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.is_set_outside = _is_set_outside(side.program.tree)
        self.makers = {id(known.call): known for known in side.known}
        self.graphs = Graphs(side)

    def find(self) -> Iterator[AgentLoop]:
        """Every agent whose number of rounds is known, once: where it is made, or first run."""
        done: set[int] = set()
        for known in self.side.known:
            if known.entry.kind == "call":
                loop, owner = self._run(known)
            else:
                loop, owner = self._made(known), known.call
            if loop is not None and id(owner) not in done:
                done.add(id(owner))
                yield loop

    # Caps of constructors

    def _made(self, known: Known) -> AgentLoop | None:
        cap = known.entry.loop_cap
        if cap is None or cap.at == "call" or known.entry.purpose not in ("agent", "chain"):
            return None
        contexts = self.side.contexts
        reach = contexts.in_request(known.call.scope) or contexts.before_requests(known.call.scope)
        found = self._arguments(known.call, cap)
        if reach is None or any(argument.state == "hidden" for argument in found):
            return None
        if cap.needs and not any(self._is_given_something(known.call, name) for name in cap.needs):
            return None
        rounds, removed = _rounds(cap, found)
        steps = (*reach.steps(), Step(known.name, known.call.span))
        return self._loop(known, known.name, cap, rounds, removed, steps, known.entry.release)

    def _arguments(self, call: Call, cap: LoopCap) -> list[Argument]:
        return [
            argument_of(call, name, self.side.evaluator, _CONFIGURATION if name.startswith("config.") else None)
            for name in cap.parameters
        ]

    def _is_given_something(self, call: Call, name: str) -> bool:
        """Whether a parameter is given, and neither None nor an empty list."""
        given = argument_of(call, name, self.side.evaluator)
        return given.state == "given" and not given.is_none and not _is_empty(given.expression)

    # Caps of calls

    def _run(self, known: Known) -> tuple[AgentLoop | None, Call]:
        """The rounds of one run, and the call that made the agent."""
        nothing = None, known.call
        if not known.entry.generates or self._is_without_loop(known):
            return nothing
        cap, maker, release = self._cap(known)
        reach = self.side.contexts.in_request(known.call.scope)
        if cap is None or reach is None or (self.is_set_outside and cap.parameters == ("config.recursion_limit",)):
            return nothing
        found = self._arguments(known.call, cap)
        for origin in origins(known.value):
            if origin.name == "with_config":
                found += self._configured(origin, cap)
        if any(argument.state == "hidden" for argument in found):
            return nothing
        rounds, removed = _rounds(cap, found)
        steps = (*reach.steps(), Step(known.name, known.call.span))
        name = f"{maker.name}().{known.call.name}" if maker else known.name
        return self._loop(known, name, cap, rounds, removed, steps, release), maker or known.call

    def _cap(self, known: Known) -> tuple[LoopCap | None, Call | None, str]:
        """The cap of a run, the call's own or that of what made the agent; that call, and whose cap it is."""
        nothing = None, None, ""
        if known.entry.loop_cap is not None:
            return known.entry.loop_cap, None, known.entry.release
        made = [self.makers[id(origin)] for origin in origins(known.value) if id(origin) in self.makers]
        for maker in made:
            cap = maker.entry.loop_cap
            if cap is not None:
                return (cap if cap.at != "constructor" else None), maker.call, maker.entry.release
        entry = self.side.knowledge.find(known.entry.constructor) if known.entry.constructor is not None else None
        if entry is None or entry.loop_cap is None or entry.loop_cap.at == "constructor" or not made:
            return nothing
        return entry.loop_cap, made[-1].call, entry.release

    def _configured(self, call: Call, cap: LoopCap) -> list[Argument]:
        """`graph.with_config(recursion_limit=50)`, `graph.with_config({"recursion_limit": 50})`."""
        evaluator = self.side.evaluator
        found = []
        for name in cap.parameters:
            inner = name.partition(".")[2]
            direct = argument_of(call, inner, evaluator)
            found.append(direct if direct.state == "given" else argument_of(call, name, evaluator, 0))
        return found

    def _is_without_loop(self, known: Known) -> bool:
        """Whether what runs has no rounds at all, or ends them itself."""
        callee = known.call.expression[2]
        made_on = callee[2] if callee[0] == "attr" else callee
        graph = self.graphs.of(known.value)
        if graph is not None and not graph.may_go_round():
            return True
        for part, scope in ingredients(made_on, known.call.scope, self.side.evaluator):
            if part[0] != "call":
                continue
            name = last_name(part[2])
            if name in _LIMITERS:
                return True
            if name in ("create_react_agent", "create_agent"):
                tools = argument_of(self.side.evaluator.call_of(part, scope), "tools", self.side.evaluator, 1)
                if tools.expression is None or _is_empty(tools.expression):
                    return tools.state != "hidden"
        return False

    def _loop(
        self,
        known: Known,
        name: str,
        cap: LoopCap,
        rounds: float | None,
        removed: bool,
        steps: tuple[Step, ...],
        release: str,
    ) -> AgentLoop | None:
        if rounds is None:
            return None
        parameter = cap.parameters[0].rpartition(".")[2]
        return AgentLoop("framework", name, rounds, parameter, release, removed, known.call.span, steps)


def _is_empty(expression: Expression | None) -> bool:
    """Whether an expression is an empty list."""
    return expression is not None and expression[0] in ("list", "tuple") and not expression[2]


def _is_set_outside(tree: Tree) -> bool:
    """Whether a deploy file sets the step limit of LangGraph."""
    paths = (path for kind in ("dockerfile", "environment", "yaml") for path in tree.files(kind))
    return any(tree.mentions(path, (_VARIABLE,)) for path in paths)


def _rounds(cap: LoopCap, found: list[Argument]) -> tuple[float | None, bool]:
    """The rounds of a loop whose parameters are given like this, and whether the cap was taken away.

    None: not known, or of the program's own choice.
    """
    given = [argument for argument in found if argument.state == "given"]
    if any(not argument.is_none for argument in given):
        return None, False
    if given and cap.removable and given[0] is found[0]:
        return INFINITE, True
    return cap.default, False
