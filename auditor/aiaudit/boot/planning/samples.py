"""Values that pass the models of requests: JSON made of the models' own fields, types and bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from aiaudit.boot.planning.types import Bounds, Type, Types
from aiaudit.model.scopes import Class, Scope, last_name
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.sources.secrets.names import words_of

TEXT = "What can you do?"
_DEEPEST = 6
_LISTS = frozenset(("list", "List", "set", "Set", "tuple", "Tuple", "Sequence", "frozenset", "conlist", "Iterable"))
_INTEGERS = frozenset(("int", "PositiveInt", "NonNegativeInt", "StrictInt"))
_NUMBERS = frozenset(("float", "Decimal", "PositiveFloat", "NonNegativeFloat", "StrictFloat"))
_FIXED: dict[str, object] = {
    "bool": False,
    "StrictBool": False,
    "UUID": "7f3c8a52-5a3e-4a3b-9d1c-0b6f2f4c1e77",
    "UUID4": "7f3c8a52-5a3e-4a3b-9d1c-0b6f2f4c1e77",
    "datetime": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "12:00:00",
    "timedelta": 60,
    "EmailStr": "aiaudit@example.com",
    "HttpUrl": "https://example.com/",
    "AnyHttpUrl": "https://example.com/",
    "AnyUrl": "https://example.com/",
    "SecretStr": "aiaudit-sample",
    "dict": {},
    "Dict": {},
    "Mapping": {},
}
# Texts that patterns of requests ask for, the likeliest first.
_PATTERNED = ("aiaudit", "user", "en", "1", "a1", "abc123", "2026-01-01", "+15550100", "a-b", "ABC", TEXT)
# The last word of a field -> a text that means something to whoever reads it.
_NAMED = {"role": "user", "language": "en", "lang": "en", "locale": "en", "email": "aiaudit@example.com"}
_NAMED |= {"url": "https://example.com/", "model": "gpt-4o-mini", "id": "1", "type": "text"}
# Fields that a request is about although it may leave them out.
CENTRAL = ("messages", "message", "question", "query", "prompt", "text", "input", "content")
# A word of a key that has no type -> a value of the type that it has everywhere.
_LOOSE: dict[str, object] = {"stream": False, "streaming": False, "temperature": 0.5, "top": 1, "k": 1, "n": 1}
_LOOSE |= {"max": 10, "limit": 10, "tokens": 10, "count": 1, "page": 1, "size": 10}
_MESSAGE = {"role": "user", "content": TEXT}


class NoSample(Exception):
    """No value that passes can be made."""


class Samples:
    """Makes values for one program's models."""

    def __init__(self, types: Types) -> None:
        self.types = types

    def of_annotation(
        self, annotation: Expression | None, scope: Scope, name: str, default: Expression | None
    ) -> object:
        """A value for a parameter or field."""
        found = self.types.of(annotation, scope)
        return self.of_type(found, name, self.types.bounds(found, default, scope), 0)

    def of_type(self, found: Type, name: str, bounds: Bounds, depth: int) -> object:
        """A value of a type; `NoSample` where none is known to pass."""
        if depth > _DEEPEST:
            raise NoSample(name)
        choices = self.types.choices(found)
        if choices:
            return choices[0]
        if found.cls is not None:
            return self.of_class(found.cls, depth + 1)
        if found.name in _INTEGERS:
            return int(_number(bounds, 1))
        if found.name in _NUMBERS:
            return float(_number(bounds, 0.5))
        if found.name in _FIXED:
            return _FIXED[found.name]
        if found.name in _LISTS:
            return self._list(found, name, bounds, depth)
        if found.name in ("str", "StrictStr", "Any", "object", "", "AnyStr", "LiteralString"):
            return _text(name, bounds)
        if found.is_optional:
            return None
        raise NoSample(name)

    def of_class(self, cls: Class, depth: int = 0) -> object:
        """What a model requires; where it requires nothing, what it is most likely about."""
        fields = dict(self.fields(cls))
        if "root" in fields and len(fields) == 1:
            return self._field("root", fields["root"], depth)
        wanted = [name for name, (_, statement) in fields.items() if not _has_default(statement)]
        if not wanted:
            wanted = [name for name in fields if name in CENTRAL][:1]
        return {_alias(fields[name][1]) or name: self._field(name, fields[name], depth) for name in wanted}

    def fields(self, cls: Class) -> Iterator[tuple[str, tuple[Class, Statement]]]:
        """The fields of a model with the class that declares each, those of its bases first."""
        found: dict[str, tuple[Class, Statement]] = {}
        for one in reversed(self.types.evaluator.lineage(cls)[0]):
            for statement in one.body:
                if statement[0] == "ann" and statement[2][0] == "name":
                    name = statement[2][2]
                    if not name.startswith("_") and name != "model_config" and not _is_class_variable(statement[3]):
                        found[name] = (one, statement)
        yield from found.items()

    def _field(self, name: str, declared: tuple[Class, Statement], depth: int) -> object:
        holder, statement = declared
        found = self.types.of(statement[3], holder)
        return self.of_type(found, name, self.types.bounds(found, statement[4], holder), depth)

    def _list(self, found: Type, name: str, bounds: Bounds, depth: int) -> object:
        inner = self.types.of(found.arguments[0], found.scope) if found.arguments else Type("", found.scope)
        if not found.arguments or inner.name in ("dict", "Dict", "Any"):
            item: object = dict(_MESSAGE)
        else:
            item = self.of_type(inner, name.removesuffix("s"), self.types.bounds(inner), depth + 1)
        return [item] * max(1, bounds.least)


