"""Conversations that grow without limit, and those that only look so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model.flowing import histories

KEPT = {
    "a list of the module": """
        turns = []

        @app.post("/chat")
        def chat(mood: int):
            turns.append({"role": "user", "content": str(mood)})  # here
            return talk(turns)
    """,
    "sessions in a dictionary": """
        sessions = {}

        @app.post("/chat/{key}")
        def chat(key: int, mood: int):
            if key not in sessions:
                sessions[key] = []
            sessions[key].append({"role": "user", "content": str(mood)})  # here
            return talk([{"role": "system", "content": "x"}] + sessions[key])
    """,
    "sessions behind a function": """
        sessions = {}

        def turns_of(key):
            return sessions.setdefault(key, [])

        @app.post("/chat/{key}")
        def chat(key: int, mood: int):
            turns = turns_of(key)
            turns.append({"role": "user", "content": str(mood)})  # here
            return talk(turns)
    """,
    "an attribute of a shared object": """
        class Bot:
            def __init__(self):
                self.turns = []

            def say(self, mood):
                self.turns.append({"role": "user", "content": str(mood)})  # here
                return talk(self.turns)

        bot = Bot()

        @app.post("/chat")
        def chat(mood: int):
            return bot.say(mood)
    """,
    "an object a session": """
        class Session:
            def __init__(self):
                self.turns = []

            def say(self, mood):
                self.turns.append({"role": "user", "content": str(mood)})  # here
                return talk(self.turns)

        sessions = {}

        @app.post("/chat/{key}")
        def chat(key: int, mood: int):
            if key not in sessions:
                sessions[key] = Session()
            return sessions[key].say(mood)
    """,
    "a connection": """
        @app.websocket("/ws")
        async def socket(websocket: WebSocket):
            turns = []
            while True:
                text = (await websocket.receive_text())[:400]
                turns.append({"role": "user", "content": text})  # here
                talk(turns)
    """,
    "a text made of all turns": """
        turns = []

        @app.post("/chat")
        def chat(mood: int):
            turns.append(f"user: {mood}")  # here
            return ask("\\n".join(turns))
    """,
}


def line_of(main: str) -> int:
    """The line that is marked, counted from the first one of the snippet."""
    return next(number for number, line in enumerate(main.split("\n"), 1) if "# here" in line)


@pytest.mark.parametrize("name", KEPT)
def test_kept_lists(name: str, tmp_path: Path) -> None:
    from tests.model.flowing import FASTAPI

    (found,) = histories(tmp_path, KEPT[name])
    assert found.kind == "kept"
    assert found.span.line == FASTAPI.count("\n") + line_of(KEPT[name])
    assert found.steps[-1].message == "chat.completions.create"


LIMITED = {
    "a window in the call": KEPT["a list of the module"].replace("talk(turns)", "talk(turns[-10:])"),
    "a window kept": KEPT["an attribute of a shared object"].replace(
        "return talk", "self.turns = self.turns[-10:]\n                return talk"
    ),
    "a deletion": KEPT["a list of the module"].replace("return talk", "del turns[:-10]\n            return talk"),
    "a check that trims": KEPT["sessions in a dictionary"].replace(
        "return talk", "while len(sessions[key]) > 10:\n                sessions[key].pop(0)\n            return talk"
    ),
    "a deque": KEPT["a list of the module"].replace(
        "turns = []", "from collections import deque\n        turns = deque(maxlen=10)"
    ),
    "a helper that trims": KEPT["a list of the module"].replace("talk(turns)", "talk(trim_messages(turns, 4000))"),
    "a list of the request": """
        @app.post("/chat")
        def chat(mood: int):
            turns = []
            turns.append({"role": "user", "content": str(mood)})
            return talk(turns)
    """,
    "a log that no model gets": """
        log = []

        @app.post("/chat")
        def chat(mood: int):
            log.append(mood)
            return talk([{"role": "user", "content": "x"}])
    """,
    "an object of the request": """
        class Bot:
            def __init__(self):
                self.turns = []

            def say(self, mood):
                self.turns.append({"role": "user", "content": str(mood)})
                return talk(self.turns)

        @app.post("/chat")
        def chat(mood: int):
            return Bot().say(mood)
    """,
    "one entry of a list": """
        notes = []

        @app.post("/notes")
        def note(mood: int):
            notes.append(str(mood))
            return ask(notes[mood])
    """,
    "a loop of tools": """
        @app.post("/chat")
        def chat(mood: int):
            turns = [{"role": "user", "content": str(mood)}]
            for _ in range(5):
                turns.append(talk(turns))
            return turns
    """,
}


@pytest.mark.parametrize("name", LIMITED)
def test_limited_lists(name: str, tmp_path: Path) -> None:
    assert histories(tmp_path, LIMITED[name]) == []


CLIENT = """
class Message(BaseModel):
    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=2000)]

