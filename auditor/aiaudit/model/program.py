"""The linked program: modules of the service, import resolution, indexes that the evaluator asks."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator

from aiaudit.model.collect import collect
from aiaudit.model.openapi import operations
from aiaudit.model.plugins import IMPORTING, imported_by
from aiaudit.model.scopes import PROVIDER, Call, Class, Function, Module, Scope, Store
from aiaudit.model.tree import Tree
from aiaudit.model.values import External, ModuleValue
from aiaudit.patterns import regex

# Top-level modules whose import makes a file an entry of the service: it holds routes, tasks or an application.
FRAMEWORKS = [
    "fastapi",
    "flask",
    "starlette",
    "django",
    "rest_framework",
    "ninja",
    "sanic",
    "quart",
    "aiohttp",
    "litestar",
    "celery",
    "dramatiq",
    "arq",
    "rq",
    "saq",
    "taskiq",
    "flask_restful",
    "flask_restx",
    "flask_openapi3",
    "chainlit",
    "gradio",
    "streamlit",
    "bentoml",
    "connexion",
    "robyn",
    "falcon",
    "bottle",
    "tornado",
    "blacksheep",
    "cherrypy",
    "pyramid",
    "microdot",
    "socketio",
    "flask_socketio",
    "strawberry",
    "graphene",
    "ariadne",
    "litserve",
    "kserve",
    "mosec",
    "cog",
    "modal",
    "runpod",
    "ray import serve",
    r"ray\.serve",
    r"ts\.torch_handler",
    r"azure\.functions",
    "functions_framework",
    "firebase_functions",
    "faststream",
    "slack_bolt",
    "aiogram",
    "telebot",
    r"telegram\.ext",
    r"discord\.ext",
]
# What makes a file an entry by what it defines: servers find these by name.
_DEFINITIONS = (r"def lambda_handler\(", r"def model_fn\(", "class EndpointHandler\\b", "class TritonPythonModel\\b")
# All alternatives begin with a line: any other would be tried at every character.
_ENTRY = regex(
    r"^(?:[ \t]*(?:from|import)[ \t]+(?:" + "|".join(FRAMEWORKS) + r")\b|" + "|".join(_DEFINITIONS) + ")", re.MULTILINE
)
# How what protoc writes for a service of gRPC is called, `add_ChatServicer_to_server(...)`.
_SERVICER = ("Servicer_to_server(",)
_OUTSIDE = regex(
    r"(^|/)(tests?|testing|e2e|mocks?|fixtures|docs?|examples?|notebooks?|benchmarks?|migrations|alembic|management/commands)/"
    r"|(^|/)(test_[^/]*|mock_[^/]*|[^/]*_test|tests|conftest|setup|manage)\.py$"
)
# Files that start a service without importing a framework: they import the module that builds the application.
STARTERS = frozenset(
    f"{name}.py"
    for name in ("main", "app", "server", "asgi", "wsgi", "run", "__main__", "application", "api", "worker")
)
_STANDARD = frozenset(sys.stdlib_module_names)

# Calls that name a module in a text: Django's settings and URL files, classes to load.
_NAMING_MODULES = frozenset({"setdefault", "include", "import_string"})


def is_beside_the_service(path: str) -> bool:
    """Whether a file belongs to tests, documentation or examples rather than to what runs in production."""
    return _OUTSIDE.search(path) is not None


class Program:
    """All modules that the service's entry modules import, linked on demand.

    A file belongs to the service when it imports a web or task framework, or when such a file imports it, directly or
    not. A tree without any framework counts whole.
    """

    def __init__(self, tree: Tree, third_party: frozenset[str] = frozenset()) -> None:
        self.tree = tree
        self.third_party = third_party
        self.paths = frozenset(tree.files("python"))
        self.folders = self._folders()
        self._tops = self._top_level_index()
        self._loaded: dict[str, Module | None] = {}
        self._resolved: dict[tuple[str, str], ModuleValue | None] = {}
        self._imports: dict[str, tuple[str, ...]] = {}
        self.entries = self._entry_paths()
        self.starters: list[str] = []
        self.modules: list[Module] = []
        self._load_closure()
        self.calls_by_name: dict[str, list[Call]] = defaultdict(list)
        self.stores_by_attribute: dict[str, list[Store]] = defaultdict(list)
        self.element_stores: list[Store] = []
        self.lambdas: dict[int, Function] = {}
        self.providers: dict[int, Function] = {}
        self.classes: list[Class] = []
        self.functions: list[Function] = []
        for module in self.modules:
            self._index(module)

    # Loading

    def _folders(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self.paths:
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    def _top_level_index(self) -> dict[str, list[str]]:
        """Name of a module or package folder -> the folders that hold one of that name."""
        index: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.paths):
            folder, _, name = path.rpartition("/")
            index[name[:-3]].append(folder)
        for path in sorted(self.folders):
            folder, _, name = path.rpartition("/")
            index[name].append(folder)
        return index

    def _entry_paths(self) -> list[str]:
        mentions = self.tree.mentions
        entries = [p for p in sorted(self.paths) if mentions(p, _ENTRY) or mentions(p, _SERVICER)]
        inside = [p for p in entries if not is_beside_the_service(p)]
        if any(self.tree.mentions(path, ("connexion",)) for path in inside):
            inside = sorted({*inside, *self._named_by_openapi()})
        return inside or entries or [p for p in sorted(self.paths) if not is_beside_the_service(p)]

    def _named_by_openapi(self) -> Iterator[str]:
        """Files of the handlers that an OpenAPI document names: Connexion imports them by that name."""
        for _, handler in operations(self.tree):
            path = handler.rpartition(".")[0].replace(".", "/") + ".py"
            yield from (known for known in self.paths if known == path or known.endswith(f"/{path}"))

    def _load_closure(self) -> None:
        starters = [
            path
            for path in sorted(self.paths)
            if path.rpartition("/")[2] in STARTERS and not is_beside_the_service(path) and path not in self.entries
        ]
        core = self.closure(self.entries)
        # A starter counts only if it leads to an entry: other tools of the repository have a main.py, too.
        self.starters = [path for path in starters if not core.isdisjoint(self.closure([path]))]
        paths = self.closure([*self.entries, *self.starters])
        self.modules = [module for path in sorted(paths) if (module := self.load(path)) is not None]

    def closure(self, paths: Iterable[str]) -> set[str]:
        """The files of modules and of all that they import, directly or not."""
        queue = list(paths)
        seen = set(queue)
        for path in queue:  # grows while it is walked
            for imported in self.imports_of(path):
                if imported not in seen:
                    seen.add(imported)
                    queue.append(imported)
        return seen

    def imports_of(self, path: str) -> tuple[str, ...]:
        """The files that importing the module in a file imports, each once."""
        if path not in self._imports:
            module = self.load(path)
            found = () if module is None else dict.fromkeys(self._imported_paths(module))
            self._imports[path] = tuple(found)
        return self._imports[path]

    def _imported_paths(self, module: Module) -> Iterator[str]:
        for statement, _, _ in module.imports:
            if statement[0] == "import":
                for name, _ in statement[2]:
                    yield from self._files_of(self.resolve(module, name, 0))
                continue
            _, _, level, name, names = statement
            found = self.resolve(module, name, level)
            yield from self._files_of(found)
            if isinstance(found, ModuleValue):
                for imported, _ in names:
                    yield from self._files_of(self.submodule(found, imported))
        for call in module_calls(module):
            name = call.name
            if name in IMPORTING:
                for plugin in imported_by(call, self):
                    yield from self._files_of(plugin)
            if name not in _NAMING_MODULES or not call.arguments:
                continue
            if name == "setdefault" and len(call.arguments) > 1:
                variable, value = call.arguments[:2]
                if variable[0] == "const" and variable[2] == "DJANGO_SETTINGS_MODULE" and value[0] == "const":
                    yield from self._files_of(self.resolve(module, str(value[2]), 0))
            elif name != "setdefault":
                text = call.arguments[0]
                if text[0] == "const" and isinstance(text[2], str):
                    yield from self._files_of(self.resolve(module, text[2], 0))

    def _files_of(self, value: ModuleValue | External | None) -> Iterator[str]:
        if not isinstance(value, ModuleValue):
            return
        folder = value.folder
        while folder:  # importing a.b.c runs a/__init__.py and a/b/__init__.py
            if f"{folder}/__init__.py" in self.paths:
                yield f"{folder}/__init__.py"
            folder = folder.rpartition("/")[0]
        if value.module is not None:
            yield value.module.path

    def load(self, path: str) -> Module | None:
        """The module in a file, None if it cannot be read."""
        if path not in self._loaded:
            facts = self.tree.facts(path, "python")
            self._loaded[path] = None if facts is None or facts[0] else collect(path, facts[1])
        return self._loaded[path]

    def _index(self, module: Module) -> None:
        aliases = {
            alias: name
            for statement, _, _ in module.imports
            if statement[0] == "from"
            for name, alias in statement[4]
            if alias
        }
        for scope in module.scopes:
            for call in scope.calls:
                name = call.name
                self.calls_by_name[name].append(call)
                if name in aliases:
                    self.calls_by_name[aliases[name]].append(call)
            for store in scope.stores:
                if store.attribute is not None:
                    self.stores_by_attribute[store.attribute].append(store)
                else:
                    self.element_stores.append(store)
            for function in scope.functions:
                self.functions.append(function)
                if function.name == PROVIDER:
                    self.providers[id(function.node[-1])] = function
                elif function.node[0] == "lambda":
                    self.lambdas[id(function.node)] = function
            self.classes.extend(scope.classes)

    # Import resolution

    def resolve(self, importer: Module, name: str, level: int) -> ModuleValue | External | None:
        """What `import name` (level 0) or `from ..name import` means in a module; None where it lies nowhere."""
        if level:
            folder = importer.folder
            for _ in range(level - 1):
                folder = folder.rpartition("/")[0]
            return self._below(folder, name) if name else self._package(folder)
        key = (importer.path, name)
        if key not in self._resolved:
            self._resolved[key] = self._absolute(importer, name)
        return self._resolved[key] or External(name)

    def _absolute(self, importer: Module, name: str) -> ModuleValue | None:
        top = name.partition(".")[0]
        holders = self._tops.get(top)
        if not holders or top in _STANDARD:
            return None
        if top in self.third_party and not any(f"{_join(h, top)}/__init__.py" in self.paths for h in self._roots()):
            return self._beside(importer, name)
        known = set(holders)
        for folder in _ancestors(importer.folder):
            for root in (folder, _join(folder, "src")):
                if root in known and not self._is_itself(importer, root, top):
                    found = self._below(root, name)
                    if found is not None:
                        return found
        # Started from somewhere else (a working directory or path that the repository sets outside of Python).
        matches = [found for root in holders if (found := self._below(root, name)) and not self._inside(root)]
        return matches[0] if matches else None

    def _beside(self, importer: Module, name: str) -> ModuleValue | None:
        """What bears the name of a library and is the repository's own all the same: a package beside the importing
        script, or the very file that a dotted name names below a folder that Python may search."""
        top, dotted, _ = name.partition(".")
        for folder in _ancestors(importer.folder):
            if self._inside(folder) or self._is_itself(importer, folder, top):
                continue
            if folder == importer.folder and f"{_join(folder, top)}/__init__.py" in self.paths:
                return self._below(folder, name)
            found = self._below(folder, name) if dotted else None
            if found is not None and found.module is not None:
                return found
        return None

    def _roots(self) -> tuple[str, ...]:
        return ("", "src")

    def _is_itself(self, importer: Module, root: str, top: str) -> bool:
        """A module named like what it imports (`llm/openai.py` imports openai) does not import itself."""
        return importer.path == f"{_join(root, top)}.py" or (
            self._inside(root) and root == importer.folder and top in self.third_party
        )

    def _inside(self, folder: str) -> bool:
        return bool(folder) and f"{folder}/__init__.py" in self.paths

    def _below(self, folder: str, name: str) -> ModuleValue | None:
        path = _join(folder, name.replace(".", "/"))
        if f"{path}.py" in self.paths:
            return ModuleValue(path.rpartition("/")[0], self.load(f"{path}.py"))
        return self._package(path)

    def _package(self, folder: str) -> ModuleValue | None:
        if f"{folder}/__init__.py".lstrip("/") in self.paths:
            return ModuleValue(folder, self.load(f"{folder}/__init__.py".lstrip("/")))
        return ModuleValue(folder, None) if folder in self.folders or not folder else None

    def submodule(self, package: ModuleValue, name: str) -> ModuleValue | None:
        """A module inside a package."""
        if package.module is not None and not package.module.is_package:
            return None
        return self._below(package.folder, name)


def module_calls(module: Module) -> list[Call]:
    """All calls of a module, inner scopes included."""
    return [call for scope in module.scopes for call in scope.calls]


def imported_names(module: Module) -> list[str]:
    """The dotted names of the modules that a module imports."""
    return [
        name
        for statement, _, _ in module.imports
        for name in ([statement[3]] if statement[0] == "from" else [imported for imported, _ in statement[2]])
    ]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _ancestors(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def scope_of_name(scope: Scope, name: str) -> Scope | None:
    """The scope whose name it is, as Python finds it: class bodies are seen from themselves alone (and from the
    providers in them, whose arguments stand there)."""
    if name in scope.bindings and name not in scope.declared_global:
        return scope
    outer = scope.parent
    if scope.name == PROVIDER and outer is not None:
        return scope_of_name(outer, name)
    while outer is not None:
        if name in outer.bindings and not isinstance(outer, Class) and name not in outer.declared_global:
            return outer
        outer = outer.parent
    return None
