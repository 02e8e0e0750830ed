"""Newer grammar than the interpreter's, rewritten to the older form: each construct stays on its line.

Imported only when `ast` has refused a text, since importing libcst costs more than reading most services.

What `ast` of an old interpreter cannot say at all (an interpolated string whose fields hold the quotes around it, a
template string) becomes a call of `INTERPOLATION`, which the extractor reads as the string that it stands for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

import libcst as cst

from aiaudit.patterns import regex
from aiaudit.sources.python.chains import is_entangled
from aiaudit.sources.python.facts import INTERPOLATION

_PREFIX = regex(r"^([A-Za-z]*)('''|\"\"\"|'|\")")
# The parser of libcst recurses natively: beyond some thousand levels it takes the process with it, and its time grows
# with the square of a chain's length. No code that people write comes near these.
NESTING, CHAIN = 100, 1500


def lower(text: str) -> str | None:
    """The text in the grammar of Python 3.10 with as many lines, None where it is no Python at all."""
    if is_entangled(text, NESTING, CHAIN):
        return None
    try:
        module = cst.parse_module(text)
        lowered = module.visit(_Lowering()).code
    except (cst.ParserSyntaxError, cst.CSTLogicError, cst.CSTValidationError, RecursionError, ValueError):
        return None
    return lowered if _breaks(lowered) == _breaks(text) else None


class _Lowering(cst.CSTTransformer):
    """Replaces what Python 3.10 does not know; lines lost with a construct are put back as whitespace."""

    def __init__(self) -> None:
        super().__init__()
        self.adjacent: set[int] = set()  # ids of strings that stand beside another

    # Type parameters (PEP 695, 696): the facts have no use for them.

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        parameters = updated_node.type_parameters
        if parameters is None:
            return updated_node
        return updated_node.with_changes(type_parameters=None, whitespace_after_name=_continued(_code(parameters)))

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        parameters = updated_node.type_parameters
        if parameters is None:
            return updated_node
        return updated_node.with_changes(type_parameters=None, whitespace_after_name=_continued(_code(parameters)))

    def leave_TypeAlias(self, original_node: cst.TypeAlias, updated_node: cst.TypeAlias) -> Any:
        """`type X[T] = V` is an assignment as far as names go."""
        dropped = _code(updated_node).removesuffix(_code(updated_node.value))
        target = cst.AssignTarget(updated_node.name, whitespace_before_equal=_continued(dropped))
        return cst.Assign(targets=(target,), value=updated_node.value, semicolon=updated_node.semicolon)

    # Exceptions (PEP 654, 758)

    def leave_TryStar(self, original_node: cst.TryStar, updated_node: cst.TryStar) -> cst.Try:
        handlers = [
            cst.ExceptHandler(
                body=handler.body,
                type=handler.type,
                name=handler.name,
                leading_lines=handler.leading_lines,
                whitespace_after_except=_continued(
                    _code(handler.whitespace_after_except) + _code(handler.whitespace_after_star)
                ),
                whitespace_before_colon=handler.whitespace_before_colon,
            )
            for handler in updated_node.handlers
        ]
        return cst.Try(
            body=updated_node.body,
            handlers=handlers,
            orelse=updated_node.orelse,
            finalbody=updated_node.finalbody,
            leading_lines=updated_node.leading_lines,
            whitespace_before_colon=updated_node.whitespace_before_colon,
        )

    def leave_ExceptHandler(self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler) -> Any:
        return updated_node.with_changes(type=_parenthesized(updated_node.type))

    def leave_ExceptStarHandler(self, original_node: cst.ExceptStarHandler, updated_node: cst.ExceptStarHandler) -> Any:
        return updated_node.with_changes(type=_parenthesized(updated_node.type))

    # Stars in new places (PEP 646, 798)

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.BaseExpression:
        elements = updated_node.slice
        if not any(isinstance(e.slice, cst.Index) and e.slice.star for e in elements):
            return updated_node
        if any(isinstance(e.slice, cst.Slice) for e in elements):
            changed = [e.with_changes(slice=_tupled_index(e.slice)) for e in elements]
            return updated_node.with_changes(slice=changed)
        items = [_element(e.slice, e.comma) for e in elements]
        if len(items) == 1 and not isinstance(items[0].comma, cst.Comma):
            items = [items[0].with_changes(comma=cst.Comma())]
        index = cst.Index(cst.Tuple(items, lpar=[cst.LeftParen()], rpar=[cst.RightParen()]))
        return updated_node.with_changes(slice=[cst.SubscriptElement(index)])

    def leave_Annotation(self, original_node: cst.Annotation, updated_node: cst.Annotation) -> cst.Annotation:
        inner: Any = updated_node.annotation
        if not isinstance(inner, cst.StarredElement):
            return updated_node
        after = _continued(_code(updated_node.whitespace_after_indicator) + _code(inner.whitespace_before_value))
        return updated_node.with_changes(annotation=inner.value, whitespace_after_indicator=after)

    def leave_ListComp(self, original_node: cst.ListComp, updated_node: cst.ListComp) -> cst.ListComp:
        return updated_node.with_changes(elt=_tupled(updated_node.elt))

    def leave_SetComp(self, original_node: cst.SetComp, updated_node: cst.SetComp) -> cst.SetComp:
        return updated_node.with_changes(elt=_tupled(updated_node.elt))

    def leave_GeneratorExp(self, original_node: cst.GeneratorExp, updated_node: cst.GeneratorExp) -> cst.GeneratorExp:
        return updated_node.with_changes(elt=_tupled(updated_node.elt))

    # Lazy imports (PEP 810)

    def leave_LazyImport(self, original_node: Any, updated_node: Any) -> Any:
        return cst.Import(names=updated_node.names, semicolon=updated_node.semicolon)

    def leave_LazyImportFrom(self, original_node: Any, updated_node: Any) -> Any:
        kept = ("module", "names", "relative", "lpar", "rpar", "semicolon")
        return cst.ImportFrom(**{name: getattr(updated_node, name) for name in kept})

    # Interpolated strings (PEP 701, 750)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> None:
        self.adjacent.update((id(node.left), id(node.right)))

    def leave_FormattedString(self, original_node: cst.FormattedString, updated_node: Any) -> cst.BaseExpression:
        if id(original_node) in self.adjacent or _is_old(updated_node):
            return updated_node  # type: ignore[no-any-return]
        return _interpolation(updated_node)

    def leave_TemplatedString(self, original_node: Any, updated_node: Any) -> cst.BaseExpression:
        return updated_node if id(original_node) in self.adjacent else _interpolation(updated_node)

    def leave_ConcatenatedString(self, original_node: cst.ConcatenatedString, updated_node: Any) -> cst.BaseExpression:
        """`"a" f"{b}"`: where one part becomes a call, all go into it."""
        strings = list(_strings(updated_node))
        if id(original_node) in self.adjacent or all(_is_old(part) for part, _ in strings):
            return updated_node  # type: ignore[no-any-return]
        arguments: list[cst.Arg] = []
        for part, gap in strings:
            *most, last = _arguments_of(part)
            comma = last.comma.with_changes(whitespace_after=gap)
            arguments.extend((*most, last.with_changes(comma=comma)))
        # Nothing need stand between a keyword and a string, but between a keyword and a name.
        return _in_parentheses(_call(arguments, updated_node))  # type: ignore[no-any-return]


def _interpolation(node: Any) -> cst.Call:
    """`f"a{b}c"` as `__interpolated__("a", b, "c")`: literal parts as strings, fields as expressions."""
    match = _PREFIX.match(node.start)
    letters, quotes = match.groups() if match else ("", '"')
    prefix = "r" if "r" in letters.lower() else ""
    arguments: list[cst.Arg] = []
    for part in node.parts:
        if hasattr(part, "expression"):
            arguments.extend(_field(part))
        else:
            literal = part.value.replace("{{", "{").replace("}}", "}")
            arguments.extend(_argument(cst.SimpleString(piece)) for piece in _literals(literal, prefix, quotes))
    return _call(arguments or [_argument(cst.SimpleString('""'))], node)


def _literals(literal: str, prefix: str, quotes: str) -> Iterator[str]:
    """String literals for the text between two fields, which may end in what would spoil the closing quotes."""
    body = literal.rstrip(quotes[0])
    tail = literal[len(body) :]
    slashes = len(body) - len(body.rstrip("\\"))
    if slashes % 2:
        body, tail = (body + tail[:1], tail[1:]) if tail else (body[:-1], "\\")
    if body:
        yield f"{prefix}{quotes}{body}{quotes}"
    if tail:
        yield repr(tail)


def _field(part: Any) -> Iterator[cst.Arg]:
    """What stands between braces; `=` repeats the text of the field before its value."""
    before, after = part.whitespace_before_expression, part.whitespace_after_expression
    dropped = "".join(_code(piece) for piece in part.format_spec or ())
    if part.equal is not None:
        dropped += _code(part.equal)
        shown = _code(before) + _code(part.expression) + _code(after) + _code(part.equal)
        yield _argument(cst.SimpleString(repr(shown)))
    comma = cst.Comma(whitespace_before=_lines_after(after, dropped))
    yield cst.Arg(value=_alone(part.expression), whitespace_after_star=before, comma=comma)


def _alone(expression: Any) -> Any:
    """A field as one argument that cannot be taken for a literal part: strings and tuples go into a tuple of one."""
    if isinstance(expression, cst.Yield):
        return _in_parentheses(expression)
    if isinstance(expression, (cst.Tuple, cst.SimpleString, cst.ConcatenatedString)):
        inner = _in_parentheses(expression)
        return cst.Tuple([cst.Element(inner, comma=cst.Comma())], lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return expression


def _in_parentheses(expression: Any) -> Any:
    if expression is None or expression.lpar:
        return expression
    return expression.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _argument(value: cst.BaseExpression) -> cst.Arg:
    return cst.Arg(value=value, comma=cst.Comma())


def _call(arguments: Sequence[cst.Arg], node: Any) -> cst.Call:
    return cst.Call(func=cst.Name(INTERPOLATION), args=list(arguments), lpar=node.lpar, rpar=node.rpar)


def _is_old(node: Any) -> bool:
    """Whether the running interpreter reads an interpolated string, its inner ones being rewritten already."""
    try:
        ast.parse(f"({_code(node)})", mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _strings(node: Any) -> Iterator[tuple[Any, Any]]:
    """The parts of adjacent strings, with the whitespace after each."""
    while isinstance(node, cst.ConcatenatedString):
        yield node.left, node.whitespace_between
        node = node.right
    yield node, cst.SimpleWhitespace("")


def _arguments_of(part: Any) -> Sequence[Any]:
    return (_argument(part),) if isinstance(part, cst.SimpleString) else _interpolation(part).args


def _parenthesized(kind: Any) -> Any:
    """`except A, B:` as `except (A, B):`."""
    return _in_parentheses(kind) if isinstance(kind, cst.Tuple) else kind


def _element(index: Any, comma: Any) -> cst.BaseElement:
    if index.star:
        return cst.StarredElement(index.value, comma=comma)
    return cst.Element(index.value, comma=comma)


def _tupled_index(index: Any) -> Any:
    if not isinstance(index, cst.Index) or not index.star:
        return index
    return cst.Index(_tuple_of(cst.StarredElement(index.value)))


def _tupled(element: Any) -> Any:
    """`[*a for a in b]`: the nearest that may stand there is `[(*a,) for a in b]`."""
    return _tuple_of(element) if isinstance(element, cst.StarredElement) else element


def _tuple_of(element: cst.StarredElement) -> cst.Tuple:
    items = [element.with_changes(comma=cst.Comma(), lpar=(), rpar=())]
    return cst.Tuple(items, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _code(node: Any) -> str:
    return cst.Module(body=()).code_for_node(node)


def _breaks(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def _continued(dropped: str) -> cst.SimpleWhitespace:
    """Whitespace outside of brackets that spans as many lines as some dropped code."""
    return cst.SimpleWhitespace(" " + "\\\n" * _breaks(dropped))


def _lines_after(whitespace: Any, dropped: str) -> Any:
    """Whitespace inside brackets, longer by the lines of some dropped code."""
    count = _breaks(dropped)
    if not count:
        return whitespace
    lines = "\n" * (count + _breaks(_code(whitespace)))
    return cst.SimpleWhitespace(lines.replace("\n", "\\\n"))
