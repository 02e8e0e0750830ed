"""Places on the way back from a model call: an expression, the part of its value that matters, how it was entered."""

from __future__ import annotations

from aiaudit.model.scopes import Call, Function, Scope, Store
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

# Parts of a value are named by attributes, keys and positions. Four marks are no names: all elements of a container,
# one element of which the key is not known, the content of the file that the value names, and what lies behind the
# address that the value is. What is known of the beginning of a key stands behind the second: "?session:".
ANY, ONE, FILE, FETCHED = "*", "?", "<file>", "<fetched>"
_BEGINNING = 40
Part = str | int
Path = tuple[Part, ...]

# Deeper parts and longer chains of entered functions are cut: what is left stands for everything below it.
PATH_LENGTH, STACK_DEPTH = 6, 5


@dataclass(frozen=True, slots=True)
class Frame:
    """A call through whose result a function was entered: its parameters lead back to this call's arguments.

    `offset` parameters are bound beforehand (the instance); `shift` arguments come before those of the function, as in
    `to_thread(function, argument)`.
    """

    call: Call
    function: Function
    offset: int = 0
    shift: int = 0


class Stacks:
    """Open frames by number: the same calls of the same functions are one number, 0 are none."""

    def __init__(self) -> None:
        self._frames: list[tuple[Frame, ...]] = [()]
        self._numbers: dict[tuple[tuple[int, int], ...], int] = {(): 0}
        self._joined: dict[tuple[int, int], int | None] = {}

    def number(self, frames: tuple[Frame, ...]) -> int:
        """The number of open frames, of the innermost ones where they are many."""
        if not frames:
            return 0
        if len(frames) == 1:
            key: tuple[tuple[int, int], ...] = ((id(frames[0].call), id(frames[0].function)),)
        else:
            key = tuple([(id(frame.call), id(frame.function)) for frame in frames[-STACK_DEPTH:]])
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._frames)
            self._frames.append(frames[-STACK_DEPTH:])
        return number

    def frames(self, number: int) -> tuple[Frame, ...]:
        """The frames of a number."""
        return self._frames[number]

    def joined(self, outer: int, inner: int) -> int | None:
        """The number of frames with further ones entered in them; None if a function would be entered again."""
        if not inner:
            return outer
        key = (outer, inner)
        if key not in self._joined:
            frames, further = self._frames[outer], self._frames[inner]
            is_again = any(open_.function is frame.function for frame in further for open_ in frames)
            self._joined[key] = None if is_again else self.number((*frames, *further))
        return self._joined[key]


# The stack of a place of which it does not matter how its function was entered.
SOMEHOW: tuple[Frame, ...] = (Frame(None, None),)  # type: ignore[arg-type]


class DependsOnStack(Exception):
    """Where a place leads depends on how its function was entered."""


@dataclass(frozen=True, slots=True)
class Place:
    """`path` is the part of the expression's value that reaches the call; the empty path is all text in it.

    `stack` holds the frames that are open; `cut` tells that on the way the text was cut into pieces that all go on,
    `few` that only some items of a list go on. `owner` made the one object whose methods the way led through, where
    others of its class have nothing to do with it.
    """

    expression: Expression
    scope: Scope
    path: Path = ()
    stack: tuple[Frame, ...] = ()
    cut: bool = False
    few: bool = False
    owner: Call | None = None

    @property
    def span(self) -> Span:
        """Where the expression stands."""
        return Span.at(self.scope.module.path, self.expression[1])

    def entered(self, stack: tuple[Frame, ...]) -> Place:
        """The same place in a function that was entered through the frames of a stack."""
        return Place(self.expression, self.scope, self.path, stack[-STACK_DEPTH:], self.cut, self.few, self.owner)

    def at(self, expression: Expression, path: Path | None = None) -> Place:
        """Another expression of the same scope."""
        path = self.path if path is None else path[:PATH_LENGTH]
        return Place(expression, self.scope, path, self.stack, self.cut, self.few, self.owner)

    def inside(self, expression: Expression, scope: Scope, path: Path, stack: tuple[Frame, ...]) -> Place:
        """An expression of another scope."""
        stack = stack[-STACK_DEPTH:]
        return Place(expression, scope, path[:PATH_LENGTH], stack, self.cut, self.few, self.owner)


