"""Functions that answer requests without a web framework's router: cloud functions, model servers, RPC, bots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiaudit.model.bots import AT_START, handed_callbacks
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program
from aiaudit.model.scopes import Call, Class, Function, Module, Scope
from aiaudit.model.values import ClassValue, External, Instance
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

REQUEST, STARTUP, TASK = "request", "startup", "task"
# Route.framework of functions whose first parameter is what the request brings.
LAMBDA, RUNPOD, SAGEMAKER, SCORING, PREDICTOR, RPC = (
    "AWS Lambda", "RunPod", "SageMaker", "Azure ML", "model server", "gRPC",
)  # fmt: skip
PAYLOADS = frozenset((LAMBDA, RUNPOD, SAGEMAKER, SCORING, PREDICTOR, RPC))
SOCKET, SOCKET_IO, BOT, WORKER = "websockets", "Socket.IO", "bot", "worker"
FUNCTION, HANDLER, TORNADO = "cloud function", "HTTP handler", "Tornado"
# What functions of these are called in messages, which name them after it.
CALLED = {
    LAMBDA: "Lambda function",
    RUNPOD: "RunPod handler",
    SAGEMAKER: "SageMaker function",
    SCORING: "scoring function",
    PREDICTOR: "predictor method",
    RPC: "RPC",
    SOCKET: "socket handler",
    SOCKET_IO: "socket event",
    BOT: "bot command",
    WORKER: "worker function",
    FUNCTION: "cloud function",
    HANDLER: "handler",
    TORNADO: "handler",
}
# Those whose functions get no text of a client's, or text that the platform bounds.
WITHOUT_TEXT = (BOT, WORKER)
# Frameworks that start a process for the first request that it answers: what that request makes is made at start.
COLD = frozenset((LAMBDA, RUNPOD, FUNCTION))
# Packages by which a function that stands beside an application is known to be about models.
_MODELS = regex(
    r"openai|anthropic|langchain|langgraph|llama_index|litellm|bedrock|genai|generativeai|vertexai|cohere|mistralai|groq"
    r"|ollama|transformers|torch|huggingface|onnxruntime|pinecone|qdrant|chromadb|weaviate|faiss"
)
_NOWHERE: Mapping[int, str] = {}
_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


@dataclass(slots=True, eq=False)
class Answering:
    """A function that a server runs: `kind` is that of the entry, `framework` one of those above."""

    kind: str
    function: Function
    label: str
    span: Span
    framework: str = ""


# Decorators by their path: the kind of entry, the framework.
_DECORATORS = {
    "functions_framework.http": (REQUEST, FUNCTION),
    "functions_framework.typed": (REQUEST, FUNCTION),
    "functions_framework.cloud_event": (TASK, FUNCTION),
    "firebase_functions.https_fn.on_request": (REQUEST, FUNCTION),
    "firebase_functions.https_fn.on_call": (REQUEST, FUNCTION),
    "modal.fastapi_endpoint": (REQUEST, HANDLER),
    "modal.web_endpoint": (REQUEST, HANDLER),
    "modal.method": (REQUEST, PREDICTOR),
    "modal.enter": (STARTUP, PREDICTOR),
    "modal.asgi_app": (STARTUP, ""),
    "modal.wsgi_app": (STARTUP, ""),
    "cherrypy.expose": (REQUEST, HANDLER),
    "pyramid.view.view_config": (REQUEST, HANDLER),
    "temporalio.activity.defn": (REQUEST, WORKER),
    "prefect.flow": (TASK, WORKER),
    "prefect.flows.flow": (TASK, WORKER),
    "ray.serve.deployment": (REQUEST, HANDLER),
    **{f"bottle.{verb}": (REQUEST, HANDLER) for verb in (*_VERBS, "route")},
    **{f"blacksheep.{verb}": (REQUEST, HANDLER) for verb in _VERBS},
    **{f"blacksheep.server.controllers.{verb}": (REQUEST, HANDLER) for verb in _VERBS},
}
# Decorators that are methods of a library's object: paths of the object, the methods, the kind, the framework.
_TRIGGERS = (
    "timer_trigger", "schedule", "queue_trigger", "blob_trigger", "service_bus_queue_trigger", "activity_trigger",
    "service_bus_topic_trigger", "event_hub_message_trigger", "event_grid_trigger", "cosmos_db_trigger",
)  # fmt: skip
_AZURE = ("azure.functions.FunctionApp()", "azure.functions.Blueprint()")
_SLACK = ("slack_bolt.App()", "slack_bolt.app.App()", "slack_bolt.async_app.AsyncApp()")
_DISCORD = (
    "discord.Client()", "discord.Bot()", "discord.ext.commands.Bot()", "discord.ext.commands.Bot().tree",
    "discord.app_commands.CommandTree()", "discord.ext.commands", "discord.ext.commands.Cog", "discord.app_commands",
)  # fmt: skip
_METHODS: tuple[tuple[tuple[str, ...], tuple[str, ...], str, str], ...] = (
    (_AZURE, ("route",), REQUEST, FUNCTION),
    (_AZURE, _TRIGGERS, TASK, FUNCTION),
    (("socketio.AsyncServer()", "socketio.Server()", "flask_socketio.SocketIO()"), ("on", "event"), REQUEST, SOCKET_IO),
    (_SLACK, ("event", "message", "command", "action", "view", "shortcut", "options", "function"), REQUEST, BOT),
    (_DISCORD, ("event", "command", "listen", "hybrid_command", "slash_command", "listener"), REQUEST, BOT),
    (
        ("aiogram.Dispatcher()", "aiogram.Router()", "aiogram.dispatcher.Dispatcher()"),
        ("message", "callback_query", "inline_query", "message_handler", "callback_query_handler", "inline_handler"),
        REQUEST,
        BOT,
    ),
    (
        ("telebot.TeleBot()", "telebot.async_telebot.AsyncTeleBot()"),
        ("message_handler", "callback_query_handler", "inline_handler"),
        REQUEST,
        BOT,
    ),
    (("telethon.TelegramClient()",), ("on",), REQUEST, BOT),
    (("pyrogram.Client()",), ("on_message", "on_callback_query"), REQUEST, BOT),
    (("linebot.WebhookHandler()", "linebot.v3.WebhookHandler()"), ("add", "default"), REQUEST, BOT),
)
# Messages of queues: the classes of brokers end alike.
_BROKERS = ("Broker()", "faust.App()")
_SUBSCRIBING = frozenset(("subscriber", "agent"))
_NAMES = _SUBSCRIBING.union(*(names for _, names, _, _ in _METHODS))
# Base classes -> what a server runs at start, what it runs for each request, the framework. `*` ends a beginning.
_BASES: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    ".LitAPI": (("setup", "__init__"), ("decode_request", "predict", "encode_response", "batch", "unbatch"), PREDICTOR),
    ".BasePredictor": (("setup", "__init__"), ("predict",), PREDICTOR),
    "kserve.Model": (("load", "__init__"), ("predict", "preprocess", "postprocess", "explain"), PREDICTOR),
    "mosec.Worker": (("__init__",), ("forward", "deserialize"), PREDICTOR),
    ".base_handler.BaseHandler": (("initialize",), ("handle", "preprocess", "inference", "postprocess"), PREDICTOR),
    "http.server.BaseHTTPRequestHandler": ((), ("do_*", "setup", "__init__"), HANDLER),
    "http.server.SimpleHTTPRequestHandler": ((), ("do_*", "setup", "__init__"), HANDLER),
    "tornado.web.RequestHandler": ((), (*_VERBS, "prepare", "initialize", "__init__"), TORNADO),
    "tornado.websocket.WebSocketHandler": ((), ("on_message", "open", "initialize", "__init__"), SOCKET),
    "socketio.AsyncNamespace": ((), ("on_*",), SOCKET_IO),
    "socketio.Namespace": ((), ("on_*",), SOCKET_IO),
    "flask_socketio.Namespace": ((), ("on_*",), SOCKET_IO),
    "discord.Client": ((*AT_START, "__init__"), ("on_*",), BOT),
    "discord.ext.commands.Bot": ((*AT_START, "__init__"), ("on_*",), BOT),
}
# What protoc writes for a service of gRPC: the class, which a service derives from, and the modules, committed or not.
_SERVICERS = "Servicer"
_GENERATED = "_pb2_grpc.py"
_STATIC = ("staticmethod", "classmethod")
# Classes that a server finds by their names: those of Triton and of Hugging Face's endpoints.
_KNOWN_CLASSES = {
    "TritonPythonModel": (("initialize", "__init__"), ("execute",), PREDICTOR),
    "EndpointHandler": (("__init__",), ("__call__",), PREDICTOR),
}
# Functions of a module that a server finds by their names, all of which it needs: startup and request ones.
_KNOWN_FUNCTIONS = (
    (("model_fn",), ("predict_fn", "input_fn", "transform_fn", "output_fn"), SAGEMAKER),
    (("init",), ("run",), SCORING),
)
_SERVING_SOCKETS = (
    "websockets.serve", "websockets.server.serve", "websockets.asyncio.server.serve", "websockets.sync.server.serve",
    "websockets.legacy.server.serve",
)  # fmt: skip


def answering(program: Program, evaluator: Evaluator) -> Iterator[Answering]:
    """All of them."""
    for function in program.functions:
        yield from _decorated(function, evaluator)
    for cls in program.classes:
        yield from _of_class(cls, evaluator)
    for module in program.modules:
        yield from _by_name(module)
    yield from _handed_over(program, evaluator)


def is_about_models(module: Module, program: Program) -> bool:
    """Whether a module, or what it imports, has to do with models: the rest of a repository's functions is upkeep."""
    return any(program.tree.mentions(path, _MODELS) for path in program.closure([module.path]))


