"""Our `dataclass` behaves as the standard library's."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from aiaudit.values import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ours:
    """A value."""

    one: int
    two: str = "x"
    three: tuple[int, ...] = field(default_factory=tuple)
    four: float = field(default=0.5, compare=False, repr=False)
    shared: ClassVar[int] = 3

    @property
    def doubled(self) -> int:
        """Twice the first."""
        return self.one * 2


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """A value."""

    one: int
    two: str = "x"
    three: tuple[int, ...] = field(default_factory=tuple)
    four: float = field(default=0.5, compare=False, repr=False)
    shared: ClassVar[int] = 3

    @property
    def doubled(self) -> int:
        """Twice the first."""
        return self.one * 2


@dataclass(slots=True)
class Mutable:
    """A record."""

    items: list[int] = field(default_factory=list)
    total: int = 0

    def __post_init__(self) -> None:
        self.total = sum(self.items)


@dataclass(slots=True, eq=False)
class Identity:
    """Compared by identity."""

    one: int


@dataclass(slots=True, eq=False)
class Longer(Identity):
    """With a field more."""

    two: int = 2


@dataclass(frozen=True, slots=True)
class Empty:
    """No fields."""


@dataclass(frozen=True, slots=True)
class Single(Generic[T]):
    """One field, of any type."""

    put: T


BOTH = pytest.mark.parametrize("kind", [Ours, Theirs])


@BOTH
def test_construction(kind: Any) -> None:
    """By place, by name, with defaults; wrong calls are refused."""
    value = kind(1, three=(2, 3))

    assert (value.one, value.two, value.three, value.four, value.doubled, value.shared) == (1, "x", (2, 3), 0.5, 2, 3)
    for arguments, keywords in (((), {}), ((1, 2, 3, 4, 5), {}), ((1,), {"five": 5}), ((1,), {"one": 1})):
        with pytest.raises(TypeError):
            kind(*arguments, **keywords)


@BOTH
def test_equality_and_hash(kind: Any) -> None:
    """By the compared fields of the same class."""
    assert kind(1) == kind(1, four=9.0)
    assert kind(1) != kind(2)
    assert hash(kind(1)) == hash(kind(1, four=9.0))
    assert kind(1) != (1, "x", ())
    assert len({kind(1), kind(1), kind(2)}) == 2


@BOTH
def test_slots(kind: Any) -> None:
    """Nothing is added."""
    value = kind(1)
    with pytest.raises((AttributeError, TypeError)):
        value.new = 1
    assert value == kind(1)
    assert not hasattr(value, "__dict__")


@BOTH
def test_the_standard_library_knows_it(kind: Any) -> None:
    """`fields`, `replace`, `asdict`, `is_dataclass`, matching."""
    value = kind(1)

    assert dataclasses.is_dataclass(kind)
    assert [f.name for f in dataclasses.fields(kind)] == ["one", "two", "three", "four"]
    assert dataclasses.replace(value, two="y") == kind(1, "y")
    assert dataclasses.asdict(value) == {"one": 1, "two": "x", "three": (), "four": 0.5}
    match value:
        case kind(one, two):
            assert (one, two) == (1, "x")


@BOTH
def test_copies(kind: Any) -> None:
    """Pickled, copied and deeply copied values are equal."""
    value = kind(1, "y", (2,), 0.1)

    for same in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert same == value
        assert same.four == 0.1


def test_representation() -> None:
    """The same but for the name."""
    assert repr(Ours(1)) == repr(Theirs(1)).replace("Theirs", "Ours") == "Ours(one=1, two='x', three=())"


def test_mutable_ones() -> None:
    """Fresh defaults, a step after construction, equality without a hash."""
    first, second = Mutable(), Mutable([1, 2])
    first.items.append(5)

    assert Mutable() == Mutable([])
    assert second.total == 3
    with pytest.raises(TypeError):
        hash(second)


def test_identity_and_inheritance() -> None:
    """Without equality by fields; fields of the base come first, whichever class is used first."""
    long, short = Longer(1, 5), Identity(1)

    assert (long.one, long.two, short.one, Longer(3).two) == (1, 5, 1, 2)
    assert short != Identity(1)
    assert len({short, Identity(1)}) == 2
    assert repr(long) == "Longer(one=1, two=5)"


def test_small_ones() -> None:
    """No field, one field, a field with an unlucky name."""
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert Single("a") == Single("a")
    assert pickle.loads(pickle.dumps(Single((1, 2)))) == Single((1, 2))
    assert repr(Empty()) == "Empty()"
