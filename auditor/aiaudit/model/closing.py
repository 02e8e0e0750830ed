"""Clients and pools that live as long as the process and that nobody closes."""

from __future__ import annotations

from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.resources import Resource, origins
from aiaudit.model.scopes import Call, last_name
from aiaudit.model.service import Service
from aiaudit.model.values import External
from aiaudit.values import dataclass

_CLOSING = frozenset(("close", "aclose", "dispose", "disconnect", "shutdown", "quit", "terminate", "stop", "__aexit__"))
_ENTERING = frozenset(("enter_async_context", "enter_context", "closing", "aclosing", "push_async_exit"))
# Libraries whose asynchronous clients and pools say so, or leave sockets behind, when nobody closes them.
_CLOSABLE = frozenset(
    ("openai", "anthropic", "groq", "mistralai", "httpx", "httpx2", "aiohttp", "redis", "asyncpg", "psycopg_pool",
     "sqlalchemy", "motor", "pymongo", "qdrant_client", "elasticsearch", "aiobotocore", "aio_pika", "aiokafka", "neo4j")
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class UnclosedClient:
    """A client or pool made at import or startup that nothing in the program closes."""

    resource: Resource


def unclosed_clients(service: Service) -> list[UnclosedClient]:
    """All of them."""
    side = python_side(service)
    closed = _closed(side)
    return [
        UnclosedClient(resource)
        for resource in side.resources
        if _is_closable(resource) and id(resource.call) not in closed and not _is_entered(resource.call)
    ]


def _is_closable(resource: Resource) -> bool:
    entry = resource.entry
    if resource.early is None or resource.value.path.partition(".")[0] not in _CLOSABLE:
        return False
    return entry.cost == "connection-pool" or (entry.cost == "network-client" and entry.mode in ("async", "both"))


def _closed(side: PythonSide) -> frozenset[int]:
    """The constructions of everything whose closing method is called or handed on."""
    found: set[int] = set()
    for module in side.program.modules:
        for scope in module.scopes:
            called = [call.expression[2] for call in scope.calls if call.expression[2][0] == "attr"]
            for read in (*called, *scope.reads):
                if read[3] not in _CLOSING:
                    continue
                for value in side.evaluator.evaluate(read[2], scope):
                    if isinstance(value, External):
                        found.update(id(origin) for origin in origins(value))
    return frozenset(found)


def _is_entered(call: Call) -> bool:
    """Whether a `with` closes it."""
    if call.entered:
        return True
    return call.parent is not None and call.parent[0] == "call" and last_name(call.parent[2]) in _ENTERING
