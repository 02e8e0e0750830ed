"""Modules, classes and functions of a program as scopes, with what one walk over their statements finds in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiaudit.sources.python.facts import At, Expression, Parameter, Statement
from aiaudit.span import Span
from aiaudit.values import dataclass, field


@dataclass(slots=True, eq=False)
class Binding:
    """One way in which a name gets a value.

    `kind`: "value" (the value of `expression`), "element" (an element of it: loop variables, unpacking; `index` is the
    position if known, `inner` those below it where a part is unpacked again), "entered" (what its context manager
    gives), "annotated" (declared only), "import", "from", "function", "class", "parameter", "caught" (an exception of
    type `expression`). `enclosing` is what stands around an assignment.
    """

    kind: str
    scope: Scope
    statement: Statement | None = None
    expression: Expression | None = None
    annotation: Expression | None = None
    index: int | None = None
    target: Any = None
    enclosing: Enclosing | None = None
    inner: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class Enclosing:
    """A statement around a place, innermost first through `outer`.

    `kind`: "if" (`branch` tells the arm), "unless" (an earlier `if` of the same block left it: its test is false here),
    "try", "except", "finally", "with", "for", "while", "comprehension", "match", "else".
    """

    kind: str
    node: Any
    outer: Enclosing | None
    branch: bool = True

    def __iter__(self) -> Iterator[Enclosing]:
        link: Enclosing | None = self
        while link is not None:
            yield link
            link = link.outer


@dataclass(slots=True, eq=False)
class Call:
    """One call expression and where it stands.

    `name` is the last name of what is called, "" where that has none. `callees` is what it may call: the evaluator
    puts it there once it knows.
    """

    scope: Scope
    expression: Expression
    name: str
    enclosing: Enclosing | None
    statement: Statement
    awaited: bool = False
    parent: Expression | None = None
    callees: Any = None

    @property
    def at(self) -> At:
        return self.expression[1]  # type: ignore[no-any-return]

    @property
    def span(self) -> Span:
        """The place of the whole call."""
        return Span.at(self.scope.module.path, self.at)

    @property
    def callee_span(self) -> Span:
        """The place of the called name, without the arguments."""
        return Span.at(self.scope.module.path, self.expression[2][1])

    @property
    def arguments(self) -> tuple[Expression, ...]:
        return self.expression[3]  # type: ignore[no-any-return]

    @property
    def keywords(self) -> tuple[tuple[str | None, Expression], ...]:
        return self.expression[4]  # type: ignore[no-any-return]

    @property
    def spreads(self) -> bool:
        """Whether it passes `*args` or `**kwargs`, so that an argument may be there unseen."""
        return any(name is None for name, _ in self.keywords) or any(a[0] == "star" for a in self.arguments)

    def keyword(self, name: str) -> Expression | None:
        """The value of a keyword argument."""
        for key, value in self.expression[4]:
            if key == name:
                return value  # type: ignore[no-any-return]
        return None

    def argument(self, name: str, index: int | None = None) -> Expression | None:
        """The value of a parameter, given by keyword or by position."""
        value = self.keyword(name)
        if value is not None or index is None:
            return value
        given = self.arguments
        if index >= len(given):
            return None
        for argument in given[: index + 1]:
            if argument[0] == "star":
                return None
        return given[index]

    @property
    def entered(self) -> bool:
        """Whether a `with` enters what it makes, and closes it at its end."""
        return self.statement[0] == "with" and any(
            part is self.expression for context, _ in self.statement[2] for part in walk(context)
        )

    @property
    def around(self) -> Iterator[Enclosing]:
        """The enclosing statements inside the same function, innermost first."""
        return iter(self.enclosing) if self.enclosing is not None else iter(())


@dataclass(slots=True, eq=False)
class Store:
    """An assignment to an attribute or an element: `base.attribute = value`, `base[key] = value`, `base.append(value)`.

    `attribute` is None for an element; `how` is "attribute", "element", "append", "update" or "extend". `element` says
    that it gets a part of the value: the one at `index` where a tuple is unpacked, else any. `beside` is the key of the
    pair that the container is taken from, in a loop over pairs.
    """

    scope: Scope
    statement: Statement
    base: Expression
    attribute: str | None
    key: Expression | None
    value: Expression | None
    annotation: Expression | None
    how: str
    enclosing: Enclosing | None
    entered: bool = False
    element: bool = False
    index: int | None = None
    beside: str = ""


@dataclass(slots=True, eq=False)
class Scope:
    """What modules, classes and functions share: names and what happens in them.

    `enclosing_method` is the method that the scope stands in, or is; `last_yield` the place of the last `yield` in it.
    """

    name: str
    module: Module
    parent: Scope | None
    node: Any
    body: tuple[Statement, ...]
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    declared_global: frozenset[str] = frozenset()
    returns: list[tuple[Expression, Enclosing | None]] = field(default_factory=list)
    yields: list[tuple[Expression, Enclosing | None]] = field(default_factory=list)
    reads: list[Expression] = field(default_factory=list)
    enclosing_method: Function | None = None
    last_yield: At | None = None

    @property
    def qualified_name(self) -> str:
        """Dotted name inside its module; the empty string for a module."""
        if self.parent is None:
            return ""
        outer = self.parent.qualified_name
        return f"{outer}.{self.name}" if outer else self.name

    @property
    def span(self) -> Span:
        """The place of its name."""
        if self.parent is None:
            return Span.whole_file(self.module.path)
        return Span.at(self.module.path, self.node[-1] if self.node[0] in ("def", "class") else self.node[1])

    def within(self) -> Iterator[Scope]:
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def descendants(self) -> list[Scope]:
        """This scope and all below."""
        found: list[Scope] = [self]
        for inner in (*self.functions, *self.classes):
            found += inner.descendants()
        return found


@dataclass(slots=True, eq=False)
class Module(Scope):
    """A module. `path` is its file, `scopes` are itself and all below."""

    path: str = ""
    is_package: bool = False
    serves_chains: bool = False  # whether it imports LangServe, or what else serves chains and graphs
    scopes: list[Scope] = field(default_factory=list)
    stars: list[tuple[int, str]] = field(default_factory=list)
    imports: list[tuple[Statement, Enclosing | None, Scope]] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """The folder of the file, "" for the root."""
        return self.path.rpartition("/")[0]


@dataclass(slots=True, eq=False)
class Class(Scope):
    """A class; its body's names are class attributes."""

    @property
    def bases(self) -> tuple[Expression, ...]:
        return self.node[3]  # type: ignore[no-any-return]

    @property
    def decorators(self) -> tuple[Expression, ...]:
        return self.node[5]  # type: ignore[no-any-return]

    def method(self, name: str) -> Function | None:
        """The last definition of a method in the class itself."""
        for function in reversed(self.functions):
            if function.name == name:
                return function
        return None


