"""Source text -> the facts of a module, in one table-driven pass over `ast`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from typing import Any

from aiaudit.patterns import regex
from aiaudit.sources.python.chains import is_entangled
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
    PythonFacts,
    Statement,
)
from aiaudit.sources.python.syntax import parse

VERSION = 2

# Real modules nest some tens of levels; generated ones chain thousands of `+`. Beyond this a file is named as unread.
DEPTH = 6000
# Python 3.10 turns a tree into objects without counting levels, and overflows the stack beyond some ten thousand.
CHAIN, LONG = 40_000, 80_000
_SURROGATES = regex("[\ud800-\udfff]")


def extract(text: str) -> PythonFacts:
    """The facts of one module; a text that is no Python gives a problem and no statements."""
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return ("source code cannot contain null bytes", line, 1), ()
    if sys.version_info < (3, 11) and len(text) > LONG and is_entangled(text, CHAIN, CHAIN):
        return ("too deeply nested to read", 1, 1), ()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEPTH))
    try:
        tree, text = _parse(_encodable(text.removeprefix("\ufeff")))
        return None, _Reader(text).block(tree.body)
    except SyntaxError as error:
        return (error.msg or "invalid syntax", error.lineno or 1, error.offset or 1), ()
    except (RecursionError, MemoryError):
        return ("too deeply nested to read", 1, 1), ()
    except ValueError as error:  # numbers longer than the interpreter converts
        return (str(error), 1, 1), ()
    finally:
        sys.setrecursionlimit(limit)


def _encodable(text: str) -> str:
    """Bytes that are no UTF-8 (carried as lone surrogates) as replacement characters, one for one."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def _parse(text: str) -> tuple[ast.Module, str]:
    """The syntax tree and the text that its columns speak of (newer grammar than the interpreter's is lowered)."""
    try:
        return parse(text), text
    except SyntaxError as error:
        from aiaudit.sources.python.lower import lower

        lowered = lower(text)
        if lowered is None:
            raise error
        return parse(lowered), lowered


class _Reader:
    """Turns nodes into tuples. Columns of `ast` count UTF-8 bytes, those of facts characters."""

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

    def block(self, body: Sequence[Any]) -> tuple[Statement, ...]:
        if len(body) < 2:
            return (_STATEMENTS[type(body[0])](self, body[0]),) if body else ()
        return tuple([_STATEMENTS[type(node)](self, node) for node in body])

    def own_block(self, body: Sequence[Any]) -> tuple[tuple[Statement, ...], bool]:
        """The statements of a function or class, and whether they yield."""
        outer, self.yields = self.yields, False
        statements = self.block(body)
        found, self.yields = self.yields, outer
        return statements, found

    def one(self, node: Any) -> Expression:
        return _EXPRESSIONS[type(node)](self, node)

    def maybe(self, node: Any) -> Expression | None:
        return None if node is None else _EXPRESSIONS[type(node)](self, node)

    def many(self, nodes: Sequence[Any]) -> tuple[Expression, ...]:
        if len(nodes) < 2:
            return (_EXPRESSIONS[type(nodes[0])](self, nodes[0]),) if nodes else ()
        return tuple([_EXPRESSIONS[type(node)](self, node) for node in nodes])

    def keywords(self, nodes: Sequence[ast.keyword]) -> tuple[tuple[str | None, Expression], ...]:
        if len(nodes) < 2:
            return ((nodes[0].arg, self.one(nodes[0].value)),) if nodes else ()
        return tuple([(node.arg, _EXPRESSIONS[type(node.value)](self, node.value)) for node in nodes])

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

    def name_at(self, node: Any, keyword: str) -> At:
        """Where the name of a definition stands: after its keyword on the first line (decorators come before)."""
        line, column = node.lineno, self.at(node)[1] + len(keyword)
        return (line, column, line, column + len(node.name))


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


def _name(r: _Reader, n: Any) -> Expression:
    if r.wide:
        return ("name", r.at(n), n.id)
    numbers = r.numbers
    return ("name", (numbers[n.lineno], n.col_offset + 1, numbers[n.end_lineno], n.end_col_offset + 1), n.id)


def _attribute(r: _Reader, n: Any) -> Expression:
    value = n.value
    read = _EXPRESSIONS[type(value)](r, value)
    if r.wide:
        return ("attr", r.at(n), read, n.attr)
    numbers = r.numbers
    return ("attr", (numbers[n.lineno], n.col_offset + 1, numbers[n.end_lineno], n.end_col_offset + 1), read, n.attr)


def _constant(r: _Reader, n: Any) -> Expression:
    if r.wide:
        return ("const", r.at(n), n.value)
    numbers = r.numbers
    return ("const", (numbers[n.lineno], n.col_offset + 1, numbers[n.end_lineno], n.end_col_offset + 1), n.value)


