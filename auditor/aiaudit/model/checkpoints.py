"""Graphs and agents whose threads lie in the memory of one process: a checkpointer of LangGraph that saves nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.contexts import Reach
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call
from aiaudit.model.values import External
from aiaudit.values import dataclass

# What makes a graph that stores its threads.
GRAPHS = ("compile", "create_react_agent", "create_agent", "create_deep_agent")
_IN_MEMORY = tuple(f"langgraph.checkpoint.memory.{name}()" for name in ("MemorySaver", "InMemorySaver"))
_RUNS = frozenset(("invoke", "ainvoke", "stream", "astream", "astream_events", "update_state", "aupdate_state"))


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


def kept_threads(side: PythonSide) -> Iterator[KeptThreads]:
    """Every such checkpointer that lives longer than a request, once."""
    told: set[int] = set()
    for graph in (call for name in GRAPHS for call in side.program.calls_by_name.get(name, ())):
        for value in side.evaluator.evaluate(graph.keyword("checkpointer"), graph.scope):
            if not isinstance(value, External) or value.path not in _IN_MEMORY or value.origin is None:
                continue
            saver = value.origin
            if id(saver) in told or side.contexts.before_requests(saver.scope) is None:
                continue
            for run in side.uses.get(id(graph), ()):
                reach = side.contexts.in_request(run.scope) if run.name in _RUNS else None
                if reach is not None:
                    told.add(id(saver))
                    yield KeptThreads(saver, run, reach)
                    break
