"""What decorators register."""

from __future__ import annotations

from aiaudit.model.frameworks import CHAINLIT_HOOKS, LITESTAR, ROUTERS, TASK_DECORATORS, VERBS
from aiaudit.model.routes import Entry
from aiaudit.model.routing.recording import FLASK, Recorder, path_argument, strings
from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.model.values import ClassValue, External, Instance
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span

# Methods of applications and routers that are given a function which runs at the start, or around each request: as
# decorators, or by a plain call.
STARTUP_HOOKS = frozenset(
    ("before_serving", "before_app_serving", "before_server_start", "main_process_start", "after_server_start",
     "on_startup")
)  # fmt: skip
REQUEST_HOOKS = frozenset(
    ("before_request", "before_app_request", "before_websocket", "after_request", "teardown_request", "middleware",
     "exception_handler", "errorhandler", "context_processor", "url_value_preprocessor", "on_request", "on_response")
)  # fmt: skip


class Decorators(Recorder):
    """Handlers, hooks and tasks by their decorators."""

    def decorated(self, function: Function) -> None:
        for decorator in function.decorators:
            scope = function.parent or function.module
            call = self.evaluator.call_of(decorator, scope) if decorator[0] == "call" else None
            callee = decorator[2] if call else decorator
            if callee[0] == "attr":
                self.method_decorator(function, callee, call, scope, decorator)
            elif callee[0] == "name":
                self._name_decorator(function, callee, call, scope, decorator)

    def method_decorator(
        self, function: Function, callee: Expression, call: Call | None, scope: Scope, decorator: Expression
    ) -> None:
        name = callee[3]
        owners = self.evaluator.evaluate(callee[2], scope)
        paths = {v.path for v in owners if isinstance(v, External)}
        paths |= {f"{p}()" for v in owners if isinstance(v, Instance) for p in self.evaluator.lineage(v.cls)[1]}
        span = Span.at(scope.module.path, decorator[1])
        is_router = any(path in ROUTERS for path in paths)
        if (
            call is not None
            and name in VERBS | {"route", "api_route", "websocket", "websocket_route"}
            and (is_router or (not paths and path_argument(call) is not None))
        ):
            route = self.route(function, name, call, span, callee[2], scope)
            if any(path.startswith(("flask.", "flask_openapi3.", "apiflask.", "flask_smorest.")) for path in paths):
                route.framework = FLASK
        elif name in ("on_event", "listener") and call is not None and call.arguments:
            self.event(function, call.arguments[0], span)
        elif name in STARTUP_HOOKS:
            self.entry("startup", function, f"startup hook {function.label}", span)
        elif name in REQUEST_HOOKS:
            if is_router or name == "middleware":
                self.entry("request", function, f"every request ({name})", span)
        elif name in TASK_DECORATORS:
            if any(p.startswith(("celery", "rq", "arq", "dramatiq", "huey")) for p in paths) or name in (
                "task",
                "actor",
            ):
                self.entry("task", function, f"task {function.name}", span)
                self._hooks_of_base(function, call, scope, span)
        elif name == "scheduled_job" and any(p.startswith("apscheduler") for p in paths):
            self.entry("task", function, f"scheduled job {function.name}", span)
            self.found.entries[-1].by = "clock"
        elif name in CHAINLIT_HOOKS and "chainlit" in {p.partition(".")[0] for p in paths}:
            self.route_entry(function, f"chainlit {name}", span)
        elif name == "api" and any(p.startswith("bentoml") for p in paths):
            self.route_entry(function, f"bentoml {function.name}", span)

    def _name_decorator(
        self, function: Function, callee: Expression, call: Call | None, scope: Scope, decorator: Expression
    ) -> None:
        span = Span.at(scope.module.path, decorator[1])
        for value in self.evaluator.evaluate(callee, scope):
            if not isinstance(value, External):
                continue
            last = value.path.rpartition(".")[2]
            if value.path in LITESTAR:
                path = path_argument(call) if call else None
                self.add(function, f"{last.upper()} {path or '/'}", span, "Litestar", (last.upper(),), call)
            elif value.path.endswith(".api_view"):
                methods = strings(call.arguments[0]) if call and call.arguments else ["GET"]
                self.add(
                    function,
                    f"{'|'.join(methods)} {function.name}",
                    span,
                    "Django REST framework",
                    tuple(methods),
                    call,
                )
            elif value.path.endswith("dispatch.receiver"):
                entry = Entry("request", function, f"callback {function.label}", span, registered=True)
                self.found.entries.append(entry)
            elif value.path in ("celery.shared_task", "dramatiq.actor", "rq.decorators.job"):
                self.entry("task", function, f"task {function.name}", span)
                self._hooks_of_base(function, call, scope, span)

    def _hooks_of_base(self, function: Function, call: Call | None, scope: Scope, span: Span) -> None:
        """What Celery runs before a task, of the class that it is told to make the task of: `task(base=ModelTask)`."""
        given = call.keyword("base") if call is not None else None
        for value in self.evaluator.evaluate(given, scope) if given is not None else ():
            for cls in self.evaluator.lineage(value.cls)[0] if isinstance(value, ClassValue) else ():
                for method in (cls.method("__call__"), cls.method("before_start")):
                    if method is not None:
                        self.entry("task", method, f"task {function.name}", span)
