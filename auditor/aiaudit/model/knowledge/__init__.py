"""What is known about client libraries: data files and their schema."""

from aiaudit.model.knowledge.load import Knowledge
from aiaudit.model.knowledge.own import KnowledgeError
from aiaudit.model.knowledge.schema import (
    INFINITE,
    Argument,
    Entry,
    LoopCap,
    Method,
    Output,
    Timeout,
    TimeoutParameter,
)

__all__ = [
    "INFINITE",
    "Argument",
    "Entry",
    "Knowledge",
    "KnowledgeError",
    "LoopCap",
    "Method",
    "Output",
    "Timeout",
    "TimeoutParameter",
]
