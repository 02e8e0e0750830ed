"""Expressions of `ast` -> tuples, in one table-driven pass."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from typing import Any

from aiaudit.sources.python.facts import (
    ANY,
    INTERPOLATION,
    KEYWORD,
    KEYWORDS,
    POSITIONAL,
    VARIADIC,
    At,
    Expression,
    Parameter,
)


class ExpressionReader:
    """Turns expressions into tuples. Columns of `ast` count UTF-8 bytes, those of facts characters."""

    def __init__(self, text: str) -> None:
        self.wide: dict[int, bytes] = {}  # the lines in which bytes and characters differ
        self.yields = False
        # One object a line number, not one a node: they are most of what a big program's facts would weigh.
        self.numbers = list(range(text.count("\n") + text.count("\r") + text.count("\f") + 2))
        if not text.isascii():
            lines = enumerate(_lines(text), 1)
            self.wide = {n: line.encode("utf-8", "surrogatepass") for n, line in lines if not line.isascii()}
        self.at: Callable[[Any], At] = self._at_bytes if self.wide else _places(self.numbers)

    def _at_bytes(self, node: Any) -> At:
        line, end_line = node.lineno, node.end_lineno
        start, end = self.character(line, node.col_offset), self.character(end_line, node.end_col_offset)
        return (self.numbers[line], start + 1, self.numbers[end_line], end + 1)

    def character(self, line: int, offset: int) -> int:
        raw = self.wide.get(line)
        return offset if raw is None else len(raw[:offset].decode("utf-8", "replace"))

    # Most lists of nodes have one or none: they are read without a comprehension, which is a function of its own.

    def one(self, node: Any) -> Expression:
        return EXPRESSIONS[type(node)](self, node)

    def maybe(self, node: Any) -> Expression | None:
        return None if node is None else EXPRESSIONS[type(node)](self, node)

    def many(self, nodes: Sequence[Any]) -> tuple[Expression, ...]:
        if len(nodes) < 2:
            return (EXPRESSIONS[type(nodes[0])](self, nodes[0]),) if nodes else ()
        return tuple([EXPRESSIONS[type(node)](self, node) for node in nodes])

    def keywords(self, nodes: Sequence[ast.keyword]) -> tuple[tuple[str | None, Expression], ...]:
        if len(nodes) < 2:
            return ((nodes[0].arg, self.one(nodes[0].value)),) if nodes else ()
        return tuple([(node.arg, EXPRESSIONS[type(node.value)](self, node.value)) for node in nodes])

    def annotation(self, node: Any) -> Expression | None:
        """An annotation; strings in it are read as the expressions they hold, at the places of the strings."""
        if node is None:
            return None
        if isinstance(node, ast.Starred):  # `*args: *Ts`
            return self.one(node.value)
        return self.one(_unquoted(node))

    def parameters(self, arguments: ast.arguments) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        plain = [(a, POSITIONAL) for a in arguments.posonlyargs] + [(a, ANY) for a in arguments.args]
        defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
        for (argument, kind), default in zip(plain, defaults, strict=True):
            found.append(self.parameter(argument, kind, default))
        if arguments.vararg:
            found.append(self.parameter(arguments.vararg, VARIADIC, None))
        for argument, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            found.append(self.parameter(argument, KEYWORD, keyword_default))
        if arguments.kwarg:
            found.append(self.parameter(arguments.kwarg, KEYWORDS, None))
        return tuple(found)

    def parameter(self, argument: ast.arg, kind: str, default: Any) -> Parameter:
        return (argument.arg, kind, self.annotation(argument.annotation), self.maybe(default), self.at(argument))


def _places(numbers: list[int]) -> Callable[[Any], At]:
    """Tells where a node stands in a text in which bytes and characters are the same."""

    def at(node: Any) -> At:
        return (numbers[node.lineno], node.col_offset + 1, numbers[node.end_lineno], node.end_col_offset + 1)

    return at


def _unquoted(node: Any) -> Any:
    """An annotation with the names of types that stand in it as strings: `list["Message"]`, `"Message | None"`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            inner = ast.parse(node.value.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return node
        for part in ast.walk(inner):
            ast.copy_location(part, node)
        return inner
    if isinstance(node, ast.BinOp):
        node.left, node.right = _unquoted(node.left), _unquoted(node.right)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, (ast.Name, ast.Attribute)):
        name = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
        if isinstance(node.slice, ast.Tuple) and name != "Literal":
            types = 1 if name == "Annotated" else len(node.slice.elts)
            node.slice.elts[:types] = [_unquoted(part) for part in node.slice.elts[:types]]
        elif name != "Literal":
            node.slice = _unquoted(node.slice)
    return node


