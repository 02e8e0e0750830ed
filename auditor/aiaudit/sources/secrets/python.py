"""Where literals are bound in Python: the syntax decides, not the spelling of the line.

Only statements on the lines that the fast pass pointed at are looked into. Docstrings, comments, type hints, members
of enums and the examples of an API's schema are no bindings; comparisons are none unless they let somebody in.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property

from aiaudit.patterns import regex
from aiaudit.sources.python import syntax
from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.collect import Collector
from aiaudit.sources.secrets.comparisons import accepted, sought_alone
from aiaudit.sources.secrets.embedded import bind_embedded
from aiaudit.sources.secrets.names import word_set
from aiaudit.sources.secrets.syntax import (
    DEFAULTS,
    LOOKUP,
    STORES,
    dotted,
    goes_elsewhere,
    is_main_guard,
    is_setting,
    kind_of_class,
    literals_of,
    looked_up,
    own_lookups,
    rows,
    target_name,
)
from aiaudit.sources.secrets.values import CODE, PROCESS, is_own_key, is_signing_key

_EXAMPLES = word_set(
    "example examples openapi_examples json_schema_extra schema_extra model_config responses description help title"
    " docstring placeholder"
)
_CONSTANT_NAME = regex(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_TYPES = word_set("str json url list dj_db_url")
_ENVIRONMENT = regex(r"(^|[._])env(iron)?$", re.IGNORECASE)
_BLOCKS = word_set("body orelse finalbody handlers cases")
_WORDY = 4
_PLURAL = regex(r"(?i:keys|tokens|secrets|passwords)$")
_SEVERAL = 50
_SENDING = word_set("auth client credential credentials") | names.PROVIDERS
# What signs or encrypts with its first argument; `new` is that of hmac.
_SIGNERS = frozenset(
    ("Fernet", "URLSafeSerializer", "URLSafeTimedSerializer", "TimestampSigner", "Signer", "TimedSerializer", "new")
)
# Clients and credentials that take a key as their first argument.
_KEYED = frozenset(
    ("AzureKeyCredential", "TavilyClient", "AsyncTavilyClient", "SendGridAPIClient", "DeepgramClient", "Exa",
     "Pinecone", "cohere.Client", "cohere.ClientV2", "cohere.AsyncClient", "cohere.AsyncClientV2",
     "huggingface_hub.login")
)  # fmt: skip
_HOSTS = word_set("host hostname server")
_PAIRS = ("auth", "basic_auth", "http_auth")
_SIGNING = word_set("jwt session sessions strategy signer serializer cookie cookies csrf")
# What is hashed so that a login takes as long for users that do not exist.
_DECOY = regex(r"(?i:dummy|fake|decoy|timing|invalid|unusable|not[-_ ]?a[-_ ]?real)")


def bind_python(collector: Collector, tree: ast.Module, lines: Sequence[int]) -> None:
    """Read the bindings on these lines (sorted)."""
    _Binder(collector, lines, tree).block(tree.body, "")


def parse(text: str) -> ast.Module | None:
    """The syntax tree, None where this Python cannot parse the text."""
    try:
        return syntax.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _sends(called: str) -> bool:
    """Whether what is called is a class of clients or credentials: `AuthApiKey(...)`, `QdrantClient(...)`."""
    return called[:1].isupper() and not _SENDING.isdisjoint(names.words_of(called))


def _signs(called: str, name: str) -> bool:
    """Whether an argument is the key that sessions or tokens are signed with: `JWTStrategy(secret=...)`,
    `app.config.update(SECRET_KEY=...)`, `add_middleware(SessionMiddleware, secret_key=...)`."""
    if not is_signing_key(name):
        return False
    owner, _, last = called.rpartition(".")
    configured = last in ("update", "from_mapping") and owner.rpartition(".")[2] in ("config", "conf")
    return configured or last == "add_middleware" or not _SIGNING.isdisjoint(names.words_of(last))


class _Binder:
    """`_sketch` is true inside `if __name__ == "__main__":`, where placeholders and guessable values are trials.
    `_functions` are those that the statement stands in."""

    def __init__(self, collector: Collector, lines: Sequence[int], tree: ast.Module) -> None:
        self._collector = collector
        self._lines = lines
        self._tree = tree
        self._sketch = False
        self._functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []

    @cached_property
    def _own_lookups(self) -> set[str]:
        return own_lookups(self._tree)

    def block(self, body: Sequence[ast.AST], owner: str) -> None:
        """Look into the statements that hold a line of interest."""
        for number, statement in enumerate(body):
            first, last = rows(statement)
            low = bisect_left(self._lines, first)
            if low >= bisect_right(self._lines, last):
                continue
            if number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # a docstring
            self._statement(statement, owner)

    def _statement(self, statement: ast.AST, owner: str) -> None:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._assign(target, statement.value, "" if owner == "fields" else owner)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._assign(statement.target, statement.value, owner)
        elif isinstance(statement, ast.If | ast.Return):
            self._compared(statement)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            self._functions.append(statement)
        inner = kind_of_class(statement) if isinstance(statement, ast.ClassDef) else ""
        was, self._sketch = self._sketch, self._sketch or is_main_guard(statement)
        for name, value in ast.iter_fields(statement):
            if name in _BLOCKS and isinstance(value, list):
                self.block(value, inner)
            elif name not in ("annotation", "returns", "type_params"):
                for node in value if isinstance(value, list) else (value,):
                    if isinstance(node, ast.AST):
                        self._expression(node)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            self._functions.pop()
        self._sketch = was

    def _compared(self, statement: ast.If | ast.Return) -> None:
        """What lets in whoever sends it."""
        for literal, name in accepted(statement, self._functions):
            self._bind(literal, name, "comparison", PROCESS)

    def _assign(self, target: ast.expr, value: ast.expr, owner: str) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for part, bound in zip(target.elts, value.elts, strict=True):
                self._assign(part, bound, owner)
            return
        name = target_name(target)
        if not name or owner == "enum" or name in _EXAMPLES:
            return
        if isinstance(value, ast.List | ast.Set | ast.Tuple | ast.Dict):
            self._several(name, value)
            return
        environment = isinstance(target, ast.Subscript) and "environ" in dotted(target.value)
        if not owner and isinstance(target, ast.Name) and isinstance(value, ast.Constant) and self._is_sought(name):
            return
        for literal, origin in literals_of(value):
            context = "default" if origin else "environment" if environment else "assignment"
            if owner == "fields" and not origin:
                context = "field"
            in_use = environment or owner == "fields" or (is_setting(target) and is_own_key(name))
            self._bind(literal, name, context, PROCESS if origin == "lookup" or in_use else CODE)

    def _is_sought(self, name: str) -> bool:
        """Whether a module's constant is a value that must not stay in use: it is there to be found."""
        return not self._functions and names.is_secret_name(name) and name in sought_alone(self._tree)

    def _several(self, name: str, value: ast.List | ast.Set | ast.Tuple | ast.Dict) -> None:
        """`API_KEYS = {"...", "..."}`, or who has which key. Names of keys stand in such lists as well: only what looks
        like a key counts."""
        if not _PLURAL.search(name):
            return
        for item in (value.keys if isinstance(value, ast.Dict) else value.elts)[:_SEVERAL]:
            if item is not None:
                self._bind(item, name, "entry", PROCESS, elsewhere=True)

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
            elif isinstance(node, ast.BoolOp):
                self._fallback(node)
            elif isinstance(node, ast.JoinedStr):
                self._formatted(node)
            elif isinstance(node, ast.Constant):
                self._constant(node)
            elif isinstance(node, ast.keyword) and node.arg in _EXAMPLES:
                continue
            stack.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context))

    def _dict(self, node: ast.Dict, stack: list[ast.AST]) -> None:
        keys = [key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else "" for key in node.keys]
        elsewhere = goes_elsewhere(zip(keys, node.values, strict=True))
        for name, value in zip(keys, node.values, strict=True):
            if name in _EXAMPLES:
                continue
            stack.append(value)
            if name:
                password = not _HOSTS.isdisjoint(keys) and names.kind_of_name(name) == names.PASSWORD
                for literal, origin in literals_of(value):
                    use = PROCESS if origin == "lookup" or (password and origin == "") else CODE
                    keyless = elsewhere and not password
                    self._bind(literal, name, "default" if origin else "entry", use, elsewhere=keyless)

    def _parameters(self, node: ast.arguments) -> None:
        positional = [*node.posonlyargs, *node.args]
        pairs = list(zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True))
        keyed = zip(node.kwonlyargs, node.kw_defaults, strict=True)
        pairs += [(argument, value) for argument, value in keyed if value is not None]
        for argument, value in pairs:
            for literal, _ in literals_of(value):
                self._bind(literal, argument.arg, "default", CODE)

    def _call(self, node: ast.Call) -> None:
        called = dotted(node.func)
        last = called.rpartition(".")[2]
        keyed = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            self._lookup(node, first.value, called, keyed)
        elsewhere = goes_elsewhere(keyed.items())
        is_off = any(isinstance(v := keyed.get(name), ast.Constant) and v.value is False for name in names.SWITCHES)
        for name, value in keyed.items():
            if name in _PAIRS and isinstance(value, ast.Tuple) and len(value.elts) == 2:
                self._basic_auth(value.elts)
            elif name in DEFAULTS and isinstance(first, ast.Constant):
                self._bind(value, str(first.value), "default", PROCESS)
            elif name not in _EXAMPLES and isinstance(value, ast.Constant | ast.IfExp | ast.BoolOp):
                sent = _sends(last) or _signs(called, name)
                self._argument(name, value, elsewhere=elsewhere, sent=sent, is_off=is_off)
        if last in ("encode", "decode") and called.startswith(("jwt.", "jose.")):
            for key in (*node.args[1:2], *(keyed[name] for name in ("key",) if name in keyed)):
                self._bind(key, "jwt_secret", "argument", PROCESS)
        if first is not None and (last in _KEYED or called in _KEYED):
            self._bind(first, "api_key", "argument", PROCESS)
        if last in _SIGNERS and first is not None and (last != "new" or called == "hmac.new"):
            self._bind(first, "secret_key", "argument", PROCESS)
        if last in ("HTTPBasicAuth", "BasicAuth", "login") and len(node.args) == 2:
            self._basic_auth(node.args)
        if first is not None and names.takes_password(called) and (len(node.args) == 1 or "hash" in last):
            self._known_password(first)

    def _argument(self, name: str, value: ast.expr, *, elsewhere: bool, sent: bool, is_off: bool) -> None:
        """`sent`: what is called makes a client or its credentials, so that the value is used as it is; `is_off`: what
        it is for is switched off by the call itself."""
        for literal, origin in literals_of(value):
            password = names.kind_of_name(name) == names.PASSWORD and origin != "condition"
            use = PROCESS if origin == "lookup" or password or (sent and origin == "") else CODE
            keyless = elsewhere and not password  # a server that is told a password asks for one
            self._bind(literal, name, "default" if origin else "argument", use, elsewhere=keyless or is_off)

    def _basic_auth(self, pair: Sequence[ast.expr]) -> None:
        """User and password; with a key as the user, the password is only there to fill the form."""
        if not names.is_secret_name(dotted(pair[0]).rpartition(".")[2]):
            self._bind(pair[1], "password", "argument", PROCESS)

    def _known_password(self, given: ast.expr) -> None:
        """`hash_password("admin123")`, `bcrypt.hashpw("admin123".encode(), ...)`: everybody can read that password."""
        if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "encode":
            given = given.func.value
        if isinstance(given, ast.Constant) and not _DECOY.search(str(given.value)):
            self._bind(given, "password", "argument", PROCESS)

    def _lookup(self, node: ast.Call, key: str, called: str, keyed: dict[str, ast.expr]) -> None:
        """`getenv("KEY", "literal")`, `config("KEY", default="literal")`, `option("--key", default="literal")`."""
        if len(key) > 100 or not names.is_secret_name(key):
            return
        owner, _, last = called.rpartition(".")
        if last in ("putenv", "setenv"):
            for value in node.args[1:2]:
                self._bind(value, key, "environment", PROCESS)
            return
        defaults = [keyed[name] for name in DEFAULTS if name in keyed]
        plain = last in ("get", "pop", "setdefault")
        typed = last in _TYPES and _ENVIRONMENT.search(owner)  # environs: `env.str("KEY", "literal")`
        looks_up = STORES.search(owner) if plain else typed or LOOKUP.search(last)
        if looks_up or (_CONSTANT_NAME.fullmatch(key) and (plain or last in self._own_lookups)):
            defaults += node.args[1:2]
        for value in defaults:
            for literal, _ in literals_of(value):
                self._bind(literal, key, "default", PROCESS)

    def _fallback(self, node: ast.BoolOp) -> None:
        """`getenv("SECRET_KEY") or "literal"`: a default in other words."""
        first, last = node.values[0], node.values[-1]
        if not isinstance(node.op, ast.Or) or not isinstance(last, ast.Constant):
            return
        key = looked_up(first)
        if key and names.is_secret_name(key):
            self._bind(last, key, "default", PROCESS)

    def _bind(self, literal: ast.AST, name: str, context: str, use: str, *, elsewhere: bool = False) -> None:
        """`elsewhere`: the value goes to a server of the caller's choice, which may well ask for no key."""
        if not isinstance(literal, ast.Constant) or not isinstance(literal.value, str | bytes):
            return
        value = literal.value if isinstance(literal.value, str) else literal.value.decode("latin-1")
        place = self._place(literal)
        if "://" in value and self._collector.link(value, place, name, context, real=self._is_prose(value)):
            return
        trial = self._sketch and context != "default"
        self._collector.bind(value, place, name, context, use, real=elsewhere or trial)

    def _constant(self, node: ast.Constant) -> None:
        """Credentials inside a longer string: a URL's password, a token in a query, a keyword of a data source name."""
        if not isinstance(node.value, str) or len(node.value) < 8:
            return
        place = self._place(node)
        if "://" in node.value and self._collector.link(node.value, place, "", "code", real=self._is_prose(node.value)):
            return
        if "\n" not in node.value.strip():
            bind_embedded(self._collector, node.value, place)

    def _formatted(self, node: ast.JoinedStr) -> None:
        """A URL whose password is literal though other parts of it are not."""
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{x}" for part in node.values)
        if "://" in text:
            self._collector.link(text, self._place(node), "", "code", real=self._is_prose(text))

    def _is_prose(self, text: str) -> bool:
        """Whether a URL in the text is an illustration: words stand around it."""
        return self._sketch or text.count(" ") >= _WORDY

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