def _answering(function: Function, framework: str, kind: str = REQUEST, label: str = "") -> Answering:
    label = label or f"{CALLED.get(framework, 'application')} {function.qualified_name}"
    return Answering(kind, function, label, function.span, framework)


# Decorators


def _decorated(function: Function, evaluator: Evaluator) -> Iterator[Answering]:
    for decorator in function.decorators:
        callee = decorator[2] if decorator[0] == "call" else decorator
        known = _of_decorator(callee, function.parent or function.module, evaluator)
        if known is not None:
            kind, framework = known
            if framework == BOT and function.name in AT_START:
                kind = STARTUP
            yield _answering(function, framework, kind)


def _of_decorator(callee: Expression, scope: Scope, evaluator: Evaluator) -> tuple[str, str] | None:
    """The kind of entry that a decorator makes of a function, and the framework."""
    for value in evaluator.evaluate(callee, scope) if callee[0] in ("name", "attr") else ():
        if isinstance(value, External) and value.path in _DECORATORS:
            return _DECORATORS[value.path]
    if callee[0] != "attr":
        return None
    name = callee[3]
    if name not in _NAMES:
        return None
    for owner in evaluator.evaluate(callee[2], scope):
        paths = [owner.path] if isinstance(owner, External) else []
        if isinstance(owner, Instance):
            paths = [f"{path}()" for path in evaluator.lineage(owner.cls)[1]]
        for path in paths:
            for owners, names, kind, framework in _METHODS:
                if path in owners and name in names:
                    return kind, framework
            if name in _SUBSCRIBING and path.endswith(_BROKERS):
                return REQUEST, WORKER
    return None


