"""Source text -> the facts of a module, in one table-driven pass over `ast`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from typing import Any

from aiaudit.patterns import regex
from aiaudit.sources.python.chains import is_entangled
from aiaudit.sources.python.expressions import EXPRESSIONS, ExpressionReader
from aiaudit.sources.python.facts import At, PythonFacts, Statement
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


class _Reader(ExpressionReader):
    """Turns statements into tuples too."""

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

    def name_at(self, node: Any, keyword: str) -> At:
        """Where the name of a definition stands: after its keyword on the first line (decorators come before)."""
        line, column = node.lineno, self.at(node)[1] + len(keyword)
        return (line, column, line, column + len(node.name))


def _assign(r: _Reader, n: ast.Assign) -> Statement:
    return ("assign", r.at(n), r.many(n.targets), r.one(n.value))


def _annotated(r: _Reader, n: ast.AnnAssign) -> Statement:
    return ("ann", r.at(n), r.one(n.target), r.annotation(n.annotation), r.maybe(n.value))


def _augmented(r: _Reader, n: ast.AugAssign) -> Statement:
    return ("aug", r.at(n), r.one(n.target), type(n.op).__name__, r.one(n.value))


def _expression(r: _Reader, n: ast.Expr) -> Statement:
    at, value = r.at(n), EXPRESSIONS[type(n.value)](r, n.value)
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