@dataclass(slots=True, eq=False)
class Function(Scope):
    """A function, method or lambda. `self_name` is the name of the instance (or class) parameter of a method."""

    self_name: str | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.node[3] if self.node[0] == "def" else self.node[2]  # type: ignore[no-any-return]

    @property
    def annotation(self) -> Expression | None:
        """What it says it returns."""
        return self.node[4] if self.node[0] == "def" else None

    @property
    def decorators(self) -> tuple[Expression, ...]:
        return self.node[5] if self.node[0] == "def" else ()

    @property
    def asynchronous(self) -> bool:
        return self.node[0] == "def" and bool(self.node[7])

    @property
    def generator(self) -> bool:
        return self.node[0] == "def" and bool(self.node[8])

    @property
    def owner(self) -> Class | None:
        """The class whose method it is."""
        return self.parent if isinstance(self.parent, Class) else None

    def only_takes(self, name: str) -> bool:
        """Whether a name means nothing else in the function than what its caller gives."""
        bindings = self.bindings.get(name, ())
        return len(bindings) == 1 and bindings[0].kind == "parameter"

    def has_decorator(self, *names: str) -> bool:
        """Whether a decorator's last name, where it comes from, is one of these."""
        decorators = self.decorators
        if not decorators:
            return False
        return any(original_name(d[2] if d[0] == "call" else d, self.module) in names for d in decorators)

    @property
    def label(self) -> str:
        """How a trace names it: `Class.method()` or `function()`."""
        return f"{self.qualified_name}()"


