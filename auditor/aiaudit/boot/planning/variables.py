"""The variables that a service reads, and which of them it cannot do without."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.boot.planning.drivers import driver, written_values
from aiaudit.boot.planning.kinds import Look, look_of_name, look_of_read, look_of_type
from aiaudit.boot.planning.types import Types
from aiaudit.boot.record import Kind, Variable
from aiaudit.finding import Step
from aiaudit.model.contexts import Reach
from aiaudit.model.program import imported_names
from aiaudit.model.python import python_side
from aiaudit.model.scopes import Class, Scope, walk
from aiaudit.model.service import Service
from aiaudit.model.settings.branches import swallows
from aiaudit.model.settings.classes import SettingsClass, settings_classes
from aiaudit.model.settings.emptiness import key_of
from aiaudit.model.settings.fields import Reading, fields_of
from aiaudit.model.settings.judge import judge_of
from aiaudit.model.settings.lookups import EMPTY, LITERAL, SAID_MISSING, Default, Source
from aiaudit.model.settings.uses import Use
from aiaudit.model.settings.words import CREDENTIALS_IN_URL, is_given_by_platform
from aiaudit.sources.python.facts import Expression
from aiaudit.sources.secrets.collect import mask
from aiaudit.span import Span
from aiaudit.values import replace

# What is imported -> the variables by which its clients find the API, and whose API that is.
_ADDRESSES = {
    "openai": ("OPENAI_BASE_URL", "openai"),
    "langchain_openai": ("OPENAI_API_BASE", "openai"),
    "langchain_community": ("OPENAI_API_BASE", "openai"),
    "llama_index": ("OPENAI_API_BASE", "openai"),
    "litellm": ("OPENAI_API_BASE", "openai"),
    "agents": ("OPENAI_BASE_URL", "openai"),
    "pydantic_ai": ("OPENAI_BASE_URL", "openai"),
    "anthropic": ("ANTHROPIC_BASE_URL", "anthropic"),
    "langchain_anthropic": ("ANTHROPIC_API_URL", "anthropic"),
}
_NESTED = 3


def variables_of(service: Service, files: frozenset[str] | None = None) -> tuple[Variable, ...]:
    """All variables, the required ones first; only those that the modules in `files` read, where that is known."""
    found: dict[str, Variable] = {}
    for variable in _Inventory(service, files).find():
        known = found.get(variable.name)
        found[variable.name] = variable if known is None else _united(known, variable)
    return tuple(sorted(found.values(), key=lambda variable: not variable.required))


def _united(known: Variable, other: Variable) -> Variable:
    """Two readings of one variable: what the more demanding one says, and the words of both."""
    first, second = (other, known) if other.required and not known.required else (known, other)
    spoken = tuple(dict.fromkeys((*first.spoken, *second.spoken)))
    typed = second if first.kind is Kind.TEXT else first
    return replace(
        first, spoken=spoken, kind=typed.kind, provider=typed.provider or first.provider, choices=typed.choices,
        least=max(first.least, second.least),
    )  # fmt: skip


class _Inventory:
    def __init__(self, service: Service, files: frozenset[str] | None) -> None:
        self.service = service
        self.files = files
        self.side = python_side(service)
        self.contexts = self.side.contexts
        self.types = Types(self.side.evaluator)
        self.judge = judge_of(service)
        self.needed = {setting.name for setting in self.judge.settings()}
        self.fallbacks = set(self._fallbacks())
        self.written = written_values(service)

    def find(self) -> Iterator[Variable]:
        for owner in settings_classes(self.service):
            if self._runs(owner.cls) and self._is_made(owner):
                yield from self._fields(owner)
        for source in self.judge.sources:
            if source.read is not None and self._runs(source.scope):
                yield from self._looked_up(source)
        yield from self._implied()
        yield from self._addresses()

    def _runs(self, scope: Scope) -> bool:
        return self.files is None or scope.module.path in self.files

    # Settings classes

    def _fields(self, owner: SettingsClass) -> Iterator[Variable]:
        steps = self._making(owner)
        for source in owner.sources.values():
            yield from self._field(source, owner.reading, steps, 0)

    def _is_made(self, owner: SettingsClass) -> bool:
        """Whether the class itself is made, not one that is derived from it: that one names its variables otherwise."""
        own = {id(call) for call in self.side.evaluator.constructions(owner.cls)}
        return any(id(call) in own for call in owner.makings)

    def _making(self, owner: SettingsClass) -> tuple[Step, ...]:
        """Where the class is made, as far as one place says so."""
        for call in owner.makings:
            reach = self.contexts.before_requests(call.scope) or self.contexts.in_request(call.scope)
            if reach is not None:
                return (*reach.steps(), Step(f"makes {owner.name}", call.span))
        return ()

    def _field(self, source: Source, reading: Reading, steps: tuple[Step, ...], depth: int) -> Iterator[Variable]:
        cls, statement = source.declaration
        found = self.types.of(statement[3], cls)
        required = source.default.kind == SAID_MISSING
        if reading.delimiter and found.cls is not None and not self.types.choices(found) and depth < _NESTED:
            yield from self._nested(found.cls, source, reading, steps, depth, required)
            return
        bounds = self.types.bounds(found, statement[4], cls)
        look = look_of_type(source.names[0], found, bounds, self.types)
        yield self._variable(source, look, self._is_needed(source) or required, steps)

    def _nested(
        self, cls: Class, outer: Source, reading: Reading, steps: tuple[Step, ...], depth: int, required: bool
    ) -> Iterator[Variable]:
        """The fields of a model inside of a settings class: `LLM__API_KEY`."""
        inside = replace(reading, prefix=f"{outer.names[0]}{reading.delimiter}")
        for one in reversed(self.side.evaluator.lineage(cls)[0]):
            for source in fields_of(one, inside):
                for variable in self._field(source, inside, steps, depth + 1):
                    spoken = (f"{outer.field}.{source.field}", *variable.spoken)
                    yield replace(variable, required=variable.required and required, spoken=spoken)

    def _is_needed(self, source: Source) -> bool:
        """Whether the start surely fails without it, or a request that does the service's work."""
        if source.name in self.needed:
            return True
        default = self._default(source)
        if default.kind == LITERAL:
            return False
        stopping = (use for use in self.judge.uses.get(id(source), ()) if self.judge.stops_start(use, default))
        return any(map(_is_sure, stopping)) or self.judge.is_validated(source, default)

    # Look-ups

    def _looked_up(self, source: Source) -> Iterator[Variable]:
        read = source.read
        early, late = self.contexts.before_requests(source.scope), self.contexts.in_request(source.scope)
        reach = early or late
        if read is None or reach is None or is_given_by_platform(source.name):
            return
        if source.name in self.judge.set_by_program:
            return
        if self._default(source).kind == SAID_MISSING:
            is_sure = not read.conditions and not swallows(read.tries)
            required = is_sure or source.name in self.needed
        else:
            required = self._is_needed(source) and id(source) not in self.fallbacks
        yield self._variable(source, look_of_read(source.name, read), required, tuple(reach.steps()))

    def _fallbacks(self) -> Iterator[int]:
        """Look-ups whose value counts only where another variable is not set: `os.getenv("A") or os.getenv("B")`."""
        for source in self.judge.sources:
            if source.read is None:
                continue
            followers: list[tuple[Expression, Scope]] = []
            if source.default.expression is not None:
                followers.append((source.default.expression, source.scope))
            child = source.read.expression
            for parent in reversed(source.read.parents):
                if parent[0] == "bool" and parent[2] == "Or" and child in parent[3]:
                    followers.extend((part, source.scope) for part in parent[3][parent[3].index(child) + 1 :])
                child = parent
            for expression, scope in followers:
                written = [expression, *(found for found, _ in self.side.evaluator.definitions(expression, scope))]
                for part in (inner for one in written for inner in walk(one)):
                    other = self.judge.by_expression.get(id(part))
                    if other is not None and other is not source:
                        yield id(other)

    def _default(self, source: Source) -> Default:
        return self.judge.default_of(source)

    def _variable(self, source: Source, look: Look, required: bool, steps: tuple[Step, ...]) -> Variable:
        default = self._default(source)
        text = {LITERAL: default.text, EMPTY: ""}.get(default.kind)
        provider = look.provider
        if look.kind is Kind.URL:
            paths = [path for use in self.judge.uses.get(id(source), ()) for path in use.paths]
            provider = driver(provider, (text or "", *self.written.get(source.names[0], ())), paths)
        if text and (look.kind is Kind.SECRET or CREDENTIALS_IN_URL.match(text)):
            text = mask(text)
        return Variable(
            source.names[0], look.kind, required, tuple(name for name in source.names[1:] if name), provider,
            look.choices, look.least, text, source.span, steps,
        )  # fmt: skip

    # What libraries read by themselves

    def _implied(self) -> Iterator[Variable]:
        """The keys that clients look for which are made without one; of several names the one that the tree knows."""
        for name, calls in self.side.program.calls_by_name.items():
            for call in calls if name[:1].isupper() or name == "configure" else ():
                reach = self.contexts.before_requests(call.scope) or self.contexts.in_request(call.scope)
                if reach is None or not self._runs(call.scope) or not self.contexts.runs(call):
                    continue
                for client in self.judge.clients_without_key(call):
                    variable = self._known_of(client.variables)
                    if variable not in self.judge.set_by_program:
                        yield self._implicit(variable, call.span, reach)

    def _known_of(self, names: tuple[str, ...]) -> str:
        read = {name for source in self.judge.sources for name in source.names}
        return next((name for name in names if name in read), names[0])

    def _implicit(self, name: str, span: Span, reach: Reach) -> Variable:
        look = look_of_name(name)
        return Variable(name, look.kind, True, provider=look.provider, span=span, trace=tuple(reach.steps()))

    def _addresses(self) -> Iterator[Variable]:
        """Where clients find the API, so that the stub can stand in its place."""
        modules = [module for module in self.side.program.modules if self._runs(module)]
        imported = {name.partition(".")[0] for module in modules for name in imported_names(module)}
        known = dict.fromkeys(_ADDRESSES[name] for name in _ADDRESSES if name in imported)
        for name, provider in known:
            yield Variable(name, Kind.URL, False, provider=provider)


def _is_sure(use: Use) -> bool:
    """Whether only the setting itself decides over a use."""
    if use.guarded:
        return False
    return all(any(key_of(part) in use.keys for part in walk(test)) for test, _ in use.read.conditions)
