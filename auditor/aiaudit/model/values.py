"""Abstract values: what an expression may stand for."""

from __future__ import annotations

from typing import Any

from aiaudit.model.scopes import Call, Class, Function, Module, Scope
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass, field

# Containers of the language, as they are made: what lies in them lies in this process.
CONTAINERS = (
    "builtins.dict()", "builtins.list()", "builtins.set()", "collections.defaultdict()", "collections.deque()",
    "collections.OrderedDict()", "collections.Counter()", "array.array()",
)  # fmt: skip
# Containers that forget by themselves.
FORGETTING = ("cachetools.TTLCache()", "cachetools.LRUCache()", "cachetools.LFUCache()", "expiringdict.ExpiringDict()")


@dataclass(frozen=True, slots=True)
class External:
    """Something that the repository imports from outside, by dotted path; `()` follows what is called.

    `openai.OpenAI` is the class, `openai.OpenAI()` an instance, `openai.OpenAI().chat.completions.create` its method.
    `origin` is the call that made the last `()` (None where only an annotation says so); `base` the value that the last
    attribute was taken of or that was called. `given` are the values of its type's arguments, where an annotation tells
    them: of `Runtime[Context]` an object of `Context`.
    """

    path: str
    origin: Call | None = None
    base: Value | None = field(default=None, compare=False, repr=False)
    given: tuple[tuple[Value, ...], ...] = ()

    def __hash__(self) -> int:
        return hash((self.path, self.origin))  # `given` hardly ever tells two apart

    @property
    def made(self) -> bool:
        """Whether it is what a call gave."""
        return self.path.endswith("()")

    @property
    def root(self) -> External:
        """The innermost made object that this was reached from: of `openai.OpenAI().chat.create` the client."""
        value: External = self
        while not value.made and isinstance(value.base, External):
            value = value.base
        return value


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the repository; `origin` is the call that made it, None where only its type is known."""

    cls: Class
    origin: Call | None = None


@dataclass(frozen=True, slots=True)
class ClassValue:
    """A class of the repository itself."""

    cls: Class


@dataclass(frozen=True, slots=True)
class FunctionValue:
    """A function of the repository; `bound` is the object that a method was taken of."""

    function: Function
    bound: Value | None = None


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module of the repository, or a folder of them without `__init__.py` (then `module` is None)."""

    folder: str
    module: Module | None


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal."""

    value: Any
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Literal:
    """A list, tuple, set, dict or comprehension written out; its parts are read when asked for."""

    expression: Expression = field(compare=False)
    scope: Scope = field(compare=False)
    key: int = 0


@dataclass(frozen=True, slots=True)
class Partial:
    """`functools.partial(function, ...)`."""

    function: Value
    call: Call


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` inside a method of a class."""

    cls: Class
    bound: Value | None


@dataclass(frozen=True, slots=True)
class Elements:
    """A container known by its annotation: `list[T]`, `dict[str, T]`."""

    element: tuple[Value, ...]

    def __hash__(self) -> int:
        return hash((len(self.element), self.element[:1]))  # two that share these are compared in any case


Value = External | Instance | ClassValue | FunctionValue | ModuleValue | Constant | Literal | Partial | Super | Elements
Values = tuple[Value, ...]


def has_external(values: Values) -> bool:
    """Whether any of some values comes from outside the program."""
    for value in values:  # noqa: SIM110 asked of nearly every call
        if type(value) is External:
            return True
    return False


def functions_in(values: Values) -> list[FunctionValue]:
    """Those of some values that are functions of the program."""
    return [value for value in values if type(value) is FunctionValue]
