"""The linked program: modules of the service, import resolution, indexes that the evaluator asks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from aiaudit.model.collect import collect
from aiaudit.model.layout import Layout, Place
from aiaudit.model.loading import loads_by_name, written_names
from aiaudit.model.openapi import operations
from aiaudit.model.plugins import IMPORTING, TOLD, imported_by
from aiaudit.model.scopes import PROVIDER, Call, Class, Function, Module, Scope, Store
from aiaudit.model.service import Group
from aiaudit.model.session_state import BY_KEY, with_attributes
from aiaudit.model.tree import Tree
from aiaudit.model.values import External, ModuleValue
from aiaudit.patterns import LINE_END, regex

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
    "flask_smorest",
    "apiflask",
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
    LINE_END + r"(?:[ \t]*(?:from|import)[ \t]+(?:" + "|".join(FRAMEWORKS) + r")\b|" + "|".join(_DEFINITIONS) + ")"
)
# How what protoc writes for a service of gRPC is called, `add_ChatServicer_to_server(...)`.
_SERVICER = ("Servicer_to_server(",)
# Connexion finds its handlers by the names that an OpenAPI document gives them.
CONNEXION = ("connexion",)
_OUTSIDE = regex(
    r"(^|/)(tests?|testing|e2e|qa|load_?tests?|mocks?|fixtures|docs?|examples?|notebooks?|benchmarks?|migrations|alembic"
    r"|management/commands)/"
    r"|(^|/)(test_[^/]*|mock_[^/]*|[^/]*_(test|e2e|loadtest)|tests|conftest|setup|manage)\.py$"
)
# Programs of the people who work on a service, in folders of such: they use its framework, and are no part of it unless
# they make what answers or works, or a deploy file starts them.
_TOOL_FOLDER = regex(r"(^|/)(scripts?|hack|dev_?tools)/")
_DEPLOYS = regex(r"(^|/)(Procfile|[^/]*Dockerfile[^/]*|Containerfile|[^/]*\.(ya?ml|sh|toml|service|conf))$")
_IS_RUN = regex(r"^if __name__ ==", re.MULTILINE)
_SERVES = regex(
    r"\b(FastAPI|Flask|Quart|Sanic|Starlette|Litestar|Celery|Robyn|APIRouter|Blueprint|Application|Interface|Blocks"
    r"|ChatInterface|FastMCP|RedisSettings|Worker)\(|^[ \t]*@[\w.]+\.(route|get|post|put|delete|patch|websocket|task"
    r"|actor|event|on_\w+|listener)\b|^[ \t]*@(shared_task|dramatiq|cl\.)|\bst\.\w+\(",
    re.MULTILINE,
)
# Files that start a service without importing a framework: they import the module that builds the application.
STARTERS = frozenset(
    f"{name}.py"
    for name in ("main", "app", "server", "asgi", "wsgi", "run", "__main__", "application", "api", "worker")
)

# Calls that name a module in a text: Django's settings and URL files, classes to load.
_NAMING_MODULES = frozenset({"setdefault", "include", "import_string"})
# Calls that queue a job by the dotted name of its function (RQ): the position of the name.
DOTTED_JOBS = {"enqueue": 0, "enqueue_call": 0, "enqueue_in": 1, "enqueue_at": 1}
RQ = ("rq.", "django_rq.")
# All calls that a text in them may make lead to another module.
_LEADING = _NAMING_MODULES.union(IMPORTING, TOLD, DOTTED_JOBS)


def is_beside_the_service(path: str) -> bool:
    """Whether a file belongs to tests, documentation or examples rather than to what runs in production."""
    return _OUTSIDE.search(path) is not None


def entry_paths(tree: Tree, paths: Iterable[str]) -> list[str]:
    """The files with routes, tasks or an application, [] for a tree without any framework."""
    known = sorted(paths)
    entries = [p for p in known if tree.mentions(p, _ENTRY) or tree.mentions(p, _SERVICER)]
    inside = [p for p in entries if not is_beside_the_service(p) and not _is_tool(p, tree)]
    if any(tree.mentions(path, CONNEXION) for path in inside):
        inside = sorted({*inside, *_named_by_openapi(tree, known)})
    return inside or entries


def _is_tool(path: str, tree: Tree) -> bool:
    """Whether a file is a script that somebody runs by hand beside the service."""
    if not _TOOL_FOLDER.search(path) or not tree.mentions(path, _IS_RUN) or tree.mentions(path, _SERVES):
        return False
    name = path.rpartition("/")[2]
    started = (name, path.removesuffix(".py").replace("/", "."))
    files = (other for other in tree.files() if not other.endswith((".py", ".md", ".rst", ".txt", ".json")))
    return not any(_DEPLOYS.search(other) and tree.mentions(other, started) for other in files)


def _named_by_openapi(tree: Tree, paths: list[str]) -> Iterator[str]:
    """Files of the handlers that an OpenAPI document names: Connexion imports them by that name."""
    for _, handler in operations(tree):
        path = handler.rpartition(".")[0].replace(".", "/") + ".py"
        yield from (known for known in paths if known == path or known.endswith(f"/{path}"))


def starting(paths: Iterable[str], entries: Sequence[str]) -> list[str]:
    """Files that have the name of one that starts a service."""
    known = frozenset(entries)
    named = (path for path in sorted(paths) if path.rpartition("/")[2] in STARTERS and path not in known)
    return [path for path in named if not is_beside_the_service(path)]


class Program:
    """All modules that the service's entry modules import, linked on demand.

    A file belongs to the service when it imports a web or task framework, or when such a file imports it, directly or
    not. A tree without any framework counts whole. Of a tree with several services, `group` is the one that is meant.
    """

    def __init__(self, tree: Tree, layout: Layout, entries: Sequence[str], group: Group | None = None) -> None:
        self.tree = tree
        self.layout = layout
        self.third_party = layout.third_party
        self.paths = layout.paths
        self._loaded: dict[str, Module | None] = {}
        self._resolved: dict[tuple[str, str], ModuleValue | None] = {}
        self._imports: dict[str, tuple[str, ...]] = {}
        self._loading: dict[str, bool] = {}
        self.group = group
        self.entries = self._entries(entries)
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

    def holds(self, path: str) -> bool:
        """Whether a file belongs to the service that is meant."""
        return self.group is None or path in self.group.files

    # Loading

    def _entries(self, found: Sequence[str]) -> Sequence[str]:
        if self.group is not None:
            return self.group.entries
        return found or [path for path in sorted(self.paths) if not is_beside_the_service(path)]

    def _load_closure(self) -> None:
        starters = starting(self.paths, self.entries) if self.group is None else self.group.starters
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
        found = list(self._named_paths(module))
        yield from found
        if any(self._loads_by_name(path) for path in (module.path, *found)):
            for value in written_names(module, self):
                yield from self._files_of(value)

    def _loads_by_name(self, path: str) -> bool:
        known = self._loading.get(path)
        if known is None:
            module = self._loaded.get(path)
            known = self._loading[path] = module is not None and loads_by_name(module, self)
        return known

    def _named_paths(self, module: Module) -> Iterator[str]:
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
            if name not in _LEADING:
                continue
            if name in IMPORTING or name in TOLD:
                for plugin in imported_by(call, self):
                    yield from self._files_of(plugin)
            for job in call.arguments[DOTTED_JOBS[name] :][:1] if name in DOTTED_JOBS else ():
                if job[0] == "const" and isinstance(job[2], str) and "." in job[2]:
                    yield from self._files_of(self.resolve(module, job[2].rpartition(".")[0], 0))
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
        if isinstance(value, ModuleValue):
            yield from self.layout.files_of(Place(value.folder, value.module.path if value.module else None))

    def load(self, path: str) -> Module | None:
        """The module in a file, None if it cannot be read."""
        if path not in self._loaded:
            facts = self.tree.facts(path, "python")
            body = () if facts is None else facts[1]
            body = with_attributes(body) if self.tree.mentions(path, BY_KEY) else body
            self._loaded[path] = None if facts is None or facts[0] else collect(path, body)
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
            return self._found(self.layout.locate(importer.path, name, level))
        key = (importer.path, name)
        if key not in self._resolved:
            self._resolved[key] = self._found(self.layout.locate(importer.path, name, 0))
        return self._resolved[key] or External(name)

    def submodule(self, package: ModuleValue, name: str) -> ModuleValue | None:
        """A module inside a package."""
        if package.module is not None and not package.module.is_package:
            return None
        return self._found(self.layout.below(package.folder, name))

    def _found(self, place: Place | None) -> ModuleValue | None:
        if place is None:
            return None
        return ModuleValue(place.folder, self.load(place.path) if place.path is not None else None)


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


def scope_of_name(scope: Scope, name: str) -> Scope | None:
    """The scope whose name it is, as Python finds it: class bodies are seen from themselves alone (and from the
    providers in them, whose arguments stand there)."""
    if name in scope.bindings and name not in scope.declared_global:
        return scope
    outer = scope.parent
    if scope.name == PROVIDER and outer is not None:
        return scope_of_name(outer, name)
    while outer is not None:
        if name in outer.bindings and type(outer) is not Class and name not in outer.declared_global:
            return outer
        outer = outer.parent
    return None
