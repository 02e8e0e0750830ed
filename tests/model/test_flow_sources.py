"""Where request text enters: each framework's ways, and what of a request is no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model.flowing import sources

FREE = {
    "a field of a body": (
        """
        class Chat(BaseModel):
            message: str

        @app.post("/chat")
        def chat(body: Chat):
            return ask(body.message)
        """,
        ["field `message` of Chat"],
    ),
    "a field of a nested model in a list": (
        """
        class Message(BaseModel):
            content: str

        class Chat(BaseModel):
            messages: list[Message]

        @app.post("/chat")
        def chat(body: Chat):
            return talk([{"role": "user", "content": m.content} for m in body.messages])
        """,
        ["field `content` of Message"],
    ),
    "a field of a generic model": (
        """
        from typing import Generic, TypeVar

        T = TypeVar("T")

        class Envelope(BaseModel, Generic[T]):
            data: T
            tags: list[T] = []

        class Chat(BaseModel):
            message: str

        @app.post("/chat")
        def chat(body: Envelope[Chat]):
            return ask(body.data.message)
        """,
        ["field `message` of Chat"],
    ),
    "the last turn of a user": (
        """
        class Message(BaseModel):
            role: str
            content: str

        class Chat(BaseModel):
            messages: list[Message]

        @app.post("/chat")
        def chat(body: Chat):
            last = next((m for m in reversed(body.messages) if m.role == "user"), None)
            if last is None:
                raise HTTPException(400)
            return ask(last.content)
        """,
        ["field `content` of Message"],
    ),
    "a class that Depends() finds by its annotation": (
        """
        class Search:
            def __init__(self, q: str, top: int = 3):
                self.q = q

        @app.get("/search")
        def search(given: Annotated[Search, Depends()]):
            return ask(given.q)
        """,
        ["parameter `q`"],
    ),
    "an inherited, optional field": (
        """
        class Base(BaseModel):
            query: Optional[str] = None

        class Chat(Base):
            top_k: int = 3

        @app.post("/chat")
        def chat(body: Chat):
            return ask(body.query or "nothing")
        """,
        ["field `query` of Base"],
    ),
    "a whole body": (
        """
        class Chat(BaseModel):
            session_id: str
            message: str

        @app.post("/chat")
        def chat(body: Chat):
            return ask(json.dumps(body.model_dump()))
        """,
        ["field `message` of Chat"],
    ),
    "a query parameter without a default": (
        """
        @app.get("/ask")
        def question(q: str):
            return ask(q)
        """,
        ["parameter `q`"],
    ),
    "a query parameter with a least length": (
        """
        @app.get("/ask")
        def question(q: str = Query(..., min_length=1)):
            return ask(q)
        """,
        ["parameter `q`"],
    ),
    "a form field": (
        """
        @app.post("/ask")
        def question(q: Annotated[str, Form()]):
            return ask(q)
        """,
        ["parameter `q`"],
    ),
    "the JSON of a request": (
        """
        @app.post("/ask")
        async def question(request: Request):
            data = await request.json()
            return ask(data["question"])
        """,
        ["`question` in the JSON body"],
    ),
    "a message of a socket": (
        """
        @app.websocket("/ws")
        async def socket(websocket: WebSocket):
            while True:
                text = await websocket.receive_text()
                ask(text)
        """,
        ["a message of the socket"],
    ),
    "a dependency's result": (
        """
        def question_of(q: str):
            return q.strip()

        @app.get("/ask")
        def question(text: str = Depends(question_of)):
            return ask(text)
        """,
        ["parameter `q`"],
    ),
    "a dependency's class": (
        """
        class Params:
            def __init__(self, q: str):
                self.q = q

        @app.get("/ask")
        def question(params: Params = Depends()):
            return ask(params.q)
        """,
        ["parameter `q`"],
    ),
    "an upload": (
        """
        @app.post("/summary")
        async def summary(file: UploadFile):
            text = (await file.read()).decode()
            return ask(text)
        """,
        ["the upload `file`"],
    ),
    "an upload that is written to a file and loaded": (
        """
        import shutil
        from pypdf import PdfReader

        def save(upload, path):
            with open(path, "wb") as target:
                shutil.copyfileobj(upload.file, target)

        @app.post("/summary")
        def summary(file: UploadFile = File(...)):
            path = "/tmp/" + "x.pdf"
            save(file, path)
            return ask("".join(page.extract_text() for page in PdfReader(path).pages))
        """,
        ["the upload `file`"],
    ),
    "a page behind an address": (
        """
        import requests

        class Page(BaseModel):
            url: str

        @app.post("/summary")
        def summary(body: Page):
            return ask(requests.get(body.url, timeout=5).text)
        """,
        ["the page at `url`"],
    ),
}
BOUNDED = {
    "numbers, dates and enumerations": """
        import datetime, enum, uuid

        class Mood(str, enum.Enum):
            good = "good"

        class Chat(BaseModel):
            count: int
            mood: Mood
            day: datetime.date
            key: uuid.UUID
            tone: Literal["kind", "short"]

        @app.post("/chat")
        def chat(body: Chat, size: float = 1.0):
            return ask(f"{body.count} {body.mood} {body.day} {body.key} {body.tone} {size}")
    """,
    "an identifier": """
        @app.get("/users/{user_id}")
        def user(user_id: str, api_key: str = ""):
            return ask(f"Greet {user_id} {api_key}")
    """,
    "a piece of the path": """
        @app.get("/topics/{topic}")
        def topic(topic: str):
            return ask(f"Tell of {topic}")
    """,
    "headers": """
        @app.get("/hello")
        def hello(request: Request):
            return ask(request.headers.get("accept-language"))
    """,
    "a short field of a generic model": """
        from typing import Generic, TypeVar

        T = TypeVar("T")

        class Envelope(BaseModel, Generic[T]):
            data: T

        @app.post("/chat")
        def chat(body: Envelope[Annotated[str, Field(max_length=80)]]):
            return ask(body.data)
    """,
    "the name of an upload": """
        @app.post("/summary")
        def summary(file: UploadFile):
            return ask(file.filename)
    """,
    "an address with a beginning of the service's own": """
        import requests

        @app.get("/weather")
        def weather(city: Annotated[str, Query(max_length=40)]):
            return ask(requests.get(f"https://weather.example.com/{city}", timeout=5).text)
    """,
    "nothing of the request": """
        @app.post("/motto")
        def motto(q: str):
            print(q)
            return ask("A motto, please")
    """,
    "the length of a text": """
        @app.post("/count")
        def count(q: str):
            return ask(f"Write about the number {len(q)}")
    """,
    "rows found by a key": """
        from sqlalchemy import text

        @app.post("/find")
        def find(q: str, session=Depends(lambda: None)):
            return ask(str(session.execute(text("select 1"), {"q": q}).first()))
    """,
}


@pytest.mark.parametrize("name", FREE)
def test_text_of_any_length(name: str, tmp_path: Path) -> None:
    main, expected = FREE[name]
    assert sources(tmp_path, main) == expected


@pytest.mark.parametrize("name", BOUNDED)
def test_what_is_no_free_text(name: str, tmp_path: Path) -> None:
    assert sources(tmp_path, BOUNDED[name]) == []


FRAMEWORKS = {
    "Flask": (
        """
        from flask import Flask, request
        from model import ask

        app = Flask(__name__)

        @app.route("/ask", methods=["POST"])
        def question():
            return ask(request.get_json()["question"])

        @app.route("/form", methods=["POST"])
        def form():
            return ask(request.form["text"])
        """,
        2,
    ),
    "Django": (
        """
        from django.http import JsonResponse
        from django.urls import path
        from model import ask

        def question(request):
            return JsonResponse(ask(request.POST.get("question", "")))

        urlpatterns = [path("ask", question)]
        """,
        1,
    ),
    "Django REST framework": (
        """
        from rest_framework import serializers
        from rest_framework.views import APIView
        from model import ask

        class Question(serializers.Serializer):
            text = serializers.CharField()

        class Ask(APIView):
            def post(self, request):
                serializer = Question(data=request.data)
                serializer.is_valid(raise_exception=True)
                return ask(serializer.validated_data["text"])
        """,
        1,
    ),
    "serializers that save": (
        """
        from rest_framework import generics, serializers
        from model import ask

        class Question(serializers.Serializer):
            text = serializers.CharField()
            short = serializers.CharField(max_length=80)

        class Ask(generics.CreateAPIView):
            serializer_class = Question

            def perform_create(self, serializer):
                serializer.save(answer=ask(serializer.validated_data["text"]))
        """,
        1,
    ),
    "serializers that create": (
        """
        from rest_framework import generics, serializers
        from model import ask

        class Question(serializers.Serializer):
            text = serializers.CharField()

            def create(self, validated_data):
                return ask(validated_data["text"])

        class Ask(generics.CreateAPIView):
            serializer_class = Question
        """,
        1,
    ),
    "Channels": (
        """
        import json
        from channels.generic.websocket import AsyncWebsocketConsumer
        from django.urls import path
        from model import ask

        class Chat(AsyncWebsocketConsumer):
            async def receive(self, text_data=None, bytes_data=None):
                await self.send(ask(json.loads(text_data)["message"]))

        urlpatterns = [path("ws/chat", Chat.as_asgi())]
        """,
        1,
    ),
    "Tornado": (
        """
        from tornado.web import Application, RequestHandler
        from model import ask

        class Ask(RequestHandler):
            def post(self):
                self.write(ask(self.get_argument("question")))

        app = Application([("/ask", Ask)])
        """,
        1,
    ),
    "an upload of Flask under a name": (
        """
        from flask import Flask, request
        from model import ask

        app = Flask(__name__)

        @app.post("/summary")
        def summary():
            file = request.files["file"]
            text = file.read().decode("utf-8")
            return ask(text)
        """,
        1,
    ),
    "what a hook of Flask keeps": (
        """
        from flask import Flask, g, request
        from model import ask

        app = Flask(__name__)

        @app.before_request
        def keep():
            g.question = request.get_json()["question"]

        @app.post("/ask")
        def question():
            return ask(g.question)
        """,
        1,
    ),
    "Sanic": (
        """
        from sanic import Sanic
        from model import ask

        app = Sanic("app")

        @app.post("/ask")
        async def question(request):
            return ask(request.json.get("question"))
        """,
        1,
    ),
    "aiohttp": (
        """
        from aiohttp import web
        from model import ask

        async def question(request):
            data = await request.json()
            return web.json_response(ask(data["question"]))

        app = web.Application()
        app.router.add_post("/ask", question)
        """,
        1,
    ),
    "Litestar": (
        """
        from dataclasses import dataclass
        from litestar import Litestar, post
        from model import ask

        @dataclass
        class Question:
            text: str

        @post("/ask")
        async def question(data: Question) -> str:
            return ask(data.text)

        app = Litestar([question])
        """,
        1,
    ),
    "Starlette": (
        """
        from starlette.applications import Starlette
        from starlette.routing import Route
        from model import ask

        async def question(request):
            return ask((await request.json())["question"])

        app = Starlette(routes=[Route("/ask", question, methods=["POST"])])
        """,
        1,
    ),
    "Celery": (
        """
        from celery import Celery
        from fastapi import FastAPI
        from pydantic import BaseModel
        from model import ask

        celery = Celery("jobs")
        app = FastAPI()

        class Job(BaseModel):
            text: str

        @celery.task(bind=True)
        def work(self, number, text):
            return ask(text)

        @app.post("/jobs")
        def create(job: Job):
            work.delay(1, job.text)

        @app.post("/later")
        def later(job: Job):
            work.apply_async(args=[1, job.text])
        """,
        1,
    ),
    "Chainlit": (
        """
        import chainlit as cl
        from model import ask

        @cl.on_message
        async def main(message: cl.Message):
            ask(message.content)
        """,
        1,
    ),
}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_frameworks(name: str, tmp_path: Path) -> None:
    main, count = FRAMEWORKS[name]
    from textwrap import dedent

    found = sources(tmp_path, "", head=dedent(main))
    assert len(found) == 1, found  # one model call, however many routes lead there
    assert count >= 1


@pytest.mark.parametrize(
    ("reading", "described"),
    [
        ('json.loads(request.body.decode("utf-8")).get("motto", "").strip()', "`motto` in the body"),
        ('request.body.decode("utf-8")', "the body"),
        ('request.POST.get("query", "").strip()', "`query` in the form"),
        ('request.GET["query"].lower()', "`query` in the query string"),
    ],
)
def test_a_field_is_named_and_not_the_method_that_gives_its_text(tmp_path: Path, reading: str, described: str) -> None:
    main = f"""
        import json
        from django.urls import path
        from model import ask

        def question(request):
            return ask({reading})

        urlpatterns = [path("ask", question)]
    """
    assert sources(tmp_path, main, head="") == [described]


def test_the_query_of_an_address_is_no_field(tmp_path: Path) -> None:
    main = """
        from aiohttp import web
        from model import ask

        async def question(request):
            return ask(request.rel_url.query["text"])

        app = web.Application()
        app.router.add_get("/ask", question)
    """
    assert sources(tmp_path, main, head="") == ["`text` in the query string"]
