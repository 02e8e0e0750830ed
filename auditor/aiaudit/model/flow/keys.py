"""Names for expressions that mean the same variable, attribute or entry: what a check on a value is remembered by."""

from __future__ import annotations

from aiaudit.model.scopes import last_name
from aiaudit.sources.python.facts import Expression

# Methods of strings that give the same text again, no longer than before.
SAME_TEXT = frozenset(
    ("strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold", "swapcase", "removeprefix",
     "removesuffix", "decode", "encode", "copy", "tolist")
)  # fmt: skip
READING = frozenset(("get", "pop", "getlist", "getvalue"))


def key_of(expression: Expression) -> str | None:
    """`body.message` for `body.message`, `body["message"]`, `body.get("message", "")` and `body.message.strip()`."""
    tag = expression[0]
    if tag == "name":
        return str(expression[2])
    if tag in ("await", "star"):
        return key_of(expression[2])
    if tag == "walrus":
        return key_of(expression[2])
    if tag == "bool" and expression[2] == "Or":
        return key_of(expression[3][0])
    if tag == "attr":
        return _below(expression[2], expression[3])
    if tag == "sub" and expression[3][0] == "const":
        return _below(expression[2], str(expression[3][2]))
    if tag == "call":
        return _key_of_call(expression)
    return None


def _key_of_call(call: Expression) -> str | None:
    function, arguments = call[2], call[3]
    if function[0] == "attr":
        if function[3] in SAME_TEXT and all(argument[0] == "const" for argument in arguments):
            return key_of(function[2])
        if function[3] in READING and arguments and arguments[0][0] == "const":
            return _below(function[2], str(arguments[0][2]))
        if not arguments and not call[4]:
            return _below(function[2], f"{function[3]}()")
    if function[0] == "name" and function[2] in ("str", "list", "tuple") and len(arguments) == 1:
        return key_of(arguments[0])
    if last_name(function) == "getattr" and len(arguments) > 1 and arguments[1][0] == "const":
        return _below(arguments[0], str(arguments[1][2]))
    return None


def _below(base: Expression, name: str) -> str | None:
    key = key_of(base)
    return None if key is None else f"{key}.{name}"


def root_of(key: str) -> str:
    """The variable that a key starts with."""
    return key.partition(".")[0]
