"""Defects of the program: lifecycle, time-outs, prompts, streaming, settings."""

from __future__ import annotations

from tests.mutation.mutation import Edit, Mutation, mutation

_CHAT = "app/api/chat.py"
_CONFIG = "app/core/config.py"
_GATEWAY = "app/llm/gateway.py"
_INDEX = "app/rag/index.py"
_MAIN = "app/main.py"
_STARTUP = "app/core/startup.py"
_TOOLS = "app/agents/tools.py"
_ASSISTANT = "app/services/assistant.py"
_SCHEMAS = "app/api/schemas.py"

_OUTPUT_LIMIT = "max_completion_tokens=self._max_output_tokens,\n            stream=True,"
_HANDLER = '    """Stream the answer to a question."""\n'
_SEARCH = '        """The closest sections, best first, never more than the limit."""\n'
_READY = "        app.state.index = index\n"
_STREAMED = (
    "return await event_stream(request, assistant.answer(body.question, body.history),"
    " settings.request_timeout_seconds)"
)
_STATUS = 'result = (await self._http_client.get("status")).raise_for_status().text'


def _import(path: str, after: str, line: str) -> Edit:
    """One more import line below an existing one."""
    return (path, f"{after}\n", f"{after}\n{line}\n")


def _in_handler(line: str) -> Edit:
    return (_CHAT, _HANDLER, f"{_HANDLER}    {line}\n")


def _in_search(line: str) -> Edit:
    return (_INDEX, _SEARCH, f"{_SEARCH}        {line}\n")


LIFECYCLE = (
    mutation(
        "LIF101",
        _GATEWAY,
        "AsyncOpenAI(",
        (
            _GATEWAY,
            "reply = await self._client.emb",
            "client = AsyncOpenAI(timeout=10)\n        reply = await client.emb",
        ),
    ),
    mutation(
        "LIF102",
        _INDEX,
        "CrossEncoder(",
        _import(_INDEX, "import heapq", "import asyncio"),
        _import(_INDEX, "from typing import Self", "\nfrom sentence_transformers import CrossEncoder"),
        _in_search("await asyncio.to_thread(lambda: CrossEncoder('BAAI/bge-reranker-base', revision='2cfc18c9415c'))"),
    ),
    mutation(
        "LIF103",
        _TOOLS,
        "httpx.AsyncClient(",
        _import(_TOOLS, "import logging", "from functools import lru_cache"),
        (
            _TOOLS,
            "class Tools:",
            "@lru_cache\ndef http_client() -> httpx.AsyncClient:\n"
            "    return httpx.AsyncClient(timeout=5)\n\n\nclass Tools:",
        ),
        (_TOOLS, "self._http_client.get", "http_client().get"),
    ),
    mutation(
        "LIF104",
        _INDEX,
        "faiss.read_index",
        _import(_INDEX, "import heapq", "import asyncio"),
        _import(_INDEX, "from typing import Self", "\nimport faiss"),
        _in_search('await asyncio.to_thread(lambda: faiss.read_index("handbook.faiss"))'),
    ),
    mutation(
        "LIF105",
        _CHAT,
        "create_async_engine",
        _import(
            _CHAT, "from fastapi.responses import StreamingResponse", "from sqlalchemy.ext import asyncio as database"
        ),
        _in_handler('database.create_async_engine("sqlite+aiosqlite:///turns.db")'),
    ),
    mutation(
        "LIF301",
        _CHAT,
        "time.sleep",
        _import(_CHAT, '"""Questions to the handbook."""', "\nimport time"),
        _in_handler("time.sleep(1)"),
    ),
    mutation(
        "LIF402",
        _STARTUP,
        "except Exception",
        _import(_STARTUP, "from openai import AsyncOpenAI", "from pymongo import AsyncMongoClient"),
        (
            _STARTUP,
            _READY,
            "        try:\n            app.state.turns = AsyncMongoClient('mongodb://turns', timeoutMS=2000)\n"
            f"        except Exception:\n            app.state.turns = None\n{_READY}",
        ),
    ),
)

