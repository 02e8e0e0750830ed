"""Methods that nobody runs: a model call in one is asked nothing, whatever the attributes that it reads hold."""

from __future__ import annotations

from functools import cached_property

from aiaudit.model.flow.tools import Tools
from aiaudit.model.scopes import Call, Function, Scope, last_name
from aiaudit.model.values import External

# What makes a method another kind of thing without handing it to anybody.
_PLAIN = ("staticmethod", "classmethod", "abstractmethod", "property", "cached_property", "override")


class Idle:
    """Tells the methods to which no call leads from anything that runs."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.contexts = tools.side.contexts

    def holds(self, scope: Scope) -> bool:
        """Whether a scope stands in such a method. Reachability alone does not tell: calls on objects of which nothing
        is known lead nowhere in it, so that whatever might be such a call speaks for the method."""
        if self.contexts.is_reached(scope) or self._calls_by_text:
            return False
        queue = [scope]
        for known in queue:  # grows while it is walked
            if self.contexts.is_reached(known) or not isinstance(known, Function) or not self._is_plain_method(known):
                return False
            queue.extend(c.call.scope for c in self.tools.callers(known) if c.call.scope not in queue)
        return True

    def _is_plain_method(self, function: Function) -> bool:
        """Whether a function is a method that no decorator, base class or use of its name hands to others."""
        cls = function.owner
        if cls is None or function.name.startswith("__") or self.tools.evaluator.lineage(cls)[1]:
            return False
        if function.decorators and not function.has_decorator(*_PLAIN):
            return False
        if any(last_name(d[2] if d[0] == "call" else d) != "dataclass" for d in cls.decorators):
            return False  # components of pipelines, services of servers
        return function.name not in self._read and not any(
            self._may_mean(call) for call in self.tools.side.program.calls_by_name.get(function.name, ())
        )

    def _may_mean(self, call: Call) -> bool:
        """Whether a call may run a method unseen; those that are known to run it are its callers."""
        if call.expression[2][0] != "attr":
            return False
        callees = self.tools.evaluator.callees(call)
        return all(isinstance(value, External) and not self._is_of_library(value) for value in callees)

    def _is_of_library(self, value: External) -> bool:
        """Whether a method is that of a library's object: what `pickle.loads()` or `app.state` gives may be ours."""
        holder = value.path.rpartition(".")[0]
        if ".state" in holder:
            return False
        head, called, _ = holder.rpartition("()")
        return not called or head.rpartition(".")[2][:1].isupper() or self.tools.knowledge.find(head) is not None

    @cached_property
    def _read(self) -> frozenset[str]:
        """The attributes that are read without being called: what is handed on by name is among them."""
        return frozenset(
            read[3] for module in self.tools.side.program.modules for scope in module.scopes for read in scope.reads
        )

    @cached_property
    def _calls_by_text(self) -> bool:
        """Whether the program calls methods by names that it puts together: `getattr(self, name)(text)`."""
        return any(
            len(call.arguments) > 1 and call.arguments[1][0] != "const" and _is_called(call)
            for call in self.tools.side.program.calls_by_name.get("getattr", ())
        )


def _is_called(call: Call) -> bool:
    """Whether what a call gives is called, at once or by the name that it gets."""
    if call.parent is not None and call.parent[0] == "call" and call.parent[2] is call.expression:
        return True
    if call.statement[0] != "assign":
        return False
    names = {target[2] for target in call.statement[2] if target[0] == "name"}
    return any(other.expression[2][0] == "name" and other.name in names for other in call.scope.calls)
