"""Where request data enters the program: parameters of handlers, request objects, messages of sockets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiaudit.model.answering import LAMBDA, PAYLOADS, SOCKET, SOCKET_IO, WITHOUT_TEXT
from aiaudit.model.evaluate import Evaluator, method_of
from aiaudit.model.flow.accesses import ARGUMENTS, access
from aiaudit.model.flow.checks import Check, Checks
from aiaudit.model.flow.decorated import BODY, Decorated
from aiaudit.model.flow.injected import of_decorators
from aiaudit.model.flow.pages import CONVERSATION, of_gradio, of_streamlit
from aiaudit.model.flow.parsers import Parsers, is_parser
from aiaudit.model.flow.places import FETCHED, FILE, Part, Path, Place, is_one
from aiaudit.model.flow.schema import DESCRIBING, Schema
from aiaudit.model.flow.tool_servers import ANY_TOOL, MCP, is_short, tool_routes
from aiaudit.model.flow.verdicts import Container, Verdict
from aiaudit.model.flow.words import is_identifier, names_turns, speaks_of_conversation, words
from aiaudit.model.graphql import ON_THE_LOOP, PASSED, PLAIN
from aiaudit.model.program import scope_of_name
from aiaudit.model.routes import Route, Routing
from aiaudit.model.scopes import Class, Function, Scope, last_name
from aiaudit.model.served_agents import SERVED as SERVED_GRAPH
from aiaudit.model.served_chains import SERVED, declared
from aiaudit.model.values import ClassValue, External, FunctionValue, Value
from aiaudit.sources.python.facts import Expression, Parameter
from aiaudit.span import Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Text of a request: `description` such as "field `message` of ChatRequest", where it is declared, and the route.

    `kind` is "text", "upload" or "fetched" (what lies behind an address that the client gives); `many`: each item is
    bounded, but not how many there are; `container` is the list of any number of items that the text is an item of.
    `checks` are those of an upload's size that its `handler` makes.
    """

    description: str
    span: Span
    kind: str = "text"
    route: Route | None = None
    field: str = ""
    owner: str = ""
    many: bool = False
    container: Container | None = None
    checks: tuple[Check, ...] = ()
    handler: Function | None = None


# What request objects give -> how the text is called; the rest of a request (headers, path, client, state) is short.
_PARTS = {
    "the JSON body": "json get_json json_body",
    "the body": "get_media media body data get_data text read stream content validated_data load_json",
    "the form": "form POST post forms values get_body_argument multipart",
    "the query string": "args get_args GET query_params query get_query_argument rel_url",
    "the parameters": "params get_param get_argument parse_args",
    "the socket": "receive_text receive_json receive_bytes iter_text iter_json receive recv",
    "an upload": "files FILES",
}
REQUEST_PARTS = {name: what for what, names in _PARTS.items() for name in words(names)}
REQUEST_TYPES = words(
    "Request HttpRequest WSGIRequest ASGIRequest WebSocket HTTPConnection StarletteRequest Websocket BaseRequest"
)
# Request objects that a module imports, by dotted path.
GLOBAL_REQUESTS = words(
    "flask.request quart.request quart.websocket connexion.request bottle.request flask.globals.request "
    "cherrypy.request chalice.app.current_request starlette.requests.Request() flask_restful.request"
)
# Parts of events that platforms keep short, and those that the text lies in.
_SHORT_PARTS = words(
    "headers multiValueHeaders requestContext pathParameters queryStringParameters multiValueQueryStringParameters"
    " httpMethod path rawPath rawQueryString resource stageVariables cookies isBase64Encoded routeKey"
)
_AROUND = words("body input inputs data payload json value detail arguments args message event instances content_type")
# Parameters that sockets' libraries and GraphQL's fill with other things than what a client sends.
_NO_PAYLOAD = words("sid environ auth info root parent obj context _")


SESSION = "session"
_CARRIERS = {"flask.g": "g", "quart.g": "g", "streamlit.session_state": SESSION}
# Parameters that Django's classes fill -> the methods whose they are.
_OF_VIEWS = {
    "text_data": ("receive",),
    "content": ("receive_json",),
    "serializer": ("perform_create", "perform_update"),
    "validated_data": ("create", "update", "save"),
}
_CONSUMERS = (".WebsocketConsumer", ".AsyncWebsocketConsumer", ".JsonWebsocketConsumer", ".AsyncJsonWebsocketConsumer")
_VALIDATED = (("validated_data",), ("data",), ("initial_data",))
# What request objects are called where nothing declares them.
_REQUEST_NAMES = ("request", "req", "websocket", "ws")
# Methods of model servers, and those that make what they get.
_STAGES = {"predict": ("decode_request", "preprocess"), "inference": ("preprocess",), "predict_fn": ("input_fn",)}