TIMEOUTS = (
    mutation(
        "TMO101",
        _TOOLS,
        "requests.get",
        _import(_TOOLS, "import json", "import asyncio"),
        _import(_TOOLS, "import httpx", "import requests"),
        (_TOOLS, _STATUS, "result = await asyncio.to_thread(_status)"),
        (
            _TOOLS,
            "class Tools:",
            'def _status() -> str:\n    return requests.get("http://status.internal").text\n\n\nclass Tools:',
        ),
    ),
    mutation(
        "TMO102", _STARTUP, "AsyncOpenAI(", (_STARTUP, "            timeout=settings.model_timeout_seconds,\n", "")
    ),
    mutation(
        "TMO106",
        _STARTUP,
        "AsyncOpenAI(",
        (
            _STARTUP,
            "            timeout=settings.model_timeout_seconds,\n",
            "            http_client=httpx.AsyncClient(timeout=5),\n",
        ),
    ),
    mutation(
        "TMO103",
        _STARTUP,
        "httpx.AsyncClient(",
        (_STARTUP, "timeout=settings.status_timeout_seconds", "timeout=None"),
    ),
    mutation(
        "TMO104",
        _STARTUP,
        "AsyncOpenAI(",
        (_CONFIG, "model_timeout_seconds: PositiveFloat = 12.0", "model_timeout_seconds: PositiveFloat = 12_000"),
    ),
    mutation(
        "TMO105",
        _STARTUP,
        "AsyncMongoClient(",
        _import(_STARTUP, "from openai import AsyncOpenAI", "from pymongo import AsyncMongoClient"),
        (
            _STARTUP,
            "        app.state.index = index\n",
            "        app.state.index = index\n        app.state.turns = AsyncMongoClient('mongodb://turns').assistant.turns\n",
        ),
        _in_handler("await request.app.state.turns.insert_one({'question': body.question})"),
    ),
)

PROMPTS = (
    mutation(
        "PRM101",
        _GATEWAY,
        "chat.completions.create(",
        (_SCHEMAS, "question: Text", "question: str = Field(min_length=1)"),
    ),
    mutation(
        "PRM102",
        _GATEWAY,
        "chat.completions.create(",
        (_SCHEMAS, "Field(default_factory=list, max_length=20)", "Field(default_factory=list)"),
        (_ASSISTANT, "recent = history[-self._history_window :]", "recent = history"),
    ),
    mutation("PRM201", _GATEWAY, "chat.completions.create(", (_GATEWAY, _OUTPUT_LIMIT, "stream=True,")),
    mutation(
        "PRM301",
        "app/agents/agent.py",
        "while True",
        ("app/agents/agent.py", "for _ in range(self._max_steps):", "while True:"),
    ),
    mutation(
        "PRM401",
        "app/main.py",
        "FastAPI(",
        *(
            (path, "@limiter.limit(settings.rate_limit)\n", "")
            for path in (_CHAT, "app/api/agent.py", "app/api/documents.py")
        ),
    ),
)

STREAMING = (
    mutation(
        "STR101",
        _GATEWAY,
        "chat.completions.create(",
        (
            _GATEWAY,
            "        self._max_output_tokens = settings.max_output_tokens\n",
            '''        self._max_output_tokens = settings.max_output_tokens

    async def complete(self, messages: Iterable[ChatCompletionMessageParam]) -> str | None:
        """The whole answer."""
        reply = await self._client.chat.completions.create(
            model=self._chat_model, messages=messages, max_completion_tokens=self._max_output_tokens
        )
        return reply.choices[0].message.content
''',
        ),
        (
            _ASSISTANT,
            "    async def _prompt(",
            '''    async def whole(self, question: str, history: Sequence[Turn]) -> str | None:
        """The answer in one piece."""
        return await self._gateway.complete(await self._prompt(question, history))

    async def _prompt(''',
        ),
        (_CHAT, "-> StreamingResponse:", "-> str | None:"),
        (
            _CHAT,
            _STREAMED,
            "return await assistant.whole(body.question, body.history)",
        ),
    ),
)

