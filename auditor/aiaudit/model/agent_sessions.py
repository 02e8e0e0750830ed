"""Sessions that runs of agents are given: they send all that was said in them, and keep what is said now."""

from __future__ import annotations

from aiaudit.model.knowledge.schema import Entry
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import Known

_RUNS = ("run", "run_sync", "run_streamed")
_SESSION = "session"
# What the configuration of a run has that leaves items of a session out.
_CUTTING = ("session_settings", "session_input_callback")
_IN_MEMORY = ":memory:"


def sends_all(known: Known, maker: Entry, side: PythonSide) -> bool:
    """Whether runs are given sessions, and neither the session nor a run limits what is sent of them."""
    limit = maker.default("limited_by")
    if isinstance(limit, str) and known.call.keyword(limit) is not None:
        return False
    named = side.program.calls_by_name
    if any(call.keyword(name) is not None for call in named.get("RunConfig", ()) for name in _CUTTING):
        return False
    return any(call.keyword(_SESSION) is not None for name in _RUNS for call in named.get(name, ()))


def is_stored(known: Known) -> bool:
    """Whether what a session keeps outlives the object: in a file, or in a database."""
    place = known.entry.default("stored_at")
    given = known.call.argument(place, 1) if isinstance(place, str) else None
    return given is not None and not (given[0] == "const" and given[2] == _IN_MEMORY)