class Sources:
    """Tells whether an expression or parameter is request data."""

    def __init__(self, evaluator: Evaluator, routing: Routing, schema: Schema, checks: Checks) -> None:
        self.evaluator = evaluator
        self.schema = schema
        self.checks = checks
        self.parsers = Parsers(evaluator)
        self._requests: dict[int, bool] = {}
        self.handlers = {id(route.handler): route for route in routing.routes}
        self._injected = self._dependencies(routing) | tool_routes(evaluator)
        self.decorated = Decorated(evaluator, checks, self.is_request)

    def _dependencies(self, routing: Routing) -> dict[int, Route]:
        """Functions whose parameters the framework fills like a handler's, with a route that needs them."""
        found: dict[int, Route] = {}
        queue = [(route.handler, route) for route in routing.routes]
        queue += [(dependency, route) for route in routing.routes for dependency in route.dependencies]
        seen: set[int] = set()
        for function, route in queue:  # grows while it is walked
            if id(function) in seen:
                continue
            seen.add(id(function))
            found.setdefault(id(function), route)
            for parameter in function.parameters:
                for value in self.evaluator.dependency_of(parameter, function):
                    queue += [(inner, route) for inner in self._run_by(value)]
        return found

    def _run_by(self, value: Value) -> list[Function]:
        if isinstance(value, FunctionValue):
            return [value.function]
        if isinstance(value, ClassValue):
            constructor = self.evaluator.constructor(value.cls)
            return [constructor] if constructor is not None else []
        return []

    def route_of(self, function: Function) -> Route | None:
        """The route that a function answers, or that it is a dependency of."""
        return self._injected.get(id(function))

    # Parameters

    def of_parameter(self, parameter: Parameter, function: Function, path: Path) -> Source | None:
        """The request text that the framework passes as a parameter of a handler or dependency, as far as no decorator
        refuses what is too long."""
        source = self._of_parameter(parameter, function, path)
        if source is None or not function.decorators:
            return source
        names = tuple(str(part) for part in path) or ((source.field,) if source.owner else ())
        return None if self.decorated.bounds(function, (parameter[0], *names)) else source

    def _of_parameter(self, parameter: Parameter, function: Function, path: Path) -> Source | None:
        if function.owner is not None and function.name in _OF_VIEWS.get(parameter[0], ()):
            return self._of_view(parameter, function, function.owner, path)
        route = self.route_of(function)
        name, kind, annotation, default, at = parameter
        if route is None or name == function.self_name or kind in ("variadic", "keywords"):
            return None
        if self.evaluator.dependency(parameter, function) is not None or self._is_request_type(parameter, function):
            return None
        if route.framework in (ON_THE_LOOP, PLAIN) and name in PASSED:
            return None
        outer = function.parent or function.module
        place = Span.at(function.module.path, at)
        if route.framework in WITHOUT_TEXT:
            return None
        if route.framework == MCP and route.methods == (ANY_TOOL,):
            return self._of_any_tool(parameter, function, path, route)
        if self._is_payload(parameter, function, route):
            return self._payload(path, place, route)
        read = of_decorators(parameter, function, path, self.schema, self.evaluator)
        if read is not None:
            return self._source(read, name, place, route, path, function)
        if route.framework == LAMBDA or (route.framework in PAYLOADS and stage_before(function) is not None):
            return None
        if route.framework == "Gradio":
            found = of_gradio(parameter, route, path, self.evaluator)
            held = Container(name if speaks_of_conversation(name) else "history", "", place)
            container = held if found == CONVERSATION else None
            return Source(f"the input `{name}`", place, route=route, container=container) if found else None
        if function.name == SERVED:
            annotation, outer = declared(annotation, outer, self.evaluator)
            if annotation is None:
                return Source("the input of the chain", place, route=route)
        if function.name == SERVED_GRAPH:
            return Source("the input of the graph", place, route=route)
        if annotation is None or route.label.startswith("chainlit"):
            return self._unannotated(parameter, function, path, route, place)
        clean = tuple(part for part in path if part != FETCHED)
        verdict = self.schema.annotated(annotation, outer, clean)
        if default is not None:
            verdict = self.schema.limited(verdict, [default], outer)
        return self._source(verdict, name, place, route, path, function)

    @staticmethod
    def _of_any_tool(parameter: Parameter, function: Function, path: Path, route: Route) -> Source | None:
        """What the one function of a low-level MCP server gets: the name of a tool, and its arguments."""
        own = [p for p in function.parameters if p[0] != function.self_name]
        field = str(path[0]) if path else ""
        if own[1:2] != [parameter] or FILE in path or is_identifier(field) or is_short(field, function):
            return None
        what = f"argument `{field}` of the tools" if field else "what the tools are called with"
        kind = "fetched" if FETCHED in path else "text"
        return Source(what, Span.at(function.module.path, parameter[4]), kind, route, field)

    def _of_view(self, parameter: Parameter, function: Function, owner: Class, path: Path) -> Source | None:
        """What Django passes to the methods of its consumers, views and serializers."""
        name, place, route = parameter[0], Span.at(function.module.path, parameter[4]), self.route_of(function)
        if function.name in ("receive", "receive_json"):
            is_consumer = self.evaluator.inherits(owner, *_CONSUMERS)
            return Source("a message of the socket", place, route=route) if is_consumer else None
        names, cls = path, owner
        if name == "serializer":
            classes = self.evaluator.lineage(owner)[0]
            named = [binding for known in classes for binding in known.bindings.get("serializer_class", ())]
            found = (value for b in named for value in self.evaluator.evaluate(b.expression, b.scope))
            made = next((value.cls for value in found if isinstance(value, ClassValue)), None)
            if made is None or path[:1] not in _VALIDATED:
                return None
            names, cls = path[1:], made
        verdict = self.schema.model(cls, names)
        return self._source(verdict, name, place, route, path, function) if verdict.owner else None

    def _is_payload(self, parameter: Parameter, function: Function, route: Route) -> bool:
        """Whether a parameter is all that a request brings, in whatever form."""
        if route.framework == SOCKET_IO:
            return parameter[0] not in _NO_PAYLOAD
        own = [p for p in function.parameters if p[0] != function.self_name]
        if (route.framework not in PAYLOADS and route.framework != SOCKET) or own[:1] != [parameter]:
            return False
        if stage_before(function) is not None:
            return False
        if parameter[2] is None or route.framework in (LAMBDA, SOCKET):
            return True
        plain = parameter[2][2] if parameter[2][0] == "sub" else parameter[2]
        if last_name(plain) in ("dict", "Dict", "Any", "Mapping"):
            return True
        values = self.evaluator.evaluate(plain, function.parent or function.module)
        return any(isinstance(value, External) and not value.path.startswith("builtins.") for value in values)

    @staticmethod
    def _payload(path: Path, place: Span, route: Route) -> Source | None:
        """The text in what a request brings."""
        if route.framework == SOCKET:
            return Source("a message of the socket", place, route=route)
        names = [part for part in path if isinstance(part, str) and part.isidentifier()]
        if FILE in path or _SHORT_PARTS.intersection(names):
            return None
        field = next((name for name in names if name not in _AROUND), "")
        if is_identifier(field):
            return None
        what = "the message of the socket" if route.framework == SOCKET_IO else "the request"
        kind = "fetched" if FETCHED in path else "text"
        return Source(f"`{field}` in {what}" if field else what, place, kind, route, field)

    def of_model(self, cls: Class, parameter: Parameter, function: Scope, path: Path) -> Source | None:
        """A field of a class whose objects the framework fills from the request."""
        route = self.route_of(function) if isinstance(function, Function) else None
        if route is None or not isinstance(function, Function):
            return None
        verdict = self.schema.model(cls, tuple(part for part in path if part != FETCHED))
        return self._source(verdict, parameter[0], Span.at(function.module.path, parameter[4]), route, path, function)

    def _unannotated(
        self, parameter: Parameter, function: Function, path: Path, route: Route, place: Span
    ) -> Source | None:
        """Without annotation FastAPI takes a query parameter, and Chainlit passes the message."""
        name, _, _, default, _ = parameter
        if route.label.startswith("chainlit"):
            is_text = route.label.endswith("on_message") and (not path or path[0] == "content")
            return Source("the chat message", place, route=route) if is_text else None
        if name in (*_REQUEST_NAMES, "info", "db", "session", *_NO_PAYLOAD) or FILE in path:
            return None
        if default is not None and default[0] == "call":
            verdict = self.schema.limited(Verdict("text"), [default], function.parent or function.module)
            return self._source(verdict, name, place, route, path, function)
        if default is not None and default[0] == "const" and not isinstance(default[2], (str, type(None))):
            return None
        if path or is_identifier(name) or _is_in_address(name, route) or route.framework == MCP:
            return None
        return Source(f"parameter `{name}`", place, route=route, field=name)

    def _source(
        self, verdict: Verdict, name: str, place: Span, route: Route | None, path: Path, function: Function
    ) -> Source | None:
        if verdict.kind == "upload":
            title, checks = f"the upload `{verdict.field or name}`", tuple(self._checks_of(function, name))
            return Source(title, place, "upload", route, verdict.field or name, checks=checks, handler=function)
        if FETCHED in path:
            kinds = ("text", "bounded")
            address = verdict.field or name
            return Source(f"the page at `{address}`", place, "fetched", route, name) if verdict.kind in kinds else None
        if FILE in path or (verdict.kind != "text" and not verdict.many) or is_identifier(verdict.field or name):
            return None
        if not verdict.owner and route is not None and _is_in_address(name, route):
            return None
        if verdict.owner:
            way = verdict.way or (verdict.field,)
            check = self.checks.bounded(function, name, way, None, lambda: verdict.is_list)
            if check is not None and not check.pieces and not path:
                return None
            description = f"field `{verdict.field}` of {verdict.owner}"
            declared = verdict.declared or place
            held = verdict.container or (Container(name, "", place) if verdict.opened else None)
            return Source(description, declared, "text", route, verdict.field, verdict.owner, verdict.many, held)
        held = Container(name, "", place) if verdict.opened else None
        what = f"argument `{name}` of the {route.label}" if route is not None and route.framework == MCP else ""
        return Source(what or f"parameter `{name}`", place, "text", route, name, "", verdict.many, held)

    def _checks_of(self, function: Function, name: str) -> Iterator[Check]:
        """Where a handler checks the size of an upload, of the file or of what it read from it."""
        for check in self.checks.of(function):
            key = check.bound.key.split(".")
            if check.branch is None and key[0] == name and not DESCRIBING.intersection(key):
                yield check

    def _is_request_type(self, parameter: Parameter, function: Function) -> bool:
        annotation = parameter[2]
        if annotation is None:
            return False
        if annotation[0] == "sub":
            annotation = annotation[2]
        if last_name(annotation) not in REQUEST_TYPES:
            return False
        values = self.evaluator.evaluate(annotation, function.parent or function.module)
        return not any(isinstance(value, ClassValue) for value in values)

    # Request objects

    def of_access(self, place: Place) -> tuple[bool, Source | None]:
        """Whether an expression reads from a request object, and what text it takes from it."""
        widget = of_streamlit(place.expression, place.scope, self.evaluator)
        if widget is not None:
            return True, Source(f"the text of the {widget}", place.span) if widget and not place.path else None
        root, names = access(place.expression)
        if self.parsers.has_body(root, names, place.scope):
            return True, self._request_part(("json", *names[names.index("payload") + 1 :], *place.path), place)
        if not names or not (self.is_request(root, place.scope) or self._is_asking_handler(root, names, place.scope)):
            return False, None
        path: Path = (*names, *place.path)
        if path[0] == "state":
            return False, None  # what the program put there
        if path[0] == "parse_args" and len(path) > 1:
            kind = self.parsers.kind(root, str(path[1]), place.scope)
            if kind != "text":
                return True, self._request_part(("files", *path[1:]), place) if kind == "file" else None
        return True, self._request_part(path, place)

    def _request_part(self, path: Path, place: Place) -> Source | None:
        first = str(path[0])
        if first == "request":  # aiohttp and Django views keep it as an attribute of another object
            path = path[1:]
            first = str(path[0]) if path else ""
        what = REQUEST_PARTS.get(first)
        if what is None:
            return None
        function = method_of(place.scope) or _function(place.scope)
        route = self.route_of(function) if function is not None else None
        if what == "an upload":
            return Source("the upload", place.span, "upload", route)
        if FILE in path:
            return None
        if FETCHED in path:
            return Source(f"the page at an address from {what}", place.span, "fetched", route)
        below = path[2:] if path[:2] == ("rel_url", "query") else path[1:]
        names = [part for part in below if isinstance(part, str) and part.isidentifier()]
        field = names[0] if names else ""
        if what == "the socket":
            return Source("a message of the socket", place.span, "text", route, field)
        if is_identifier(field) or (what == "the JSON body" and self.parsers.bounds(function, field)):
            return None
        if route is not None and names and self.decorated.bounds(route.handler, (BODY, *names)):
            return None
        description = f"`{field}` in {what}" if field else what
        return Source(description, place.span, "text", route, field, container=_json_list(what, field, path, place))

    def carrier(self, expression: Expression, scope: Scope) -> str:
        """What carries values from one function that answers a request to the next, or from one run of a page to the
        next: Flask's `g`, `request.state`, `st.session_state`."""
        if expression[0] == "attr" and expression[3] == "state":
            return "state" if self.is_request(expression[2], scope) else ""
        held = self.evaluator.evaluate(expression, scope) if expression[0] in ("name", "attr") else ()
        known = (_CARRIERS.get(value.path, "") for value in held if isinstance(value, External))
        return next(filter(None, known), "")

    def is_request(self, expression: Expression, scope: Scope) -> bool:
        """Whether an expression is the request object of a framework."""
        if expression[0] == "name":
            return self._is_request_name(expression[2], scope) or self._is_global_request(expression, scope)
        if expression[0] == "attr" and expression[3] in ("request", "rfile") and expression[2][0] == "name":
            method = method_of(scope)
            if method is not None and expression[2][2] == method.self_name:
                return self._is_view(method)
        return self._is_global_request(expression, scope)

    def _is_asking_handler(self, root: Expression, names: Sequence[Part], scope: Scope) -> bool:
        """Whether a method of a Tornado handler asks for what came: `self.get_argument("question")`."""
        if names[0] not in ARGUMENTS or root[0] != "name":
            return False
        method = method_of(scope)
        if method is None or method.owner is None or root[2] != method.self_name:
            return False
        return self.evaluator.inherits(method.owner, ".RequestHandler")

    def _is_view(self, method: Function) -> bool:
        return method.owner is not None and bool(self.evaluator.lineage(method.owner)[1])

    def _is_global_request(self, expression: Expression, scope: Scope) -> bool:
        return any(
            isinstance(value, External) and (value.path in GLOBAL_REQUESTS or is_parser(value))
            for value in self.evaluator.evaluate(expression, scope)
        )

    def _is_request_name(self, name: str, scope: Scope) -> bool:
        holder = scope_of_name(scope, name)
        if not isinstance(holder, Function):
            return False
        for binding in holder.bindings[name]:
            if binding.kind != "parameter":
                continue
            parameter: Parameter = binding.target
            route = self.route_of(holder)
            if route is not None and route.framework in PAYLOADS:
                return False
            if parameter[2] is not None:
                return self._is_request_type(parameter, holder)
            return name in _REQUEST_NAMES and (route is not None or self._gets_request(name, holder))
        return False

    def _gets_request(self, name: str, function: Function) -> bool:
        """Whether a helper's parameter of such a name is the request object, not a body that a handler passes on.

        Where nobody is known to call it, the name decides.
        """
        known = self._requests.get(id(function))
        if known is None:
            self._requests[id(function)] = True  # a helper that calls itself
            owner = function.owner
            bases = self.evaluator.lineage(owner)[0][1:] if owner is not None else ()
            methods = (function, *(m for m in (base.method(function.name) for base in bases) if m is not None))
            given = [expression for method in methods for expression in self._given(name, method)]
            known = not given or any(self.is_request(expression, scope) for expression, scope in given)
            self._requests[id(function)] = known
        return known

    def _given(self, name: str, function: Function) -> Iterator[tuple[Expression, Scope]]:
        """What the calls of a function pass for a parameter, as far as it is written out."""
        names = [parameter[0] for parameter in function.parameters if parameter[1] in ("positional", "any")]
        for call, offset, shift in self.evaluator.callers(function):
            position = names.index(name) - offset + shift if name in names else None
            found = call.argument(name, position if position is not None and position >= 0 else None)
            if found is not None:
                yield found, call.scope


def stage_before(function: Function) -> Function | None:
    """The method or function whose result a model server passes to this one."""
    for name in _STAGES.get(function.name, ()):
        if function.owner is not None:
            found = function.owner.method(name)
        else:
            found = next((f for f in function.module.functions if f.name == name), None)
        if found is not None:
            return found
    return None


def _is_in_address(name: str, route: Route) -> bool:
    """Whether a parameter is a piece of the route's address: `{name}`, `<name>`, `<int:name>`."""
    return any(part in route.label for part in (f"{{{name}", f"<{name}>", f":{name}>"))


def is_conversation(source: Source) -> bool:
    """Whether a text is one turn of a conversation that the request carries."""
    return source.container is not None and speaks_of_conversation(source.container.name)


def _json_list(what: str, field: str, path: Path, place: Place) -> Container | None:
    """The entry of a JSON body that is read as a whole list."""
    if not field or "body" not in what or field not in path or not names_turns(field):
        return None
    below = path[path.index(field) + 1 :]
    return None if below and (is_one(below[0]) or isinstance(below[0], int)) else Container(field, "", place.span)


def _function(scope: Scope) -> Function | None:
    return next((s for s in scope.within() if isinstance(s, Function)), None)
