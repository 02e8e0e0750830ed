"""Settings classes of pydantic: what they require, how they treat secrets and empty values, when they are made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from aiaudit.model.compose import compose_files
from aiaudit.model.contexts import Reach
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.scopes import Call, Class, Function, last_name, original_name, walk
from aiaudit.model.service import Service
from aiaudit.model.settings.fields import PYDANTIC, Reading, fields_of
from aiaudit.model.settings.lookups import SAID_MISSING, Source
from aiaudit.model.settings.words import is_credential
from aiaudit.model.versions import pinned_versions
from aiaudit.sources.deploy.environment import EnvironmentFacts
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.span import Span
from aiaudit.values import dataclass

_SECRET_TYPES = ("SecretStr", "SecretBytes", "Secret")
_TEXTS = ("str", "SecretStr")
_LIMITS = ("min_length", "pattern", "regex")


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of a settings class. `is_masked`: its type hides the value; `takes_empty`: an empty text passes;
    `is_limited`: it has a limit, whose error shows the value."""

    name: str
    variable: str
    span: Span
    required: bool
    is_secret: bool
    is_masked: bool
    takes_empty: bool
    is_limited: bool


@dataclass(eq=False)
class SettingsClass:
    """A class of settings. `major` is pydantic's major version as imports and pins tell."""

    cls: Class
    side: PythonSide
    major: int

    @property
    def name(self) -> str:
        """Its name."""
        return self.cls.name

    @cached_property
    def fields(self) -> list[Field]:
        """Its fields, those of its bases included."""
        return [_field(source) for source in self.sources.values()]

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Its fields as places where settings enter, those of its bases included, by name."""
        lineage = self.side.evaluator.lineage(self.cls)[0]
        return {s.field: s for cls in reversed(lineage) for s in fields_of(cls, self.reading)}

    @cached_property
    def reading(self) -> Reading:
        """How it names its variables."""
        return Reading.of(self.side.evaluator.lineage(self.cls)[0])

    @property
    def secrets(self) -> list[Field]:
        """The fields that hold credentials."""
        return [field for field in self.fields if field.is_secret]

    @cached_property
    def old_config(self) -> Span | None:
        """The nested `class Config`."""
        inner = next((inner for inner in self.cls.classes if inner.name == "Config"), None)
        return inner.span if inner is not None else None

    def option(self, name: str) -> bool:
        """Whether a switch of its configuration is on, in whatever form it is written, in a base as well."""
        return any(_is_on(statement, name) for c in self.side.evaluator.lineage(self.cls)[0] for statement in c.body)

    @cached_property
    def makings(self) -> list[Call]:
        """The calls that make it and run in the service."""
        heirs = (self.cls, *self.side.evaluator.subclasses(self.cls))
        calls = [call for cls in heirs for call in self.side.evaluator.constructions(cls)]
        return [call for call in calls if self.side.contexts.is_reached(call.scope) and self.side.contexts.runs(call)]

    @property
    def is_made_early(self) -> bool:
        """Whether import or startup makes it."""
        return any(self.side.contexts.before_requests(call.scope) is not None for call in self.makings)

    @property
    def late_making(self) -> tuple[Call, Reach] | None:
        """The first call of a request that makes it."""
        for call in self.makings:
            reach = self.side.contexts.in_request(call.scope)
            if reach is not None:
                return call, reach
        return None


@dataclass(frozen=True, slots=True, eq=False)
class EmptySetting:
    """A required field that takes an empty text, and the place that gives it one."""

    owner: SettingsClass
    field: Field
    given: Span
    how: str


def settings_classes(service: Service) -> list[SettingsClass]:
    """The settings classes of the service's own code that are really made."""
    side = python_side(service)
    pinned = pinned_versions(service.tree).get("pydantic", "")
    found = []
    for cls in side.program.classes:
        if cls.module.path in side.routing.live and side.evaluator.inherits(cls, *PYDANTIC):
            made = SettingsClass(cls, side, _major(side.evaluator.lineage(cls)[1], pinned))
            if made.makings:
                found.append(made)
    return found


