"""All that frameworks call in a program, and what of it is live."""

from __future__ import annotations

from functools import cached_property

from aiaudit.model.answering import BOT, COLD, HANDLER, REQUEST, SOCKET, TORNADO, Answering, answering, is_about_models
from aiaudit.model.bots import running_scripts
from aiaudit.model.callbacks import callbacks
from aiaudit.model.conventions import conventions
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.frameworks import APPLICATIONS, CONVENTION
from aiaudit.model.graphql import resolvers
from aiaudit.model.openapi import operations
from aiaudit.model.program import Program, imported_names, is_beside_the_service, module_calls
from aiaudit.model.queue_loops import queue_loops
from aiaudit.model.routes import Application, Entry, Routing
from aiaudit.model.routing.recording import FLASK
from aiaudit.model.routing.registering import Registrations
from aiaudit.model.scopes import Function, Module
from aiaudit.model.served_graphs import served_graphs
from aiaudit.model.started import started_scripts
from aiaudit.span import Span


def routing(program: Program, evaluator: Evaluator) -> Routing:
    """Find what frameworks call in a program."""
    return _Finder(program, evaluator).find()


class _Finder(Registrations):
    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        super().__init__(program, evaluator)
        self.standing: set[str] = set()  # files that a server loads without an application in them

    def find(self) -> Routing:
        for call in self.program.calls_by_name.get("include_router", ()):
            self.prefixes.remember(call)
        for call in self.program.calls_by_name.get("register_blueprint", ()):
            self.prefixes.remember(call)
        for name in ("path", "re_path", "url") if "include" in self.program.calls_by_name else ():
            for call in self.program.calls_by_name.get(name, ()):
                self.prefixes.remember_included(call)
        for function in self.program.functions:
            self.decorated(function)
        for cls in self.program.classes:
            self.inspect_class(cls)
            if any(path in APPLICATIONS for path in self.evaluator.lineage(cls)[1]):
                for call in self.evaluator.constructions(cls):
                    self.application(call)
        named = self.named_like_registrations()
        for module in self.program.modules:
            for call in module_calls(module):
                if id(call) in named:
                    self.registered(call)
        if any(name.startswith("connexion") for m in self.program.modules for name in imported_names(m)):
            self._connexion()
        self.set_lifespans()
        for answer in answering(self.program, self.evaluator):
            self._answering(answer)
        self._resolvers()
        self._factories()
        for callback in callbacks(self.program, self.evaluator):
            entry = Entry(callback.kind, callback.scope, callback.label, callback.span, callback.registered)
            entry.by = callback.by
            self.found.entries.append(entry)
        for callback in conventions(self.program, self.evaluator):
            self.entry(callback.kind, callback.scope, callback.label, callback.span)
            if callback.kind == "startup":
                self.standing.add(callback.scope.module.path)  # settings name it, and nothing imports it
        self._queue_loops()
        self._served_graphs()
        for route in self.found.routes:
            for function in (route.handler, *self.evaluator.wrappers(route.handler), *route.dependencies):
                entry = Entry("request", function, route.label, route.span)
                entry.apart, entry.cold = route.framework == FLASK, route.framework in COLD
                self.found.entries.append(entry)
        self._keep_live()
        return self.found

    @cached_property
    def _started(self) -> frozenset[str]:
        """The scripts that deploy files start."""
        return started_scripts(self.program, self.evaluator)

    def _answering(self, answer: Answering) -> None:
        """A function that a server without routers runs."""
        if answer.kind != REQUEST:
            self.entry(answer.kind, answer.function, answer.label, answer.span)
        elif not any(route.handler is answer.function for route in self.found.routes):
            route = self.add(answer.function, answer.label, answer.span, answer.framework, (), None)
            route.kind = {HANDLER: "http", TORNADO: "http", SOCKET: "websocket"}.get(answer.framework, "event")
            module = answer.function.module
            if not self.found.applications or is_about_models(module, self.program):
                self.standing.add(module.path)

    def _resolvers(self) -> None:
        """What answers the fields of a GraphQL schema; what makes their context runs first."""
        for resolver in resolvers(self.program, self.evaluator):
            route = self.add(resolver.function, resolver.label, resolver.span, resolver.framework, (), resolver.call)
            route.kind, route.dependencies = "event", resolver.before

    def _queue_loops(self) -> None:
        """Loops that take jobs from a queue, in scripts that deploy files start."""
        loops = list(queue_loops(self.program, self.evaluator))
        started = self.program.closure(sorted(self._started)) if loops else ()
        for loop in loops:
            if loop.function.module.path in started:
                self.entry("startup", loop.function, f"worker loop {loop.function.label}", loop.function.span)
                for job in loop.jobs:
                    self.entry("task", job, f"queued job {job.label}", job.span)
                self.standing.add(loop.function.module.path)

    def _served_graphs(self) -> None:
        """Graphs that LangGraph's server runs, by the name of a variable."""
        for graph in served_graphs(self.program, self.evaluator):
            self.standing.add(graph.module.path)
            for node in graph.nodes:
                self.entry("request", node, f"graph {graph.name}", node.span)

    def _factories(self) -> None:
        """Functions that make an application and that only a server calls, by name: `gunicorn "app:create_app()"`."""
        for application in self.found.applications:
            scope = application.call.scope
            if isinstance(scope, Function) and not self.evaluator.callers(scope) and self._returns(scope, application):
                self.entry("startup", scope, f"application factory {scope.label}", scope.span)

    def _returns(self, function: Function, application: Application) -> bool:
        """Whether a function gives the application that it makes."""
        return any(
            getattr(value, "origin", None) is application.call
            for returned, _ in function.returns
            for value in self.evaluator.evaluate(returned, function)
        )

    def _keep_live(self) -> None:
        """Drop what no application imports: left-over routers, scripts and copies never run.

        Django finds its modules by convention, so whatever imports Django is live.
        """
        anchors = {application.call.scope.module.path for application in self.found.applications}
        anchors |= {entry.scope.module.path for entry in self.found.entries if entry.kind == "task"}
        anchors |= {m.path for m in self.program.modules if self._is_found_by_convention(m)}
        anchors |= {route.handler.module.path for route in self.found.routes if route.framework == "Connexion"}
        anchors |= self.standing
        scripts = self._run_as_scripts()
        anchors |= scripts
        pages = self._pages()
        is_service = bool(anchors) or self.program.group is not None
        if is_service and not pages <= anchors:
            self.found.started = self._started
            anchors |= pages & self.program.closure(sorted(self.found.started))
        self.found.started |= scripts
        self.found.is_anchored = bool(anchors)
        if not is_service:
            anchors = set(self.program.entries)
        starters = [path for path in self.program.starters if not anchors.isdisjoint(self.program.closure([path]))]
        starters += [path for path in self.found.started if not anchors.isdisjoint(self.program.closure([path]))]
        roots = sorted(anchors | set(starters))
        live = self.found.live = self.program.closure(roots)
        # A page runs as the main program, whoever starts it; where there is no service, nothing else starts others.
        self.found.started |= live & (self._streamlit_pages() if is_service else pages)
        self.found.routes = [route for route in self.found.routes if route.handler.module.path in live]
        self.found.entries = [entry for entry in self.found.entries if entry.scope.module.path in live]
        for path in roots:
            module = self.program.load(path)
            if module is not None:
                self.entry("import", module, f"import of {path}", Span.whole_file(path))

    def _pages(self) -> set[str]:
        """Modules that show pages and serve them themselves, as Gradio's and Streamlit's do: applications if they are
        started, else often sketches beside the service."""
        found = {route.handler.module.path for route in self.found.routes if route.framework == "Gradio"}
        return found | self._streamlit_pages()

    def _streamlit_pages(self) -> set[str]:
        return {entry.scope.module.path for entry in self.found.entries if isinstance(entry.scope, Module)}

    def _run_as_scripts(self) -> frozenset[str]:
        """The scripts that run bots."""
        bots = {route.handler.module.path for route in self.found.routes if route.framework == BOT}
        scripts = running_scripts(self.program, self.evaluator) if bots else ()
        return frozenset(path for path in scripts if not bots.isdisjoint(self.program.closure([path])))

    def _is_found_by_convention(self, module: Module) -> bool:
        if is_beside_the_service(module.path):
            return False
        if "INSTALLED_APPS" in module.bindings:
            return True
        names = imported_names(module)
        return any(name.partition(".")[0] in CONVENTION for name in names)

    def _connexion(self) -> None:
        """Connexion routes to the functions that the OpenAPI document names."""
        for label, dotted in operations(self.program.tree):
            holder, _, name = dotted.rpartition(".")
            for function in self.program.functions:
                if function.name != name or not isinstance(function.parent, Module):
                    continue
                path = function.module.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
                if not holder or path == holder or path.endswith(f".{holder}") or holder.endswith(f".{path}"):
                    self.add(function, label, function.span, "Connexion", (label.partition(" ")[0],), None)
