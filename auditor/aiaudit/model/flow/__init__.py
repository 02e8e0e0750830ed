"""Request data on its way to a model call, and what bounds it."""

from aiaudit.model.flow.flows import Flow, flows_of
from aiaudit.model.flow.sources import Source

__all__ = ["Flow", "Source", "flows_of"]
