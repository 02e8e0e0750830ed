"""Which functions answer requests: routes of the web frameworks, task bodies, middleware, and startup hooks; in layers:
what is recorded, what decorators register, what calls and classes do, and all of it together."""

from aiaudit.model.routing.finding import routing

__all__ = ["routing"]
