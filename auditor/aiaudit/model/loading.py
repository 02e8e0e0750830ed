"""Classes and functions that are loaded by a dotted name: `load("app.llms.openai.OpenAIModel")`, as settings and the
tables of factories write it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeGuard

from aiaudit.model.plugins import IMPORTING
from aiaudit.model.scopes import Binding, Call, Function, Module, Scope, walk_all
from aiaudit.model.values import Constant, ModuleValue
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass

if TYPE_CHECKING:
    from aiaudit.model.program import Program

# Library functions that load what a dotted name names.
LOADERS = frozenset(
    (
        "django.utils.module_loading.import_string",
        "werkzeug.utils.import_string",
        "pydoc.locate",
        "pkgutil.resolve_name",
    )
)
_LOADER_NAMES = frozenset(path.rpartition(".")[2] for path in LOADERS)
_MENTIONS = tuple(f"{name}(" for name in sorted(IMPORTING | _LOADER_NAMES))
# Methods that divide a dotted name.
SPLITTING = frozenset(("rsplit", "split", "rpartition", "partition"))


@dataclass(frozen=True, slots=True)
class Loading:
    """A function that gives what its argument names."""

    parameter: str
    position: int


def split(value: Constant, call: Call) -> Expression | None:
    """The tuple that `"a.b.C".rsplit(".", 1)` gives, where all is written down."""
    given = [argument[2] if argument[0] == "const" else None for argument in call.arguments]
    limit = call.argument("maxsplit", 1)
    if limit is not None and limit[0] == "const":
        given[1:] = [limit[2]]
    if not isinstance(value.value, str) or not given or not isinstance(given[0], str) or not given[0]:
        return None
    if len(given) > 1 and not isinstance(given[1], int):
        return None
    parts = getattr(value.value, call.name)(*given[: 2 if call.name in ("split", "rsplit") else 1])
    return ("tuple", call.at, tuple(("const", call.at, part) for part in parts))


def loading_of(function: Function) -> Loading | None:
    """Which argument names what a function gives: `return getattr(import_module(name.rpartition(".")[0]), ...)`.

    None for a function that gives something else.
    """
    calls = [call for call in function.calls if call.name in IMPORTING and call.arguments]
    taken = [call for call in function.calls if call.name == "getattr" and len(call.arguments) > 1]
    if len(calls) != 1 or len(taken) != 1 or not _is_returned(taken[0], function):
        return None
    named = {_whole(expression, function) for expression in (calls[0].arguments[0], taken[0].arguments[1])}
    name = named.pop()
    positions = [parameter[0] for parameter in function.parameters if parameter[1] in ("positional", "any")]
    return Loading(name, positions.index(name)) if not named and name in positions else None


def _is_returned(call: Call, function: Function) -> bool:
    """Whether a call's result is what a function gives."""
    for returned, _ in function.returns:
        made = _written(returned, function)
        if made is call.expression:
            return True
    return False


def _whole(part: Expression, function: Function) -> str | None:
    """The variable that a text is a part of: `path` for the two names of `a, b = path.rsplit(".", 1)`."""
    binding = _binding(part, function)
    if binding is not None and binding.kind == "element":
        part = binding.expression or part
    elif part[0] == "sub":
        part = part[2]
    part = _written(part, function)
    if part[0] == "sub":
        part = part[2]
    if part[0] != "call" or part[2][0] != "attr" or part[2][3] not in SPLITTING or part[2][2][0] != "name":
        return None
    return str(part[2][2][2])


def _written(expression: Expression, function: Function) -> Expression:
    """What a local variable is set to, where it is set once; other expressions as they are."""
    binding = _binding(expression, function)
    if binding is not None and binding.kind == "value" and binding.expression is not None:
        return binding.expression
    return expression


def _binding(expression: Expression, function: Function) -> Binding | None:
    bindings = function.bindings.get(expression[2], ()) if expression[0] == "name" else ()
    return bindings[0] if len(bindings) == 1 else None


def named(text: str, importer: Module, program: Program) -> tuple[ModuleValue, str] | None:
    """The module of the repository that a dotted name lies in, and the name inside it; None for names of others."""
    module, _, name = text.replace(":", ".").rpartition(".")
    found = program.resolve(importer, module, 0) if module and name.isidentifier() else None
    return (found, name) if isinstance(found, ModuleValue) and found.module is not None else None


def loads_by_name(module: Module, program: Program) -> bool:
    """Whether a module loads what texts name that stand somewhere else."""
    if not program.tree.mentions(module.path, _MENTIONS):
        return False
    return any(
        call.name in _LOADER_NAMES or call.name in IMPORTING
        for scope in module.scopes
        for call in scope.calls
        if call.arguments and call.arguments[0][0] != "const"
    )


def written_names(module: Module, program: Program) -> Iterator[ModuleValue]:
    """The modules of the repository that texts in a module name, alone or as what something in them belongs to."""
    for scope in module.scopes:
        for text in _texts(scope):
            found = program.resolve(module, text, 0)
            if isinstance(found, ModuleValue):
                yield found
                continue
            inside = named(text, module, program)
            if inside is not None:
                yield inside[0]


def _texts(scope: Scope) -> Iterator[str]:
    """The dotted names among the texts that variables of a scope are set to and calls are given."""
    written = [binding.expression for bindings in scope.bindings.values() for binding in bindings if binding.expression]
    written += [argument for call in scope.calls for argument in (*call.arguments, *(v for _, v in call.keywords))]
    for expression in written:
        for node in walk_all(expression):
            text = node[2] if node[0] == "const" else None
            if is_dotted_name(text) and "." in text:
                yield text


def is_dotted_name(text: object) -> TypeGuard[str]:
    """Whether a text is the name of a module or of something in one, `app.models:Model` too."""
    return isinstance(text, str) and all(part.isidentifier() for part in text.replace(":", ".").split("."))
