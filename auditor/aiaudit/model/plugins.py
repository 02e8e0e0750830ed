"""Modules imported by a text: `import_module(f"app.routers.{name}")` may mean any module of that package; and what is
taken out of a module without being named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aiaudit.model.places import TEST, place_of
from aiaudit.model.scopes import Binding, Call, Module, Scope, last_name
from aiaudit.model.values import ClassValue, FunctionValue, ModuleValue, Value
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression

if TYPE_CHECKING:
    from aiaudit.model.program import Program

# Uvicorn and its like import the application that they are told to serve: `uvicorn.run("app.main:app")`.
_SERVING = ("run", "serve")
_SERVED = regex(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.()]*")
# So do Flask and Celery with their configuration: `from_object("config.Production")`. None of them gives it back.
TOLD = frozenset(("from_object", "config_from_object", *_SERVING))
IMPORTING = frozenset(("import_module", "__import__"))
# What only the running program knows of a dotted name: a name, or any number of them.
_NAME, _NAMES = "*", "**"
# Calls that list the modules of a package, and how many names theirs have below it.
_LISTING = {"iter_modules": _NAME, "walk_packages": _NAMES}
_DEPTH = 4
# Files that may say which modules there are.
_TABLES = (".json", ".yaml", ".yml", ".toml")


def imported_by(call: Call, program: Program) -> Iterator[ModuleValue]:
    """The modules of the repository that a call imports, as far as the text that it is given is written down."""
    given = call.argument("app", 0) if call.name in _SERVING else call.argument("name", 0)
    if given is None or (call.name not in IMPORTING and call.name not in TOLD):
        return
    if call.name in _SERVING and not (given[0] == "const" and _SERVED.fullmatch(str(given[2]))):
        return
    if call.name in TOLD:
        yield from _told(given, call, program)
        return
    module = call.scope.module
    name = _text(given, call.scope, program, _DEPTH)
    if name.startswith("."):
        anchor = call.argument("package", 1)
        package = _text(anchor, call.scope, program, _DEPTH) if anchor is not None else _NAME
        name = _below(package, name)
    if _NAME in name:
        yield from _fitting(name, call, program)
        return
    found = program.resolve(module, name, 0) if name else None
    if isinstance(found, ModuleValue):
        yield found


def _told(given: Expression, call: Call, program: Program) -> Iterator[ModuleValue]:
    """The module that is named, or that holds what is named; what is given as an object is imported by itself."""
    text = _text(given, call.scope, program, _DEPTH) if given[0] in ("const", "fstr", "name") else ""
    names = (text.replace(":", "."), text.replace(":", ".").rpartition(".")[0])
    for name in names if _NAME not in text else ():
        found = program.resolve(call.scope.module, name, 0) if name else None
        if isinstance(found, ModuleValue):
            yield found
            return


def members_of(value: Value, wanted: str = "") -> Iterator[Value]:
    """What `inspect.getmembers(module, wanted)` and `dir(module)` list: the classes that a module defines, or its
    functions where those alone are asked for. What it has imported is there, too, and is mostly passed over."""
    module = value.module if isinstance(value, ModuleValue) else None
    for bindings in module.bindings.values() if module is not None else ():
        binding = bindings[0]
        if binding.kind == "class" and not wanted.endswith("function"):
            yield ClassValue(binding.target)
        elif binding.kind == "function" and wanted.endswith("function"):
            yield FunctionValue(binding.target)


def of_module(values: Iterable[Value], name: str, program: Program) -> Iterator[Value]:
    """Of values that a loop over modules gives those that the module of a name defines: all its classes where one of
    the classes stands beside it or in it, all values where there is no such module."""
    values = tuple(values)
    for value in values:
        if isinstance(value, ClassValue):
            path = f"{value.cls.module.folder}/{name}.py".removeprefix("/")
            if path in program.paths:
                yield from members_of(ModuleValue(value.cls.module.folder, program.load(path)))
                return
    yield from values


def is_listed(name: Expression, scope: Scope) -> bool:
    """Whether a name goes through all names of a module: `for name in dir(module)`."""
    found = list(_bindings(name[2], scope)) if name[0] == "name" else []
    listing = found[0].expression if len(found) == 1 and found[0].kind == "element" else None
    return listing is not None and listing[0] == "call" and last_name(listing[2]) == "dir"


def _fitting(name: str, call: Call, program: Program) -> Iterator[ModuleValue]:
    """The modules whose name fits, where it is known in which package they are.

    What stands at the end may be a dotted name as well, if no module of that very package has what is taken from it.
    """
    importer = call.scope.module
    package, _, first = name.partition(_NAME)[0].rpartition(".")
    found = program.resolve(importer, package, 0) if package else None
    if not isinstance(found, ModuleValue) or not found.folder:
        return
    rest = first + name[name.index(_NAME) :]
    taken = _taken(call) if rest == _NAME else ()
    near = list(_named(rest, found, importer, program))
    if taken and not any(_defines(value, taken) for value in near):
        far = _named(_NAMES, found, importer, program, taken)
        near = _tabled([value for value in far if _defines(value, taken)], found, importer, program) or near
    yield from near


def _named(
    rest: str, package: ModuleValue, importer: Module, program: Program, words: tuple[str, ...] = ()
) -> Iterator[ModuleValue]:
    """The modules below a package whose names fit and whose texts hold some words."""
    wanted = re.escape(rest.replace(".", "/")).replace(r"\*\*", ".+").replace(r"\*", "[^/]+")
    for path in sorted(program.paths):
        if not path.startswith(f"{package.folder}/") or path == importer.path:
            continue
        inside = path.removeprefix(f"{package.folder}/").removesuffix(".py").removesuffix("/__init__")
        if re.fullmatch(wanted, inside) and all(program.tree.mentions(path, (word,)) for word in words):
            yield ModuleValue(path.rpartition("/")[0], program.load(path))


def _tabled(values: list[ModuleValue], package: ModuleValue, importer: Module, program: Program) -> list[ModuleValue]:
    """Those that a table beside the importing module names, if one does; all of them otherwise."""
    tree, folder = program.tree, importer.folder
    tables = [path for path in tree.files() if path.rpartition("/")[0] == folder and path.endswith(_TABLES)]
    inside = [
        (value, _dotted(value.module.path.removeprefix(f"{package.folder}/"))) for value in values if value.module
    ]
    named = [value for value, name in inside if any(tree.mentions(path, (name,)) for path in tables)]
    return named or values


def _taken(call: Call) -> tuple[str, ...]:
    """The names that a function takes from the module it imports: `getattr(module, "run")`, `module.run()`."""
    scope = call.scope
    names = [
        name
        for name, bindings in scope.bindings.items()
        if any(binding.kind == "value" and binding.expression is call.expression for binding in bindings)
    ]
    found = []
    for other in scope.calls:
        function, given = other.expression[2], other.arguments
        if other.name == "getattr" and len(given) > 1 and given[1][0] == "const" and _is_it(given[0], call, names):
            found.append(str(given[1][2]))
        elif function[0] == "attr" and _is_it(function[2], call, names):
            found.append(function[3])
    return tuple(dict.fromkeys(found))


def _is_it(expression: Expression, call: Call, names: list[str]) -> bool:
    return expression is call.expression or (expression[0] == "name" and expression[2] in names)


def _defines(value: ModuleValue, names: tuple[str, ...]) -> bool:
    """Whether a module of the service itself binds all of some names."""
    module = value.module
    return module is not None and place_of(module.path) != TEST and all(name in module.bindings for name in names)


def _below(package: str, name: str) -> str:
    """A relative name made absolute."""
    own = name.lstrip(".")
    for _ in range(len(name) - len(own) - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{own}" if own else package


def _text(expression: Expression, scope: Scope, program: Program, depth: int) -> str:
    """What a text says, with a star for what it does not say."""
    tag = expression[0]
    if tag == "const":
        return str(expression[2])
    if tag == "fstr":
        return "".join(_text(part, scope, program, depth) for part in expression[2])
    if tag == "bin" and expression[2] == "Add":
        return "".join(_text(part, scope, program, depth) for part in expression[3:5])
    if tag == "attr":
        return _of_attribute(expression, scope, program, depth)
    if tag == "name" and expression[2] in ("__name__", "__package__"):
        own = scope.module
        return _dotted(own.path if expression[2] == "__name__" or own.is_package else own.folder)
    return _of_variable(expression[2], scope, program, depth) if tag == "name" and depth else _NAME


def _of_attribute(expression: Expression, scope: Scope, program: Program, depth: int) -> str:
    """`routers.__name__` of a package, or `found.name` of what its modules are listed as."""
    base, name = expression[2], expression[3]
    if base[0] != "name":
        return _NAME
    for binding in _bindings(base[2], scope):
        if name in ("__name__", "__package__") and binding.kind in ("import", "from"):
            found = _imported(binding, program)
            if found is not None:
                return _dotted(found.folder if found.module is None else found.module.path)
        elif name == "name" and binding.kind == "element" and depth:
            return _listed(binding, program, depth)
    return _NAME


def _of_variable(name: str, scope: Scope, program: Program, depth: int) -> str:
    bindings = list(_bindings(name, scope))
    if len(bindings) != 1 or bindings[0].expression is None:
        return _NAME
    binding = bindings[0]
    if binding.kind == "element":
        return _listed(binding, program, depth) if binding.index == 1 else _NAME
    return _text(bindings[0].expression, binding.scope, program, depth - 1) if binding.kind == "value" else _NAME


def _listed(binding: Binding, program: Program, depth: int) -> str:
    """`prefix.*` of `for module in pkgutil.iter_modules(path, prefix)`."""
    listing = binding.expression
    names = _LISTING.get(last_name(listing[2])) if listing is not None and listing[0] == "call" else None
    if names is None or listing is None:
        return _NAME
    written = dict(listing[4]).get("prefix") or (listing[3][1] if len(listing[3]) > 1 else None)
    return (_text(written, binding.scope, program, depth - 1) if written is not None else "") + names


def _bindings(name: str, scope: Scope) -> list[Binding]:
    """What binds a name where it is seen."""
    for outer in scope.within():
        if name in outer.bindings:
            return outer.bindings[name]
    return []


def _imported(binding: Binding, program: Program) -> ModuleValue | None:
    module = binding.scope.module
    if binding.kind == "import":
        name, alias = binding.target
        found = program.resolve(module, name if alias else name.partition(".")[0], 0)
        return found if isinstance(found, ModuleValue) else None
    level, source, name = binding.target
    package = program.resolve(module, source, level)
    return program.submodule(package, name) if isinstance(package, ModuleValue) else None


def _dotted(path: str) -> str:
    """The dotted name of a file or folder, seen from the root of the repository."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