# The name of the function that a provider of dependency-injector is read as.
PROVIDER = "<provider>"
# Expressions with no other ones in them.
LEAVES = frozenset(("name", "const"))
PROVIDING = frozenset(("Factory", "Singleton", "ThreadSafeSingleton", "ThreadLocalSingleton", "ContextLocalSingleton",
                       "Resource", "Callable", "Coroutine"))  # fmt: skip


def is_provider(call: Expression, module: Module) -> bool:
    """Whether a call makes a provider of dependency-injector: `providers.Singleton(Client, ...)`."""
    function = call[2]
    if function[0] != "attr" or function[3] not in PROVIDING or last_name(function[2]) != "providers" or not call[3]:
        return False
    bound = module.bindings.get("providers", ())
    return any(b.kind == "from" and b.target[1] == "dependency_injector" for b in bound)


def is_django_settings(module: Module) -> bool:
    """Whether a module is a Django project's settings."""
    names = module.bindings
    return "INSTALLED_APPS" in names or "ROOT_URLCONF" in names or "WSGI_APPLICATION" in names


def last_name(expression: Expression) -> str:
    """The last name of a dotted expression, "" for others."""
    if expression[0] == "name":
        return expression[2]  # type: ignore[no-any-return]
    if expression[0] == "attr":
        return expression[3]  # type: ignore[no-any-return]
    return ""


def original_name(expression: Expression, module: Module) -> str:
    """The last name of a dotted expression; of what the module imports under an alias, the name that it has there."""
    name = last_name(expression)
    if expression[0] == "name":
        for binding in module.bindings.get(name, ()):
            if binding.kind == "from":
                return str(binding.target[2])
    return name


def dotted(expression: Expression) -> str | None:
    """`a.b.c` of plain names and attributes, None for anything else."""
    parts: list[str] = []
    while expression[0] == "attr":
        parts.append(expression[3])
        expression = expression[2]
    if expression[0] != "name":
        return None
    return ".".join([expression[2], *reversed(parts)])


def children(node: Any) -> list[Expression]:
    """The expressions directly inside an expression (not the parameters of a lambda)."""
    found: list[Expression] = []
    if node[0] == "attr":
        found.append(node[2])
    elif node[0] not in LEAVES:
        _add_expressions(node[2:], found)
    return found


def _add_expressions(group: tuple[Any, ...], found: list[Expression]) -> None:
    for part in group:
        if type(part) is tuple and part:
            if type(part[0]) is str and len(part) > 1 and type(part[1]) is tuple and type(part[1][0]) is int:
                found.append(part)
            else:
                _add_expressions(part, found)


def walk(expression: Expression) -> list[Expression]:
    """An expression and all inside it, outermost first."""
    found = [expression]
    while expression[0] == "attr":
        expression = expression[2]
        found.append(expression)
    if expression[0] not in LEAVES:
        _walk_into(expression[2:], found)
    return found


def _walk_into(group: tuple[Any, ...], found: list[Expression]) -> None:
    """Append the expressions in a group, and all inside them."""
    for part in group:
        if type(part) is tuple and part:
            # As `is_node` has it: written out, as it is asked of every expression of a program, often.
            if type(part[0]) is str and len(part) > 1 and type(part[1]) is tuple and type(part[1][0]) is int:
                found.append(part)
                while part[0] == "attr":
                    part = part[2]
                    found.append(part)
                if part[0] not in LEAVES:
                    _walk_into(part[2:], found)
            else:
                _walk_into(part, found)


def is_node(part: tuple[Any, ...]) -> bool:
    """Whether a tuple is a node rather than a group of them: only nodes carry an extent in second place."""
    return type(part[0]) is str and len(part) > 1 and type(part[1]) is tuple and type(part[1][0]) is int


def is_same(one: Any, other: Any) -> bool:
    """Whether two expressions read alike, wherever they stand."""
    if type(one) is not tuple or type(other) is not tuple or not one or not other:
        return bool(one == other)
    skipped = 1 if is_node(one) and is_node(other) else None
    return len(one) == len(other) and all(
        number == skipped or is_same(a, b) for number, (a, b) in enumerate(zip(one, other, strict=True))
    )


def walk_all(part: Any) -> list[Expression]:
    """Every node in statements or expressions, outermost first."""
    found: list[Expression] = []
    if type(part) is tuple and part:
        _walk_into((part,), found)
    return found
