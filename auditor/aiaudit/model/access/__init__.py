"""Who may ask: routes that reach a model and do not know who is asking."""

from aiaudit.model.access.analysis import OpenRoutes, open_routes

__all__ = ["OpenRoutes", "open_routes"]
