"""Startup and shutdown hooks of the form that lifespans have replaced."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.knowledge.library import version_key
from aiaudit.model.program import module_calls
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.scopes import Call, Scope
from aiaudit.model.service import Service
from aiaudit.model.values import External, Instance
from aiaudit.model.versions import pinned_versions
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

_REGISTERING = ("on_event", "add_event_handler")
_EVENTS = ("startup", "shutdown")
_GIVEN = tuple(f"on_{event}" for event in _EVENTS)
_OWNERS = ("fastapi.", "starlette.")
# Starlette 1.0 has neither the hooks nor the arguments; FastAPI keeps forms of its own.
_REMOVED_IN = "1.0"


@dataclass(frozen=True, slots=True, eq=False)
class OldHook:
    """A hook in the old form. `event` is "startup" or "shutdown"; `form` how it is written; `lifespan` the place of the
    lifespan that makes the framework skip it; `removed` the pinned version that has the form no more."""

    event: str
    form: str
    span: Span
    lifespan: Span | None
    removed: str


def old_hooks(service: Service) -> list[OldHook]:
    """All of them, in live modules."""
    side = python_side(service)
    return list(_Finder(side, pinned_versions(service.tree).get("starlette", "")).find())


class _Finder:
    def __init__(self, side: PythonSide, starlette: str) -> None:
        self.side = side
        self.starlette = starlette

    def find(self) -> Iterator[OldHook]:
        for module in self.side.program.modules:
            if module.path not in self.side.routing.live:
                continue
            for call in module_calls(module):
                keywords = call.expression[4]
                if call.name in _REGISTERING or (keywords and any(name in _GIVEN for name, _ in keywords)):
                    yield from self._called(call)

    def _called(self, call: Call) -> Iterator[OldHook]:
        callee = call.expression[2]
        name = call.name
        if name in _REGISTERING and callee[0] == "attr" and call.arguments:
            event = call.arguments[0]
            if event[0] == "const" and event[2] in _EVENTS:
                yield from self._of_owner(callee[2], call.scope, event[2], f'{name}("{event[2]}")', call.span)
            return
        for event_name in _EVENTS:
            given = call.keyword(f"on_{event_name}")
            if given is None or (given[0] in ("list", "tuple") and not given[2]):
                continue
            for value in self.side.evaluator.callees(call):
                if isinstance(value, External) and value.path.startswith(_OWNERS):
                    span = Span.at(call.scope.module.path, given[1])
                    yield self._hook(f"on_{event_name}=", event_name, span, value.path, call)
                    break

    def _of_owner(self, owner: Expression, scope: Scope, event: str, form: str, span: Span) -> Iterator[OldHook]:
        for value in self.side.evaluator.evaluate(owner, scope):
            if isinstance(value, External) and value.path.startswith(_OWNERS):
                yield self._hook(form, event, span, value.path, value.origin)
                return
            if isinstance(value, Instance):
                for path in self.side.evaluator.lineage(value.cls)[1]:
                    if path.startswith(_OWNERS):
                        yield self._hook(form, event, span, path, value.origin)
                        return

    def _hook(self, form: str, event: str, span: Span, path: str, made: Call | None) -> OldHook:
        lifespan = made.keyword("lifespan") if made is not None else None
        place = Span.at(made.scope.module.path, lifespan[1]) if made is not None and lifespan is not None else None
        is_gone = path.startswith("starlette.") and bool(self.starlette)
        gone = is_gone and version_key(self.starlette) >= version_key(_REMOVED_IN)
        return OldHook(event, form, span, place, self.starlette if gone else "")