# Classes


def _of_class(cls: Class, evaluator: Evaluator) -> Iterator[Answering]:
    (_, *bases), outside = evaluator.lineage(cls)
    generated = [base for base in bases if base.name.endswith(_SERVICERS) and base.module.path.endswith(_GENERATED)]
    if generated or any(path.endswith(_SERVICERS) for path in outside):
        # Besides its calls, a service may have methods of its own, which are known where what protoc wrote is there.
        called = {method.name for base in generated for method in base.functions}
        for method in cls.functions:
            is_own = method.name.startswith("_") or method.has_decorator("property", "cached_property", *_STATIC)
            if not is_own and (not called or method.name in called):
                yield _answering(method, RPC)
        return
    for path in outside:
        for ending, (early, each, framework) in _BASES.items():
            if path == ending or (ending[0] == "." and path.endswith(ending)):
                yield from _methods(cls, early, each, framework, evaluator.addresses if framework == TORNADO else {})
                return
    if not outside and cls.name in _KNOWN_CLASSES and cls.method(_KNOWN_CLASSES[cls.name][1][0]) is not None:
        yield from _methods(cls, *_KNOWN_CLASSES[cls.name])
    for decorator in cls.decorators:
        callee = decorator[2] if decorator[0] == "call" else decorator
        if _of_decorator(callee, cls.parent or cls.module, evaluator) == (REQUEST, HANDLER):
            names = tuple(f.name for f in cls.functions if not f.name.startswith("_") and not f.decorators)
            yield from _methods(cls, ("__init__",), ("__call__", *names), HANDLER)


