"""What kind of thing is kept: a connection, a model, or what collects the state of requests."""

from __future__ import annotations

from aiaudit.model.contexts import class_of
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Scope
from aiaudit.model.tenants import comes_from_request
from aiaudit.model.values import External, Instance, Literal, Value
from aiaudit.sources.python.facts import Expression

# Containers of the language: what lies in them lies in this process.
CONTAINERS = (
    "builtins.dict()", "builtins.list()", "builtins.set()", "collections.defaultdict()", "collections.deque()",
    "collections.OrderedDict()", "collections.Counter()", "array.array()",
)  # fmt: skip
# Objects that belong to a connection or to this process's event loop: no other process could use them.
_BOUND = ("asyncio.", "threading.", "concurrent.futures.", "multiprocessing.", "websockets.")
_MEMORIES = ("History", "Memory", "Saver", "MemoryStore")
_STATEFUL = ("memory", "agent", "chain")


class Holding:
    """Answers about values that something lasting holds."""

    def __init__(self, side: PythonSide) -> None:
        self.knowledge = side.knowledge
        self.evaluator = side.evaluator
        self.contexts = side.contexts
        costly = [resource for resource in side.resources if resource.expensive]
        self.making = {id(resource.call) for resource in costly}
        self.makers = {id(cls) for resource in costly if (cls := class_of(resource.call.scope)) is not None}

    def is_bound(self, value: Expression | None, scope: Scope) -> bool:
        """Whether a value is a connection, a task or a lock."""
        if value is None:
            return False
        return any(
            isinstance(found, External) and (found.path.startswith(_BOUND) or "WebSocket" in found.path)
            for part in (value[2] if value[0] == "tuple" else (value,))
            for found in self.evaluator.evaluate(part, scope)
        )

    def is_resource(self, value: Expression | None, scope: Scope) -> bool:
        """Whether a value is a model or a client, or an object that makes such: kept, it is a cache of them."""
        parts = () if value is None else value[2] if value[0] == "tuple" else (value,)
        for part in parts:
            for found in self.evaluator.evaluate(part, scope):
                if isinstance(found, External) and found.origin is not None and id(found.origin) in self.making:
                    return True
                if isinstance(found, Instance) and self._makes_resources(found):
                    return True
        return False

    def holds_state(self, value: Expression | None, scope: Scope) -> bool:
        """Whether what is kept for each key collects what requests bring, rather than being computed from the key."""
        if value is None:
            return False
        parts = value[2] if value[0] == "tuple" else (value,)
        return any(self._is_stateful(found) for part in parts for found in self.evaluator.evaluate(part, scope))

    def _is_stateful(self, value: Value) -> bool:
        if isinstance(value, Literal):
            return value.expression[0] in ("list", "dict", "set") and not value.expression[2]
        if isinstance(value, External):
            if value.path in CONTAINERS:
                return True
            entry = self.knowledge.find(value.path.removesuffix("()"))
            last = value.path.removesuffix("()").rpartition(".")[2]
            return (entry is not None and entry.purpose in _STATEFUL) or last.endswith(_MEMORIES)
        if isinstance(value, Instance):
            return not self._makes_resources(value) and any(
                store.value is not None and comes_from_request(store.value, method, self.evaluator, self.contexts)
                for method in value.cls.functions
                if method.name != "__init__"
                for store in method.stores
                if store.attribute is None
            )
        return False

    def _makes_resources(self, value: Instance) -> bool:
        heirs = self.evaluator.subclasses(value.cls)
        return any(id(cls) in self.makers for cls in (*self.evaluator.lineage(value.cls)[0], *heirs))