def _lines(text: str) -> list[str]:
    """Lines as the tokenizer counts them: form feeds and Unicode separators end no line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


# Names, attributes and constants are most of a program's nodes: where they stand is written out, as `_places` has it,
# which saves a tenth of the reading.


def _name(r: ExpressionReader, n: Any) -> Expression:
    if r.wide:
        return ("name", r.at(n), n.id)
    numbers = r.numbers
    return ("name", (numbers[n.lineno], n.col_offset + 1, numbers[n.end_lineno], n.end_col_offset + 1), n.id)


def _attribute(r: ExpressionReader, n: Any) -> Expression:
    value = n.value
    read = EXPRESSIONS[type(value)](r, value)
    if r.wide:
        return ("attr", r.at(n), read, n.attr)
    numbers = r.numbers
    return ("attr", (numbers[n.lineno], n.col_offset + 1, numbers[n.end_lineno], n.end_col_offset + 1), read, n.attr)


def _constant(r: ExpressionReader, n: Any) -> Expression:
    if r.wide:
        return ("const", r.at(n), n.value)
    numbers = r.numbers
    return ("const", (numbers[n.lineno], n.col_offset + 1, numbers[n.end_lineno], n.end_col_offset + 1), n.value)


def _call(r: ExpressionReader, n: ast.Call) -> Expression:
    function, arguments, keywords = n.func, n.args, n.keywords
    if type(function) is ast.Name and function.id == INTERPOLATION:
        return ("fstr", r.at(n), _parts(r, n, [_field(argument) for argument in arguments]))
    # Half of a program's expressions are calls and what they call: the readers are asked without a step between.
    return (
        "call",
        r.at(n),
        EXPRESSIONS[type(function)](r, function),
        r.many(arguments) if arguments else (),
        r.keywords(keywords) if keywords else (),
    )


def _joined(r: ExpressionReader, n: Any) -> Expression:
    return ("fstr", r.at(n), _parts(r, n, n.values))


def _parts(r: ExpressionReader, n: Any, values: Sequence[Any]) -> tuple[Expression, ...]:
    """Literal parts stand for the whole string (interpreters disagree about their places), neighbours are one."""
    found: list[Expression] = []
    at = r.at(n)
    text = ""
    for value in values:
        if type(value) is ast.Constant and isinstance(value.value, str):
            text += value.value
            continue
        if text:
            found.append(("const", at, text))
            text = ""
        found.append(r.one(value))
    return (*found, ("const", at, text)) if text else tuple(found)


def _field(argument: ast.expr) -> ast.expr:
    """A field of a rewritten string: literals and tuples are wrapped to tell them from literal parts."""
    if type(argument) is ast.Tuple and len(argument.elts) == 1:
        return ast.copy_location(ast.FormattedValue(argument.elts[0], -1, None), argument)
    return argument


def _formatted(r: ExpressionReader, n: Any) -> Expression:
    return r.one(n.value)


def _binary(r: ExpressionReader, n: ast.BinOp) -> Expression:
    # A chain `a + b + c + ...` leans left: walk down iteratively, since generated code makes it thousands deep.
    spine = [n]
    while isinstance(spine[-1].left, ast.BinOp):
        spine.append(spine[-1].left)
    value = r.one(spine[-1].left)
    for node in reversed(spine):
        value = ("bin", r.at(node), type(node.op).__name__, value, r.one(node.right))
    return value


def _boolean(r: ExpressionReader, n: ast.BoolOp) -> Expression:
    return ("bool", r.at(n), type(n.op).__name__, r.many(n.values))


def _compare(r: ExpressionReader, n: ast.Compare) -> Expression:
    operators = n.ops
    if len(operators) == 1:
        names: tuple[str, ...] = (type(operators[0]).__name__,)
    else:
        names = tuple([type(operator).__name__ for operator in operators])
    return ("cmp", r.at(n), r.one(n.left), names, r.many(n.comparators))


def _unary(r: ExpressionReader, n: ast.UnaryOp) -> Expression:
    return ("unary", r.at(n), type(n.op).__name__, r.one(n.operand))


def _subscript(r: ExpressionReader, n: ast.Subscript) -> Expression:
    return ("sub", r.at(n), r.one(n.value), r.one(n.slice))


def _slice(r: ExpressionReader, n: ast.Slice) -> Expression:
    return ("slice", r.at(n), r.maybe(n.lower), r.maybe(n.upper), r.maybe(n.step))


def _sequence(tag: str) -> Callable[[ExpressionReader, Any], Expression]:
    def read(r: ExpressionReader, n: Any) -> Expression:
        return (tag, r.at(n), r.many(n.elts))

    return read


def _dict(r: ExpressionReader, n: ast.Dict) -> Expression:
    return ("dict", r.at(n), tuple([(r.maybe(k), r.one(v)) for k, v in zip(n.keys, n.values, strict=True)]))


def _conditional(r: ExpressionReader, n: ast.IfExp) -> Expression:
    return ("ifexp", r.at(n), r.one(n.test), r.one(n.body), r.one(n.orelse))


def _lambda(r: ExpressionReader, n: ast.Lambda) -> Expression:
    outer = r.yields  # a lambda's yield is its own
    body = r.one(n.body)
    r.yields = outer
    return ("lambda", r.at(n), r.parameters(n.args), body)


def _comprehension(kind: str) -> Callable[[ExpressionReader, Any], Expression]:
    def read(r: ExpressionReader, n: Any) -> Expression:
        elements = r.many((n.key, n.value)) if kind == "dict" else (r.one(n.elt),)
        parts = [(r.one(g.target), r.one(g.iter), r.many(g.ifs), bool(g.is_async)) for g in n.generators]
        return ("comp", r.at(n), kind, elements, tuple(parts))

    return read


def _await(r: ExpressionReader, n: ast.Await) -> Expression:
    return ("await", r.at(n), r.one(n.value))


def _yield(r: ExpressionReader, n: ast.Yield) -> Expression:
    r.yields = True
    return ("yield", r.at(n), r.maybe(n.value))


def _yield_from(r: ExpressionReader, n: ast.YieldFrom) -> Expression:
    r.yields = True
    return ("yieldfrom", r.at(n), r.one(n.value))


def _walrus(r: ExpressionReader, n: ast.NamedExpr) -> Expression:
    return ("walrus", r.at(n), r.one(n.target), r.one(n.value))


def _starred(r: ExpressionReader, n: ast.Starred) -> Expression:
    return ("star", r.at(n), r.one(n.value))


EXPRESSIONS: dict[type, Callable[[ExpressionReader, Any], Expression]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.List: _sequence("list"),
    ast.Tuple: _sequence("tuple"),
    ast.Set: _sequence("set"),
    ast.Dict: _dict,
    ast.IfExp: _conditional,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension("list"),
    ast.SetComp: _comprehension("set"),
    ast.GeneratorExp: _comprehension("generator"),
    ast.DictComp: _comprehension("dict"),
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.NamedExpr: _walrus,
    ast.Starred: _starred,
}
if sys.version_info >= (3, 14):
    EXPRESSIONS[ast.TemplateStr] = _joined
    EXPRESSIONS[ast.Interpolation] = _formatted