class Chat(BaseModel):
    {field}

@app.post("/chat")
def chat(body: Chat):
    {check}
    return talk([{{"role": m.role, "content": m.content}} for m in body.messages{window}])
"""


@pytest.mark.parametrize(
    ("field", "check", "window", "grows"),
    [
        ("messages: list[Message]", "pass", "", True),
        ("messages: list[Message] = Field(min_length=1)", "pass", "", True),
        ("messages: list[Message] = Field(max_length=20)", "pass", "", False),
        ("messages: conlist(Message, max_length=20)", "pass", "", False),
        ("messages: list[Message]", "pass", "[-20:]", False),
        ("messages: list[Message]", "if len(body.messages) > 20: raise HTTPException(413)", "", False),
    ],
)
def test_lists_of_the_client(field: str, check: str, window: str, grows: bool, tmp_path: Path) -> None:
    found = histories(tmp_path, CLIENT.format(field=field, check=check, window=window))
    assert [history.kind for history in found] == (["client"] if grows else [])


def test_other_lists_of_the_client_are_no_conversations(tmp_path: Path) -> None:
    main = CLIENT.format(field="tags: list[Message]", check="pass", window="").replace("body.messages", "body.tags")
    assert histories(tmp_path, main) == []


MEMORY = """
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory, ConversationBufferWindowMemory
from langchain_openai import ChatOpenAI

llm = ChatOpenAI(timeout=20, max_tokens=100)
{module}

@app.websocket("/ws")
async def socket(websocket: WebSocket):
    {socket}

@app.post("/once")
def once(mood: int):
    {once}
"""


@pytest.mark.parametrize(
    ("module", "socket", "once", "count"),
    [
        ("memory = ConversationBufferMemory()", "pass", "pass", 1),
        ("memory = ConversationBufferWindowMemory(k=5)", "pass", "pass", 0),
        ("", "chain = ConversationChain(llm=llm, memory=ConversationBufferMemory())", "pass", 1),
        ("", "pass", "chain = ConversationChain(llm=llm, memory=ConversationBufferMemory())", 0),
        ("kept = {}", "pass", "kept[mood] = ConversationBufferMemory()", 1),
    ],
)
def test_memory_objects(module: str, socket: str, once: str, count: int, tmp_path: Path) -> None:
    found = histories(tmp_path, MEMORY.format(module=module, socket=socket, once=once))
    assert [history.kind for history in found] == ["memory"] * count


GRAPH = """
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import MessagesState, StateGraph
from langchain_openai import ChatOpenAI

llm = ChatOpenAI(timeout=20, max_tokens=100)

def answer(state):
    return {{"messages": [llm.invoke({given})]}}

builder = StateGraph(MessagesState)
builder.add_node("answer", answer)
graph = builder.compile({saver})

@app.post("/chat")
async def chat(mood: int):
    return await graph.ainvoke({{"messages": [str(mood)]}})
