"""Request data on its way to a model call, and what bounds it."""

from aiaudit.model.flow.analysis import flows_of, histories_of
from aiaudit.model.flow.flows import Flow
from aiaudit.model.flow.histories import GrowingConversation
from aiaudit.model.flow.sources import Source

__all__ = ["Flow", "GrowingConversation", "Source", "flows_of", "histories_of"]
