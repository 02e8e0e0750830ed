"""Names by which web and task frameworks are known: what makes routers and applications, what is a view, a hook."""

from __future__ import annotations

VERBS = frozenset(("get", "post", "put", "patch", "delete", "head", "options", "trace"))
ROUTERS = (
    "fastapi.FastAPI()",
    "fastapi.APIRouter()",
    "fastapi.routing.APIRouter()",
    "fastapi.applications.FastAPI()",
    "starlette.applications.Starlette()",
    "starlette.routing.Router()",
    "flask.Flask()",
    "flask.Blueprint()",
    "flask.blueprints.Blueprint()",
    "quart.Quart()",
    "quart.Blueprint()",
    "sanic.Sanic()",
    "sanic.Blueprint()",
    "sanic.blueprints.Blueprint()",
    "aiohttp.web.RouteTableDef()",
    "ninja.NinjaAPI()",
    "ninja.Router()",
    "flask_openapi3.OpenAPI()",
    "apiflask.APIFlask()",
    "apiflask.APIBlueprint()",
    "flask_smorest.Blueprint()",
    "flask_openapi3.APIBlueprint()",
    "chalice.Chalice()",
    "robyn.Robyn()",
    "fastapi_utils.inferring_router.InferringRouter()",
    "flask_restx.Namespace()",
    "flask_restful.Api()",
    "litestar.Router()",
    "bottle.Bottle()",
    "microdot.Microdot()",
    "blacksheep.Application()",
    "blacksheep.server.Application()",
)
APPLICATIONS = {
    "fastapi.FastAPI": "FastAPI",
    "starlette.applications.Starlette": "Starlette",
    "flask.Flask": "Flask",
    "quart.Quart": "Quart",
    "sanic.Sanic": "Sanic",
    "aiohttp.web.Application": "aiohttp",
    "tornado.web.Application": "Tornado",
    "litestar.Litestar": "Litestar",
    "ninja.NinjaAPI": "Django Ninja",
    "flask_openapi3.OpenAPI": "Flask",
    "apiflask.APIFlask": "Flask",
    "connexion.App": "Connexion",
    "connexion.FlaskApp": "Connexion",
    "connexion.AsyncApp": "Connexion",
}
LITESTAR = tuple(f"litestar.{verb}" for verb in ("get", "post", "put", "patch", "delete", "route", "websocket"))
VIEW_BASES = (
    ".MethodView",
    "flask.views.View",
    "quart.views.View",
    "flask_restful.Resource",
    "flask_restx.Resource",
    "starlette.endpoints.HTTPEndpoint",
    "starlette.endpoints.WebSocketEndpoint",
    "aiohttp.web.View",
    "sanic.views.HTTPMethodView",
    ".APIView",
    ".ViewSet",
    ".GenericViewSet",
    ".ModelViewSet",
    ".ReadOnlyModelViewSet",
    "django.views.View",
    "django.views.generic.View",
    "django.views.generic.base.View",
    ".GenericAPIView",
    ".CreateAPIView",
    ".ListAPIView",
    ".RetrieveAPIView",
    ".UpdateAPIView",
    ".TemplateView",
    ".FormView",
    ".DetailView",
    ".ListView",
    ".CreateView",
    ".UpdateView",
    ".DeleteView",
    ".RedirectView",
    ".DestroyAPIView",
    ".ListCreateAPIView",
    ".RetrieveUpdateAPIView",
    ".RetrieveDestroyAPIView",
    ".RetrieveUpdateDestroyAPIView",
    "litestar.Controller",
    ".WebsocketConsumer",
    ".AsyncWebsocketConsumer",
    ".AsyncJsonWebsocketConsumer",
    ".JsonWebsocketConsumer",
)
VIEW_METHODS = VERBS | {
    "list",
    "create",
    "retrieve",
    "update",
    "partial_update",
    "destroy",
    "dispatch",
    "perform_create",
    "on_receive",
    "on_connect",
    "receive",
    "receive_json",
    "connect",
    "dispatch_request",
    "form_valid",
    "perform_update",
}
MIDDLEWARE_BASES = (".BaseHTTPMiddleware", ".MiddlewareMixin")
TASK_DECORATORS = ("task", "shared_task", "actor", "job", "periodic_task")
# Frameworks that find a project's modules by name, without an import from the application.
CONVENTION = ("django", "rest_framework", "chainlit", "bentoml")
# Decorators of Chainlit whose functions answer what a user does.
CHAINLIT_HOOKS = frozenset(
    (
        "on_message",
        "on_chat_start",
        "on_chat_resume",
        "on_audio_start",
        "on_audio_chunk",
        "on_audio_end",
        "on_settings_update",
        "action_callback",
    )
)
STARTUP_EVENTS = ("startup", "before_server_start", "main_process_start", "after_server_start")
# Hooks of views that a framework runs for each request besides the method that answers.
VIEW_HOOKS = frozenset(
    (
        "setup",
        "initial",
        "prepare",
        "get_queryset",
        "get_object",
        "get_context_data",
        "get_serializer_context",
        "perform_destroy",
        "form_invalid",
        "disconnect",
        "on_disconnect",
    )
)
# Last name of a library's class -> the methods that the library calls on objects of derived classes; `on_*` stands for
# all that start so.
CALLED_BACK = {
    "BaseCallbackHandler": ("on_*",),
    "AsyncCallbackHandler": ("on_*",),
    "AsyncIteratorCallbackHandler": ("on_*",),
    "BaseTool": ("_run", "_arun", "run"),
    "Tool": ("forward",),
    "BaseRetriever": ("_get_relevant_documents", "_aget_relevant_documents", "_retrieve", "_aretrieve"),
    "BaseChatModel": ("_generate", "_agenerate", "_stream", "_astream"),
    "SimpleChatModel": ("_call", "_acall", "_stream", "_astream"),
    "LLM": ("_call", "_acall", "_stream", "_astream"),
    "Chain": ("_call", "_acall"),
    "BaseLLM": ("_generate", "_agenerate", "call", "acall"),
    "CustomLLM": ("complete", "acomplete", "stream_complete", "chat", "achat", "completion", "acompletion"),
    "Embeddings": ("embed_documents", "embed_query", "aembed_documents", "aembed_query"),
    "BaseEmbedding": ("_get_query_embedding", "_aget_query_embedding", "_get_text_embedding", "_get_text_embeddings"),
    "BaseNodePostprocessor": ("_postprocess_nodes",),
    "AgentHooks": ("on_*",),
    "RunHooks": ("on_*",),
    "AgentMiddleware": ("before_*", "after_*", "wrap_*", "abefore_*", "aafter_*", "awrap_*"),
}
# Decorators that have a function run again and again.
SCHEDULING = frozenset(("repeat", "scheduled_job"))
# Decorators of a library's object that hand it the function: `@agent.tool`, `@mcp.resource("...")`.
CALLING_BACK = frozenset(
    (
        "tool",
        "tool_plain",
        "system_prompt",
        "instructions",
        "output_validator",
        "result_validator",
        "resource",
        "prompt",
        "call_tool",
        "list_tools",
        "read_resource",
        "get_prompt",
        "custom_route",
    )
)
# Listeners of Gradio's components: the first function is run at each such event.
GRADIO_EVENTS = frozenset(
    (
        "click",
        "submit",
        "change",
        "input",
        "select",
        "upload",
        "load",
        "stop_recording",
        "stream",
        "like",
        "then",
        "success",
    )
)
