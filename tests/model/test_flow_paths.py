"""The ways of a text through a program, and the calls that end them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.model.flowing import flows, sources

HANDLER = """
class Chat(BaseModel):
    message: str
    tags: list[str] = []

{before}
@app.post("/chat")
async def chat(body: Chat, request: Request):
{body}
"""
QUESTION = """
class Question:
    def __init__(self, text):
        self.text = text
""".strip()
WAYS = {
    "concatenation": ("text = 'Q: ' + body.message\ntext += '!'\nask(text)", ""),
    "a part that a pattern splits off": ("import re\nask(re.split(r'-{3,}', body.message, maxsplit=1)[0])", ""),
    "a part that a compiled pattern splits off": ("import re\nask(re.compile('-+').split(body.message)[0])", ""),
    "percent": ("ask('Q: %s' % body.message)", ""),
    "format": ("ask('Q: {q}'.format(q=body.message))", ""),
    "a template": ("from string import Template\nask(Template('$q').substitute(q=body.message))", ""),
    "join": ("ask(' '.join([body.message, 'x']))", ""),
    "a list that is filled": ("parts = []\nparts.append(body.message)\nask(' '.join(parts))", ""),
    "a list that another function fills": (
        "parts = []\nfill(parts, body.message)\nask(' '.join(parts))",
        "def fill(target, text):\n    target.append(text)",
    ),
    "a dictionary": ("data = {}\ndata['q'] = body.message\nask(data['q'])", ""),
    "keyword arguments": ("options = dict(text=body.message)\nask(**options)", ""),
    "keyword arguments passed on": (
        "outer(text=body.message)",
        "def outer(**options):\n    return ask(**options)",
    ),
    "positional arguments passed on": ("outer(body.message)", "def outer(*arguments):\n    return ask(*arguments)"),
    "unpacking": ("a, b = body.message, 1\nask(a)", ""),
    "a tuple that a function gives": (
        "kind, text = classify(body.message)\nask(text)",
        "def classify(text):\n    return 'kind', text",
    ),
    "a loop with numbers": ("for i, m in enumerate([body.message]):\n    ask(m)", ""),
    "pairs": ("for name, m in {'a': body.message}.items():\n    ask(m)", ""),
    "a walrus": ("if text := body.message.strip():\n    ask(text)", ""),
    "a conditional": ("ask(body.message if body.tags else 'x')", ""),
    "JSON there and back": ("ask(json.loads(json.dumps({'q': body.message}))['q'])", ""),
    "a coroutine": ("await later(body.message)", "async def later(text):\n    return ask(text)"),
    "a generator": (
        "return [part for part in stream(body.message)]",
        "def stream(text):\n    yield from [ask(text)]",
    ),
    "a closure": ("def inner():\n    return ask(body.message)\nreturn inner()", ""),
    "a lambda in a thread": ("import asyncio\nawait asyncio.to_thread(lambda: ask(body.message))", ""),
    "a thread": ("import asyncio\nawait asyncio.to_thread(ask, body.message)", ""),
    "a thread object": ("import threading\nthreading.Thread(target=ask, args=(body.message,)).start()", ""),
    "an executor": (
        "import asyncio\nawait asyncio.get_running_loop().run_in_executor(None, ask, body.message)",
        "",
    ),
    "a partial function": ("from functools import partial\npartial(ask, body.message)()", ""),
    "tasks that are gathered": (
        "import asyncio\na, b = await asyncio.gather(clean(body.message), clean('x'))\nask(a)",
        "async def clean(text):\n    return text.strip()",
    ),
    "an object": (
        "Question(body.message).send()",
        QUESTION + "\n\n    def send(self):\n        return ask(self.text)",
    ),
    "an object's property": (
        "ask(Question(body.message).upper)",
        QUESTION + "\n\n    @property\n    def upper(self):\n        return self.text.upper()",
    ),
    "an object as a text": (
        "ask(str(Question(body.message)))",
        QUESTION + "\n\n    def __str__(self):\n        return self.text",
    ),
    "a data class": (
        "q = Question(text=body.message)\nask(q.text)",
        "from dataclasses import dataclass\n\n@dataclass\nclass Question:\n    text: str",
    ),
    "a model made of a body": (
        "q = Question(**body.model_dump())\nask(q.message)",
        "class Question(BaseModel):\n    message: str",
    ),
    "a message of LangChain": (
        "from langchain_core.messages import HumanMessage\nask([HumanMessage(content=body.message)])",
        "",
    ),
    "a subclass known by its base": (
        "service.run(body.message)",
        "class Base:\n    def run(self, text):\n        raise NotImplementedError\n\nclass Real(Base):\n"
        "    def run(self, text):\n        return ask(text)\n\ndef make() -> Base:\n    return table['real']()\n\n"
        "table = {'real': Real}\nservice = make()",
    ),
    "an object of unknown making": (
        "request.app.state.asker.ask_model(text=body.message)",
        "class Asker:\n    def ask_model(self, text):\n        return ask(text)",
    ),
    "a template in a file": ("from pathlib import Path\nask(Path('q.txt').read_text().format(q=body.message))", ""),
    "a template that a handle gives": (
        "ask(load().replace('{q}', body.message))",
        "def load():\n    with open('q.txt') as file:\n        return file.read()",
    ),
    "a template of an object": (
        "Prompt('q.txt').send(q=body.message)",
        "class Prompt:\n    def __init__(self, path):\n        self.template = open(path).read()\n\n"
        "    def send(self, **values):\n        return ask(self.template.format(**values))",
    ),
    "a template in a setting": ("import os\nask(os.getenv('PROMPT', '{q}').format(q=body.message))", ""),
    "a template in a table": (
        "import tomllib\nask(tomllib.load(open('q', 'rb'))['q']['a'].format(q=body.message))",
        "",
    ),
    "the first that fits": (
        "ask(next((q for q in [Question(body.message)] if q.text), None).text)",
        QUESTION,
    ),
    "an entry set in a list of messages": (
        "messages = [{'role': 'user', 'content': ''}]\nmessages[-1]['content'] = body.message\ntalk(messages)",
        "",
    ),
    "a list in an entry": (
        "turns = {}\nturns.setdefault('a', []).append(body.message)\nask(' '.join(turns['a']))",
        "",
    ),
    "an update by name": ("values = {}\nvalues.update(q=body.message)\nask(values['q'])", ""),
    "a body that is called a request": (
        "handle(body)",
        "def handle(request):\n    return ask(f'Q: {request.message}')",
    ),
    "the state of the request": (
        "ask(request.state.question)",
        "async def keep(body: Chat, request: Request):\n    request.state.question = body.message\n\n"
        "@app.post('/x', dependencies=[Depends(keep)])\ndef other():\n    return None",
    ),
    "a module of dspy": (
        "respond(question=body.message)",
        "import dspy\n\nclass Respond(dspy.Module):\n    def forward(self, question):\n        return ask(question)\n\n"
        "respond = Respond()",
    ),
    "a nested cleaning helper": (
        "ask(outer(body.message))",
        "def outer(text):\n    return inner(text.strip())\n\ndef inner(text):\n    return text.lower()",
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_ways(name: str, tmp_path: Path) -> None:
    body, before = WAYS[name]
    main = HANDLER.format(before=dedent(before), body=indent(dedent(body), "    "))
    assert sources(tmp_path, main) == ["field `message` of Chat"]


ENDS = {
    "a model's answer": ("ask(embed(body.message))", ["field `message` of Chat"]),  # the embedding alone
    "a variable set anew": ("text = body.message\ntext = 'fixed'\nask(text)", []),
    "a variable set anew in both branches": (
        "text = body.message\nif body.tags:\n    text = 'a'\nelse:\n    text = 'b'\nask(text)",
        [],
    ),
    "another field of an object": ("pair = {'a': body.message, 'b': 'x'}\nask(pair['b'])", []),
    "another element": ("pair = (body.message, 'x')\nask(pair[1])", []),
    "a comparison": ("ask('yes' if body.message == 'x' else 'no')", []),
    "a hash": ("import hashlib\nask(hashlib.sha256(body.message.encode()).hexdigest())", []),
    "another entry of a list of messages": (
        "turns = {'a': {}, 'b': {}}\nturns['a']['q'] = body.message\nask(turns['b'])",
        [],
    ),
    "another name of an update": ("values = {}\nvalues.update(q=body.message, r='x')\nask(values['r'])", []),
    "the path of a file with a template": (
        "from pathlib import Path\nPath('a').replace(body.message)\nask(Path('a').read_text())",
        [],
    ),
    "a cache": ("import redis\nask(redis.Redis().get(body.message))", []),
}


@pytest.mark.parametrize("name", ENDS)
def test_ends(name: str, tmp_path: Path) -> None:
    body, expected = ENDS[name]
    assert sources(tmp_path, HANDLER.format(before="", body=indent(dedent(body), "    "))) == expected


def test_text_that_is_stored_and_read_by_another_job(tmp_path: Path) -> None:
    main = """
    from sqlalchemy import Column, Integer, String, Text, select
    from sqlalchemy.orm import declarative_base

    Base = declarative_base()

    class Job(Base):
        __tablename__ = "jobs"
        id = Column(Integer, primary_key=True)
        text = Column({column})

    class NewJob(BaseModel):
        text: str

    @app.post("/jobs")
    def create(job: NewJob, session=Depends(lambda: None)):
        session.add(Job(text=job.text))

    def run(session):
        job = session.execute(select(Job).limit(1)).scalar_one_or_none()
        return ask(job.text)
    """
    assert sources(tmp_path, main.format(column="Text")) == ["field `text` of NewJob"]
    assert sources(tmp_path, main.format(column="String(200)")) == []


def test_answers_of_clients_on_the_state_of_the_application(tmp_path: Path) -> None:
    """What a model answers is its own text, also where the client is found on `request.app.state`."""
    main = """
    from model import client
    app.state.made = client
    class Body(BaseModel):
        message: str
    @app.post("/x")
    def x(body: Body, request: Request):
        made = request.app.state.made
        given = [{"role": "user", "content": body.message}]
        answer = made.chat.completions.create(model="gpt-4.1-mini", max_tokens=100, messages=given)
        embed(answer.choices[0].message.content)
    """
    assert [flow.call.name for flow in flows(tmp_path, main)] == ["chat.completions.create"]


def test_the_state_of_a_graph(tmp_path: Path) -> None:
    main = """
    from langgraph.graph import END, START, StateGraph

    class Chat(BaseModel):
        message: str

    def answer(state):
        return {"answer": ask(state["question"])}

    builder = StateGraph(dict)
    builder.add_node("answer", answer)
    graph = builder.compile()

    @app.post("/chat")
    async def chat(body: Chat):
        return await graph.ainvoke({"question": body.message, "other": "x"})
    """
    assert sources(tmp_path, main) == ["field `message` of Chat"]
    assert sources(tmp_path, main.replace('state["question"]', 'state["other"]')) == []


SINKS = {
    "an SDK that nothing is known of, by its names": (
        "self_made.chat.completions.create(model='m', messages=[{'role': 'user', 'content': text}])",
        1,
    ),
    "a raw request to a model server": (
        "requests.post('http://localhost:11434/api/generate', json={'model': 'm', 'prompt': text}, timeout=9)",
        1,
    ),
    "a raw request with a payload of its own": (
        "payload = {'model': 'm', 'messages': [{'role': 'user', 'content': text}], 'stream': False}\n"
        "requests.post(BASE, json=payload, timeout=9)",
        1,
    ),
    "a raw request that counts tokens": (
        "requests.post('http://localhost:8000/tokenize', json={'model': 'm', 'prompt': text}, timeout=9)",
        0,
    ),
    "a request to another service": ("requests.post('http://audit.internal/log', json={'text': text}, timeout=9)", 0),
    "a model call in a thread": (
        "asyncio.to_thread(client.embeddings.create, model='m', input=text)",
        1,
    ),
    "a model call in a thread object": (
        "threading.Thread(target=client.embeddings.create, kwargs={'model': 'm', 'input': text}).start()",
        1,
    ),
    "a store that embeds": ("store.similarity_search(text)", 1),
    "a template": ("ChatPromptTemplate.from_messages([('human', '{q}')]).invoke({'q': text})", 0),
    "a moderation": ("client.moderations.create(input=text)", 0),
    "the model's name": ("client.embeddings.create(model=text, input='fixed')", 0),
}


@pytest.mark.parametrize("name", SINKS)
def test_calls_that_reach_a_model(name: str, tmp_path: Path) -> None:
    body, count = SINKS[name]
    main = f"""
