"""Where literals are bound in Python: the syntax decides, not the spelling of the line.

Only statements on the lines that the fast pass pointed at are looked into. Docstrings, comments, comparisons, type hints,
members of enums and the examples of an API's schema are no bindings.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.collect import Collector
from aiaudit.sources.secrets.embedded import bind_embedded

_LOOKUP = re.compile(r"env|config|setting|secret|variable|param|option|default|lookup", re.IGNORECASE)
_STORES = re.compile(r"env|config|setting|secret|conf\b|options", re.IGNORECASE)
_EXAMPLES = frozenset(
    ["example", "examples", "openapi_examples", "json_schema_extra", "schema_extra", "model_config", "responses", "description", "help", "title", "docstring", "placeholder"]
)
_WRAPPERS = frozenset(["SecretStr", "SecretBytes", "str", "bytes", "Field", "Secret", "quote", "quote_plus", "field", "Var"])
_CONSTANT_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_BLOCKS = frozenset(("body", "orelse", "finalbody", "handlers", "cases"))
_LOCAL_END_POINT = frozenset(["base_url", "api_base", "openai_api_base", "endpoint", "host", "azure_endpoint", "url"])


def bind_python(collector: Collector, tree: ast.Module, lines: Sequence[int]) -> None:
    """Read the bindings on these lines (sorted)."""
    _Binder(collector, lines).block(tree.body, "")


def parse(text: str) -> ast.Module | None:
    """The syntax tree, None where this Python cannot parse the text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Binder:
    def __init__(self, collector: Collector, lines: Sequence[int]) -> None:
        self._collector = collector
        self._lines = lines

    def block(self, body: Sequence[ast.AST], owner: str) -> None:
        """Look into the statements that hold a line of interest."""
        for number, statement in enumerate(body):
            first, last = _rows(statement)
            low = bisect_left(self._lines, first)
            if low >= bisect_right(self._lines, last):
                continue
            if number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # a docstring
            self._statement(statement, owner)

    def _statement(self, statement: ast.AST, owner: str) -> None:
        inner = _kind_of_class(statement) if isinstance(statement, ast.ClassDef) else ""
        for name, value in ast.iter_fields(statement):
            if name in _BLOCKS and isinstance(value, list):
                self.block(value, inner)
            elif name not in ("annotation", "returns", "type_params"):
                for node in value if isinstance(value, list) else (value,):
                    if isinstance(node, ast.AST):
                        self._expression(node)
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._assign(target, statement.value, "" if owner == "fields" else owner)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._assign(statement.target, statement.value, owner)

    def _assign(self, target: ast.expr, value: ast.expr, owner: str) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for part, bound in zip(target.elts, value.elts, strict=True):
                self._assign(part, bound, owner)
            return
        name = _target_name(target)
        if not name or owner == "enum" or name in _EXAMPLES:
            return
        environment = isinstance(target, ast.Subscript) and "environ" in ast.unparse(target.value)
        for literal, is_default in _literals(value):
            context = "default" if is_default else "environment" if environment else "assignment"
            if owner == "fields" and not is_default:
                context = "field"
            self._bind(literal, name, context, runs=is_default or environment or owner == "fields")

    def _expression(self, root: ast.AST) -> None:
        stack = [root]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Dict):
                self._dict(node, stack)
                continue
            elif isinstance(node, ast.arguments):
                self._parameters(node)
            elif isinstance(node, ast.NamedExpr):
                self._assign(node.target, node.value, "")
            elif isinstance(node, ast.JoinedStr):
                self._formatted(node)
            elif isinstance(node, ast.Constant):
                self._constant(node)
            elif isinstance(node, ast.keyword) and node.arg in _EXAMPLES:
                continue
            stack.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context))

    def _dict(self, node: ast.Dict, stack: list[ast.AST]) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
            if name in _EXAMPLES:
                continue
            stack.append(value)
            if name:
                for literal, is_default in _literals(value):
                    self._bind(literal, name, "default" if is_default else "entry", runs=is_default)

    def _parameters(self, node: ast.arguments) -> None:
        positional = [*node.posonlyargs, *node.args]
        pairs = list(zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True))
        pairs += [(arg, value) for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value is not None]
        for argument, value in pairs:
            for literal, _ in _literals(value):
                self._bind(literal, argument.arg, "default", runs=False)

    def _call(self, node: ast.Call) -> None:
        callee = _callee(node.func)
        last = callee.rpartition(".")[2]
        keyed = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        local = not _LOCAL_END_POINT.isdisjoint(keyed)
        for name, value in keyed.items():
            if name == "auth" and isinstance(value, ast.Tuple) and len(value.elts) == 2:
                self._bind(value.elts[1], "password", "argument", runs=True)
            elif isinstance(value, ast.Constant | ast.JoinedStr | ast.IfExp | ast.BoolOp):
                for literal, is_default in _literals(value):
                    runs = is_default or names.kind_of_name(name) == names.PASSWORD
                    self._bind(literal, name, "default" if is_default else "argument", runs=runs, real=local)
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            self._lookup(node, first.value, callee, last, keyed)
        if last in ("encode", "decode") and callee.startswith(("jwt.", "jose.")) and len(node.args) > 1:
            self._bind(node.args[1], "jwt_secret", "argument", runs=True)
        if last == "HTTPBasicAuth" and len(node.args) == 2:
            self._bind(node.args[1], "password", "argument", runs=True)

    def _lookup(self, node: ast.Call, key: str, callee: str, last: str, keyed: dict[str, ast.expr]) -> None:
        """`getenv("KEY", "literal")`, `config("KEY", default="literal")`, `add_argument("--key", default="literal")`."""
        if not names.is_secret_name(key) or len(key) > 100:
            return
        defaults = [keyed[name] for name in ("default", "default_value", "default_var", "fallback") if name in keyed]
        if last in ("putenv", "setenv"):
            for value in node.args[1:2]:
                self._bind(value, key, "environment", runs=True)
            return
        plain = last in ("get", "pop", "setdefault")
        looks_up = _STORES.search(callee.rpartition(".")[0]) if plain else _LOOKUP.search(last)
        if looks_up or (_CONSTANT_NAME.fullmatch(key) and plain):
            defaults += node.args[1:2]
        for value in defaults:
            for literal, _ in _literals(value):
                self._bind(literal, key, "default", runs=True)

    def _bind(self, literal: ast.AST, name: str, context: str, *, runs: bool, real: bool = False) -> None:
        if not isinstance(literal, ast.Constant) or not isinstance(literal.value, str | bytes):
            return
        value = literal.value if isinstance(literal.value, str) else literal.value.decode("latin-1")
        place = self._place(literal)
        if "://" in value and self._collector.link(value, place, name, context):
            return
        self._collector.bind(value, place, name, context, runs=runs, least="fair" if real else "weak")

    def _constant(self, node: ast.Constant) -> None:
        """Credentials inside a longer string: a URL's password, a token in a query, a keyword of a data source name."""
        if not isinstance(node.value, str) or len(node.value) < 8:
            return
        place = self._place(node)
        if "://" in node.value and self._collector.link(node.value, place, "", "text"):
            return
        bind_embedded(self._collector, node.value, place, "code")

    def _formatted(self, node: ast.JoinedStr) -> None:
        """A URL whose password is literal though other parts of it are not."""
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{x}" for part in node.values)
        if "://" in text:
            self._collector.link(text, self._place(node), "", "text")

    def _place(self, node: ast.AST) -> tuple[int, int]:
        scan = self._collector.scan
        first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
        start = self._column(first, getattr(node, "col_offset", 0))
        end = self._column(last, getattr(node, "end_col_offset", 0))
        return scan.offset(first, start), scan.offset(last, end)

    def _column(self, line: int, column: int) -> int:
        """The syntax tree counts bytes of UTF-8, places count characters."""
        starts = self._collector.scan.line_starts()
        begin = starts[min(line, len(starts)) - 1]
        text = self._collector.scan.text[begin : begin + column]
        if text.isascii():
            return column + 1
        return len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace")) + 1