def _has_default(statement: Statement) -> bool:
    """Whether a field may be left out."""
    value = statement[4]
    if value is None:
        return False
    if value[0] != "call" or last_name(value[2]) not in ("Field", "Body", "Query", "Form", "field"):
        return not (value[0] == "const" and value[2] is Ellipsis)
    given = dict(value[4])
    first = given.get("default") or (value[3][0] if value[3] else None)
    return "default_factory" in given or (first is not None and not (first[0] == "const" and first[2] is Ellipsis))


def _alias(statement: Statement) -> str:
    """The name that a field has in JSON, "" for its own."""
    value = statement[4]
    given = dict(value[4]) if value is not None and value[0] == "call" else {}
    alias = given.get("validation_alias") or given.get("alias")
    return str(alias[2]) if alias is not None and alias[0] == "const" else ""


def _is_class_variable(annotation: Expression) -> bool:
    return last_name(annotation[2] if annotation[0] == "sub" else annotation) == "ClassVar"


def _number(bounds: Bounds, usual: float) -> float:
    low = bounds.low if bounds.low is not None else -math.inf
    high = bounds.high if bounds.high is not None else math.inf
    return min(max(usual, low), high)


def loose(name: str) -> object:
    """A value for a key of JSON of which nothing but its name is known."""
    if name in ("messages", "history", "chat_history"):
        return [dict(_MESSAGE)]
    words = words_of(name)
    return next((_LOOSE[word] for word in words if word in _LOOSE), _text(name, Bounds()))


def _text(name: str, bounds: Bounds) -> str:
    words = words_of(name)
    text = _NAMED.get(words[-1] if words else "", TEXT)
    if bounds.pattern:
        text = next((known for known in _PATTERNED if _matches(bounds.pattern, known)), "")
        if not text:
            raise NoSample(name)
    text = text.ljust(bounds.least, "a") if not bounds.pattern else text
    return text if bounds.most is None else text[: bounds.most]


def _matches(pattern: str, text: str) -> bool:
    """Whether a text passes a pattern as pydantic looks for it; patterns that Python does not know pass nothing."""
    try:
        return len(pattern) < 200 and re.search(pattern, text) is not None
    except re.error:
        return False
