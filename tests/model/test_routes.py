"""What frameworks call: routes, hooks, tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.scopes import Module
from tests.model.linked import side_of

FRAMEWORKS = {
    "fastapi": (
        {
            "main.py": """
                from fastapi import FastAPI
                from api import router
                app = FastAPI()
                app.include_router(router, prefix="/v1")

                @app.post("/a")
                def a(): ...

                @app.websocket("/ws")
                async def ws(socket): ...

                def added(): ...
                app.add_api_route("/added", added, methods=["PUT"])

                def computed(): ...
                app.add_api_route(PREFIX + "/computed", computed, methods=["POST"])

                def register(rule, **options):
                    @app.post(rule)
                    def sent(): ...

                    @app.api_route(rule, **options)
                    def any_way(): ...
            """,
            "api.py": """
                import fastapi
                router = fastapi.APIRouter(prefix="/chat")

                @router.get("/b")
                def b(): ...
            """,
        },
        {
            *("POST /a", "WEBSOCKET /ws", "GET /v1/chat/b", "PUT /added"),
            *("POST computed()", "POST sent()", "route any_way()"),
        },
    ),
    "langserve": (
        {
            "main.py": """
                import langserve
                from fastapi import FastAPI
                from langserve import add_routes as serve
                from langchain_openai import ChatOpenAI
                from own import add_routes
                app = FastAPI()
                serve(app, ChatOpenAI(), path="/joke/")
                serve(app, runnable=ChatOpenAI(), path="/title", enabled_endpoints=("invoke", "batch"))
                langserve.add_routes(app, ChatOpenAI(), disabled_endpoints=["stream_log"])
                add_routes(app, ChatOpenAI(), path="/own")
            """,
            "own.py": "def add_routes(app, chain, path): ...",
        },
        {"POST /joke/stream", "POST /title/invoke", "POST /stream"},
    ),
    "fastapi subclass": (
        {
            "main.py": """
                from base import Service
                app = Service()

                @app.get("/a")
                def a(): ...
            """,
            "base.py": """
                from fastapi import FastAPI

                class Service(FastAPI):
                    def __init__(self):
                        super().__init__()

                        @self.get("/inner")
                        def inner(): ...
            """,
        },
        {"GET /a", "GET /inner"},
    ),
    "starlette": (
        {
            "main.py": """
                from starlette.applications import Starlette
                from starlette.routing import Route, WebSocketRoute

                async def a(request): ...
                async def ws(socket): ...

                app = Starlette(routes=[Route("/a", a), WebSocketRoute("/ws", ws)])
            """
        },
        {"/a", "WEBSOCKET /ws"},
    ),
    "flask": (
        {
            "main.py": """
                from flask import Blueprint, Flask
                from flask.views import MethodView

                def create_app():
                    app = Flask(__name__)
                    app.register_blueprint(pages, url_prefix="/pages")
                    app.register_blueprint(front)
                    app.add_url_rule("/c", "c", c)
                    return app

                pages = Blueprint("pages", __name__)
                front = Blueprint("front", __name__, url_prefix="/")

                @pages.route("/a", methods=["GET", "POST"])
                def a(): ...

                @front.route("/d")
                def d(): ...

                def c(): ...

                class View(MethodView):
                    def post(self): ...
            """
        },
        {"GET|POST /pages/a", "GET /d", "GET /c", "POST View"},
    ),
    "django": (
        {
            "shop/urls.py": """
                from django.urls import path
                from shop import views
                urlpatterns = [path("a/", views.a), path("b/", views.B.as_view())]
            """,
            "shop/views.py": """
                from django.views import View
                from rest_framework.decorators import api_view
                from rest_framework.views import APIView
                from rest_framework.viewsets import ViewSet

                def a(request): ...

                class B(View):
                    def get(self, request): ...

                @api_view(["POST"])
                def c(request): ...

                class D(ViewSet):
                    def list(self, request): ...
            """,
        },
        {"/a/", "GET B", "POST c", "list D"},
    ),
    "django's included addresses": (
        {
            "site/shop/urls.py": """
                from django.urls import include, path, re_path
                import stock.urls
                urlpatterns = [
                    path("goods/", include("goods.urls")),
                    re_path(r"^stock/", include((stock.urls, "stock"))),
                ]
            """,
            "site/goods/urls.py": """
                from django.urls import include, path
                from goods import views
                urlpatterns = [path("", views.every), path("one/", include("goods.one.urls"))]
            """,
            "site/goods/one/urls.py": """
                from django.urls import re_path
                from goods import views
                urlpatterns = [re_path(r"^(?P<number>[0-9]+)/$", views.one)]
            """,
            "site/stock/urls.py": """
                from django.urls import path
                from goods import views
                urlpatterns = [path("<int:number>/", views.left)]
            """,
            "site/goods/views.py": """
                def every(request): ...
                def one(request, number): ...
                def left(request, number): ...
            """,
        },
        {"/goods/", "/goods/one/(?P<number>[0-9]+)/", "/stock/<int:number>/"},
    ),
    "sanic": (
        {"main.py": "from sanic import Sanic\napp = Sanic('x')\n@app.post('/a')\nasync def a(request): ...\n"},
        {"POST /a"},
    ),
    "quart": (
        {"main.py": "from quart import Quart\napp = Quart('x')\n@app.get('/a')\nasync def a(): ...\n"},
        {"GET /a"},
    ),
    "aiohttp": (
        {
            "main.py": """
                from aiohttp import web

                async def a(request): ...
                async def b(request): ...

                app = web.Application()
                app.router.add_post("/a", a)
                app.add_routes([web.get("/b", b)])
            """
        },
        {"POST /a", "GET /b"},
    ),
    "litestar": (
        {"main.py": "from litestar import Litestar, get\n@get('/a')\nasync def a(): ...\napp = Litestar([a])\n"},
        {"GET /a"},
    ),
    "connexion": (
        {
            "main.py": "import connexion\napp = connexion.App('x')\napp.add_api('api.yaml')\n",
            "handlers.py": "import openai\ndef chat(): ...\n",
            "api.yaml": "paths:\n  /chat:\n    post:\n      operationId: handlers.chat\n",
        },
        {"POST /chat"},
    ),
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_routes_of_each_framework(tmp_path: Path, framework: str) -> None:
    """Every way to register a handler is seen, with its method and path."""
    files, expected = FRAMEWORKS[framework]

    assert {route.label for route in side_of(tmp_path, files).routing.routes} == expected


@pytest.mark.parametrize(
    "registered",
    [
        "@asynccontextmanager\nasync def hook(app):\n    yield\napp = FastAPI(lifespan=hook)",
        "app = FastAPI()\n@app.on_event('startup')\nasync def hook(): ...",
        "async def hook(): ...\napp = FastAPI(on_startup=[hook])",
        "app = FastAPI()\nasync def hook(): ...\napp.add_event_handler('startup', hook)",
    ],
)
def test_startup_hooks(tmp_path: Path, registered: str) -> None:
    """Lifespans and startup handlers run before the first request."""
    head = "from contextlib import asynccontextmanager\nfrom fastapi import FastAPI\n"
    side = side_of(tmp_path, {"main.py": head + registered})

    assert [e.scope.name for e in side.routing.entries if e.kind == "startup"] == ["hook"]


def test_a_decorator_that_is_called_with_the_function(tmp_path: Path) -> None:
    side = side_of(
        tmp_path,
        {
            "main.py": """
            from fastapi import APIRouter, FastAPI

            app = FastAPI()
            router = APIRouter(prefix="/api")

            async def chat(message: str):
                return message

            router.post("/chat")(chat)
            app.include_router(router)
            """
        },
    )
    assert [route.label for route in side.routing.routes] == ["POST /api/chat"]


@pytest.mark.parametrize(
    ("source", "is_page"),
    [
        ("import streamlit as st\nst.title('Chat')\n", True),
        ("from streamlit import chat_input\nchat_input('Ask')\n", True),
        ("def run():\n    from streamlit import bootstrap\n    bootstrap.run('page.py', False, [], {})\n", False),
    ],
)
def test_what_starts_streamlit_is_no_page_of_it(source: str, is_page: bool, tmp_path: Path) -> None:
    """A page runs anew for each interaction; a launcher once."""
    entries = side_of(tmp_path, {"ui.py": source}).routing.entries

    assert any(entry.kind == "request" and isinstance(entry.scope, Module) for entry in entries) is is_page
