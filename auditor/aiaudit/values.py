"""`dataclass` as the standard library has it, made ten times quicker: the tool starts as often as it is used.

`dataclasses.dataclass` writes and compiles six methods for each class while its module is imported; with some hundred
classes that was a third of the start. Here generic methods are shared closures, and the constructor is compiled when
the first value is made. `dataclasses` itself, which imports a parser and a disassembler, is imported when one of its
functions is asked: `fields`, `replace` and `is_dataclass` work as ever.

What is frozen has a hash, and mypy refuses to change it. At run time nobody looks: to put each field past a guard takes
three times as long as all else that makes a value, and values are made by the hundred thousand.
"""

from __future__ import annotations

import sys
from operator import attrgetter
from types import FunctionType
from typing import TYPE_CHECKING, Any

_ABSENT: Any = object()
_TEMPLATES: dict[int, Any] = {}  # constructors by the number of their fields, which have no defaults

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
else:

    def field(*, default=_ABSENT, default_factory=None, repr=True, compare=True):
        """Say more of a field than its default."""
        return _Field(default, default_factory, repr, compare)

    def replace(value, /, **changes):
        """A value like this one but for the changes."""
        names = names_of(value)
        if not changes.keys() <= set(names):
            raise TypeError(f"{type(value).__qualname__} has no field {', '.join(changes.keys() - set(names))}")
        return type(value)(*[changes[name] if name in changes else getattr(value, name) for name in names])

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """Make a class a data class; the options are those of the standard library."""

        def make(plain):
            return _made(plain, frozen, slots, eq)

        return make if cls is None else make(cls)


def names_of(kind: Any) -> tuple[str, ...]:
    """The names of the fields of a data class, ours or the standard library's, or of a value of one."""
    own = getattr(kind, "__fields_by_name__", None)
    if own is None:
        import dataclasses

        return tuple(known.name for known in dataclasses.fields(kind))
    return tuple(own)


class _Field:
    """One field: its default, or what makes one."""

    __slots__ = ("compare", "default", "factory", "name", "repr", "type")
    name: str
    type: Any

    def __init__(self, default: Any, factory: Any = None, repr: bool = True, compare: bool = True) -> None:
        self.default, self.factory, self.repr, self.compare = default, factory, repr, compare


class _Known:
    """Stands for what the standard library keeps of a class, and makes it when it is asked for."""

    def __init__(self, fields: dict[str, _Field]) -> None:
        self.fields = fields
        self.made: dict[str, Any] | None = None

    def __get__(self, value: Any, cls: type) -> dict[str, Any]:
        if self.made is None:
            self.made = {field.name: _of_library(field) for field in self.fields.values()}
        return self.made


def _of_library(own: _Field) -> Any:
    """A field as the standard library has it."""
    import dataclasses

    made: Any
    if own.factory is not None:
        made = dataclasses.field(default_factory=own.factory, repr=own.repr, compare=own.compare)
    elif own.default is not _ABSENT:
        made = dataclasses.field(default=own.default, repr=own.repr, compare=own.compare)
    else:
        made = dataclasses.field(repr=own.repr, compare=own.compare)
    made.name, made.type, made.kw_only = own.name, own.type, False
    made._field_type = dataclasses._FIELD  # type: ignore[attr-defined]
    return made


def _made(plain: type, frozen: bool, slots: bool, eq: bool) -> type:
    """The class with its fields, known to the standard library as such, and with our methods."""
    written = set(vars(plain))
    known = _collected(plain)
    fields = tuple(known.values())
    made: list[Any] = []  # the class, once it is there
    members: dict[str, Any] = {"__fields_by_name__": known, "__dataclass_fields__": _Known(known)}
    members |= {"__init__": _first_constructor(made, fields), "__repr__": _representation}
    members["__match_args__"] = tuple(known)
    if eq:
        members |= _comparison(fields, frozen)
    if frozen and slots:
        members |= {"__getstate__": _state, "__setstate__": _restore}
    own = {name: member for name, member in members.items() if name not in written}
    if slots:
        made.append(_with_slots(plain, known, own))
    else:
        made.append(plain)
        for name, member in own.items():
            setattr(plain, name, member)
    return made[0]  # type: ignore[no-any-return]


def _collected(plain: Any) -> dict[str, _Field]:
    """The fields of a class and its bases by name, in order; the class keeps plain defaults alone."""
    known: dict[str, _Field] = {}
    for base in plain.__mro__[:0:-1]:
        known.update(vars(base).get("__fields_by_name__", ()))
    attributes = vars(plain)
    for name, annotation in plain.__annotations__.items():
        if str(annotation).removeprefix("typing.").startswith("ClassVar"):
            continue
        default = attributes.get(name, _ABSENT)
        own = default if type(default) is _Field else _read(default)
        own.name, own.type = name, annotation
        if own.default.__class__.__hash__ is None:
            raise ValueError(f"{plain.__qualname__}.{name} has a default that can change: use default_factory")
        if own.default is not _ABSENT:
            if own is default or type(default).__module__ == "dataclasses":
                setattr(plain, name, own.default)
        elif default is not _ABSENT:
            delattr(plain, name)
        known[name] = own
    return known


