"""The ladder of time-outs: what waits inside a request, and what outside of it ends the request earlier."""

from aiaudit.model.ladder.join import inverted_ladders
from aiaudit.model.ladder.values import InvertedLadder, RequestWait, Rung

__all__ = ["InvertedLadder", "RequestWait", "Rung", "inverted_ladders"]