def _call(r: _Reader, n: ast.Call) -> Expression:
    function, arguments, keywords = n.func, n.args, n.keywords
    if type(function) is ast.Name and function.id == INTERPOLATION:
        return ("fstr", r.at(n), _parts(r, n, [_field(argument) for argument in arguments]))
    # Half of a program's expressions are calls and what they call: the readers are asked without a step between.
    return (
        "call",
        r.at(n),
        _EXPRESSIONS[type(function)](r, function),
        r.many(arguments) if arguments else (),
        r.keywords(keywords) if keywords else (),
    )


def _joined(r: _Reader, n: Any) -> Expression:
    return ("fstr", r.at(n), _parts(r, n, n.values))


def _parts(r: _Reader, n: Any, values: Sequence[Any]) -> tuple[Expression, ...]:
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


def _formatted(r: _Reader, n: Any) -> Expression:
    return r.one(n.value)


def _binary(r: _Reader, n: ast.BinOp) -> Expression:
    # A chain `a + b + c + ...` leans left: walk down iteratively, since generated code makes it thousands deep.
    spine = [n]
    while isinstance(spine[-1].left, ast.BinOp):
        spine.append(spine[-1].left)
    value = r.one(spine[-1].left)
    for node in reversed(spine):
        value = ("bin", r.at(node), type(node.op).__name__, value, r.one(node.right))
    return value


def _boolean(r: _Reader, n: ast.BoolOp) -> Expression:
    return ("bool", r.at(n), type(n.op).__name__, r.many(n.values))


def _compare(r: _Reader, n: ast.Compare) -> Expression:
    operators = n.ops
    if len(operators) == 1:
        names: tuple[str, ...] = (type(operators[0]).__name__,)
    else:
        names = tuple([type(operator).__name__ for operator in operators])
    return ("cmp", r.at(n), r.one(n.left), names, r.many(n.comparators))


def _unary(r: _Reader, n: ast.UnaryOp) -> Expression:
    return ("unary", r.at(n), type(n.op).__name__, r.one(n.operand))


def _subscript(r: _Reader, n: ast.Subscript) -> Expression:
    return ("sub", r.at(n), r.one(n.value), r.one(n.slice))


def _slice(r: _Reader, n: ast.Slice) -> Expression:
    return ("slice", r.at(n), r.maybe(n.lower), r.maybe(n.upper), r.maybe(n.step))


def _sequence(tag: str) -> Callable[[_Reader, Any], Expression]:
    def read(r: _Reader, n: Any) -> Expression:
        return (tag, r.at(n), r.many(n.elts))

    return read


def _dict(r: _Reader, n: ast.Dict) -> Expression:
    return ("dict", r.at(n), tuple([(r.maybe(k), r.one(v)) for k, v in zip(n.keys, n.values, strict=True)]))


def _conditional(r: _Reader, n: ast.IfExp) -> Expression:
    return ("ifexp", r.at(n), r.one(n.test), r.one(n.body), r.one(n.orelse))


def _lambda(r: _Reader, n: ast.Lambda) -> Expression:
    outer = r.yields  # a lambda's yield is its own
    body = r.one(n.body)
    r.yields = outer
    return ("lambda", r.at(n), r.parameters(n.args), body)


def _comprehension(kind: str) -> Callable[[_Reader, Any], Expression]:
    def read(r: _Reader, n: Any) -> Expression:
        elements = r.many((n.key, n.value)) if kind == "dict" else (r.one(n.elt),)
        parts = [(r.one(g.target), r.one(g.iter), r.many(g.ifs), bool(g.is_async)) for g in n.generators]
        return ("comp", r.at(n), kind, elements, tuple(parts))

    return read


def _await(r: _Reader, n: ast.Await) -> Expression:
    return ("await", r.at(n), r.one(n.value))


def _yield(r: _Reader, n: ast.Yield) -> Expression:
    r.yields = True
    return ("yield", r.at(n), r.maybe(n.value))


def _yield_from(r: _Reader, n: ast.YieldFrom) -> Expression:
    r.yields = True
    return ("yieldfrom", r.at(n), r.one(n.value))


def _walrus(r: _Reader, n: ast.NamedExpr) -> Expression:
    return ("walrus", r.at(n), r.one(n.target), r.one(n.value))


def _starred(r: _Reader, n: ast.Starred) -> Expression:
    return ("star", r.at(n), r.one(n.value))