SETTINGS = (
    mutation(
        "ENV101",
        _TOOLS,
        "os.getenv",
        _import(_TOOLS, "import logging", "import os"),
        (
            _TOOLS,
            "logger = logging.getLogger(__name__)\n",
            'logger = logging.getLogger(__name__)\nSTATUS_TOKEN = os.getenv("STATUS_TOKEN")\n',
        ),
        (_TOOLS, '.get("status")', '.get("status", headers={"Authorization": "Bearer " + STATUS_TOKEN})'),
    ),
    mutation(
        "ENV102",
        _CONFIG,
        "openai_api_key",
        (
            _CONFIG,
            'openai_api_key: SecretStr = Field(validation_alias="OPENAI_API_KEY", min_length=20)',
            'openai_api_key: SecretStr = SecretStr("")',
        ),
    ),
    mutation(
        "ENV103",
        _TOOLS,
        "os.environ",
        _import(_TOOLS, "import logging", "import os"),
        (_TOOLS, '.get("status")', '.get("status", headers={"Authorization": "Bearer " + os.environ["STATUS_TOKEN"]})'),
    ),
)

STATE = (
    mutation(
        "LIF201",
        _CHAT,
        "ASKED.append",
        (_CHAT, 'router = APIRouter(prefix="/v1")\n', 'router = APIRouter(prefix="/v1")\nASKED: list[str] = []\n'),
        _in_handler("ASKED.append(body.question)\n    request.state.asked = len(ASKED)"),
    ),
    mutation(
        "LIF202",
        "app/api/documents.py",
        "open(",
        (
            "app/api/documents.py",
            "    async with asyncio.timeout(",
            '    with open(f"documents/{document.filename}", "wb") as file:\n'
            "        file.write(content)\n"
            "    async with asyncio.timeout(",
        ),
    ),
    mutation(
        "LIF401",
        _MAIN,
        "add_event_handler",
        (_MAIN, "add_error_handlers(app)\n\n", 'add_error_handlers(app)\napp.add_event_handler("shutdown", print)\n\n'),
    ),
)

CLASSES = (
    mutation(
        "ENV105",
        _CONFIG,
        "class Config",
        (
            _CONFIG,
            "    model_config = SettingsConfigDict("
            'env_ignore_empty=True, hide_input_in_errors=True, extra="ignore", frozen=True)\n',
            "    class Config:\n        env_ignore_empty = True\n        hide_input_in_errors = True\n",
        ),
    ),
    mutation("ENV107", _CONFIG, "class Settings", (_CONFIG, "hide_input_in_errors=True, ", "")),
    mutation(
        "ENV108",
        _CONFIG,
        "service_api_key",
        (_CONFIG, "env_ignore_empty=True, ", ""),
        (_CONFIG, 'alias="SERVICE_API_KEY", min_length=16)', 'alias="SERVICE_API_KEY")'),
    ),
    mutation(
        "ENV104",
        _CONFIG,
        "RegionSettings()",
        (
            _CONFIG,
            "settings = Settings()\n",
            "settings = Settings()\n\n\nclass RegionSettings(BaseSettings):\n"
            '    """Where the service runs."""\n\n    region: str\n\n\n'
            'def region() -> str:\n    """The region."""\n    return RegionSettings().region\n',
        ),
        (_CHAT, "from app.core.config import settings\n", "from app.core.config import region, settings\n"),
        _in_handler("request.state.region = region()"),
    ),
)

OBSERVABILITY = (
    mutation(
        "OBS101",
        _MAIN,
        "FastAPI(",
        (_MAIN, "app.include_router(health.router)\n", ""),
        (_MAIN, "from app.api import agent, chat, documents, health\n", "from app.api import agent, chat, documents\n"),
    ),
)

MUTATIONS: tuple[Mutation, ...] = (
    *LIFECYCLE,
    *STATE,
    *TIMEOUTS,
    *PROMPTS,
    *STREAMING,
    *SETTINGS,
    *CLASSES,
    *OBSERVABILITY,
)