"""


@pytest.mark.parametrize(
    ("given", "saver", "count"),
    [
        ('state["messages"]', "checkpointer=MemorySaver()", 1),
        ('state["messages"][-1]', "checkpointer=MemorySaver()", 0),
        ('trim_messages(state["messages"], max_tokens=2000)', "checkpointer=MemorySaver()", 0),
        ('state["messages"]', "", 0),
    ],
)
def test_threads_of_graphs(given: str, saver: str, count: int, tmp_path: Path) -> None:
    head = "from langchain_core.messages import trim_messages\n" if "trim" in given else ""
    assert len(histories(tmp_path, head + GRAPH.format(given=given, saver=saver))) == count


GRAPHS = """
import operator
from typing import Annotated, TypedDict

from langchain_core.messages import trim_messages
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import MessagesState, StateGraph
from langgraph.graph.message import add_messages
from langchain_openai import ChatOpenAI

llm = ChatOpenAI(timeout=20, max_tokens=100)

class Latest(TypedDict):
    messages: list
    mood: str

class Added(TypedDict):
    messages: Annotated[list, operator.add]

class Deeper(MessagesState):
    mood: str

def whole(state):
    return {{"messages": [llm.invoke(state["messages"])]}}

def last(state):
    return {{"messages": [llm.invoke(state["messages"][-1])]}}

def trimmed(state):
    return {{"messages": [llm.invoke(cut(state))]}}

def cut(state):
    return trim_messages(state["messages"], max_tokens=2000)

talk = StateGraph({state})
talk.add_node("answer", {kept})
inner = StateGraph(Added)
inner.add_node("step", {inner})
talk.add_node("inner", inner.compile())
graph = talk.compile(checkpointer=MemorySaver())
other = StateGraph(Added)
other.add_node("answer", {other})
passing = other.compile()

@app.post("/chat")
async def chat(mood: int):
    await passing.ainvoke({{"messages": [str(mood)]}})
    return await graph.ainvoke({{"messages": [str(mood)]}}, {{"configurable": {{"thread_id": "one"}}}})
"""


@pytest.mark.parametrize(
    ("state", "kept", "inner", "other", "count"),
    [
        ("Added", "whole", "last", "last", 1),
        ("Deeper", "whole", "last", "last", 1),
        ("Added", "last", "whole", "last", 1),
        ("Added", "whole", "last", "trimmed", 1),
        ("Latest", "whole", "last", "last", 0),
        ("Added", "last", "last", "whole", 0),
        ("Added", "trimmed", "last", "last", 0),
    ],
)
def test_each_graph_is_judged_by_its_own_nodes(
    state: str, kept: str, inner: str, other: str, count: int, tmp_path: Path
) -> None:
    program = GRAPHS.format(state=state, kept=kept, inner=inner, other=other)
    assert [history.kind for history in histories(tmp_path, program)] == ["memory"] * count


ROWS = """
from sqlalchemy import Column, Integer, Text, select
from sqlalchemy.orm import declarative_base

Base = declarative_base()

class ChatMessage(Base):
    __tablename__ = "messages"
    id = Column(Integer, primary_key=True)
    content = Column(Text)

@app.post("/chat/{{key}}")
def chat(key: int, session=Depends(lambda: None)):
    rows = session.execute({query}).scalars().all()
    return talk([{{"role": "user", "content": row.content}} for row in rows])
"""


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("select(ChatMessage).where(ChatMessage.id == key)", 1),
        ("select(ChatMessage).where(ChatMessage.id == key).limit(20)", 0),
    ],
)
def test_stored_rows(query: str, count: int, tmp_path: Path) -> None:
    found = histories(tmp_path, ROWS.format(query=query))
    assert [history.kind for history in found] == ["stored"] * count


def test_objects_that_hold_each_other(tmp_path: Path) -> None:
    main = """
    class Node:
        def __init__(self, parent=None):
            self.children = []
            self.parent = parent

        def grow(self):
            child = Node(self)
            self.children.append(child)
            return child

    @app.post("/chat")
    def chat(mood: int):
        return talk([str(Node().grow().children)])
    """
    assert histories(tmp_path, main) == []
