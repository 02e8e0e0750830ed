"""One walk over a module's statements: names, calls, stores, returns and what encloses each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiaudit.model import served_agents, served_chains
from aiaudit.model.field_factories import making_factory
from aiaudit.model.scopes import (
    LEAVES,
    PROVIDER,
    PROVIDING,
    Binding,
    Call,
    Class,
    Enclosing,
    Function,
    Module,
    Scope,
    Store,
    is_provider,
    last_name,
)
from aiaudit.model.syntax import LEAVING, ends_block, live_branches, suppressed
from aiaudit.sources.python.facts import Expression, Parameter, Statement

# Methods that put their argument into the container they are called on: method -> position of the stored value.
FILLING = {
    "append": 0, "add": 0, "appendleft": 0, "insert": 1, "setdefault": 1, "put": 0, "put_nowait": 0, "update": 0,
    "extend": 0,
}  # fmt: skip
# Expressions that hold others one after the other.
_LISTED = frozenset(("list", "tuple", "set", "fstr"))


def collect(path: str, body: tuple[Statement, ...]) -> Module:
    """The module with all its inner scopes filled."""
    module = Module(name=path, module=None, parent=None, node=None, body=body, path=path)  # type: ignore[arg-type]
    module.module = module
    module.is_package = path.rpartition("/")[2] == "__init__.py"
    _Collector(module, module).block(body, None)
    module.scopes = module.descendants()
    return module


def _behind(statement: Statement, around: Enclosing | None) -> Enclosing | None:
    """What encloses all that follows an `if` in its block: `if x is not None: return x` guards it."""
    if statement[3] and statement[3][-1][0] in LEAVING and not statement[4]:
        return Enclosing("unless", statement, around)
    if statement[4] and statement[4][-1][0] in LEAVING:
        return Enclosing("if", statement, around)
    return around


class _Collector:
    """Fills one scope; inner scopes get a collector of their own."""

    def __init__(self, module: Module, scope: Scope) -> None:
        self.module = module
        self.scope = scope
        self.statement: Statement = ("pass", (1, 1, 1, 1))

    # Statements

    def block(self, body: tuple[Statement, ...], around: Enclosing | None) -> None:
        for statement in body:
            tag = statement[0]
            self.statement = statement
            _READERS[tag](self, statement, around)
            if tag in LEAVING:
                return
            if tag == "if":
                if ends_block(statement):
                    return
                around = _behind(statement, around)
            elif tag == "with" and suppressed(statement) is None:
                for inner in statement[3]:  # `with lock: if name in kept: return kept[name]`, and then what makes it
                    around = _behind(inner, around) if inner[0] == "if" else around

    def _assign(self, statement: Statement, around: Enclosing | None) -> None:
        value = making_factory(statement[3]) if isinstance(self.scope, Class) else statement[3]
        self.expression(value, around)
        for target in statement[2]:
            self.target(target, value, around)

    def _ann(self, statement: Statement, around: Enclosing | None) -> None:
        _, _, target, annotation, value = statement
        if value is not None:
            value = making_factory(value) if isinstance(self.scope, Class) else value
            self.expression(value, around)
        if annotation is not None:
            self.expression(annotation, around)
        self.target(target, value, around, annotation=annotation)

    def _aug(self, statement: Statement, around: Enclosing | None) -> None:
        _, _, target, _, value = statement
        self.expression(value, around)
        if target[0] == "name":
            self.bind(target[2], Binding("value", self.scope, self.statement, value, enclosing=around))
        else:
            self.target(target, value, around)

    def _expr(self, statement: Statement, around: Enclosing | None) -> None:
        value = statement[2]
        self.expression(value, around)
        if self.module.serves_chains and value[0] == "call" and served_chains.is_served(value, self.scope):
            handler, chain = served_chains.handler_of(value), served_chains.chain_of(value)
            if handler is not None and chain is not None:
                self.target(served_chains.name_of(value), chain, around)
                self._def(handler, around)
        elif self.module.serves_chains and value[0] == "call":
            self._served_graphs(value, around)

    def _served_graphs(self, value: Expression, around: Enclosing | None) -> None:
        """The handler that an endpoint of AG-UI or CopilotKit stands for."""
        names = served_agents.endpoint_of(value, self.scope)
        graphs = served_agents.graphs_of(value, names, self.scope) if names is not None else []
        for name, graph in graphs:
            self.target(name, graph, around)
        handler = served_agents.handler_of(value, names, [name for name, _ in graphs]) if names is not None else None
        if handler is not None:
            self._def(handler, around)

    def _return(self, statement: Statement, around: Enclosing | None) -> None:
        if statement[2] is not None:
            self.scope.returns.append((statement[2], around))
            self.expression(statement[2], around)

    def _if(self, statement: Statement, around: Enclosing | None) -> None:
        self.expression(statement[2], around)
        live = live_branches(statement)
        for body, outcome in ((statement[3], True), (statement[4], False)):
            if body in live:
                self.block(body, Enclosing("if", statement, around, outcome))

    def _while(self, statement: Statement, around: Enclosing | None) -> None:
        inside = Enclosing("while", statement, around)
        self.expression(statement[2], inside)
        self.block(statement[3], inside)
        self.block(statement[4], around)

    def _for(self, statement: Statement, around: Enclosing | None) -> None:
        _, _, target, iterable, body, orelse, _ = statement
        self.expression(iterable, around)
        self.target(target, iterable, around, kind="element")
        self.block(body, Enclosing("for", statement, around))
        self.block(orelse, around)

    def _with(self, statement: Statement, around: Enclosing | None) -> None:
        for context, target in statement[2]:
            self.expression(context, around)
            if target is not None:
                self.target(target, context, around, kind="entered")
            around = Enclosing("with", (statement, context), around)
        caught = suppressed(statement)
        self.block(statement[3], around if caught is None else Enclosing("try", caught, around))

    def _try(self, statement: Statement, around: Enclosing | None) -> None:
        _, _, body, handlers, orelse, final = statement
        self.block(body, Enclosing("try", statement, around))
        for handler in handlers:
            kind, name, inner, _ = handler
            if kind is not None:
                self.expression(kind, around)
            if name:
                self.bind(name, Binding("caught", self.scope, statement, kind))
            self.block(inner, Enclosing("except", (statement, handler), around))
        self.block(orelse, Enclosing("else", statement, around))
        self.block(final, Enclosing("finally", statement, around))

    def _raise(self, statement: Statement, around: Enclosing | None) -> None:
        if statement[2] is not None:
            self.expression(statement[2], around)

    def _def(self, statement: Statement, around: Enclosing | None) -> None:
        function = Function(statement[2], self.module, self.scope, statement, statement[6])
        self.place(function)
        self.scope.functions.append(function)
        self.bind(function.name, Binding("function", self.scope, statement, target=function))
        for decorator in statement[5]:
            self.expression(decorator, around)
        self.signature(function, statement[3], around)
        if statement[4] is not None:
            self.expression(statement[4], around)
        _Collector(self.module, function).block(function.body, None)

    def place(self, function: Function) -> None:
        """Tell a function which method it is or stands in."""
        if not isinstance(self.scope, Class):
            function.enclosing_method = self.scope.enclosing_method
            return
        function.enclosing_method = function
        if function.parameters and not function.has_decorator("staticmethod"):
            function.self_name = function.parameters[0][0]

    def signature(self, function: Function, parameters: tuple[Parameter, ...], around: Enclosing | None) -> None:
        """Defaults and annotations belong to the scope around; the parameters are names of the function."""
        for parameter in parameters:
            name, _, annotation, default, _ = parameter
            for part in (annotation, default):
                if part is not None:
                    self.expression(part, around)
            function.bindings.setdefault(name, []).append(
                Binding("parameter", function, None, default, annotation, target=parameter)
            )

    def _class(self, statement: Statement, around: Enclosing | None) -> None:
        _, _, name, bases, keywords, decorators, body, _ = statement
        made = Class(name, self.module, self.scope, statement, body, enclosing_method=self.scope.enclosing_method)
        self.scope.classes.append(made)
        self.bind(name, Binding("class", self.scope, statement, target=made))
        for part in (*bases, *(value for _, value in keywords), *decorators):
            self.expression(part, around)
        _Collector(self.module, made).block(body, None)

    def _import(self, statement: Statement, around: Enclosing | None) -> None:
        self.module.imports.append((statement, around, self.scope))
        for name, alias in statement[2]:
            bound = alias or name.partition(".")[0]
            if bound == served_chains.LIBRARY or served_agents.serves(bound):
                self.module.serves_chains = True
            self.bind(bound, Binding("import", self.scope, statement, target=(name, alias)))

    def _from(self, statement: Statement, around: Enclosing | None) -> None:
        self.module.imports.append((statement, around, self.scope))
        _, _, level, module, names = statement
        if module.partition(".")[0] == served_chains.LIBRARY or served_agents.serves(module):
            self.module.serves_chains = True
        for name, alias in names:
            if name == "*":
                self.module.stars.append((level, module))
            else:
                self.bind(alias or name, Binding("from", self.scope, statement, target=(level, module, name)))

    def _global(self, statement: Statement, around: Enclosing | None) -> None:
        self.scope.declared_global |= frozenset(statement[2])

    def _assert(self, statement: Statement, around: Enclosing | None) -> None:
        self.expression(statement[2], around)

    def _del(self, statement: Statement, around: Enclosing | None) -> None:
        for target in statement[2]:
            self.expression(target, around)

    def _match(self, statement: Statement, around: Enclosing | None) -> None:
        self.expression(statement[2], around)
        for names, guard, body in statement[3]:
            for name in names:
                self.bind(name, Binding("value", self.scope, statement, statement[2]))
            if guard is not None:
                self.expression(guard, around)
            self.block(body, Enclosing("match", statement, around))

    def _pass(self, statement: Statement, around: Enclosing | None) -> None:
        return

    _break = _continue = _pass

    # Targets

    def target(
        self,
        target: Expression,
        value: Expression | None,
        around: Enclosing | None,
        kind: str = "value",
        index: int | None = None,
        annotation: Expression | None = None,
        inner: tuple[int, ...] = (),
    ) -> None:
        tag = target[0]
        if tag == "name":
            chosen = kind if value is not None else "annotated"
            bound = Binding(chosen, self.scope, self.statement, value, annotation, index, enclosing=around, inner=inner)
            self.bind(target[2], bound)
        elif tag in ("tuple", "list"):
            for position, part in enumerate(target[2]):
                if index is None:
                    self.unpack(part, value, around, position, kind)
                else:
                    self.target(part, value, around, kind, index, inner=(*inner, position))
        elif tag == "star":
            self.target(target[2], value, around, kind, index, inner=inner)
        elif tag == "attr":
            self.expression(target[2], around)
            self.scope.stores.append(
                Store(
                    self.scope,
                    self.statement,
                    target[2],
                    target[3],
                    None,
                    value,
                    annotation,
                    "attribute",
                    around,
                    kind == "entered",
                    kind == "element",
                    None if inner or self.statement[0] == "for" else index,
                )
            )
        elif tag == "sub":
            self.expression(target[2], around)
            self.expression(target[3], around)
            self.scope.stores.append(
                Store(
                    self.scope,
                    self.statement,
                    target[2],
                    None,
                    target[3],
                    value,
                    None,
                    "element",
                    around,
                    kind == "entered",
                    kind == "element",
                    None if inner or self.statement[0] == "for" else index,
                )
            )

    def unpack(
        self, part: Expression, value: Expression | None, around: Enclosing | None, position: int, kind: str
    ) -> None:
        if kind == "value" and value is not None and value[0] in ("tuple", "list") and position < len(value[2]):
            self.target(part, value[2][position], around)  # a, b = x, y
        else:
            self.target(part, value, around, "element" if kind == "value" else kind, position)

    def bind(self, name: str, binding: Binding) -> None:
        scope = self.scope
        if name in scope.declared_global:
            scope = next((s for s in scope.within() if s is not self.scope and name in s.bindings), self.module)
        scope.bindings.setdefault(name, []).append(binding)

    # Expressions

    def expression(self, node: Expression, around: Enclosing | None) -> None:
        """Record the calls, lambdas, attribute reads and walrus bindings inside an expression."""
        if node[0] not in LEAVES:
            self._visit(node, around, None, False)

    def _visit(self, node: Expression, around: Enclosing | None, parent: Expression | None, awaited: bool) -> None:
        tag = node[0]
        if tag in LEAVES:
            return
        if tag == "call":
            self.call(node, around, parent, awaited)
        elif tag == "await":
            if node[2][0] == "name":
                self.awaited(node[2][2])
            self._visit(node[2], around, node, True)
        elif tag == "attr":
            self.scope.reads.append(node)
            if node[2][0] not in LEAVES:
                self._visit(node[2], around, node, False)
        elif tag == "lambda":
            self.lambda_(node, around)
        elif tag == "comp":
            self.comprehension(node, around)
        elif tag == "walrus":
            self._visit(node[3], around, node, False)
            self.target(node[2], node[3], around)
        elif tag in ("yield", "yieldfrom"):
            self.scope.last_yield = node[1]
            if node[2] is not None:
                self.scope.yields.append((node[2], around))
                self._visit(node[2], around, node, False)
        elif tag == "ifexp":
            self._visit(node[2], around, node, False)
            self._visit(node[3], Enclosing("if", node, around, True), node, awaited)
            self._visit(node[4], Enclosing("if", node, around, False), node, awaited)
        elif tag == "bool":
            self.boolean(node, around, awaited)
        elif tag == "cmp":
            for part in (node[2], *node[4]):
                if part[0] not in LEAVES:
                    self._visit(part, around, node, False)
        elif tag in _LISTED:
            for part in node[2]:
                if part[0] not in LEAVES:
                    self._visit(part, around, node, False)
        else:
            self.parts(node[2:], around, node)

    def awaited(self, name: str) -> None:
        """`coming = ask()`, and then `await coming`: the call is awaited all the same."""
        made = {id(binding.expression) for binding in self.scope.bindings.get(name, ()) if binding.kind == "value"}
        for call in self.scope.calls if made else ():
            call.awaited = call.awaited or id(call.expression) in made

    def parts(self, group: tuple[Any, ...], around: Enclosing | None, parent: Expression) -> None:
        for part in group:
            if type(part) is tuple and part:
                # As `is_node` has it: written out, as it is asked of every expression of a program.
                if type(part[0]) is str and len(part) > 1 and type(part[1]) is tuple and type(part[1][0]) is int:
                    if part[0] not in LEAVES:
                        self._visit(part, around, parent, False)
                else:
                    self.parts(part, around, parent)

    def boolean(self, node: Expression, around: Enclosing | None, awaited: bool) -> None:
        """`a and b()`: the later operands are reached under the earlier ones."""
        first, *rest = node[3]
        self._visit(first, around, node, awaited)
        for operand in rest:
            # `cache or build()` builds under `not cache`: the whole expression stands for the guard.
            around = Enclosing("if", ("if", node[1], first, (), ()), around, node[2] == "And")
            self._visit(operand, around, node, awaited)

    def _filling(self, node: Expression, function: Expression, around: Enclosing | None) -> None:
        """What a call such as `items.append(text)` or `values.update(text=text)` puts into the object it is made on."""
        method = function[3]
        position = FILLING[method]
        stored: list[tuple[str, Expression | None, Expression]] = []
        if len(node[3]) > position:
            how = method if method in ("update", "extend") else "append"
            stored.append((how, node[3][0] if method == "setdefault" else None, node[3][position]))
        for name, value in node[4] if method == "update" else ():
            stored.append(("update", None, value) if name is None else ("element", ("const", value[1], name), value))
        for how, key, value in stored:
            self.scope.stores.append(
                Store(self.scope, self.statement, function[2], None, key, value, None, how, around)
            )

    def call(self, node: Expression, around: Enclosing | None, parent: Expression | None, awaited: bool) -> None:
        function = node[2]
        self.scope.calls.append(Call(self.scope, node, last_name(function), around, self.statement, awaited, parent))
        if function[0] == "attr":
            if function[2][0] not in LEAVES:
                self._visit(function[2], around, function, False)
            if function[3] in FILLING:
                self._filling(node, function, around)
            elif function[3] in PROVIDING and is_provider(node, self.module):
                self.provider(node)
                return
        elif function[0] != "name":
            self._visit(function, around, node, False)
        for argument in node[3]:
            if argument[0] not in LEAVES:
                self._visit(argument, around, node, False)
        for _, value in node[4]:
            if value[0] not in LEAVES:
                self._visit(value, around, node, False)

    def provider(self, node: Expression) -> None:
        """`providers.Factory(Client, timeout=5)`: a function that calls `Client(timeout=5)`, when it is asked to."""
        _, at, _, arguments, keywords = node
        made = ("call", at, arguments[0], arguments[1:], keywords)
        function = Function(PROVIDER, self.module, self.scope, ("lambda", at, (), made, node), (("return", at, made),))
        self.scope.functions.append(function)
        _Collector(self.module, function).block(function.body, None)

    def lambda_(self, node: Expression, around: Enclosing | None) -> None:
        _, at, parameters, body = node
        function = Function("<lambda>", self.module, self.scope, node, (("return", at, body),))
        self.place(function)
        self.scope.functions.append(function)
        self.signature(function, parameters, around)
        _Collector(self.module, function).block(function.body, None)

    def comprehension(self, node: Expression, around: Enclosing | None) -> None:
        _, _, _, elements, generators = node
        for target, iterable, tests, _ in generators:
            self._visit(iterable, around, node, False)
            self.target(target, iterable, around, kind="element")
            around = Enclosing("comprehension", node, around)
            for test in tests:
                self._visit(test, around, node, False)
        for element in elements:
            self._visit(element, around, node, False)


_READERS: dict[str, Callable[[_Collector, Statement, Enclosing | None], None]] = {
    name[1:]: reader for name, reader in vars(_Collector).items() if name[:1] == "_" and name[:2] != "__"
}
