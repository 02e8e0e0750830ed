"""Graphs and agents whose threads lie in the memory of one process: a checkpointer of LangGraph that saves nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.contexts import Reach
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call
from aiaudit.model.threads import RUNS, begins_anew
from aiaudit.model.values import External
from aiaudit.values import dataclass

# What makes a graph that stores its threads.
GRAPHS = ("compile", "create_react_agent", "create_agent", "create_deep_agent")
SUMMARISING = ("create_deep_agent",)  # what shortens long threads by itself
IN_MEMORY_SAVERS = tuple(f"langgraph.checkpoint.memory.{name}()" for name in ("MemorySaver", "InMemorySaver"))


@dataclass(frozen=True, slots=True, eq=False)
class KeptThreads:
    """A checkpointer in memory, the run of a graph that a request makes with it, and how it gets there."""

    saver: Call
    run: Call
    reach: Reach

    @property
    def step(self) -> Step:
        """The run, as a step of a trace."""
        return Step("reads the thread and adds to it", self.run.span)


def checkpointers(graph: Call, evaluator: Evaluator) -> list[External]:
    """What may store the threads of a graph."""
    given = evaluator.evaluate(graph.keyword("checkpointer"), graph.scope)
    return [value for value in given if isinstance(value, External) and value.made]


def kept_threads(side: PythonSide) -> Iterator[KeptThreads]:
    """Every such checkpointer that lives longer than a request, once."""
    told: set[int] = set()
    for graph in (call for name in GRAPHS for call in side.program.calls_by_name.get(name, ())):
        savers = checkpointers(graph, side.evaluator)
        if not all(value.path in IN_MEMORY_SAVERS for value in savers):
            continue  # the one in memory is for where the other is not set up
        for value in savers:
            if value.origin is None:
                continue
            saver = value.origin
            if id(saver) in told or side.contexts.before_requests(saver.scope) is None:
                continue
            for run in side.uses.get(id(graph), ()):
                reach = side.contexts.in_request(run.scope) if run.name in RUNS else None
                if reach is not None and not begins_anew(run, side.contexts, side.evaluator):
                    told.add(id(saver))
                    yield KeptThreads(saver, run, reach)
                    break
