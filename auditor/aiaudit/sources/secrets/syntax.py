"""Small questions about Python's syntax: what is called, what is bound, which literals an expression may come to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from aiaudit.patterns import regex
from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.names import word_set

LOOKUP = regex(r"env|config|setting|secret|variable|param|option|default|lookup", re.IGNORECASE)
STORES = regex(r"env|config|setting|secret|conf\b|options", re.IGNORECASE)
DEFAULTS = ("default", "default_value", "default_var", "fallback")
_END_POINTS = word_set("base_url api_base openai_api_base endpoint host azure_endpoint url")
_OWN_DOMAINS = word_set("local localhost internal lan home corp intranet svc test example invalid")
_FOR_EXAMPLES = word_set("example.com example.org example.net")
_WRAPPERS = word_set("SecretStr SecretBytes str bytes Field Secret quote quote_plus field Var")


def rows(statement: ast.AST) -> tuple[int, int]:
    """First and last line of a statement, its decorators included."""
    first = getattr(statement, "lineno", None)
    if first is None:  # a `case`: its pattern has the place
        inner = [rows(child) for child in ast.iter_child_nodes(statement) if hasattr(child, "lineno")]
        return (min(row[0] for row in inner), max(row[1] for row in inner)) if inner else (1, 1)
    for decorator in getattr(statement, "decorator_list", ()):
        first = min(first, decorator.lineno)
    return first, getattr(statement, "end_lineno", first)


def kind_of_class(node: ast.ClassDef) -> str:
    """ "enum" for enumerations, "fields" for classes whose annotated assignments are defaults of fields."""
    bases = [dotted(base).rpartition(".")[2] for base in node.bases]
    if any(base.endswith(("Enum", "Flag")) for base in bases):
        return "enum"
    decorators = [dotted(item.func if isinstance(item, ast.Call) else item) for item in node.decorator_list]
    named = any("Settings" in base or base in ("BaseModel", "BaseConfig") for base in (*bases, node.name))
    return "fields" if named or any("dataclass" in name or "define" in name for name in decorators) else ""


def target_name(target: ast.expr) -> str:
    """The name that an assignment binds: a variable, an attribute, a key."""
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return target.slice.value if isinstance(target.slice.value, str) else ""
    return ""


def is_setting(target: ast.expr) -> bool:
    """Whether an assignment sets something on an application: `app.secret_key`, `app.config["SECRET_KEY"]`."""
    if isinstance(target, ast.Attribute):
        return not (isinstance(target.value, ast.Name) and target.value.id in ("self", "cls"))
    return isinstance(target, ast.Subscript) and dotted(target.value).endswith(".config")


def dotted(node: ast.expr) -> str:
    """`os.environ.get` for the expression that is written so; calls and subscripts inside are stepped over."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Call):
        return ".".join([dotted(node.func), *reversed(parts)])
    if isinstance(node, ast.Subscript):
        return ".".join([dotted(node.value), *reversed(parts)])
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))


def literals_of(value: ast.expr, depth: int = 0) -> Iterator[tuple[ast.Constant, str]]:
    """The string literals that an expression may come to.

    With each its origin: "" for the expression itself, "lookup" for what a look-up falls back to, "condition" for a
    branch of `x if y else z`.
    """
    if depth > 6:
        return
    if isinstance(value, ast.Constant):
        yield value, ""
    elif isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        for operand in value.values:
            for literal, _ in literals_of(operand, depth + 1):
                yield literal, "lookup"
    elif isinstance(value, ast.IfExp):
        for branch in (value.body, value.orelse):
            for literal, _ in literals_of(branch, depth + 1):
                yield literal, "condition"
    elif isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] in _WRAPPERS:
        keyed = [keyword.value for keyword in value.keywords if keyword.arg == "default"]
        for argument in (*value.args[:1], *keyed):
            yield from literals_of(argument, depth + 1)
    elif isinstance(value, ast.Call):
        yield from _looked_up(value)


def goes_elsewhere(given: Iterable[tuple[str | None, ast.expr]]) -> bool:
    """Whether what is given beside a key sends it to a server of the caller's choice, which may ask for no key.

    An address that is written down and that all the world can reach is no such server: who serves there asks.
    """
    addresses = [value for name, value in given if name in _END_POINTS]
    return bool(addresses) and not any(map(_is_public, addresses))


def _is_public(address: ast.expr) -> bool:
    """`https://api.deepseek.com/v1`: no address, no name of a network of one's own, no name kept for examples."""
    value = address.value if isinstance(address, ast.Constant) else None
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        return False
    host = value.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    domain, _, top = host.rpartition(".")
    is_one_of_the_net = bool(domain) and top.isalpha() and top not in _OWN_DOMAINS
    return is_one_of_the_net and ".".join(host.split(".")[-2:]) not in _FOR_EXAMPLES


def looked_up(value: ast.expr) -> str:
    """The key of a look-up of the environment or of settings, "" for anything else."""
    key = value.args[0] if isinstance(value, ast.Call) and value.args else None
    if not isinstance(value, ast.Call) or not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return ""
    owner, _, last = dotted(value.func).rpartition(".")
    named = STORES.search(owner) if last == "get" else LOOKUP.search(last)
    return key.value if named else ""


def own_lookups(tree: ast.AST) -> set[str]:
    """The functions of a module that look up in the environment what one of their parameters names."""
    return {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(_is_asked_for(node, {argument.arg for argument in function.args.args}) for node in ast.walk(function))
    }


def _is_asked_for(node: ast.AST, parameters: set[str]) -> bool:
    """`os.getenv(name)`, `os.environ.get(name)`, `environ[name]`, where the name is one of the parameters."""
    if isinstance(node, ast.Call) and node.args:
        called, key = dotted(node.func), node.args[0]
    elif isinstance(node, ast.Subscript):
        called, key = dotted(node.value), node.slice
    else:
        return False
    return isinstance(key, ast.Name) and key.id in parameters and called.endswith(("getenv", "environ", "environ.get"))


def _looked_up(call: ast.Call) -> Iterator[tuple[ast.Constant, str]]:
    """The default of a look-up whose key is no secret's name, while the name it is bound to is."""
    called = dotted(call.func)
    last = called.rpartition(".")[2]
    named = STORES.search(called) if last in ("get", "getenv") else LOOKUP.search(last)
    key = call.args[0] if call.args else None
    if not named or not isinstance(key, ast.Constant) or names.is_secret_name(str(key.value)):
        return
    keyed = [keyword.value for keyword in call.keywords if keyword.arg in DEFAULTS]
    for value in (*call.args[1:2], *keyed):
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value, "lookup"


def is_main_guard(statement: ast.AST) -> bool:
    """`if __name__ == "__main__":`"""
    if not isinstance(statement, ast.If) or not isinstance(statement.test, ast.Compare):
        return False
    return isinstance(statement.test.left, ast.Name) and statement.test.left.id == "__name__"
