"""Objects of libraries that remember what is said through them: LangChain's memories, and chats of an SDK."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.contexts import Reach
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import Known, short_name
from aiaudit.model.scopes import Call
from aiaudit.model.values import External
from aiaudit.span import Span
from aiaudit.values import dataclass

# Parameters with which a memory is told where to keep its messages, and with which a chain is given its memory.
_STORES = ("chat_memory", "chat_message_history")
_MEMORY = "memory"
# Methods that add what is said.
_SAYING = ("send_message", "asend_message", "add_", "aadd_", "save_context", "asave_context")


@dataclass(frozen=True, slots=True, eq=False)
class KeptTurns:
    """An object that every request adds its turn to. `span` is where to look, `step` the further evidence."""

    name: str
    span: Span
    reach: Reach
    step: Step


def kept_turns(side: PythonSide) -> Iterator[KeptTurns]:
    """Every such object that is made before the first request, once."""
    chains = _chains_by_memory(side)
    for known in side.known:
        maker = side.knowledge.maker(known.entry)
        if maker is None or maker.kind == "call" or not _is_shared(known.call, side):
            continue
        if _is_in_memory(known):
            found = _first_run(known.call, chains.get(id(known.call), ()), side)
            if found is not None:
                step = Step("reads it and adds to it", found[0].span)
                yield KeptTurns(known.name, known.call.span, found[1], step)
        elif maker.purpose == "llm" and maker.default("keeps_every_turn") is True:
            found = _first_run(known.call, (), side)
            if found is not None:
                step = Step("is made once, for all requests", known.call.span)
                yield KeptTurns(short_name(maker.path), found[0].span, found[1], step)


def _is_in_memory(known: Known) -> bool:
    """Whether a call makes a memory of LangChain that keeps its messages itself, and in no store."""
    entry = known.entry
    is_memory = entry.purpose == _MEMORY and entry.dist.startswith("langchain") and entry.cost == "cheap"
    return is_memory and all(known.call.keyword(name) is None for name in _STORES)


def _is_shared(call: Call, side: PythonSide) -> bool:
    """Whether what a call makes is there for all requests, and none of them makes its own."""
    contexts = side.contexts
    return contexts.before_requests(call.scope) is not None and contexts.in_request(call.scope, cached=False) is None


def _chains_by_memory(side: PythonSide) -> dict[int, list[Call]]:
    """Memory -> the chains and agents that are made with it."""
    found: dict[int, list[Call]] = defaultdict(list)
    for known in side.known:
        given = known.call.keyword(_MEMORY) if known.entry.kind != "call" else None
        for value in side.evaluator.evaluate(given, known.call.scope) if given is not None else ():
            if isinstance(value, External) and value.origin is not None:
                found[id(value.origin)].append(known.call)
    return found


def _first_run(made: Call, chains: list[Call] | tuple[Call, ...], side: PythonSide) -> tuple[Call, Reach] | None:
    """The first call of a request that adds to an object: itself, or by running a chain that has it."""
    said = [use for use in side.uses.get(id(made), ()) if use.name.startswith(_SAYING)]
    run = (use for chain in chains for use in side.uses.get(id(chain), ()))
    for call in (*said, *run):
        reach = side.contexts.in_request(call.scope)
        if reach is not None and not reach.entry.is_aside:
            return call, reach
    return None