import asyncio, os, requests, threading
from langchain_chroma import Chroma
from langchain_core.prompts import ChatPromptTemplate
from somewhere import self_made
from model import client

BASE = os.environ["BASE"]
store = Chroma(persist_directory="x")

@app.post("/chat")
def chat(text: str = Body()):
{indent(body, "    ")}
"""
    assert len(sources(tmp_path, main)) == count


def test_the_trace_leads_from_the_field_to_the_call(tmp_path: Path) -> None:
    main = """
    class Chat(BaseModel):
        message: str

    class Service:
        def run(self, text):
            return ask(text)

    service = Service()

    @app.post("/chat")
    def chat(body: Chat):
        return service.run(body.message)
    """
    (flow,) = flows(tmp_path, main)
    captions = [step.message for step in flow.steps]
    assert captions[0] == "POST /chat"
    assert captions[1] == "field `message` of Chat"
    assert captions[2:-1] == ["passed on to Service.run()", "passed on to ask()"]
    assert captions[-1] == "chat.completions.create"
    assert flow.steps[-1].span.path == "model.py"


def test_one_flow_a_call_with_all_its_sources(tmp_path: Path) -> None:
    main = """
    class Chat(BaseModel):
        message: str
        context: str

    @app.post("/chat")
    def chat(body: Chat):
        return ask(body.message + body.context)

    @app.get("/ask")
    def question(q: str):
        return ask(q)
    """
    (flow,) = flows(tmp_path, main)
    described = {flow.source.description, *(other.description for other in flow.others)}
    assert described == {"field `message` of Chat", "field `context` of Chat", "parameter `q`"}


def test_functions_that_are_called_under_other_names(tmp_path: Path) -> None:
    main = """
    class Chat(BaseModel):
        message: str

    class Pipeline:
        def __init__(self, answer):
            self.answer = answer

    def run(pipeline, text, also):
        pipeline.answer(text)
        return also(text)

    @app.post("/chat")
    def chat(body: Chat):
        return run(Pipeline(answer=ask), body.message, also=embed)
    """
    assert sources(tmp_path, main) == ["field `message` of Chat"] * 2
