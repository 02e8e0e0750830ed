"""Workers of queues beside the service: processes of their own, whose start runs what their tasks' modules import.

What only the start of the API checks, no worker notices.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiaudit.model.contexts import is_import
from aiaudit.model.program import imported_names
from aiaudit.model.python import PythonSide
from aiaudit.model.routes import Entry
from aiaudit.model.scopes import Class, Function, Module, Scope
from aiaudit.model.settings.uses import Use
from aiaudit.model.values import External

_QUEUES = ("celery", "dramatiq", "arq", "rq", "saq", "taskiq", "huey")
_SIGNALS = "celery.signals."
_OF_APPLICATIONS = ("lifespan", "application factory")


class Workers:
    """What the workers of a program run before their first task."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.entries = [e for e in side.routing.entries if e.kind == "task" and e.by != "clock" and _is_queued(e)]
        self._started: dict[int, set[int]] = {}

    def of(self, use: Use) -> Entry | None:
        """The task that a use is part of, None where none runs it."""
        if not self.entries:
            return None
        reach = self.side.contexts.reach("task", use.read.scope)
        return reach.entry if reach is not None and any(reach.entry is entry for entry in self.entries) else None

    def runs_one_of(self, task: Entry, scopes: Iterable[Scope]) -> bool:
        """Whether the start of a task's worker runs one of some scopes."""
        module = task.scope.module
        if id(module) not in self._started:
            self._started[id(module)] = self._run_by_start(module)
        started = self._started[id(module)]
        return any(id(scope) in started for scope in scopes)

    def _run_by_start(self, module: Module) -> set[int]:
        """The scopes that a worker's start runs: of the modules that it imports, and of its own hooks."""
        imported = self._imported(module)
        queue: list[Scope] = list(imported.values())
        queue += [
            entry.scope
            for entry in self.side.routing.entries
            if entry.kind == "startup" and id(entry.scope.module) in imported
            if not entry.label.startswith(_OF_APPLICATIONS)
        ]
        queue += [f for each in imported.values() for f in each.functions if self._is_hook(f)]
        seen = {id(scope) for scope in queue}
        for scope in queue:  # grows while it is walked
            for edge in self.side.contexts.edges(scope):
                if id(edge.target) not in seen and not edge.registered and not isinstance(edge.target, Module):
                    seen.add(id(edge.target))
                    queue.append(edge.target)
            for inner in scope.classes:
                if id(inner) not in seen and isinstance(scope, (Module, Class)):
                    seen.add(id(inner))
                    queue.append(inner)
        return seen

    def _imported(self, module: Module) -> dict[int, Module]:
        """The modules that a worker imports: that of the task, that of the queue's application, and theirs."""
        queue = [module, *(call.scope.module for call in self.side.program.calls_by_name.get("Celery", ()))]
        found: dict[int, Module] = {}
        for each in queue:  # grows while it is walked
            if id(each) in found:
                continue
            found[id(each)] = each
            queue += [edge.target for edge in self.side.contexts.edges(each) if is_import(edge)]  # type: ignore[misc]
            queue += [
                m for m in self.side.program.modules if m.is_package and f"{each.folder}/".startswith(f"{m.folder}/")
            ]
        return found

    def _is_hook(self, function: Function) -> bool:
        """Whether Celery runs a function when a worker starts: `@worker_init.connect`."""
        for decorator in function.decorators:
            callee = decorator[2] if decorator[0] == "call" else decorator
            if callee[0] == "attr" and callee[3] == "connect":
                values = self.side.evaluator.evaluate(callee, function.module)
                if any(isinstance(value, External) and value.path.startswith(_SIGNALS) for value in values):
                    return True
        return False


def _is_queued(entry: Entry) -> bool:
    """Whether a task is one of a queue that processes of their own work off."""
    return any(
        name.partition(".")[0] in _QUEUES for name in imported_names(entry.scope.module)
    ) or entry.label.startswith("queued job")