def empty_settings(service: Service) -> list[EmptySetting]:
    """Fields that deploy files or example files leave empty; the first place of each."""
    given = _left_empty(service)
    return [
        EmptySetting(owner, field, *given[field.variable])
        for owner in service.subjects(SettingsClass)
        if owner.major >= 2 and not owner.option("env_ignore_empty")
        for field in owner.fields
        if field.required and field.takes_empty and field.variable in given
    ]


def _left_empty(service: Service) -> dict[str, tuple[Span, str]]:
    """Variable -> where a compose file or an environment file gives an empty text for it."""
    found: dict[str, tuple[Span, str]] = {}
    for file in compose_files(service):
        for item in file.services:
            for variable in item.environment:
                if variable.value is not None and variable.value in _unset_forms(variable.name):
                    how = "is empty where the host does not set it" if variable.value else "is set to nothing"
                    found.setdefault(variable.name, (Span.at(file.path, variable.extent), how))
    for path in service.tree.files("environment"):
        facts = service.tree.facts(path, "environment")
        for entry in facts.entries if isinstance(facts, EnvironmentFacts) else ():
            if entry.value == "":
                found.setdefault(entry.name, (Span.at(path, entry.extent), "is left empty"))
    return found


def _unset_forms(name: str) -> tuple[str, ...]:
    return ("", f"${name}", f"${{{name}}}", f"${{{name}:-}}", f"${{{name}-}}")


def _major(bases: list[str], pinned: str) -> int:
    if any(path.startswith("pydantic_settings") for path in bases):
        return 2
    if any(path.startswith("pydantic.v1") for path in bases) or not pinned:
        return 1
    return int(pinned.partition(".")[0]) if pinned.partition(".")[0].isdigit() else 1


def _field(source: Source) -> Field:
    cls, statement = source.declaration
    annotation, value = statement[3], statement[4]
    names = {original_name(part, cls.module) for part in walk(annotation)}
    limited = any(_has_limit(part) for part in (annotation, value) if part is not None)
    validated = any(source.field in _validated(function) for function in cls.functions)
    return Field(
        source.field,
        source.name,
        source.span,
        source.default.kind == SAID_MISSING,
        is_credential(source.field) or is_credential(source.name),
        bool(names.intersection(_SECRET_TYPES)),
        bool(names.intersection(_TEXTS)) and not limited and not validated,
        limited,
    )


def _has_limit(expression: Expression) -> bool:
    return any(
        part[0] == "call" and any(key in _LIMITS and not _is_zero(value) for key, value in part[4])
        for part in walk(expression)
    )


def _is_zero(value: Expression) -> bool:
    return value[0] == "const" and value[2] in (0, None)


def _validated(function: Function) -> Iterator[str]:
    """The fields that a validator names."""
    for decorator in function.decorators:
        if decorator[0] == "call" and last_name(decorator[2]) in ("field_validator", "validator"):
            yield from (argument[2] for argument in decorator[3] if argument[0] == "const")


def _is_on(statement: Statement, option: str) -> bool:
    """`model_config = SettingsConfigDict(option=True)`, `{"option": True}`, `class Config: option = True`."""
    if statement[0] == "class" and statement[2] == "Config":
        return any(
            inner[0] == "assign" and any(last_name(t) == option for t in inner[2]) and _is_true(inner[3])
            for inner in statement[6]
        )
    if statement[0] not in ("assign", "ann"):
        return False
    value = statement[3] if statement[0] == "assign" else statement[4]
    if value is None:
        return False
    if value[0] == "call":
        return any(key == option and _is_true(given) for key, given in value[4])
    return value[0] == "dict" and any(
        key is not None and key[0] == "const" and key[2] == option and _is_true(given) for key, given in value[2]
    )


def _is_true(value: Expression) -> bool:
    return value[0] == "const" and value[2] is True
