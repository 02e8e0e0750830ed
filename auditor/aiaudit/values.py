"""`dataclass` as the standard library has it, made ten times quicker: the tool starts as often as it is used.

`dataclasses.dataclass` writes and compiles six methods for each class while its module is imported; with some hundred
classes that was a third of the start. Here generic methods are shared closures, and the constructor is compiled when
the first value is made. `dataclasses.fields`, `replace` and `is_dataclass` work as ever.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """Make a class a data class; the options are those of the standard library."""

        def make(plain):
            return _made(plain, frozen, slots, eq)

        return make if cls is None else make(cls)


_ABSENT = object()


def _made(plain: type, frozen: bool, slots: bool, eq: bool) -> type:
    """The class with its fields, known to the standard library as such, and with our methods."""
    written = set(vars(plain))
    known = _collected(plain)
    cls: Any = _with_slots(plain, known) if slots else plain
    cls.__dataclass_fields__ = known
    fields = tuple(known.values())
    methods = {"__init__": _first_constructor(cls, fields, frozen), "__repr__": _representation(fields)}
    methods["__match_args__"] = tuple(known)
    if eq:
        methods |= _comparison(fields, frozen)
    if frozen:
        methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
    if frozen and slots:
        methods |= _pickling(cls, fields)
    for name, method in methods.items():
        if name not in written:
            setattr(cls, name, method)
    return cls  # type: ignore[no-any-return]


def _collected(plain: Any) -> dict[str, Any]:
    """The fields of a class and its bases by name, in order; the class keeps plain defaults alone."""
    known: dict[str, Any] = {}
    for base in plain.__mro__[:0:-1]:
        known.update(vars(base).get("__dataclass_fields__", {}))
    for name, annotation in plain.__annotations__.items():
        if str(annotation).removeprefix("typing.").startswith("ClassVar"):
            continue
        default: Any = vars(plain).get(name, dataclasses.MISSING)
        field: Any = default if isinstance(default, dataclasses.Field) else dataclasses.field(default=default)
        field.name, field.type, field.kw_only = name, annotation, False
        field._field_type = dataclasses._FIELD  # type: ignore[attr-defined]
        if field.default.__class__.__hash__ is None:
            raise ValueError(f"{plain.__qualname__}.{name} has a default that can change: use default_factory")
        if field.default is not dataclasses.MISSING:
            setattr(plain, name, field.default)
        elif default is not dataclasses.MISSING:
            delattr(plain, name)
        known[name] = field
    return known


def _with_slots(plain: Any, fields: dict[str, Any]) -> type:
    """The class anew: slots cannot be added to one that is there."""
    inherited = {slot for base in plain.__mro__[1:-1] for slot in vars(base).get("__slots__", ())}
    namespace = {name: value for name, value in vars(plain).items() if name not in fields}
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    namespace["__slots__"] = tuple(name for name in fields if name not in inherited)
    cls = type(plain)(plain.__name__, plain.__bases__, namespace)
    cls.__qualname__ = plain.__qualname__
    return cls  # type: ignore[no-any-return]


def _first_constructor(cls: Any, fields: tuple[Any, ...], frozen: bool) -> Any:
    """An `__init__` that puts the real one in its place when it is called first."""

    def __init__(self: Any, *arguments: Any, **keywords: Any) -> None:
        made = _constructor(cls, fields, frozen)
        cls.__init__ = made
        made(self, *arguments, **keywords)

    return __init__


def _constructor(cls: Any, fields: tuple[Any, ...], frozen: bool) -> Any:
    """`__init__` with the class's own parameters, compiled once."""
    known: dict[str, Any] = {"__absent": _ABSENT, "__put": object.__setattr__}
    parameters, lines = ["self"], []
    for field in fields:
        name, default = field.name, f"__default_{field.name}"
        value = name
        if field.default is not dataclasses.MISSING:
            known[default] = field.default
            parameters.append(f"{name}={default}")
        elif field.default_factory is not dataclasses.MISSING:
            known[default] = field.default_factory
            parameters.append(f"{name}=__absent")
            value = f"{default}() if {name} is __absent else {name}"
        else:
            parameters.append(name)
        if frozen and hasattr(cls, name) and isinstance(getattr(cls, name), MemberDescriptorType):
            known[f"__put_{name}"] = getattr(cls, name).__set__  # the slot itself: quicker than by name
            lines.append(f" __put_{name}(self, {value})")
        else:
            lines.append(f" __put(self, {name!r}, {value})" if frozen else f" self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or " pass"), known)
    made = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _representation(fields: tuple[Any, ...]) -> Any:
    shown = [field.name for field in fields if field.repr]

    def __repr__(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    return __repr__


def _comparison(fields: tuple[Any, ...], frozen: bool) -> dict[str, Any]:
    """Equality by the fields, and a hash of them where they cannot change."""
    values = _reader([field.name for field in fields if field.compare])

    def __eq__(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(values(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}


def _pickling(cls: Any, fields: tuple[Any, ...]) -> dict[str, Any]:
    """What `pickle` and `copy` need of a frozen class with slots."""
    values = _reader([field.name for field in fields])
    setters = [getattr(cls, field.name).__set__ for field in fields]

    def __getstate__(self: Any) -> Any:
        return values(self)

    def __setstate__(self: Any, state: Any) -> None:
        for put, value in zip(setters, state, strict=True):
            put(self, value)

    return {"__getstate__": __getstate__, "__setstate__": __setstate__}


def _refuse(self: Any, name: str, value: Any = None) -> None:
    """Frozen: nothing of a value changes."""
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")


def _reader(names: list[str]) -> Any:
    """A function that gives the values of these fields as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda self: (getattr(self, names[0]),)) if names else (lambda self: ())
