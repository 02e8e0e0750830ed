"""Every place where some names are read, with the expressions around it and the tests that hold there."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aiaudit.model.branches import is_name_of_main
from aiaudit.model.program import Program
from aiaudit.model.scopes import Class, Function, Module, Scope, is_node, last_name
from aiaudit.model.syntax import LEAVING, suppressed
from aiaudit.sources.python.facts import Expression, Parameter, Statement
from aiaudit.span import Span
from aiaudit.values import dataclass

Condition = tuple[Expression, bool]


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """One expression where it stands. `parents` lead from the statement (or definition) down to it; `conditions` are
    the tests that decide whether it runs, with the outcome that lets it; `tries` the `try` statements around it."""

    expression: Expression
    scope: Scope
    parents: tuple[Any, ...]
    conditions: tuple[Condition, ...]
    tries: tuple[Statement, ...]

    @property
    def span(self) -> Span:
        """Its place."""
        return Span.at(self.scope.module.path, self.expression[1])

    @property
    def is_of_main(self) -> bool:
        """Whether it stands under `if __name__ == "__main__"`."""
        return any(outcome and is_name_of_main(test) for test, outcome in self.conditions)

    @property
    def statement(self) -> Any:
        """The statement that it is part of."""
        return self.parents[0]


class Reads:
    """Reads by name, made for all modules that mention any of the names that are asked for."""

    def __init__(self, program: Program, modules: Iterable[Module]) -> None:
        self.program = program
        self.modules = list(modules)
        self._paths = frozenset(module.path for module in self.modules)
        self._found: dict[str, list[Read]] = {}
        self._inside: dict[tuple[int, str], list[Read]] = {}

    def of(self, name: str) -> list[Read]:
        """Where a name, or an attribute of that name, is read (or asked for with `getattr`)."""
        if name not in self._found:
            self.prepare({name})
        return self._found[name]

    def prepare(self, names: Iterable[str]) -> None:
        """Read the modules once for several names."""
        wanted = {name for name in names if name not in self._found}
        if not wanted:
            return
        found: dict[Any, list[Read]] = defaultdict(list)
        for module, names in self._modules_with(wanted):
            _Walker(module, wanted, found, lines=self._lines_with(module, names)).walk()
        for name in wanted:
            self._found[name] = found.get(name, [])

    def inside(self, function: Function, name: str) -> list[Read]:
        """Where a name is read inside one function."""
        key = (id(function), name)
        if key not in self._inside:
            found: dict[Any, list[Read]] = defaultdict(list)
            lines = self._lines_with(function.module, {name})
            _Walker(function.module, {name}, found, lines=lines).walk_inside(function)
            self._inside[key] = found.get(name, [])
        return self._inside[key]

    def _modules_with(self, names: set[str]) -> Iterator[tuple[Module, set[str]]]:
        """The modules that mention any of some names, each with those that it mentions."""
        mentioned: dict[str, set[str]] = defaultdict(set)
        for name in names:
            for path in self.program.tree.files_with(name, self._paths):
                mentioned[path].add(name)
        return ((module, mentioned[module.path]) for module in self.modules if module.path in mentioned)

    def _lines_with(self, module: Module, names: set[str]) -> list[int]:
        """The lines of a module that mention one of the names, in order."""
        tree = self.program.tree
        return sorted({line for name in names for line in tree.lines_with(module.path, name)})

    def places(self, module: Module, nodes: Iterable[Expression]) -> dict[int, Read]:
        """Some expressions of a module where they stand, by their id."""
        found: dict[Any, list[Read]] = defaultdict(list)
        chosen = list(nodes)
        lines = sorted({node[1][0] for node in chosen})
        _Walker(module, set(), found, frozenset(map(id, chosen)), lines).walk()
        return {key: reads[0] for key, reads in found.items()}


class _Walker:
    """Walks the statements that touch any of some lines."""

    def __init__(
        self,
        module: Module,
        wanted: set[str],
        found: dict[Any, list[Read]],
        nodes: frozenset[int] = frozenset(),
        lines: Sequence[int] = (),
    ) -> None:
        self.lines = lines
        self.wanted = wanted
        self.nodes = nodes
        self.found = found
        self.module = module
        self.scope: Scope = module
        self.tries: tuple[Statement, ...] = ()
        self.inner = {id(scope.node): scope for scope in module.scopes if isinstance(scope, (Function, Class))}

    def walk(self) -> None:
        self.block(self.module.body, ())

    def walk_inside(self, function: Function) -> None:
        self.scope = function
        if function.node[0] == "lambda":
            self.visit(function.node[3], (function.node,), ())
        else:
            self.block(function.body, ())

    # Statements

    def block(self, body: Iterable[Statement], conditions: tuple[Condition, ...]) -> None:
        for statement in body:
            tag = statement[0]
            if self.touches(statement):
                self.one(statement, conditions)
            if tag == "if":
                if statement[3] and _leaves(statement[3]) and not statement[4]:
                    conditions = (*conditions, (statement[2], False))
                elif statement[4] and _leaves(statement[4]):
                    conditions = (*conditions, (statement[2], True))
            elif tag == "assert":
                conditions = (*conditions, (statement[2], True))

    def touches(self, statement: Statement) -> bool:
        """Whether the statement, its decorators included, stands on any of the lines."""
        first, last = statement[1][0], statement[1][2]
        if statement[0] in ("def", "class"):
            first = min([first, *(decorator[1][0] for decorator in statement[5])])
        position = bisect_left(self.lines, first)
        return position < len(self.lines) and self.lines[position] <= last

    def one(self, statement: Statement, conditions: tuple[Condition, ...]) -> None:
        tag = statement[0]
        if tag == "if":
            self.visit(statement[2], (statement,), conditions)
            self.block(statement[3], (*conditions, (statement[2], True)))
            self.block(statement[4], (*conditions, (statement[2], False)))
        elif tag == "while":
            self.visit(statement[2], (statement,), conditions)
            self.block(statement[3], (*conditions, (statement[2], True)))
            self.block(statement[4], conditions)
        elif tag == "for":
            self.visit(statement[3], (statement,), conditions)
            self.block(statement[4], conditions)
            self.block(statement[5], conditions)
        elif tag == "with":
            for context, _ in statement[2]:
                self.visit(context, (statement,), conditions)
            caught = suppressed(statement)
            outer = self.tries
            self.tries = outer if caught is None else (*outer, caught)
            self.block(statement[3], conditions)
            self.tries = outer
        elif tag == "try":
            self.try_(statement, conditions)
        elif tag == "def":
            self.definition(statement, conditions)
        elif tag == "class":
            for part in (*statement[3], *(value for _, value in statement[4]), *statement[5]):
                self.visit(part, (statement,), conditions)
            self.within(statement, statement[6], conditions)
        elif tag == "match":
            self.visit(statement[2], (statement,), conditions)
            for _, guard, body in statement[3]:
                if guard is not None:
                    self.visit(guard, (statement,), conditions)
                self.block(body, conditions)
        else:
            self.parts(statement[2:], (statement,), conditions)

    def try_(self, statement: Statement, conditions: tuple[Condition, ...]) -> None:
        _, _, body, handlers, orelse, final = statement
        outer = self.tries
        self.tries = (*outer, statement)
        self.block(body, conditions)
        self.tries = outer
        for _, _, inner, _ in handlers:
            self.block(inner, conditions)
        self.block(orelse, conditions)
        self.block(final, conditions)

    def definition(self, statement: Statement, conditions: tuple[Condition, ...]) -> None:
        self.defaults(statement, statement[3], conditions)
        for decorator in statement[5]:
            self.visit(decorator, (statement,), conditions)
        self.within(statement, statement[6], ())

    def defaults(self, node: Any, parameters: tuple[Parameter, ...], conditions: tuple[Condition, ...]) -> None:
        for parameter in parameters:
            for part in (parameter[2], parameter[3]):
                if part is not None:
                    self.visit(part, (node, ("default", part[1], parameter[0])), conditions)

    def within(self, node: Any, body: Iterable[Statement], conditions: tuple[Condition, ...]) -> None:
        scope, tries = self.scope, self.tries
        self.scope = self.inner.get(id(node), scope)
        if isinstance(self.scope, Function):
            self.tries = ()
        self.block(body, conditions)
        self.scope, self.tries = scope, tries

    # Expressions

    def visit(self, node: Expression, parents: tuple[Any, ...], conditions: tuple[Condition, ...]) -> None:
        tag = node[0]
        name = node[2] if tag == "name" else node[3] if tag == "attr" else _asked_for(node) if tag == "call" else None
        if name in self.wanted:
            self.found[name].append(Read(node, self.scope, parents, conditions, self.tries))
        if id(node) in self.nodes:
            self.found[id(node)].append(Read(node, self.scope, parents, conditions, self.tries))
        if tag in ("name", "const"):
            return
        inside = (*parents, node)
        if tag == "lambda":
            scope = self.scope
            self.scope = self.inner.get(id(node), scope)
            self.visit(node[3], inside, ())
            self.scope = scope
        elif tag == "ifexp":
            self.visit(node[2], inside, conditions)
            self.visit(node[3], inside, (*conditions, (node[2], True)))
            self.visit(node[4], inside, (*conditions, (node[2], False)))
        elif tag == "bool":
            for operand in node[3]:
                self.visit(operand, inside, conditions)
                conditions = (*conditions, (operand, node[2] == "And"))
        elif tag == "comp":
            self.comprehension(node, inside, conditions)
        else:
            self.parts(node[2:], inside, conditions)

    def comprehension(self, node: Expression, inside: tuple[Any, ...], conditions: tuple[Condition, ...]) -> None:
        for _, iterable, tests, _ in node[4]:
            self.visit(iterable, inside, conditions)
            for test in tests:
                self.visit(test, inside, conditions)
                conditions = (*conditions, (test, True))
        for element in node[3]:
            self.visit(element, inside, conditions)

    def parts(self, group: Any, parents: tuple[Any, ...], conditions: tuple[Condition, ...]) -> None:
        for part in group:
            if type(part) is not tuple or not part:
                continue
            if is_node(part):
                self.visit(part, parents, conditions)
            else:
                self.parts(part, parents, conditions)


def _asked_for(call: Expression) -> str | None:
    """The name in `getattr(thing, "name", ...)`."""
    if last_name(call[2]) == "getattr" and len(call[3]) > 1 and call[3][1][0] == "const":
        return call[3][1][2] if isinstance(call[3][1][2], str) else None
    return None


def _leaves(body: tuple[Statement, ...]) -> bool:
    last = body[-1]
    if last[0] in LEAVING:
        return True
    return last[0] == "expr" and last[2][0] == "call" and last_name(last[2][2]) in ("exit", "_exit", "quit", "abort")
