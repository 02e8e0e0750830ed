"""What bounds a text on its way to a model, and what looks as if it did."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.model.flowing import flows, sources

HANDLER = """
class Chat(BaseModel):
    message: str

{before}
@app.post("/chat")
def chat(body: Chat):
{body}
"""


def handler(body: str, before: str = "") -> str:
    """A service whose handler has this body."""
    return HANDLER.format(before=dedent(before), body=indent(dedent(body).strip(), "    "))


CHECKED = {
    "a refusal": """
        if len(body.message) > 4000:
            raise HTTPException(413)
        return ask(body.message)
    """,
    "a refusal under a switch": """
        if body.message and len(body.message) > 4000:
            raise HTTPException(413)
        return ask(body.message)
    """,
    "a refusal of the wrong length from both sides": """
        if not 1 <= len(body.message) <= 4000:
            raise HTTPException(422)
        return ask(body.message)
    """,
    "a refusal through a variable": """
        size = len(body.message)
        if size > 4000:
            return {"error": "too long"}
        return ask(body.message)
    """,
    "a refusal of an alias": """
        text = body.message.strip()
        if len(text) > 4000:
            raise HTTPException(413)
        return ask(body.message)
    """,
    "an assertion": """
        assert len(body.message) < 4000
        return ask(body.message)
    """,
    "a call inside the good branch": """
        if len(body.message) <= 4000:
            return ask(body.message)
        return {"error": "too long"}
    """,
    "a call in the else branch": """
        if len(body.message) > 4000:
            answer = None
        else:
            answer = ask(body.message)
        return answer
    """,
    "a count of tokens": """
        import tiktoken
        encoding = tiktoken.get_encoding("cl100k_base")
        if len(encoding.encode(body.message)) > 1000:
            raise HTTPException(413)
        return ask(body.message)
    """,
    "a helper that counts tokens": """
        if count_tokens(body.message) > 1000:
            raise HTTPException(413)
        return ask(body.message)
    """,
    "a slice": """
        return ask(body.message[:4000])
    """,
    "a slice into a variable": """
        text = body.message
        text = text[:4000]
        return ask(text)
    """,
    "a cut when it is too long": """
        text = body.message
        if len(text) > 4000:
            text = text[:4000]
        return ask(text)
    """,
    "a cut in an expression": """
        text = body.message[:4000] if len(body.message) > 4000 else body.message
        return ask(text)
    """,
    "textwrap.shorten": """
        import textwrap
        return ask(textwrap.shorten(body.message, 400))
    """,
    "a limit on the words": """
        if len(body.message.split()) > 400:
            raise HTTPException(413)
        return ask(body.message)
    """,
    "a closed list of values": """
        if body.message.lower() not in ("red", "green"):
            raise HTTPException(422)
        return ask(body.message)
    """,
    "a pattern of limited length": """
        import re
        if not re.fullmatch(r"[a-z]{1,40}", body.message):
            raise HTTPException(422)
        return ask(body.message)
    """,
    "a helper that tells what is short": """
        if not is_short(body.message):
            raise HTTPException(413)
        return ask(body.message)
    """,
    "a helper that tells what is wrong": """
        error = complaint(body.message)
        if error is not None:
            raise HTTPException(422, error)
        return ask(body.message)
    """,
    "a helper that collects what is wrong": """
        errors = complaints(body)
        if errors:
            raise HTTPException(422, errors)
        return ask(body.message)
    """,
    "an entry of what a helper answers": """
        verdict = judged(body.message)
        if not verdict["valid"]:
            raise HTTPException(422)
        return ask(body.message)
    """,
    "a flag": """
        too_long = len(body.message) > 4000
        if too_long:
            raise HTTPException(413)
        return ask(body.message)
    """,
    "a slice of a text put together from a list": """
        parts = body.message.split()
        text = body.message if len(parts) < 2 else " ".join(parts)
        return ask(text[:4000])
    """,
    "a closure after the check": """
        if len(body.message) > 4000:
            raise HTTPException(413)

        def answer():
            yield ask(body.message)

        return answer()
    """,
}
UNCHECKED = {
    "a least length": """
        if len(body.message) < 3:
            raise HTTPException(422)
        return ask(body.message)
    """,
    "emptiness": """
        if not body.message.strip() or len(body.message) == 0:
            raise HTTPException(422)
        return ask(body.message)
    """,
    "a check of something else": """
        other = "x"
        if len(other) > 4000:
            raise HTTPException(413)
        return ask(body.message)
    """,
    "a warning": """
        if len(body.message) > 4000:
            print("long")
        return ask(body.message)
    """,
    "a check after the call": """
        answer = ask(body.message)
        if len(body.message) > 4000:
            raise HTTPException(413)
        return answer
    """,
    "a check in another branch": """
        if body.message.startswith("x"):
            if len(body.message) > 4000:
                raise HTTPException(413)
            return None
        else:
            return ask(body.message)
    """,
    "a long text that goes another way": """
        if len(body.message.split()) > 20:
            return ask("Be thorough: " + body.message)
        return None
    """,
    "a slice for the log": """
        print(body.message[:100])
        return ask(body.message)
    """,
    "a slice without an end": """
        return ask(body.message[1:])
    """,
    "a count of what was found": """
        found = search(body.message)
        if len(found) > 5:
            found = found[:5]
        return ask(f"{found} {body.message}")
    """,
    "an open pattern": """
        import re
        if not re.fullmatch(r"[a-z ]+", body.message):
            raise HTTPException(422)
        return ask(body.message)
    """,
    "a helper that tells what is long enough": """
        if not is_word(body.message):
            raise HTTPException(422)
        return ask(body.message)
    """,
    "a helper that nobody listens to": """
        is_short(body.message)
        return ask(body.message)
    """,
    "a helper that complains of something else": """
        error = complaint("x")
        if error:
            raise HTTPException(422, error)
        return ask(body.message)
    """,
    "a helper that lets some long texts pass": """
        if not is_short_or_known(body.message):
            raise HTTPException(422)
        return ask(body.message)
    """,
    "the other entry of what a helper answers": """
        verdict = judged(body.message)
        if not verdict["known"]:
            raise HTTPException(422)
        return ask(body.message)
    """,
    "a text that contains a word": """
        if "cat" not in body.message:
            raise HTTPException(422)
        return ask(body.message)
    """,
}
BEFORE = """
def count_tokens(text):
    return -(-len(text) // 4)


def search(text):
    return list(range(10))


def is_short(text):
    return 0 < len(text) <= 4000


def is_word(text) -> bool:
    return len(text) > 3


def is_short_or_known(text) -> bool:
    if text.startswith("known"):
        return True
    return len(text) < 4000


def complaint(text):
    if len(text) > 4000:
        return "too long"
    return None


def complaints(body):
    found = []
    if not body.message:
        found.append("empty")
    if len(body.message) > 4000:
        found.append("too long")
    return found


def judged(text):
    if len(text) > 4000:
        return {"valid": False, "known": True}
    return {"valid": True, "known": True}
"""


@pytest.mark.parametrize("name", CHECKED)
def test_checks_that_bound(name: str, tmp_path: Path) -> None:
    assert sources(tmp_path, handler(CHECKED[name], BEFORE)) == []


@pytest.mark.parametrize("name", UNCHECKED)
def test_checks_that_do_not(name: str, tmp_path: Path) -> None:
    assert sources(tmp_path, handler(UNCHECKED[name], BEFORE)) == ["field `message` of Chat"]


def test_a_validating_function_bounds_what_it_is_given(tmp_path: Path) -> None:
    before = """
    class Limits:
        def check(self, text):
            if len(text) > 4000:
                raise HTTPException(413)

    def is_fine(text):
        if len(text) > 4000:
            return False
        return True

    limits = Limits()
    """
    assert sources(tmp_path, handler("limits.check(body.message)\nreturn ask(body.message)", before)) == []
    refused = "if not is_fine(body.message):\n    return None\nreturn ask(body.message)"
    assert sources(tmp_path, handler(refused, before)) == []


def test_a_function_that_sorts_by_length_bounds_nothing(tmp_path: Path) -> None:
    before = """
    def kind_of(text):
        if len(text) > 400:
            return "essay"
        return "note"
    """
    assert len(sources(tmp_path, handler("kind = kind_of(body.message)\nreturn ask(kind + body.message)", before))) == 1


def test_helpers_are_told_apart_by_their_callers(tmp_path: Path) -> None:
    """A helper that cleans the text of one route does not carry it to the other one."""
    main = """
    class Free(BaseModel):
        text: str

    class Short(BaseModel):
        text: str = Field(max_length=80)

    def clean(text):
        return text.strip().replace("  ", " ")

    @app.post("/short")
    def short(body: Short):
        return ask(clean(body.text))

    @app.post("/count")
    def count(body: Free):
        return len(clean(body.text))
    """
    assert sources(tmp_path, main) == []


def test_cutting_helpers(tmp_path: Path) -> None:
    before = """
    def cut(text, size=4000):
        if len(text) <= size:
            return text
        return text[:size] + "..."

    def truncate_to_budget(text):
        return budget.fit(text)
    """
    assert sources(tmp_path, handler("return ask(cut(body.message))", before)) == []
    assert sources(tmp_path, handler("return ask(truncate_to_budget(body.message))", before)) == []


FIELDS = {
    "message: str = Field(max_length=4000)": True,
    "message: str = Field(min_length=1)": False,
    "message: str = Field(max_length=None)": False,
    "message: Annotated[str, Field(max_length=4000)]": True,
    "message: Annotated[str, StringConstraints(max_length=4000)]": True,
    "message: Optional[Annotated[str, Field(max_length=40)]] = None": True,
    "message: constr(max_length=4000)": True,
    "message: constr(min_length=1)": False,
    "message: Short": True,
    "message: Annotated[str, AfterValidator(short)]": True,
    "message: str = Field(pattern='^[a-z]{1,20}$')": True,
    "message: str = Field(pattern='^[a-z]+$')": False,
    "message: 'str | None' = Field(None, max_length=80)": True,
    "message: list[str] = Field(max_length=3)": False,
    "message: list[Short] = Field(max_length=3)": True,
    "message: list[constr(max_length=40)]": False,
    "message: dict[str, Any]": False,
    "message: Any": False,
    "message: bytes": False,
    "message: str\n    model_config = ConfigDict(str_max_length=400)": True,
    "message: str\n    _checked = field_validator('message')(short)": True,
    "message: str\n    other: str = ''\n    _checked = field_validator('other')(short)": False,
    "message: str = limited()": True,
    "message: str = described()": False,
    "message: str = Field(**LIMITS)": True,
}


@pytest.mark.parametrize("field", FIELDS)
def test_constraints_of_fields(field: str, tmp_path: Path) -> None:
    main = f"""
Short = Annotated[str, Field(max_length=80)]

LIMITS = dict(min_length=1, max_length=80)

def short(value):
    if len(value) > 80:
        raise ValueError("too long")
    return value

def limited():
    return Field(max_length=80)

def described():
    return Field(description="what to answer")

class Chat(BaseModel):
    {field}

@app.post("/chat")
def chat(body: Chat):
    return embed(body.message)
"""
    assert (sources(tmp_path, main) == []) is FIELDS[field]


@pytest.mark.parametrize(
    ("validator", "bounds"),
    [
        ("@field_validator('message')\n    @classmethod\n    def check(cls, v):\n        return v[:400]", True),
        ("@field_validator('message')\n    @classmethod\n    def check(cls, v):\n"
         "        return str(v).strip()[:400]", True),
        ("@field_validator('message')\n    @classmethod\n    def check(cls, v):\n"
         "        return ' '.join(v.split()[:400])", False),
        ("@field_validator('*')\n    @classmethod\n    def check(cls, v):\n        if len(v) > 9:\n"
         "            raise ValueError\n        return v", True),
        ("@field_validator('message')\n    @classmethod\n    def check(cls, v):\n        return v.strip()", False),
        ("@field_validator('other')\n    @classmethod\n    def check(cls, v):\n        return v[:400]", False),
    ],
)  # fmt: skip
def test_validators(validator: str, bounds: bool, tmp_path: Path) -> None:
    main = f"""
class Chat(BaseModel):
    message: str
    other: str = ""

    {validator}

@app.post("/chat")
def chat(body: Chat):
    return ask(body.message)
"""
    assert (sources(tmp_path, main) == []) is bounds


@pytest.mark.parametrize(
    ("parameter", "bounds"),
    [
        ("q: str = Query(..., max_length=80)", True),
        ("q: Annotated[str, Query(max_length=80)]", True),
        ("q: str = Form(max_length=80)", True),
        ("q: str = Body(..., embed=True)", False),
        ("q: Annotated[str, Query(min_length=3)]", False),
    ],
)
def test_constraints_of_parameters(parameter: str, bounds: bool, tmp_path: Path) -> None:
    main = f"""
@app.post("/ask")
def question({parameter}):
    return ask(q)
"""
    assert (sources(tmp_path, main) == []) is bounds


@pytest.mark.parametrize(
    ("field", "bounds"),
    [
        ("text = serializers.CharField(max_length=500)", True),
        ("text = serializers.CharField()", False),
        ("text = serializers.ChoiceField(choices=['a'])", True),
        ("text = serializers.ListField()", False),
        ("text = serializers.CharField()\n\n    def validate_text(self, value):\n        if len(value) > 9:\n"
         "            raise serializers.ValidationError\n        return value", True),
    ],
)  # fmt: skip
def test_serializers(field: str, bounds: bool, tmp_path: Path) -> None:
    main = f"""
from rest_framework import serializers
from rest_framework.views import APIView
from model import ask

class Question(serializers.Serializer):
    {field}

class Ask(APIView):
    def post(self, request):
        question = Question(data=request.data)
        question.is_valid(raise_exception=True)
        return ask(question.validated_data["text"])
"""
    assert (sources(tmp_path, "", head=main) == []) is bounds


@pytest.mark.parametrize(
    ("reading", "bounds"),
    [
        ("Limited().load(request.get_json())", True),
        ("Free().load(request.get_json())", False),
        ("LIMITED.load(request.get_json())", True),
    ],
)
def test_schemas_of_marshmallow(reading: str, bounds: bool, tmp_path: Path) -> None:
    main = f"""
from flask import Flask, request
from marshmallow import Schema, fields, validate
from model import ask

app = Flask(__name__)

class Free(Schema):
    text = fields.Str(required=True, validate=validate.Length(min=1))

class Limited(Schema):
    text = fields.Str(required=True, validate=validate.Length(max=400))

LIMITED = Limited()

@app.post("/ask")
def question():
    data = {reading}
    return ask(data["text"])
"""
    assert (sources(tmp_path, "", head=main) == []) is bounds


@pytest.mark.parametrize("reading", ['question.validated_data["text"]', "question.save().text"])
@pytest.mark.parametrize(("field", "bounds"), [("CharField(max_length=400)", True), ("TextField()", False)])
def test_fields_that_a_serializer_takes_from_its_table(reading: str, field: str, bounds: bool, tmp_path: Path) -> None:
    main = f"""
from django.db import models
from rest_framework import serializers
from rest_framework.views import APIView
from model import ask

class Note(models.Model):
    text = models.{field}

class Question(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["text"]

class Ask(APIView):
    def post(self, request):
        question = Question(data=request.data)
        question.is_valid(raise_exception=True)
        return ask({reading})
"""
    assert (sources(tmp_path, "", head=main) == []) is bounds


@pytest.mark.parametrize(
    ("made", "called", "bounds"),
    [
        ("", "", False),
        ("", ", truncation=True", True),
        (", truncation=True", "", True),
        ("", ", truncation=False", False),
    ],
)
def test_pipelines_that_truncate(made: str, called: str, bounds: bool, tmp_path: Path) -> None:
    main = f"""
from transformers import pipeline

judge = pipeline("text-classification", revision="1"{made})

@app.post("/judge")
def judged(q: str):
    return judge(q{called})
"""
    assert (sources(tmp_path, main) == []) is bounds


def test_tokenizers_that_truncate(tmp_path: Path) -> None:
    head = """
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import AutoModelForCausalLM, AutoTokenizer

app = FastAPI()
tokenizer = AutoTokenizer.from_pretrained("m", revision="1")
model = AutoModelForCausalLM.from_pretrained("m", revision="1")

class Chat(BaseModel):
    message: str

@app.post("/chat")
def chat(body: Chat):
    inputs = tokenizer(body.message, return_tensors="pt"{options}).to("cpu")
    return tokenizer.decode(model.generate(**inputs, max_new_tokens=20)[0])
"""
    assert len(sources(tmp_path, "", head=head.replace("{options}", ""))) == 1
    assert sources(tmp_path, "", head=head.replace("{options}", ", truncation=True, max_length=512")) == []


def test_limits_on_bodies(tmp_path: Path) -> None:
    body = handler("return ask(body.message)")
    small = "app = FastAPI(max_body_size=64 * 1024)\n"
    assert len(sources(tmp_path / "large", body + "app = FastAPI(max_body_size=64 * 1024 * 1024)\n")) == 1
    assert sources(tmp_path / "small", body + small) == []
    middleware = """
    @app.middleware("http")
    async def limit(request: Request, call_next):
        if int(request.headers.get("content-length", 0)) > {size}:
            raise HTTPException(413)
        return await call_next(request)
    """
    assert sources(tmp_path / "own", body + dedent(middleware.format(size="100_000"))) == []
    assert len(sources(tmp_path / "own-large", body + dedent(middleware.format(size="50 * 1024 * 1024")))) == 1


LIMITS = {
    "a variable with the length": """
        @app.middleware("http")
        async def limit(request: Request, call_next):
            length = request.headers.get("content-length")
            if length and int(length) > {size}:
                raise HTTPException(413)
            return await call_next(request)
    """,
    "a class that is given the size": """
        from starlette.middleware.base import BaseHTTPMiddleware

        class Cap(BaseHTTPMiddleware):
            def __init__(self, app, most):
                super().__init__(app)
                self.most = most

            async def dispatch(self, request, call_next):
                if int(request.headers.get("content-length", 0)) > self.most:
                    raise HTTPException(413)
                return await call_next(request)

        app.add_middleware(Cap, most={size})
    """,
    "a dependency of the route": """
        def limit(request: Request):
            if int(request.headers.get("content-length", 0)) > {size}:
                raise HTTPException(413)

        @app.post("/short", dependencies=[Depends(limit)])
        def short(body: Chat):
            return embed(body.message)
    """,
    "a dependency of the router": """
        from fastapi import APIRouter

        def limit(request: Request):
            if int(request.headers.get("content-length", 0)) > {size}:
                raise HTTPException(413)

        router = APIRouter(dependencies=[Depends(limit)])

        @router.post("/short")
        def short(body: Chat):
            return embed(body.message)

        app.include_router(router)
    """,
}


@pytest.mark.parametrize("name", LIMITS)
def test_who_limits_bodies(name: str, tmp_path: Path) -> None:
    """Middleware limits every route, a dependency those alone that have it."""
    call = "return ask(body.message)" if "dependency" not in name else "return {}"
    for size, found in (("64 * 1024", 0), ("64 * 1024 * 1024", 1)):
        main = handler(call) + dedent(LIMITS[name].format(size=size))
        assert len(sources(tmp_path / size.replace(" ", ""), main)) == found
    if "dependency" in name:
        other = handler("return ask(body.message)") + dedent(LIMITS[name].format(size="64 * 1024"))
        assert len(sources(tmp_path / "other", other)) == 1


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ('request.method in ("GET", "HEAD")', 0),
        ('request.url.path.startswith("/static")', 0),
        ('request.headers.get("x-token") == request.cookies.get("token")', 1),
    ],
)
def test_a_middleware_limits_what_it_has_not_handed_on(tmp_path: Path, test: str, found: int) -> None:
    """Requests that are let through for what they bring are of any size; safe methods and other paths are others."""
    middleware = f"""
    @app.middleware("http")
    async def limit(request: Request, call_next):
        if {test}:
            return await call_next(request)
        if int(request.headers.get("content-length", 0)) > 100_000:
            raise HTTPException(413)
        return await call_next(request)
    """
    assert len(sources(tmp_path, handler("return ask(body.message)") + dedent(middleware))) == found


def test_limits_of_flask(tmp_path: Path) -> None:
    head = """
from flask import Flask, request
from model import ask

app = Flask(__name__)
{setting}

@app.post("/ask")
def question():
    return ask(request.json["question"])
"""
    assert len(sources(tmp_path, "", head=head.replace("{setting}", ""))) == 1
    small = head.replace("{setting}", 'app.config["MAX_CONTENT_LENGTH"] = 16 * 1024')
    assert sources(tmp_path, "", head=small) == []
    updated = head.replace("{setting}", "app.config.update(MAX_CONTENT_LENGTH=16 * 1024)")
    assert sources(tmp_path / "updated", "", head=updated) == []


def test_uploads_with_a_limit(tmp_path: Path) -> None:
    main = """
    @app.post("/summary")
    async def summary(file: UploadFile):
        {check}
        content = await file.read()
        {after}
        return ask(content.decode())
    """
    refused = "if len(content) > 100_000: raise HTTPException(413)"
    assert len(sources(tmp_path, main.format(check="pass", after="pass"))) == 1
    assert sources(tmp_path, main.format(check="pass", after=refused)) == []
    assert sources(tmp_path, main.format(check="if file.size > 100_000: raise HTTPException(413)", after="pass")) == []


def test_pieces_are_told(tmp_path: Path) -> None:
    main = """
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=500)

    class Note(BaseModel):
        text: str

    @app.post("/notes")
    def add(note: Note):
        return embed(splitter.split_text(note.text))
    """
    (flow,) = flows(tmp_path, main)
    assert flow.cut
    pieces = "[note.text[i : i + 500] for i in range(0, len(note.text), 500)]"
    own = main.replace("splitter.split_text(note.text)", pieces)
    (flow,) = flows(tmp_path, own)
    assert flow.cut


COLLECTING = """
class Note(BaseModel):
    text: str

def pieces(text, size=500):
    part, found = "", []
    for sentence in text.split("."):
        if len(part) + len(sentence) > size:
            {body}
        part += sentence
    found.append(part)
    return found

@app.post("/notes")
def add(note: Note):
    return embed(pieces(note.text){few})
"""


def test_pieces_that_a_function_collects(tmp_path: Path) -> None:
    (flow,) = flows(tmp_path, COLLECTING.format(body='found.append(part)\n            part = ""', few=""))
    assert flow.cut
    assert flows(tmp_path, COLLECTING.format(body='found.append(part)\n            part = ""', few="[:5]")) == []
    assert flows(tmp_path, COLLECTING.format(body="break", few="")) == []


def test_many_short_items(tmp_path: Path) -> None:
    main = """
    class Texts(BaseModel):
        texts: list[Annotated[str, Field(max_length=200)]]

    @app.post("/vectors")
    def vectors(body: Texts):
        return embed({given})
    """
    (flow,) = flows(tmp_path, main.format(given="body.texts"))
    assert flow.source.many
    assert flows(tmp_path, main.format(given="body.texts[:20]")) == []
    assert flows(tmp_path, main.format(given="body.texts[0]")) == []


@pytest.mark.parametrize(
    ("measured", "bounds"),
    [
        ("sum(len(text) for text in self.texts)", True),
        ("sum(map(len, self.texts))", True),
        ("sum(map(rank, self.texts))", False),
        ("len(self.texts)", False),
    ],
)
def test_the_length_of_all_texts_together(tmp_path: Path, measured: str, bounds: bool) -> None:
    main = f"""
    from pydantic import model_validator

    class Texts(BaseModel):
        texts: list[str]

        @model_validator(mode="after")
        def not_too_much(self):
            if {measured} > 4000:
                raise ValueError("too much")
            return self

    @app.post("/answers")
    def answers(body: Texts):
        return ask(" ".join(body.texts))
    """
    assert (sources(tmp_path, main) == []) is bounds


FLASK = """
from flask import Flask, request
from model import embed

app = Flask(__name__)


@app.post("/search")
def search():
    return embed([request.json["text"]])
"""


def test_what_a_server_takes_is_that_of_the_application_with_the_route(tmp_path: Path) -> None:
    """FastAPI takes bodies of any size; that says nothing of the Flask application beside it."""
    found = flows(tmp_path, handler("return ask(body.message)"), files={"legacy.py": FLASK})
    accepted = {flow.source.route.label: flow.accepted for flow in found if flow.source.route is not None}
    assert accepted == {"POST /chat": " (FastAPI takes bodies of any size)", "POST /search": ""}


RPC = """
import grpc
import talk_pb2_grpc
from openai import OpenAI

client = OpenAI()


class Talk(talk_pb2_grpc.TalkServicer):
    def Ask(self, request, context):
        return client.chat.completions.create(model="m", messages=[{"role": "user", "content": request.question}])


def add_to(server: grpc.Server):
    talk_pb2_grpc.add_TalkServicer_to_server(Talk(), server)
"""


def test_what_the_framework_takes_says_nothing_of_calls_of_grpc(tmp_path: Path) -> None:
    found = flows(tmp_path, handler("return ask(body.message)"), files={"rpc.py": RPC})
    assert {flow.source.description: flow.accepted for flow in found} == {
        "field `message` of Chat": " (FastAPI takes bodies of any size)",
        "`question` in the request": "",
    }
