"""Values as JSON has them, and back: what is kept in a document is read into the type that it came from."""

from __future__ import annotations

import dataclasses
import enum
import types
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


class Mismatch(ValueError):
    """A document that does not hold what its type says; the message names the place in it."""


def plain(value: Any) -> Any:
    """A value, with everything in it, as values that JSON has."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def typed(kind: type[Value], document: Any) -> Value:
    """What `plain` made of a value of this type; fields that are missing have their defaults, others are refused."""
    found: Value = _typed(kind, document, kind.__name__)
    return found


def _typed(kind: Any, document: Any, place: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), document, place)
    if origin is tuple:
        return _tuple(get_args(kind), document, place)
    if dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        return _fields(kind, document, place)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(document)
        except ValueError:
            raise Mismatch(f"{place}: {document!r} is no {kind.__name__}") from None
    if kind is float and type(document) is int:
        return float(document)
    if type(document) is not kind:
        raise Mismatch(f"{place}: {document!r} is no {getattr(kind, '__name__', kind)}")
    return document


def _one_of(kinds: tuple[Any, ...], document: Any, place: str) -> Any:
    """A value that may be missing."""
    if document is None and types.NoneType in kinds:
        return None
    (kind,) = (kind for kind in kinds if kind is not types.NoneType)
    return _typed(kind, document, place)


def _tuple(kinds: tuple[Any, ...], document: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(document, list):
        raise Mismatch(f"{place}: {document!r} is no list")
    wanted = [kinds[0]] * len(document) if len(kinds) == 2 and kinds[1] is Ellipsis else list(kinds)
    if len(wanted) != len(document):
        raise Mismatch(f"{place}: {len(document)} items, not {len(wanted)}")
    pairs = enumerate(zip(wanted, document, strict=True))
    return tuple(_typed(kind, item, f"{place}[{number}]") for number, (kind, item) in pairs)


def _fields(kind: Any, document: Any, place: str) -> Any:
    if not isinstance(document, dict):
        raise Mismatch(f"{place}: {document!r} is no object")
    hints = get_type_hints(kind)
    unknown = next((name for name in document if name not in hints), None)
    if unknown is not None:
        raise Mismatch(f"{place}: unknown key {unknown!r}")
    values = {name: _typed(hints[name], item, f"{place}.{name}") for name, item in document.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise Mismatch(f"{place}: {error}") from None