def _rows(statement: ast.AST) -> tuple[int, int]:
    first = getattr(statement, "lineno", None)
    if first is None:  # a `case`: its pattern has the place
        inner = [_rows(child) for child in ast.iter_child_nodes(statement) if hasattr(child, "lineno")]
        return (min(row[0] for row in inner), max(row[1] for row in inner)) if inner else (1, 1)
    for decorator in getattr(statement, "decorator_list", ()):
        first = min(first, decorator.lineno)
    return first, getattr(statement, "end_lineno", first)


def _kind_of_class(node: ast.ClassDef) -> str:
    """ "enum" for enumerations, "fields" for classes whose annotated assignments are defaults of fields."""
    bases = [_callee(base).rpartition(".")[2] for base in node.bases]
    if any(base.endswith(("Enum", "Flag")) for base in bases):
        return "enum"
    decorators = [_callee(item.func if isinstance(item, ast.Call) else item) for item in node.decorator_list]
    named = any("Settings" in base or base in ("BaseModel", "BaseConfig") for base in (*bases, node.name))
    return "fields" if named or any("dataclass" in name or "define" in name for name in decorators) else ""


def _target_name(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return target.slice.value if isinstance(target.slice.value, str) else ""
    return ""


def _callee(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Call):
        return ".".join([_callee(node.func), *reversed(parts)])
    if isinstance(node, ast.Subscript):
        return ".".join([_callee(node.value), *reversed(parts)])
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))


def _literals(value: ast.expr, depth: int = 0) -> Iterator[tuple[ast.Constant, bool]]:
    """The string literals that an expression may come to, and whether each is what a look-up falls back to."""
    if depth > 6:
        return
    if isinstance(value, ast.Constant):
        yield value, False
    elif isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        for operand in value.values:
            for literal, _ in _literals(operand, depth + 1):
                yield literal, True
    elif isinstance(value, ast.IfExp):
        for branch in (value.body, value.orelse):
            for literal, _ in _literals(branch, depth + 1):
                yield literal, True
    elif isinstance(value, ast.Call) and _callee(value.func).rpartition(".")[2] in _WRAPPERS:
        keyed = [keyword.value for keyword in value.keywords if keyword.arg == "default"]
        for argument in (*value.args[:1], *keyed):
            yield from _literals(argument, depth + 1)
    elif isinstance(value, ast.Call):
        yield from _looked_up(value)


def _looked_up(call: ast.Call) -> Iterator[tuple[ast.Constant, bool]]:
    """The default of a look-up whose key is no secret's name, while the name it is bound to is."""
    last = _callee(call.func).rpartition(".")[2]
    named = _STORES.search(_callee(call.func)) if last in ("get", "getenv") else _LOOKUP.search(last)
    defaults = [keyword.value for keyword in call.keywords if keyword.arg == "default"]
    for value in (*(call.args[1:2] if named else ()), *(defaults if named else ())):
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value, True