def marks(path: Path) -> Path:
    """The marks of a path without its names: what stays true of everything that a value was made of."""
    return tuple(part for part in path if part in (FILE, FETCHED))


@dataclass(frozen=True, slots=True)
class Result:
    """A call whose result is wanted: the part `path` of it, with the frames that are open where the call stands."""

    call: Call
    path: Path
    stack: tuple[Frame, ...]
    cut: bool = False
    few: bool = False
    owner: Call | None = None

    @classmethod
    def of(cls, place: Place, call: Call, path: Path, stack: tuple[Frame, ...]) -> Result:
        """The result of a call on the way that a place is on."""
        return cls(call, path, stack, place.cut, place.few, place.owner)

    def give(self, expression: Expression, path: Path) -> Place:
        """A place in the function that makes the call: one of its arguments, or the object that it is made on."""
        stack = self.stack[-STACK_DEPTH:]
        return Place(expression, self.call.scope, path[:PATH_LENGTH], stack, self.cut, self.few, self.owner)


def part_of(store: Store) -> Path:
    """The part of its value that a store puts there: all of it, or what it unpacks of it."""
    if not store.element:
        return ()
    return (ANY,) if store.index is None else (store.index,)


def is_one(part: Part) -> bool:
    """Whether a part is one element of which the key is not known."""
    return type(part) is str and part[:1] == ONE


def is_unknown(part: Part) -> bool:
    """Whether a part may be any element."""
    return part == ANY or is_one(part)


def part_written(key: Expression) -> Part:
    """The part of a container that a key names, as far as it is written: `"question"`, `f"session:{number}"`."""
    tag = key[0]
    if tag == "const" and isinstance(key[2], (str, int)):
        part: Part = key[2]
        return part
    first = key[2][0] if tag == "fstr" and key[2] else key[3] if tag == "bin" and key[2] == "Add" else None
    begins = first is not None and first[0] == "const" and isinstance(first[2], str)
    return f"{ONE}{first[2][:_BEGINNING]}" if first is not None and begins else ONE


def may_be(one: Part, other: Part) -> bool:
    """Whether two parts may be the same entry, as far as their keys are known."""
    if not is_unknown(one) and not is_unknown(other):
        return one == other
    if ANY in (one, other) or not (isinstance(one, str) and isinstance(other, str)):
        return True
    if is_one(one) and is_one(other):
        return one.startswith(other) or other.startswith(one)
    start, whole = (one, other) if is_one(one) else (other, one)
    return whole.startswith(start[1:])


def below_store(path: Path, store: Store) -> Path | None:
    """What a path through a container means for what a store puts into it; None where it leads elsewhere."""
    key = store.key
    if store.how == "update":
        return path
    if store.how == "extend":
        return path if element_of(path) is not None else None
    if key is None:
        return element_of(path)
    part = part_written(key)
    return path[1:] if not path or path[0] in (FILE, FETCHED) or may_be(part, path[0]) else None


def below_entry(path: Path, key: Part) -> Path | None:
    """What a path through a container means for its entry of a key; None where it leads to another entry."""
    if not path or path[0] in (FILE, FETCHED):
        return path
    first = path[0]
    if isinstance(first, int) and isinstance(key, int):
        return path[1:]  # positions from the start and from the end may be the same
    return path[1:] if may_be(key, first) else None


def element_of(path: Path) -> Path | None:
    """What a path through a sequence means for one of its elements; None where it names an attribute instead."""
    if not path or path[0] in (FILE, FETCHED):
        return path
    first = path[0]
    return path[1:] if is_unknown(first) or isinstance(first, int) else None
