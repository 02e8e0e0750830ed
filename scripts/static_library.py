"""What a wheel or an installed distribution defines, read from its source with `ast`; nothing of it is imported.

Follows re-exports, star imports, imports in `try` and `if TYPE_CHECKING`, the lazy tables behind a module's
`__getattr__`, base classes, properties and annotations, as far as the source says where they lead.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from wheels import Archive

DEPTH = 40
# Wrappers whose first argument is what a caller gets.
GIVING = ("Optional", "Union", "Awaitable", "Coroutine", "AsyncIterator", "Iterator", "AsyncGenerator", "Generator",
          "AsyncContextManager", "ContextManager", "AbstractContextManager", "AbstractAsyncContextManager", "Annotated",
          "Type", "type", "ClassVar", "Final", "SkipValidation")  # fmt: skip
PLAIN_BASES = ("object", "Generic", "ABC", "Protocol", "BaseModel", "Enum", "str", "int", "dict", "list", "tuple",
               "NamedTuple", "TypedDict", "Exception", "type", "Hashable", "Iterable", "Mapping", "Callable",
               "BaseSettings", "TypedBaseModel", "SQLModel")  # fmt: skip


@dataclass(frozen=True)
class Unknown:
    """Something whose meaning the source does not tell, and why."""

    why: str


@dataclass(eq=False)
class ModuleNode:
    """One module: the statements that bind each of its names."""

    name: str
    names: dict[str, ast.AST | tuple[str, str]] = field(default_factory=dict)
    stars: list[tuple[str, int]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    lazy: dict[str, tuple[str, str]] = field(default_factory=dict)
    shadowed: dict[str, tuple[str, str]] = field(default_factory=dict)
    patched: dict[str, ast.expr] = field(default_factory=dict)
    dynamic: bool = False


@dataclass(eq=False)
class ClassNode:
    """A class and the module that defines it."""

    module: ModuleNode
    node: ast.ClassDef

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.name


@dataclass(eq=False)
class FunctionNode:
    """A function or method; `owner` is the class that a method was found through."""

    module: ModuleNode
    node: ast.FunctionDef | ast.AsyncFunctionDef
    owner: ClassNode | None = None


Definition = ModuleNode | ClassNode | FunctionNode | Unknown


class StaticLibrary:
    """Definitions by dotted path, over several archives at once."""

    def __init__(self, archives: Iterable[Archive]) -> None:
        self.archives = list(archives)
        self._folders = {folder for archive in self.archives for folder in archive.folders()}
        self._modules: dict[str, ModuleNode | None] = {}
        self._searching: set[tuple[str, str]] = set()

    # Modules

    def module(self, name: str) -> ModuleNode | None:
        """A module by its dotted name; a namespace package is an empty one."""
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def _read(self, name: str) -> ModuleNode | None:
        base = name.replace(".", "/")
        for archive in self.archives:
            for file in (f"{base}/__init__.py", f"{base}.py", f"{base}/__init__.pyi", f"{base}.pyi"):
                if file in archive:
                    return self._collect(name, file, archive.text(file))
        inside = any(folder == base or folder.startswith(f"{base}/") for folder in self._folders)
        return ModuleNode(name) if inside else None

    def _collect(self, name: str, file: str, text: str) -> ModuleNode:
        module = ModuleNode(name)
        package = name if "/__init__." in file else name.rpartition(".")[0]
        try:
            tree = ast.parse(text)
        except SyntaxError:
            module.dynamic = True
            return module
        for statement in _statements(tree.body):
            _bind(statement, module, package)
        if "__getattr__" in module.names:
            module.dynamic = True
            module.lazy.update(_lazy_table(tree, package))
            module.lazy.update(_lazy_branches(tree, package))
        return module

    # Names

    def find(self, path: str) -> Definition | None:
        """What a dotted path without calls names; None where it names nothing."""
        names = path.split(".")
        module = self.module(names[0])
        if module is None and names[0] in sys.stdlib_module_names:
            return Unknown("built in")
        found = self.follow(module, names[1:], 0) if module is not None else None
        for size in range(len(names) - 1, 1, -1) if found is None else ():
            inner = self.module(".".join(names[:size]))  # a module that a name of its package hides
            found = self.follow(inner, names[size:], 0) if inner is not None else None
            if found is not None:
                break
        return found

    def follow(self, start: Definition, names: list[str], depth: int) -> Definition | None:
        """An attribute of an attribute."""
        found: Definition | None = start
        for name in names:
            if found is None or isinstance(found, Unknown):
                return found
            if isinstance(found, ModuleNode):
                found = self.member(found, name, depth + 1)
            elif isinstance(found, ClassNode):
                found = self.attribute(found, name, depth + 1)
            else:
                return Unknown(f"attribute {name} of a function")
        return found

    def member(self, module: ModuleNode, name: str, depth: int = 0) -> Definition | None:
        """A name of a module."""
        if depth > DEPTH:
            return Unknown("imports in a circle")
        if (module.name, name) in self._searching:
            return None  # modules that import each other: the name comes from elsewhere
        self._searching.add((module.name, name))
        try:
            return self._member(module, name, depth)
        finally:
            self._searching.discard((module.name, name))

    def _member(self, module: ModuleNode, name: str, depth: int) -> Definition | None:
        bound = module.names.get(name)
        starred = self._starred(module, name, module.lines.get(name, 0), depth)
        if bound is not None and (starred is None or isinstance(starred, Unknown)):
            return self._imported(bound, depth) if isinstance(bound, tuple) else self._bound(bound, module, depth)
        if starred is not None:
            return starred
        if name in module.lazy:
            return self._imported(module.lazy[name], depth)
        inner = self.module(f"{module.name}.{name}")
        if inner is not None:
            return inner
        return Unknown(f"{module.name} makes names when asked") if module.dynamic else None

    def _starred(self, module: ModuleNode, name: str, after: int, depth: int) -> Definition | None:
        """A name that an `import *` below a line brings."""
        outside: Unknown | None = None
        for star, line in reversed(module.stars):
            target = self.module(star)
            if line < after:
                continue
            if target is None:
                outside = Unknown(f"import * from {star}")
                continue
            found = self.member(target, name, depth + 1)
            if found is not None and not (isinstance(found, Unknown) and target.dynamic):
                return found
        return outside

    def _imported(self, bound: tuple[str, str], depth: int) -> Definition | None:
        source, name = bound
        target = self.module(source)
        if target is None:
            return Unknown(f"{source} is outside")
        if not name:
            return target
        return self.member(target, name, depth + 1) or self.module(f"{source}.{name}")

    def _bound(self, node: ast.AST, module: ModuleNode, depth: int) -> Definition | None:
        if isinstance(node, ast.ClassDef):
            return ClassNode(module, node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return FunctionNode(module, node)
        if isinstance(node, ast.expr):
            return self.value(node, module, depth + 1)
        return Unknown("bound by a statement of another kind")

    def value(self, node: ast.expr, module: ModuleNode, depth: int) -> Definition | None:
        """What an assigned expression is: a name, an attribute, or an instance of a class that is called."""
        if depth > DEPTH:
            return Unknown("assigned in a circle")
        if isinstance(node, ast.Name):
            return self.member(module, node.id, depth + 1) or Unknown(f"{node.id} is not defined")
        if isinstance(node, ast.Attribute):
            base = self.value(node.value, module, depth + 1)
            if isinstance(base, (ModuleNode, ClassNode)):
                return self.follow(base, [node.attr], depth + 1)
            return Unknown("attribute of a value")
        if isinstance(node, ast.Call):
            callee = self.value(node.func, module, depth + 1)
            return callee if isinstance(callee, ClassNode) else Unknown("what a call gives")
        return Unknown("a value")

    # Classes

    def lineage(self, cls: ClassNode) -> tuple[list[ClassNode], bool]:
        """A class and its bases in order, and whether all of them could be found."""
        found, complete = [cls], True
        for base in cls.node.bases:
            plain = base.value if isinstance(base, ast.Subscript) else base
            definition = self.value(plain, cls.module, 0)
            if isinstance(definition, ClassNode) and definition.node is cls.node:
                # `from .client import Client; class Client(Client)`: the base is what was imported.
                earlier = cls.module.shadowed.get(cls.name)
                definition = self._imported(earlier, 0) if earlier is not None else None
            if isinstance(definition, ClassNode) and definition.node is not cls.node and len(found) < DEPTH:
                inner, whole = self.lineage(definition)
                found.extend(c for c in inner if all(c.node is not known.node for known in found))
                complete = complete and whole
            elif _last(plain) not in PLAIN_BASES:
                complete = False
        return found, complete

    def attribute(self, cls: ClassNode, name: str, depth: int = 0) -> Definition | None:
        """An attribute of a class or of its instances."""
        if depth > DEPTH:
            return Unknown("attributes in a circle")
        classes, complete = self.lineage(cls)
        for candidate in classes:
            for node in reversed(list(_statements(candidate.node.body))):
                found = self._class_statement(node, name, candidate, cls, depth)
                if found is not None:
                    return found
        for candidate in classes:
            found = self._set_in_init(candidate, name, depth)
            if found is not None:
                return found
        for candidate in classes:
            patch = candidate.module.patched.get(f"{candidate.name}.{name}")
            if patch is not None:
                return self.value(patch, candidate.module, depth + 1) or Unknown("set on the class")
        own = [c for c in classes if not c.module.name.startswith("pydantic.")]  # it finds private attributes alone
        if any(method_named(c, "__getattr__") or method_named(c, "__getattribute__") for c in own):
            return Unknown(f"{cls.name} makes attributes when asked")
        return None if complete else Unknown(f"a base of {cls.name} is outside")

    def _class_statement(
        self, node: ast.AST, name: str, candidate: ClassNode, through: ClassNode, depth: int
    ) -> Definition | None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            method = FunctionNode(candidate.module, node, through)
            return self.given(method, depth) if _is_property(node) else method
        if isinstance(node, ast.AnnAssign) and _last(node.target) == name:
            return self.annotated(node.annotation, candidate.module, depth + 1)
        if isinstance(node, ast.Assign) and any(_last(target) == name for target in node.targets):
            if isinstance(node.value, ast.Name) and node.value.id != name:
                own = self.attribute(through, node.value.id, depth + 1)
                if own is not None and not isinstance(own, Unknown):
                    return own
            return self.value(node.value, candidate.module, depth + 1) or Unknown("an assigned value")
        if isinstance(node, ast.ClassDef) and node.name == name:
            return ClassNode(candidate.module, node)
        return None

    def _set_in_init(self, cls: ClassNode, name: str, depth: int) -> Definition | None:
        for method in cls.node.body:
            for node in ast.walk(method) if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) else ():
                if isinstance(node, ast.AnnAssign) and _is_own(node.target, name):
                    return self.annotated(node.annotation, cls.module, depth + 1)
                if isinstance(node, ast.Assign) and any(_is_own(target, name) for target in node.targets):
                    return self.value(node.value, cls.module, depth + 1) or Unknown("set in a method")
        return None

    def given(self, function: FunctionNode, depth: int = 0) -> Definition | None:
        """What calling a function gives, by its annotation or a plain `return Class(...)`."""
        if function.node.returns is not None:
            if _last(function.node.returns) in ("Self", function.node.name) and function.owner is not None:
                return function.owner
            found = self.annotated(function.node.returns, function.module, depth + 1)
            if isinstance(found, ClassNode):
                return found
        local = dict(_local_imports(function.node, function.module))
        for node in ast.walk(function.node):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
                name = node.value.func
                if isinstance(name, ast.Name) and name.id in local:
                    return self._imported(local[name.id], depth + 1)
                found = self.value(name, function.module, depth + 1)
                if isinstance(found, ClassNode):
                    return found
        return Unknown(f"{function.node.name} does not say what it gives")

    def annotated(self, node: ast.expr, module: ModuleNode, depth: int) -> Definition | None:
        """The class that an annotation names."""
        if depth > DEPTH:
            return Unknown("annotations in a circle")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                return self.annotated(ast.parse(node.value, mode="eval").body, module, depth + 1)
            except SyntaxError:
                return Unknown("an annotation that does not parse")
        if isinstance(node, ast.BinOp):
            sides = [self.annotated(side, module, depth + 1) for side in (node.left, node.right)]
            return next((side for side in sides if isinstance(side, ClassNode)), Unknown("a union"))
        if isinstance(node, ast.Subscript):
            if _last(node.value) in GIVING:
                inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                chosen = inner[-1:] if _last(node.value) == "Coroutine" else inner
                found = [self.annotated(part, module, depth + 1) for part in chosen]
                return next((part for part in found if isinstance(part, ClassNode)), Unknown("a generic annotation"))
            return self.annotated(node.value, module, depth + 1)
        found_value = self.value(node, module, depth + 1)
        return found_value if isinstance(found_value, ClassNode) else Unknown("an annotation that is no class here")


def method_named(cls: ClassNode, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """A method of exactly this class: of overloads the last, which is the implementation."""
    found = None
    for node in _statements(cls.node.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            found = node
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, (ast.If, ast.Try, ast.With)):
            yield from _statements(statement.body)
            yield from _statements(getattr(statement, "orelse", []))
            yield from _statements(getattr(statement, "finalbody", []))
            for handler in getattr(statement, "handlers", []):
                yield from _statements(handler.body)


def _bind(statement: ast.stmt, module: ModuleNode, package: str) -> None:
    names = module.names
    before = set(names)
    _bind_names(statement, module, package)
    for name in set(names) - before:
        module.lines[name] = statement.lineno
    if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        module.lines[statement.name] = statement.lineno


def _bind_names(statement: ast.stmt, module: ModuleNode, package: str) -> None:
    names = module.names
    if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        earlier = names.get(statement.name)
        if isinstance(earlier, tuple):
            module.shadowed[statement.name] = earlier
        names[statement.name] = statement
    elif isinstance(statement, ast.ImportFrom):
        source = _source(statement, package)
        for alias in statement.names:
            if alias.name == "*":
                module.stars.append((source, statement.lineno))
            else:
                names.setdefault(alias.asname or alias.name, (source, alias.name))
    elif isinstance(statement, ast.Import):
        for alias in statement.names:
            bound = alias.name if alias.asname else alias.name.partition(".")[0]
            names.setdefault(alias.asname or bound, (bound, ""))
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            for inner in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(inner, ast.Name):
                    names.setdefault(inner.id, statement.value)
                elif isinstance(inner, ast.Attribute):
                    module.patched[f"{_last(inner.value)}.{inner.attr}"] = statement.value
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        names.setdefault(statement.target.id, statement.value or statement.annotation)


def _source(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    base = package.split(".")
    base = base[: len(base) - statement.level + 1]
    return ".".join([*base, *([statement.module] if statement.module else [])])


def _lazy_table(tree: ast.Module, package: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Names that a module's `__getattr__` imports on demand: from dict literals of names and of modules."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Dict):
            continue
        for key, value in zip(node.keys, node.values, strict=True):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                continue
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield key.value, (_absolute(value.value, package), key.value)
            elif isinstance(value, ast.Tuple) and value.elts and isinstance(value.elts[0], ast.Constant):
                source = value.elts[0].value
                name = value.elts[1].value if len(value.elts) > 1 and isinstance(value.elts[1], ast.Constant) else None
                if isinstance(source, str):
                    yield key.value, (_absolute(source, package), name if isinstance(name, str) else key.value)
            elif isinstance(value, ast.List):
                for item in value.elts:
                    if isinstance(item, ast.Constant) and isinstance(item.value, str):
                        yield item.value, (f"{package}.{key.value}", item.value)


def _lazy_branches(tree: ast.Module, package: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """`if name == "X": return _import_x()` inside `__getattr__`, where `_import_x` imports and returns it."""
    importers: dict[str, tuple[str, str]] = {}
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            for statement in function.body:
                if isinstance(statement, ast.ImportFrom):
                    importers[function.name] = (_source(statement, package), statement.names[0].name)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Compare)):
            continue
        first = node.body[0]
        wanted, given = node.test.comparators[0], first.value if isinstance(first, ast.Return) else None
        if isinstance(wanted, ast.Constant) and isinstance(given, ast.Call) and _last(given.func) in importers:
            yield str(wanted.value), importers[_last(given.func)]


def _absolute(source: str, package: str) -> str:
    return f"{package}{source}" if source.startswith(".") else source


def _local_imports(function: ast.AST, module: ModuleNode) -> Iterator[tuple[str, tuple[str, str]]]:
    for node in ast.walk(function):
        if isinstance(node, ast.ImportFrom):
            for package in (module.name, module.name.rpartition(".")[0]):
                for alias in node.names:
                    yield alias.asname or alias.name, (_source(node, package), alias.name)


def _is_own(target: ast.expr, name: str) -> bool:
    """`self.name`."""
    return isinstance(target, ast.Attribute) and target.attr == name and _last(target.value) == "self"


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(_last(decorator).endswith("property") for decorator in node.decorator_list)


def _last(node: ast.AST | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Subscript):
        return _last(node.value)
    if isinstance(node, ast.Call):
        return _last(node.func)
    return getattr(node, "attr", None) or getattr(node, "id", "") or ""
