"""What a walk starts from: a call of a model and the places of the text that it sends."""

from __future__ import annotations

from aiaudit.model.flow.places import Place
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Call
from aiaudit.values import dataclass

# Purposes of calls that answer in words.
GENERATING = frozenset(("llm", "chain", "agent", "generation-local"))


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call that sends text to a model: `starts` are the places of that text; `known` what the knowledge says."""

    call: Call
    name: str
    purpose: str
    starts: tuple[Place, ...]
    known: Known | None = None
