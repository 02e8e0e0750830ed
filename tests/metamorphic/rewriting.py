"""Rewritings of a package that change nothing that it does, with libcst: names, places, wrappers."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from pathlib import Path

import libcst
from libcst import matchers

Modules = dict[str, libcst.Module]
Rewriting = Callable[[Modules], Modules]

_BUILTINS = frozenset(dir(builtins))


def read(folder: Path) -> Modules:
    """The modules of the package `app` in a folder, by path."""
    paths = sorted((folder / "app").rglob("*.py"))
    return {path.relative_to(folder).as_posix(): libcst.parse_module(path.read_text("utf-8")) for path in paths}


def write(folder: Path, modules: Mapping[str, libcst.Module]) -> None:
    """Write modules over those of a folder."""
    for path, module in modules.items():
        (folder / path).write_text(module.code, encoding="utf-8")


# What is in a module


def helpers(module: libcst.Module) -> list[libcst.FunctionDef]:
    """Plain functions of a module: those that no decorator hands on."""
    return [part for part in module.body if isinstance(part, libcst.FunctionDef) and not part.decorators]


def imports(module: libcst.Module) -> list[libcst.SimpleStatementLine]:
    """The import statements at the top level."""
    return [
        part
        for part in module.body
        if isinstance(part, libcst.SimpleStatementLine) and isinstance(part.body[0], (libcst.Import, libcst.ImportFrom))
    ]


def names_in(node: libcst.CSTNode) -> set[str]:
    """All names that stand in a node, whatever for."""
    return {name.value for name in matchers.findall(node, matchers.Name()) if isinstance(name, libcst.Name)}


def imported_in(module: libcst.Module) -> set[str]:
    """The names that the imports of a module bind."""
    return {name for statement in imports(module) for name in _bound(statement.body[0])}


def _bound(statement: libcst.BaseSmallStatement) -> set[str]:
    found: set[str] = set()
    if isinstance(statement, (libcst.Import, libcst.ImportFrom)) and not isinstance(statement.names, libcst.ImportStar):
        for alias in statement.names:
            found.add(alias.evaluated_alias or alias.evaluated_name.partition(".")[0])
    return found


def _own_names(module: libcst.Module) -> set[str]:
    """The names that a module itself gives a meaning: functions, classes, variables."""
    found = {part.name.value for part in module.body if isinstance(part, (libcst.FunctionDef, libcst.ClassDef))}
    for target in matchers.findall(module, matchers.AssignTarget(target=matchers.Name())):
        found |= names_in(target)
    return found


def _is_generator(function: libcst.FunctionDef) -> bool:
    return bool(matchers.findall(function.body, matchers.Yield()))


# Rewritings


class _Renamer(libcst.CSTTransformer):
    """Gives names other names; what stands behind a dot or names an argument is no name of the module."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self.names = names

    def leave_Name(self, original_node: libcst.Name, updated_node: libcst.Name) -> libcst.Name:
        return updated_node.with_changes(value=self.names.get(original_node.value, original_node.value))

    def leave_Attribute(self, original_node: libcst.Attribute, updated_node: libcst.Attribute) -> libcst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: libcst.Arg, updated_node: libcst.Arg) -> libcst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_ImportFrom(self, original_node: libcst.ImportFrom, updated_node: libcst.ImportFrom) -> libcst.ImportFrom:
        return updated_node.with_changes(module=original_node.module)


def renamed(modules: Modules) -> Modules:
    """Functions of the package have other names, everywhere."""
    wanted = {function.name.value for module in modules.values() for function in helpers(module)}
    taken: set[str] = set()
    for module in modules.values():
        for node in matchers.findall(module, matchers.Attribute() | matchers.Arg() | matchers.Param()):
            if isinstance(node, libcst.Attribute):
                taken.add(node.attr.value)
            elif isinstance(node, libcst.Arg) and node.keyword is not None:
                taken.add(node.keyword.value)
            elif isinstance(node, libcst.Param):
                taken.add(node.name.value)
    names = {name: f"{name}_as_called_here" for name in wanted - taken}
    return {path: _visited(module, _Renamer(names)) for path, module in modules.items()}


def with_aliases(modules: Modules) -> Modules:
    """What modules import from libraries has an alias in each."""
    return {path: _aliased(module) for path, module in modules.items()}


def _aliased(module: libcst.Module) -> libcst.Module:
    names: dict[str, str] = {}
    body: list[libcst.BaseStatement | libcst.SimpleStatementLine] = []
    own = _own_names(module)
    for part in module.body:
        statement = part.body[0] if isinstance(part, libcst.SimpleStatementLine) else None
        if isinstance(statement, libcst.ImportFrom) and not _is_of_package(statement):
            aliases = []
            for alias in statement.names if not isinstance(statement.names, libcst.ImportStar) else ():
                name = alias.evaluated_name
                if alias.asname is None and name not in own:
                    names[name] = f"{name}_of_library"
                    alias = alias.with_changes(asname=libcst.AsName(name=libcst.Name(names[name])))
                aliases.append(alias)
            part = libcst.SimpleStatementLine([statement.with_changes(names=aliases)])
        body.append(part)
    renamer = _Renamer(names)
    done = [part if _is_import(part) else _statement(part.visit(renamer)) for part in body]
    return module.with_changes(body=done)