def _methods(
    cls: Class, early: tuple[str, ...], each: tuple[str, ...], framework: str, addresses: Mapping[int, str] = _NOWHERE
) -> Iterator[Answering]:
    for method in cls.functions:
        if method.name in early:
            yield _answering(method, framework, STARTUP)
        elif any(_fits(method.name, pattern) for pattern in each):
            yield _answering(method, framework, label=_label(method, addresses.get(id(cls), cls.name)))


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _label(method: Function, address: str) -> str:
    verb = method.name.removeprefix("do_").lower()
    return f"{verb.upper()} {address}" if verb in _VERBS else ""


# Names and calls


def _by_name(module: Module) -> Iterator[Answering]:
    """Functions of a module that their names make handlers."""
    own = {function.name: function for function in module.functions if not function.generator}
    for name, function in own.items():
        if _is_lambda(name, function):
            yield _answering(function, LAMBDA)
    for early, each, framework in _KNOWN_FUNCTIONS:
        if early[0] not in own or not any(name in own for name in each) or not _takes_one(own, each):
            continue
        if framework == SCORING and own["init"].parameters:
            continue
        yield from (_answering(own[name], framework, STARTUP) for name in early)
        yield from (_answering(own[name], framework) for name in each if name in own)


def _takes_one(own: dict[str, Function], names: tuple[str, ...]) -> bool:
    """Whether those that are there take what a server gives them."""
    return all(own[name].parameters for name in names if name in own)


def _is_lambda(name: str, function: Function) -> bool:
    """`def lambda_handler(event, context)`, or any function of a module with these two parameters."""
    names = [parameter[0].strip("_") for parameter in function.parameters if parameter[3] is None]
    if name == "lambda_handler":
        return len(names) == 2
    return names == ["event", "context"] and not function.decorators


def _handed_over(program: Program, evaluator: Evaluator) -> Iterator[Answering]:
    """Handlers that are passed to what serves: `runpod.serverless.start({"handler": f})`, `add_route("/", Ask())`."""
    for call in program.calls_by_name.get("start", ()):
        if _is_one_of(call, ("runpod.serverless.start",), evaluator) and call.arguments:
            options = call.arguments[0]
            for key, value in options[2] if options[0] == "dict" else ():
                if key is not None and key[0] == "const" and key[2] == "handler":
                    for function in evaluator.functions_of(value, call.scope):
                        yield _answering(function, RUNPOD)
    for function in handed_callbacks(program, evaluator):
        yield _answering(function, BOT)
    for call in program.calls_by_name.get("serve", ()):
        if _is_one_of(call, _SERVING_SOCKETS, evaluator) and call.arguments:
            for function in evaluator.functions_of(call.arguments[0], call.scope):
                yield _answering(function, SOCKET)
    for call in program.calls_by_name.get("add_view", ()):
        view = call.argument("view", 0)
        if _is_one_of(call, ("pyramid.config.Configurator().add_view",), evaluator) and view is not None:
            for function in evaluator.functions_of(view, call.scope):
                yield _answering(function, HANDLER)
    for call in program.calls_by_name.get("add_route", ()):
        resource = call.argument("resource", 1)
        for value in evaluator.evaluate(resource, call.scope) if resource is not None else ():
            if isinstance(value, (Instance, ClassValue)):
                yield from _responders(value.cls, call)


def _responders(cls: Class, call: Call) -> Iterator[Answering]:
    """The methods of a Falcon resource."""
    given = call.arguments[0] if call.arguments else None
    address = given[2] if given is not None and given[0] == "const" else cls.name
    for method in cls.functions:
        verb = method.name.removeprefix("on_").partition("_")[0]
        if method.name.startswith("on_") and verb in _VERBS:
            yield Answering(REQUEST, method, f"{verb.upper()} {address}", call.span, HANDLER)


def _is_one_of(call: Call, paths: tuple[str, ...], evaluator: Evaluator) -> bool:
    return any(isinstance(value, External) and value.path in paths for value in evaluator.callees(call))
