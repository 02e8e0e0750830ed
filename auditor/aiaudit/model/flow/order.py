"""Where statements stand in a function relative to each other, and which bindings of a name reach a place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence

from aiaudit.model.bindings import is_inner
from aiaudit.model.scopes import Binding, Class, Module, Scope
from aiaudit.model.syntax import COMPOUND, blocks
from aiaudit.sources.python.facts import At, Statement

# A statement's address: its index in the body, then for each nesting the number of the inner block and the index there.
Address = tuple[int, ...]


class Layout:
    """The statements of one function or module body by position."""

    def __init__(self, scope: Scope) -> None:
        self._addresses: dict[int, Address] = {}
        self._starts: list[tuple[int, int]] = []
        self._statements: list[tuple[Statement, Address]] = []
        self._blocks: dict[Address, tuple[Statement, ...]] = {}
        self._add(scope.body, ())
        self._statements.sort(key=lambda pair: pair[0][1][:2])
        self._starts = [statement[1][:2] for statement, _ in self._statements]

    def _add(self, body: tuple[Statement, ...], prefix: Address) -> None:
        self._blocks[prefix] = body
        for index, statement in enumerate(body):
            address = (*prefix, index)
            self._addresses[id(statement)] = address
            self._statements.append((statement, address))
            if statement[0] in COMPOUND:
                for number, inner in enumerate(blocks(statement)):
                    self._add(inner, (*address, number))

    def address(self, statement: Statement) -> Address | None:
        """The address of a statement of this body."""
        return self._addresses.get(id(statement))

    def at(self, at: At) -> tuple[Statement, Address] | None:
        """The innermost statement around a position."""
        index = bisect_right(self._starts, at[:2]) - 1
        while index >= 0:
            statement, address = self._statements[index]
            if statement[1][2:] >= at[2:]:
                return statement, address
            index -= 1
        return None

    def statement(self, address: Address) -> Statement:
        """The statement of an address."""
        return self._blocks[address[:-1]][address[-1]]

    def statements(self) -> Iterator[tuple[Statement, Address]]:
        """All statements in the order of the text."""
        return iter(self._statements)

    def leaves(self, prefix: Address) -> bool:
        """Whether a block ends in leaving the function."""
        body = self._blocks.get(prefix, ())
        return bool(body) and body[-1][0] in ("return", "raise")


def is_before(first: Address, second: Address) -> bool:
    """Whether one statement has run when another one runs, in the same iteration; False for other branches."""
    for level, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return level % 2 == 0 and one < other
    return len(first) < len(second)


class Order:
    """Layouts and reaching bindings, made on first use."""

    def __init__(self) -> None:
        self._layouts: dict[int, Layout] = {}

    def layout(self, scope: Scope) -> Layout:
        """The layout of a scope's body."""
        known = self._layouts.get(id(scope))
        if known is None:
            known = self._layouts[id(scope)] = Layout(scope)
        return known

    def reaching(self, scope: Scope, holder: Scope, name: str, at: At) -> list[Binding]:
        """The bindings of a name that may give the value it has at a position.

        Names of outer scopes may have any of their values: when the inner function runs is not known.
        """
        found = holder.bindings[name]
        if holder is not scope or len(found) == 1 or isinstance(holder, (Module, Class)):
            return found
        layout = self.layout(holder)
        place = layout.at(at)
        if place is None:
            return found
        return list(_Reaching(layout, found, *place).collect())

    def is_replaced(self, statement: Statement, reaching: Sequence[Binding], scope: Scope) -> bool:
        """Whether all values of a variable that reach a place were assigned after a statement of the scope has run."""
        if not reaching:
            return False
        layout = self.layout(scope)
        where = layout.address(statement)
        return where is not None and all(
            binding.kind == "value"
            and binding.statement is not None
            and (assigned := layout.address(binding.statement)) is not None
            and is_before(where, assigned)
            for binding in reaching
        )