def _is_import(part: libcst.CSTNode) -> bool:
    return isinstance(part, libcst.SimpleStatementLine) and isinstance(part.body[0], (libcst.Import, libcst.ImportFrom))


def _is_of_package(statement: libcst.ImportFrom) -> bool:
    if statement.relative or statement.module is None:
        return True
    return libcst.Module([]).code_for_node(statement.module).partition(".")[0] in ("app", "__future__")


def moved(modules: Modules) -> Modules:
    """Functions that need nothing else of their module stand in another one, from which it imports them."""
    found: Modules = {}
    for path, module in modules.items():
        body: list[libcst.BaseStatement | libcst.SimpleStatementLine] = []
        own = _own_names(module)
        for part in module.body:
            if isinstance(part, libcst.FunctionDef) and not part.decorators:
                name = part.name.value
                if not (names_in(part) - {name}) & (own - imported_in(module)):
                    place = f"{path.rpartition('/')[0]}/moved_{name.strip('_')}.py"
                    found[place] = libcst.Module([*imports(module), part])
                    dotted = place.removesuffix(".py").replace("/", ".")
                    part = _statement(libcst.parse_statement(f"from {dotted} import {name}"))
            body.append(part)
        found[path] = module.with_changes(body=body)
    return found


def in_classes(modules: Modules) -> Modules:
    """Each function is a static method, and the module's name for it is the class's attribute."""
    return {path: _each_helper(module, _in_class) for path, module in modules.items()}


def _in_class(function: libcst.FunctionDef) -> list[libcst.BaseStatement]:
    name = function.name.value
    method = function.with_changes(
        leading_lines=[], decorators=[libcst.Decorator(decorator=libcst.Name("staticmethod"))]
    )
    holder = libcst.ClassDef(name=libcst.Name(f"HolderOf{name}"), body=libcst.IndentedBlock([method]))
    return [holder, _statement(libcst.parse_statement(f"{name} = HolderOf{name}.{name}"))]


def passed_through(modules: Modules) -> Modules:
    """Each function only calls another one, which does the work."""
    return {path: _each_helper(module, _through) for path, module in modules.items()}


def _through(function: libcst.FunctionDef) -> list[libcst.BaseStatement]:
    if _is_generator(function) or function.params.star_kwarg is not None or function.params.posonly_params:
        return [function]
    inner = f"{function.name.value}_itself"
    given = [libcst.Arg(libcst.Name(p.name.value)) for p in function.params.params]
    given += [
        libcst.Arg(libcst.Name(p.name.value), keyword=libcst.Name(p.name.value)) for p in function.params.kwonly_params
    ]
    call: libcst.BaseExpression = libcst.Call(libcst.Name(inner), given)
    if function.asynchronous is not None:
        call = libcst.Await(call)
    body = libcst.IndentedBlock([libcst.SimpleStatementLine([libcst.Return(call)])])
    return [function.with_changes(name=libcst.Name(inner)), function.with_changes(body=body, leading_lines=[])]


def made_asynchronous(modules: Modules, names: frozenset[str]) -> Modules:
    """Functions that wait for nothing are coroutines; the frameworks call them, so that nobody has to await them."""
    return {path: _visited(module, _Asynchronous(names)) for path, module in modules.items()}


class _Asynchronous(libcst.CSTTransformer):
    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self.names = names

    def leave_FunctionDef(
        self, original_node: libcst.FunctionDef, updated_node: libcst.FunctionDef
    ) -> libcst.FunctionDef:
        if original_node.name.value not in self.names:
            return updated_node
        return updated_node.with_changes(asynchronous=libcst.Asynchronous())


def _each_helper(
    module: libcst.Module, rewrite: Callable[[libcst.FunctionDef], list[libcst.BaseStatement]]
) -> libcst.Module:
    body: list[libcst.BaseStatement | libcst.SimpleStatementLine] = []
    for part in module.body:
        is_helper = isinstance(part, libcst.FunctionDef) and not part.decorators
        body.extend(rewrite(part) if is_helper and isinstance(part, libcst.FunctionDef) else [part])
    return module.with_changes(body=body)


def _visited(module: libcst.Module, transformer: libcst.CSTTransformer) -> libcst.Module:
    return module.visit(transformer)


def _statement(node: object) -> libcst.SimpleStatementLine:
    assert isinstance(node, (libcst.SimpleStatementLine, libcst.BaseCompoundStatement))
    return node  # type: ignore[return-value]