def _read(default: Any) -> _Field:
    """The field that a plain default stands for, or one that the standard library made."""
    library = sys.modules.get("dataclasses")
    if library is None or not isinstance(default, library.Field):
        return _Field(default)
    absent = library.MISSING
    own_default = _ABSENT if default.default is absent else default.default
    factory = None if default.default_factory is absent else default.default_factory
    return _Field(own_default, factory, default.repr, default.compare)


def _with_slots(plain: Any, fields: dict[str, Any], members: dict[str, Any]) -> type:
    """The class anew: slots cannot be added to one that is there, and to add methods one by one takes longer."""
    inherited = {slot for base in plain.__mro__[1:-1] for slot in vars(base).get("__slots__", ())}
    namespace = {name: value for name, value in vars(plain).items() if name not in fields}
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    namespace.update(members)
    namespace["__slots__"] = tuple(name for name in fields if name not in inherited)
    cls = type(plain)(plain.__name__, plain.__bases__, namespace)
    cls.__qualname__ = plain.__qualname__
    return cls  # type: ignore[no-any-return]


def _first_constructor(made: list[Any], fields: tuple[Any, ...]) -> Any:
    """An `__init__` that puts the real one in its place when it is called first."""

    def __init__(self: Any, *arguments: Any, **keywords: Any) -> None:
        constructor = _constructor(made[0], fields)
        made[0].__init__ = constructor
        constructor(self, *arguments, **keywords)

    return __init__


def _constructor(cls: Any, fields: tuple[Any, ...]) -> Any:
    """`__init__` with the class's own parameters, made once."""
    names = [field.name for field in fields]
    defaults = [field.default for field in fields if field.default is not _ABSENT]
    is_plain = all(field.default is _ABSENT for field in fields[: len(fields) - len(defaults)])
    if not is_plain or hasattr(cls, "__post_init__") or any(field.factory is not None for field in fields):
        return _compiled_constructor(cls, fields)
    # Constructors of as many fields differ in nothing but names: to compile each takes ten times as long.
    template = _TEMPLATES.get(len(names))
    if template is None:
        stand_ins = [f"field_{number}" for number in range(len(names))]
        template = _TEMPLATES[len(names)] = _function(stand_ins, [f" self.{name} = {name}" for name in stand_ins], {})
    code = template.__code__.replace(co_varnames=("self", *names), co_names=tuple(names))
    made = FunctionType(code, {}, "__init__", tuple(defaults))
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _compiled_constructor(cls: Any, fields: tuple[Any, ...]) -> Any:
    """The same for a class whose fields have defaults that are made, or that does more when they are there."""
    known: dict[str, Any] = {"__absent": _ABSENT}
    parameters: list[str] = []
    lines: list[str] = []
    for field in fields:
        name, default = field.name, f"__default_{field.name}"
        value = name
        if field.default is not _ABSENT:
            known[default] = field.default
            parameters.append(f"{name}={default}")
        elif field.factory is not None:
            known[default] = field.factory
            parameters.append(f"{name}=__absent")
            value = f"{default}() if {name} is __absent else {name}"
        else:
            parameters.append(name)
        lines.append(f" self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    made = _function(parameters, lines, known)
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _function(parameters: list[str], lines: list[str], known: dict[str, Any]) -> Any:
    """A compiled `__init__`."""
    exec(f"def __init__({', '.join(['self', *parameters])}):\n" + ("\n".join(lines) or " pass"), known)
    return known["__init__"]


def _representation(self: Any) -> str:
    kind = type(self)
    shown = [field.name for field in kind.__fields_by_name__.values() if field.repr]
    return f"{kind.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _comparison(fields: tuple[Any, ...], frozen: bool) -> dict[str, Any]:
    """Equality by the fields, and a hash of them where they cannot change."""
    values = _reader([field.name for field in fields if field.compare])

    def __eq__(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(values(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}


def _state(self: Any) -> Any:
    """What `pickle` and `copy` need of a frozen class with slots."""
    return tuple([getattr(self, name) for name in type(self).__fields_by_name__])


def _restore(self: Any, state: Any) -> None:
    """Takes what `_state` gave."""
    for name, value in zip(type(self).__fields_by_name__, state, strict=True):
        setattr(self, name, value)


def _reader(names: list[str]) -> Any:
    """A function that gives the values of these fields as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda self: (getattr(self, names[0]),)) if names else (lambda self: ())