class _Reaching:
    """Walks from a place outwards and upwards, collecting bindings until one is certain."""

    def __init__(self, layout: Layout, bindings: list[Binding], statement: Statement, address: Address) -> None:
        self.layout = layout
        self.statement = statement
        self.address = address
        self.parameters = [b for b in bindings if b.kind == "parameter"]
        self.placed: list[tuple[Address, Binding]] = []
        self.inner: list[Binding] = []
        self.foreign: list[Binding] = []  # set by inner functions, whenever those run
        for binding in bindings:
            if binding.statement is None:
                continue
            where = layout.address(binding.statement)
            if where is None:
                self.foreign.append(binding)
            elif is_inner(binding):
                if where == address:
                    self.inner.append(binding)
            else:
                self.placed.append((where, binding))

    def collect(self) -> Iterator[Binding]:
        """The bindings, the nearest first."""
        if self.inner:
            yield from self.inner
            return
        yield from self._own()
        yield from self.foreign

    def _own(self) -> Iterator[Binding]:
        for length in range(len(self.address), 0, -2):
            prefix, index = self.address[: length - 1], self.address[length - 1]
            certain = yield from self._above(prefix, index)
            if certain:
                return
            if length == 1:
                break
            certain = yield from self._around(self.address[: length - 2], prefix, index)
            if certain:
                return
        yield from self.parameters

    def _above(self, prefix: Address, index: int) -> Generator[Binding, None, bool]:
        """Bindings in earlier statements of one block, the last first; returns whether one is certain."""
        by_index: dict[int, list[tuple[Address, Binding]]] = {}
        for where, binding in self.placed:
            if where[: len(prefix)] == prefix and len(where) > len(prefix) and where[len(prefix)] < index:
                by_index.setdefault(where[len(prefix)], []).append((where, binding))
        for position in sorted(by_index, reverse=True):
            own = (*prefix, position)
            for where, binding in by_index[position]:
                if where == own or not self.layout.leaves(where[:-1]):
                    yield binding
            if self._is_certain(own, by_index[position]):
                return True
        return False

    def _is_certain(self, address: Address, inside: list[tuple[Address, Binding]]) -> bool:
        """Whether a statement binds the name on every way through it."""
        statement = self.layout.statement(address)
        tag = statement[0]
        if any(where == address and tag != "aug" and tag not in ("for", "if", "while") for where, _ in inside):
            return True
        if tag == "if":
            return all(self._block_is_certain((*address, branch), inside) for branch in (0, 1))
        if tag == "with":
            return self._block_is_certain((*address, 0), inside)
        return False

    def _block_is_certain(self, prefix: Address, inside: list[tuple[Address, Binding]]) -> bool:
        if self.layout.leaves(prefix):
            return True
        groups: dict[int, list[tuple[Address, Binding]]] = {}
        for where, binding in inside:
            if where[: len(prefix)] == prefix:
                groups.setdefault(where[len(prefix)], []).append((where, binding))
        return any(self._is_certain((*prefix, index), group) for index, group in groups.items())

    def _around(self, outer: Address, prefix: Address, index: int) -> Generator[Binding, None, bool]:
        """Bindings by the statement around a block: loop variables, `with` targets, earlier rounds of a loop."""
        statement = self.layout.statement(outer)
        own = [binding for where, binding in self.placed if where == outer]
        yield from own
        if own and statement[0] == "with":
            return True
        if statement[0] in ("for", "while"):
            for where, binding in self.placed:
                if where[: len(prefix)] == prefix and where[len(prefix)] >= index:
                    yield binding
            if own and statement[0] == "for":
                return True
        if statement[0] == "try" and prefix[-1] > 0:
            for where, binding in self.placed:
                if len(where) > len(outer) + 1 and where[: len(outer)] == outer and where[len(outer)] < prefix[-1]:
                    yield binding
        return False
