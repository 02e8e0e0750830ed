"""Fields of settings classes: the variables that they are read from, and what they are without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Class, last_name, walk
from aiaudit.model.settings.lookups import (
    COMPUTED,
    EMPTY,
    NONE,
    SAID_MISSING,
    TYPES,
    Default,
    Lookups,
    Source,
    literal,
)
from aiaudit.model.settings.reads import Reads
from aiaudit.model.settings.validators import substitute_of
from aiaudit.model.values import ClassValue
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass, replace

PYDANTIC = (".BaseSettings",)
# Pydantic's own models take a default as it is; pydantic-settings looks at it as at any value.
VALIDATING_DEFAULTS = ("pydantic_settings.BaseSettings", "pydantic_settings.main.BaseSettings")


def sources(side: PythonSide, reads: Reads) -> Iterator[Source]:
    """Every place where a setting enters, lookups first."""
    yield from Lookups(side, reads).find()
    for cls in side.program.classes:
        if cls.module.path in side.routing.live and side.evaluator.inherits(cls, *PYDANTIC):
            reading = Reading.of(side.evaluator.lineage(cls)[0])
            yield from fields_of(cls, reading)
            yield from _nested(cls, reading, side)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a settings class names its variables. `delimiter` joins the parts of nested ones, "" for none."""

    prefix: str = ""
    delimiter: str = ""
    is_case_sensitive: bool = False

    @classmethod
    def of(cls, lineage: Sequence[Class]) -> Reading:
        """What a class and its bases say, the nearest first."""
        prefixes = [found for one in lineage if (found := _option(one, "env_prefix")) is not None]
        delimiters = [found for one in lineage if (found := _option(one, "env_nested_delimiter")) is not None]
        cases = [found for one in lineage if (found := _option(one, "case_sensitive")) is not None]
        return cls((*prefixes, "")[0], (*delimiters, "")[0], cases[:1] == ["True"])

    def variable(self, field: str) -> str:
        """The variable of a field without an alias."""
        name = f"{self.prefix}{field}"
        return name if self.is_case_sensitive else name.upper()


def fields_of(cls: Class, reading: Reading | None = None) -> Iterator[Source]:
    """The fields that a settings class itself declares; `reading` is that of the class that is made."""
    reading = reading or Reading.of((cls,))
    for statement in cls.body:
        if statement[0] != "ann" or statement[2][0] != "name":
            continue
        _, _, target, annotation, value = statement
        name = target[2]
        if name.startswith("_") or name == "model_config" or _is_class_variable(annotation) or _looks_up(value):
            continue
        names = _aliases(value) or [reading.variable(name)]
        span = Span.at(cls.module.path, statement[1])
        default = substitute_of(cls, name, _field_default(value)) if cls.functions else _field_default(value)
        yield Source(names[0], span, cls, default, None, cls, name, (*names, name))


def _nested(cls: Class, reading: Reading, side: PythonSide) -> Iterator[Source]:
    """The fields of the models that a settings class is made of: `search: SearchSettings = SearchSettings()`."""
    for statement in cls.body:
        if statement[0] != "ann" or statement[2][0] != "name" or statement[3] is None:
            continue
        if statement[4] is not None and _field_default(statement[4]).kind == NONE:
            continue  # the part may be left out as a whole
        for value in side.evaluator.evaluate(statement[3], cls.module):
            if not isinstance(value, ClassValue) or not side.evaluator.inherits(value.cls, ".BaseModel"):
                continue
            if side.evaluator.inherits(value.cls, *PYDANTIC):
                continue  # it reads its variables itself
            inner = Reading(f"{reading.variable(statement[2][2])}{reading.delimiter or '__'}")
            for source in fields_of(value.cls, inner):
                yield replace(source, names=(source.name,))


def is_too_short(source: Source) -> bool:
    """Whether an empty text is shorter than a field allows."""
    _, statement = source.declaration
    return asks_for_length(statement[3], statement[4])


def asks_for_length(*declared: Expression | None) -> bool:
    """Whether the annotation or the value of a pydantic field says `min_length=1`."""
    calls = (part for told in declared if told is not None for part in walk(told) if part[0] == "call")
    limits = (value for call in calls for key, value in call[4] if key == "min_length")
    return any(limit[0] == "const" and isinstance(limit[2], int) and limit[2] > 0 for limit in limits)


def _is_class_variable(annotation: Expression | None) -> bool:
    return annotation is not None and last_name(annotation[2] if annotation[0] == "sub" else annotation) == "ClassVar"


def _looks_up(value: Expression | None) -> bool:
    return value is not None and any(last_name(part) in ("getenv", "environ") for part in walk(value))


def _option(cls: Class, name: str) -> str | None:
    """A constant option of a class's configuration, in whatever form it is written."""
    for key, value in cls.node[4]:
        if key == name and value[0] == "const":
            return str(value[2])
    for part in cls.body:
        if part[0] in ("assign", "ann"):
            value = part[3] if part[0] == "assign" else part[4]
            found = _named(value, name) if value is not None else None
            if found is not None:
                return found
        elif part[0] == "class" and part[2] == "Config":
            for inner in part[6]:
                if inner[0] == "assign" and any(last_name(t) == name for t in inner[2]) and inner[3][0] == "const":
                    return str(inner[3][2])
    return None


def _named(value: Expression, name: str) -> str | None:
    """A constant given under a name in a call or dict."""
    if value[0] == "call":
        pairs = [(key, given) for key, given in value[4]]
    elif value[0] == "dict":
        pairs = [(key[2], given) for key, given in value[2] if key is not None and key[0] == "const"]
    else:
        return None
    return next((str(given[2]) for key, given in pairs if key == name and given[0] == "const"), None)


def _aliases(value: Expression | None) -> list[str]:
    """The variables that a field names itself, the first of which counts first; a prefix is not put before them."""
    if value is None or value[0] != "call":
        return []
    given = dict(value[4])
    for key in ("env", "validation_alias", "alias"):
        alias = given.get(key)
        choices = alias[3] if alias is not None and alias[0] == "call" else (alias,)
        found = [one[2] for one in choices if one is not None and one[0] == "const" and isinstance(one[2], str)]
        if any(found):
            return [name for name in found if name]
    return []


def _field_default(value: Expression | None) -> Default:
    if value is None:
        return Default(SAID_MISSING)
    if value[0] != "call" or last_name(value[2]) != "Field":
        return literal(value)
    for key, given in value[4]:
        if key == "default":
            return literal(given)
        if key == "default_factory" and last_name(given) in TYPES:
            return Default(EMPTY)  # `str()`
        if key == "default_factory":
            return literal(given[3]) if given[0] == "lambda" else Default(COMPUTED, "", given)
    return literal(value[3][0]) if value[3] else Default(SAID_MISSING)