_EXPRESSIONS: dict[type, Callable[[_Reader, Any], Expression]] = {
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
    _EXPRESSIONS[ast.TemplateStr] = _joined
    _EXPRESSIONS[ast.Interpolation] = _formatted


def _assign(r: _Reader, n: ast.Assign) -> Statement:
    return ("assign", r.at(n), r.many(n.targets), r.one(n.value))


def _annotated(r: _Reader, n: ast.AnnAssign) -> Statement:
    return ("ann", r.at(n), r.one(n.target), r.annotation(n.annotation), r.maybe(n.value))


def _augmented(r: _Reader, n: ast.AugAssign) -> Statement:
    return ("aug", r.at(n), r.one(n.target), type(n.op).__name__, r.one(n.value))


def _expression(r: _Reader, n: ast.Expr) -> Statement:
    at, value = r.at(n), _EXPRESSIONS[type(n.value)](r, n.value)
    return ("expr", value[1] if value[1] == at else at, value)  # hardly ever two extents: kept once


def _return(r: _Reader, n: ast.Return) -> Statement:
    return ("return", r.at(n), r.maybe(n.value))


def _if(r: _Reader, n: ast.If) -> Statement:
    return ("if", r.at(n), r.one(n.test), r.block(n.body), r.block(n.orelse))


def _while(r: _Reader, n: ast.While) -> Statement:
    return ("while", r.at(n), r.one(n.test), r.block(n.body), r.block(n.orelse))


def _for(r: _Reader, n: ast.For | ast.AsyncFor) -> Statement:
    asynchronous = type(n) is ast.AsyncFor
    return ("for", r.at(n), r.one(n.target), r.one(n.iter), r.block(n.body), r.block(n.orelse), asynchronous)


def _with(r: _Reader, n: ast.With | ast.AsyncWith) -> Statement:
    items = tuple([(r.one(item.context_expr), r.maybe(item.optional_vars)) for item in n.items])
    return ("with", r.at(n), items, r.block(n.body), type(n) is ast.AsyncWith)


def _try(r: _Reader, n: Any) -> Statement:
    handlers = tuple([(r.maybe(h.type), h.name, r.block(h.body), r.at(h)) for h in n.handlers])
    return ("try", r.at(n), r.block(n.body), handlers, r.block(n.orelse), r.block(n.finalbody))


def _raise(r: _Reader, n: ast.Raise) -> Statement:
    return ("raise", r.at(n), r.maybe(n.exc))


def _function(r: _Reader, n: ast.FunctionDef | ast.AsyncFunctionDef) -> Statement:
    asynchronous = type(n) is ast.AsyncFunctionDef
    body, generator = r.own_block(n.body)
    return (
        "def",
        r.at(n),
        n.name,
        r.parameters(n.args),
        r.annotation(n.returns),
        r.many(n.decorator_list),
        body,
        asynchronous,
        generator,
        r.name_at(n, "async def " if asynchronous else "def "),
    )


def _class(r: _Reader, n: ast.ClassDef) -> Statement:
    return (
        "class",
        r.at(n),
        n.name,
        r.many(n.bases),
        r.keywords(n.keywords),
        r.many(n.decorator_list),
        r.own_block(n.body)[0],
        r.name_at(n, "class "),
    )


def _import(r: _Reader, n: ast.Import) -> Statement:
    return ("import", r.at(n), tuple([(a.name, a.asname) for a in n.names]))


def _import_from(r: _Reader, n: ast.ImportFrom) -> Statement:
    return ("from", r.at(n), n.level, n.module or "", tuple([(a.name, a.asname) for a in n.names]))


def _global(r: _Reader, n: ast.Global | ast.Nonlocal) -> Statement:
    return ("global", r.at(n), tuple(n.names))


def _assert(r: _Reader, n: ast.Assert) -> Statement:
    return ("assert", r.at(n), r.one(n.test), r.maybe(n.msg))


def _delete(r: _Reader, n: ast.Delete) -> Statement:
    return ("del", r.at(n), r.many(n.targets))


def _match(r: _Reader, n: ast.Match) -> Statement:
    cases = []
    for case in n.cases:
        names = [getattr(p, "name", None) or getattr(p, "rest", None) for p in ast.walk(case.pattern)]
        cases.append((tuple([name for name in names if name]), r.maybe(case.guard), r.block(case.body)))
    return ("match", r.at(n), r.one(n.subject), tuple(cases))


def _bare(tag: str) -> Callable[[_Reader, Any], Statement]:
    def read(r: _Reader, n: Any) -> Statement:
        return (tag, r.at(n))

    return read


_STATEMENTS: dict[type, Callable[[_Reader, Any], Statement]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
    ast.Return: _return,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Raise: _raise,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _global,
    ast.Nonlocal: _global,
    ast.Assert: _assert,
    ast.Delete: _delete,
    ast.Match: _match,
    ast.Pass: _bare("pass"),
    ast.Break: _bare("break"),
    ast.Continue: _bare("continue"),
}
if sys.version_info >= (3, 11):
    _STATEMENTS[ast.TryStar] = _try
if sys.version_info >= (3, 12):
    _STATEMENTS[ast.TypeAlias] = lambda r, n: ("assign", r.at(n), (r.one(n.name),), r.one(n.value))
