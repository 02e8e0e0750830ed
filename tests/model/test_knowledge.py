"""The knowledge of client libraries: the shipped files hold together, and paths find what they mean."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiaudit.model.knowledge import INFINITE, Entry, Knowledge, KnowledgeError, load
from aiaudit.model.knowledge.library import pattern, version_key
from aiaudit.model.knowledge.load import DATA, read
from aiaudit.model.knowledge.validation import FamilyFile, problems

FILES = sorted(name for name in os.listdir(DATA) if name.endswith(".toml"))
FAMILIES = sorted(name for name in os.listdir(os.path.join(DATA, "families")) if name.endswith(".toml"))
KNOWLEDGE = Knowledge()
ENTRIES = [entry for module in sorted(KNOWLEDGE.modules) for entry in KNOWLEDGE.entries(module)]
# `dist-version/path:line: text of the line`; a repository's files begin at its commit.
EVIDENCE = re.compile(
    r"[\w.-]+-\d[\w.]*/[^:]+(:\d+(: .+)?|:shapes\.\w+)?|Lib/[^:]+(:\d+)?(: .+)?|[\w/-]+@[0-9a-f]{40}:.+"
)


def calls() -> Iterator[Entry]:
    """Every entry, and every method of one as the entry that a look-up derives."""
    for entry in ENTRIES:
        yield entry
        for method in entry.methods:
            if "*" not in method.name and entry.until is None:
                found = KNOWLEDGE.find(f"{entry.path}()" + ("" if method.name == "__call__" else f".{method.name}"))
                if found is not None:
                    yield found


# The shipped files


@pytest.mark.parametrize("name", FILES)
def test_a_data_file_has_the_form(name: str) -> None:
    assert problems(read(os.path.join(DATA, name))) == []


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_file_has_the_form(name: str) -> None:
    assert problems(read(os.path.join(DATA, "families", name)), FamilyFile) == []


@pytest.mark.parametrize("name", FILES)
def test_a_data_file_holds_what_its_name_says(name: str) -> None:
    module = name.removesuffix(".toml")
    paths = [entry.path for entry in KNOWLEDGE.entries(module)]
    assert paths
    assert [path for path in paths if load.first_name(path) != module] == []


def test_a_path_is_described_once_for_each_version() -> None:
    ranges: dict[str, list[Entry]] = defaultdict(list)
    for entry in ENTRIES:
        for path in (entry.path, *entry.also):
            ranges[path].append(entry)
    twice = {
        path: [(entry.dist, entry.since, entry.until) for entry in entries]
        for path, entries in ranges.items()
        if len({entry.until for entry in entries}) != len(entries)
    }
    assert twice == {}


@pytest.mark.parametrize("name", FILES)
def test_entries_are_found_under_all_their_paths(name: str) -> None:
    for entry in KNOWLEDGE.entries(name.removesuffix(".toml")):
        for path in (entry.path, *entry.also):
            if "*" not in path:
                found = KNOWLEDGE.find(path)
                assert found is not None, path
                assert (found.kind, found.purpose) == (entry.kind, entry.purpose), path


def test_what_entries_return_is_known() -> None:
    returned = {entry.path: entry.object_path for entry in ENTRIES if entry.returns}
    assert len(returned) > 50
    unknown = {path: made for path, made in returned.items() if KNOWLEDGE.find(made.removesuffix("()")) is None}
    assert unknown == {}


def test_what_methods_return_is_known() -> None:
    unknown = {
        (entry.path, method.name): method.returns
        for entry in ENTRIES
        for method in entry.methods
        if method.returns not in (None, "self") and KNOWLEDGE.find(str(method.returns)[:-2]) is None
    }
    assert unknown == {}


def test_moved_modules_lead_to_files_that_exist() -> None:
    astray = {
        (name, old): new
        for name in FILES
        for old, new in read(os.path.join(DATA, name)).get("moved", {}).items()
        if load.first_name(old) != name.removesuffix(".toml") or load.first_name(new) not in KNOWLEDGE.modules
    }
    assert astray == {}


def test_what_generates_says_where_the_prompt_is_and_what_caps_it() -> None:
    generating = [entry for entry in calls() if entry.generates]
    silent = [entry.path for entry in generating if not (entry.prompt and _answers_for_its_length(entry))]
    assert len(generating) > 500
    assert silent == []


def _answers_for_its_length(entry: Entry) -> bool:
    """It says what caps it, or holds an inner model that does; of the type of a base class nothing is known."""
    maker = KNOWLEDGE.find(entry.constructor) if entry.constructor else None
    inner = entry.wraps or (maker is not None and maker.wraps) or entry.purpose in ("chain", "agent", "memory")
    base_class = (entry.constructor or "").endswith((".BaseChatModel", ".llms.LLM"))
    return entry.output is not None or bool(inner) or base_class


def test_clients_of_models_say_how_long_they_wait() -> None:
    silent = [
        entry.path
        for entry in ENTRIES
        if entry.kind != "call"
        and entry.purpose in ("llm", "rerank")
        and entry.cost == "network-client"
        and entry.timeout is None
    ]
    assert silent == []


def test_claims_have_their_source() -> None:
    without = [entry.path for entry in ENTRIES if entry.verified != "documentation" and not entry.evidence]
    assert without == []
    unversioned = [entry.path for entry in ENTRIES if entry.evidence and not entry.version]
    assert unversioned == []


def test_evidence_is_a_place_in_a_version() -> None:
    lines = [line for entry in ENTRIES for line in entry.evidence]
    lines += [line for entry in ENTRIES for method in entry.methods for line in method.evidence]
    assert len(lines) > len(ENTRIES)
    assert [line for line in lines if not EVIDENCE.fullmatch(line)] == []


def test_documentation_alone_gives_no_seconds() -> None:
    guessed = [
        entry.path
        for entry in ENTRIES
        if entry.verified == "documentation"
        and entry.timeout is not None
        and entry.timeout.default not in (None, INFINITE)
    ]
    assert guessed == []


def test_time_outs_add_up() -> None:
    wrong = [
        entry.path
        for entry in ENTRIES
        if entry.timeout is not None
        and entry.timeout.worst_case is not None
        and entry.timeout.default is not None
        and entry.timeout.worst_case < entry.timeout.default
    ]
    assert wrong == []


def test_constructions_do_not_generate_and_async_calls_do_not_block() -> None:
    assert [entry.path for entry in calls() if entry.kind != "call" and entry.generates] == []
    assert [entry.path for entry in calls() if entry.kind == "call" and entry.mode == "async" and entry.blocking] == []


# Facts, as they were read in the libraries


@pytest.mark.parametrize(
    ("path", "default", "worst"),
    [
        ("openai.OpenAI", 600, 1802),
        ("openai.AsyncOpenAI().chat.completions.create", 600, 1802),
        ("openai.ChatCompletion.acreate", 600, 1800),
        ("anthropic.Anthropic", 600, 1802),
        ("groq.Groq", 60, 182),
        ("cohere.ClientV2", 300, 300),
        ("mistralai.client.Mistral", 300, 300),
        ("ollama.Client", INFINITE, INFINITE),
        ("ollama.chat", INFINITE, INFINITE),
        ("google.genai.Client", INFINITE, INFINITE),
        ("google.genai.Client().models.generate_content", INFINITE, INFINITE),
        ("huggingface_hub.InferenceClient", INFINITE, INFINITE),
        ("langchain_openai.ChatOpenAI", INFINITE, INFINITE),
        ("langchain_openai.ChatOpenAI().invoke", INFINITE, INFINITE),
        ("langchain_anthropic.ChatAnthropic", INFINITE, INFINITE),
        ("langchain_mistralai.ChatMistralAI", 120, None),
        ("llama_index.llms.openai.OpenAI", 60, 244),
        ("boto3.client", 60, 220),
        ("httpx.get", 5, 5),
        ("requests.post", INFINITE, INFINITE),
        ("requests.Session().post", INFINITE, INFINITE),
        ("urllib.request.urlopen", INFINITE, INFINITE),
        ("aiohttp.ClientSession", 300, 300),
        ("redis.Redis", 5, 65),
        ("redis.from_url", 5, 5),
        ("pymongo.MongoClient", INFINITE, INFINITE),
        ("psycopg2.connect", INFINITE, INFINITE),
        ("qdrant_client.QdrantClient", 5, 5),
        ("chromadb.HttpClient", INFINITE, INFINITE),
        ("celery.result.AsyncResult().get", INFINITE, INFINITE),
        ("subprocess.run", INFINITE, INFINITE),
        ("sqlalchemy.create_engine", None, None),
    ],
)
def test_how_long_a_call_waits(path: str, default: float | None, worst: float | None) -> None:
    entry = KNOWLEDGE.find(path)
    assert entry is not None
    assert entry.timeout is not None
    assert (entry.timeout.default, entry.timeout.worst_case) == (default, worst)


@pytest.mark.parametrize(
    ("path", "parameters", "default"),
    [
        ("openai.OpenAI().chat.completions.create", ("max_completion_tokens", "max_tokens"), "none"),
        ("openai.OpenAI().responses.create", ("max_output_tokens",), "none"),
        ("anthropic.Anthropic().messages.create", ("max_tokens",), "required"),
        ("ollama.chat", ("options.num_predict",), "none"),
        ("langchain_anthropic.ChatAnthropic", ("max_tokens", "max_tokens_to_sample"), "model"),
        ("llama_cpp.Llama()", ("max_tokens",), 16),
        ("llama_cpp.Llama().create_chat_completion", ("max_tokens",), "model"),
        ("transformers.pipeline()", ("max_new_tokens", "max_length"), 256),
        ("gpt4all.GPT4All().generate", ("max_tokens",), 200),
    ],
)
def test_what_caps_an_answer(path: str, parameters: tuple[str, ...], default: int | str) -> None:
    entry = KNOWLEDGE.find(path)
    assert entry is not None
    assert entry.generates or entry.kind == "constructor"
    assert entry.output is not None
    assert (entry.output.parameters, entry.output.default) == (parameters, default)
    assert entry.output.bounded == (default != "none")


@pytest.mark.parametrize(
    ("path", "rounds"),
    [
        ("langgraph.graph.state.CompiledStateGraph", 10007),
        ("langchain.agents.create_agent", 9999),
        ("langchain.agents.AgentExecutor", 15),
        ("agents.Runner.run", 10),
        ("autogen_agentchat.teams.RoundRobinGroupChat", INFINITE),
        ("tenacity.retry", INFINITE),
        ("backoff.on_exception", INFINITE),
        ("stamina.retry", 10),
    ],
)
def test_how_many_rounds_an_agent_takes(path: str, rounds: float) -> None:
    entry = KNOWLEDGE.find(path)
    assert entry is not None
    assert entry.loop_cap is not None
    assert entry.loop_cap.default == rounds


def test_time_outs_in_milliseconds_are_marked() -> None:
    entry = KNOWLEDGE.find("google.genai.Client().aio.models.generate_content")
    assert entry is not None
    assert entry.timeout is not None
    assert {(p.name, p.unit, p.at) for p in entry.timeout.parameters} == {
        ("http_options.timeout", "ms", "constructor"),
        ("config.http_options.timeout", "ms", "call"),
    }


def test_measured_costs_and_server_defaults() -> None:
    client, server = KNOWLEDGE.find("openai.OpenAI"), KNOWLEDGE.find("gunicorn")
    assert client is not None
    assert client.construct_milliseconds == pytest.approx(34.84)
    assert server is not None
    assert server.default("timeout") == 30
    assert server.default("no such setting") is None


# Looking up


@pytest.mark.parametrize(
    ("path", "found", "mode", "blocking"),
    [
        ("openai.OpenAI", "openai.OpenAI", "sync", False),
        ("openai.Client", "openai.OpenAI", "sync", False),
        ("openai.OpenAI().chat.completions.create", "openai.OpenAI().chat.completions.create", "sync", True),
        (
            "openai.AsyncOpenAI().chat.completions.create",
            "openai.AsyncOpenAI().chat.completions.create",
            "async",
            False,
        ),
        ("openai.chat.completions.create", "openai.OpenAI().chat.completions.create", "sync", True),
        ("openai.OpenAI().with_options().responses.create", "openai.OpenAI().responses.create", "sync", True),
        ("openai.OpenAI().files.with_raw_response.create", "openai.OpenAI().files.create", "sync", True),
        ("litellm.acompletion", "litellm.acompletion", "async", False),
        ("redis.client.Redis", "redis.Redis", "sync", False),
        ("redis.asyncio.client.Redis().get", "redis.asyncio.Redis().get", "async", False),
        ("redis.Redis.from_url().get", "redis.Redis().get", "sync", True),
        ("redis.Redis().pipeline().execute", "redis.client.Pipeline().execute", "sync", True),
        ("pymongo.MongoClient()[].find_one", "pymongo.MongoClient()[].find_one", "sync", True),
        ("pymongo.MongoClient().shop.users.find_one", "pymongo.MongoClient().shop.users.find_one", "sync", True),
        ("sqlalchemy.create_engine().connect().execute", "sqlalchemy.engine.Connection().execute", "sync", True),
        ("sqlalchemy.orm.sessionmaker()().execute", "sqlalchemy.orm.Session().execute", "sync", True),
        ("sqlalchemy.orm.Session().query().filter().first", "sqlalchemy.orm.Query().first", "sync", True),
        (
            "sqlalchemy.ext.asyncio.async_sessionmaker()().execute",
            "sqlalchemy.ext.asyncio.AsyncSession().execute",
            "async",
            False,
        ),
        (
            "transformers.AutoModelForSeq2SeqLM.from_pretrained",
            "transformers.AutoModelForSeq2SeqLM.from_pretrained",
            "sync",
            True,
        ),
        (
            "transformers.LlamaForCausalLM.from_pretrained().to().generate",
            "transformers.PreTrainedModel().generate",
            "sync",
            True,
        ),
        ("transformers.pipeline()", "transformers.Pipeline()", "sync", True),
        (
            "langchain.chat_models.ChatOpenAI().ainvoke",
            "langchain_community.chat_models.ChatOpenAI().ainvoke",
            "async",
            False,
        ),
        (
            "langchain.chains.RetrievalQA.from_chain_type().run",
            "langchain_classic.chains.RetrievalQA().run",
            "sync",
            True,
        ),
        (
            "langchain_community.vectorstores.pgvector.PGVector",
            "langchain_community.vectorstores.PGVector",
            "both",
            True,
        ),
        (
            "langchain_community.vectorstores.Chroma.from_texts().as_retriever().invoke",
            "langchain_core.vectorstores.VectorStoreRetriever().invoke",
            "sync",
            True,
        ),
        ("langchain_openai.ChatOpenAI().bind_tools().ainvoke", "langchain_openai.ChatOpenAI().ainvoke", "async", False),
        (
            "langgraph.graph.StateGraph().compile().astream",
            "langgraph.graph.state.CompiledStateGraph().astream",
            "async",
            False,
        ),
        (
            "llama_index.core.VectorStoreIndex.from_documents().as_query_engine().query",
            "llama_index.core.base.base_query_engine.BaseQueryEngine().query",
            "sync",
            True,
        ),
        ("boto3.client().converse", 'boto3.client("bedrock-runtime").converse', "sync", True),
        ('boto3.client("bedrock-runtime").converse', 'boto3.client("bedrock-runtime").converse', "sync", True),
        ("boto3.client().put_object", "boto3.client().put_object", "sync", True),
        ("boto3.client().generate_presigned_url", "boto3.client().generate_presigned_url", "none", False),
        (
            "google.generativeai.GenerativeModel().start_chat().send_message",
            "google.generativeai.ChatSession().send_message",
            "sync",
            True,
        ),
        ("asyncpg.create_pool().acquire().fetch", "asyncpg.connect().fetch", "async", False),
        ("time.sleep", "time.sleep", "sync", True),
    ],
)
def test_a_path_finds_its_entry(path: str, found: str, mode: str, blocking: bool) -> None:
    entry = KNOWLEDGE.find(path)
    assert entry is not None
    assert (entry.path, entry.mode, entry.blocking) == (found, mode, blocking)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "openai",
        "openai.NoSuchClient",
        "openai.OpenAI().no.such.method",
        "openai.OpenAI().api_key",
        "no_such_library.Client",
        "()",
        "app.services.openai.OpenAI",
        "redis.Redis().get().decode",
        "sqlalchemy.orm.Session()()",
        "openai.OpenAI()()()",
        "builtins.open",
    ],
)
def test_other_paths_find_nothing(path: str) -> None:
    assert KNOWLEDGE.find(path) is None


def test_a_class_method_gives_an_object_of_its_own_class() -> None:
    entry = KNOWLEDGE.find("langchain_community.vectorstores.FAISS.from_texts")
    assert entry is not None
    assert entry.object_path == "langchain_community.vectorstores.FAISS()"
    twin = KNOWLEDGE.find("langchain_community.vectorstores.FAISS.afrom_texts")
    assert twin is not None
    assert (twin.mode, twin.blocking, twin.object_path) == ("async", False, "langchain_community.vectorstores.FAISS()")


def test_a_derived_entry_takes_from_its_constructor() -> None:
    maker, call = KNOWLEDGE.find("langchain_openai.ChatOpenAI"), KNOWLEDGE.find("langchain_openai.ChatOpenAI().stream")
    assert maker is not None
    assert call is not None
    assert (call.kind, call.constructor, call.purpose) == ("call", maker.path, "llm")
    assert (call.timeout, call.output, call.version) == (maker.timeout, maker.output, maker.version)
    assert call.streams
    assert call.generates
    assert [(argument.name, argument.position) for argument in call.prompt] == [("input", 0)]


@pytest.mark.parametrize(
    ("versions", "default"),
    [
        ({}, 5),
        ({"redis": "8.1.0"}, 5),
        ({"redis": "5.0.1"}, INFINITE),
        ({"redis": "8.0"}, 5),
        ({"Redis": "4.6"}, INFINITE),
    ],
)
def test_the_locked_version_decides(versions: dict[str, str], default: float) -> None:
    entry = Knowledge(versions=versions).find("redis.Redis")
    assert entry is not None
    assert entry.timeout is not None
    assert entry.timeout.default == default


def test_an_earlier_era_wins_over_an_entry_without_a_range() -> None:
    graph = "langgraph.graph.state.CompiledStateGraph"
    for locked, rounds in (("0.6.11", 25), ("1.2.22", 10007)):
        entry = Knowledge(versions={"langgraph": locked}).find(graph)
        assert entry is not None
        assert entry.loop_cap is not None
        assert entry.loop_cap.default == rounds


def test_a_renamed_distribution_is_looked_up_by_its_former_name() -> None:
    entry = Knowledge(versions={"pinecone-client": "4.1.0"}).find("pinecone.Pinecone")
    assert entry is not None
    assert entry.timeout is not None
    assert entry.timeout.unbounded


def test_only_the_asked_library_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def reading(path: str) -> dict[str, object]:
        opened.append(os.path.relpath(path, DATA))
        return read(path)

    monkeypatch.setattr(load, "read", reading)
    knowledge = Knowledge()
    assert "langchain_openai" in knowledge.modules
    assert opened == []
    knowledge.find("nothing.of.ours")
    assert opened == []
    knowledge.find("httpx.get")
    knowledge.find("httpx.Client().get")
    assert opened == ["httpx.toml"]


def test_looking_up_needs_no_pydantic() -> None:
    code = (
        "import sys; from aiaudit.model.knowledge import Knowledge; "
        "assert Knowledge().find('openai.OpenAI'); assert 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("written", "matching", "other"),
    [
        ("a.*Model.load", "a.BigModel.load", "a.b.Model.load"),
        ("a.B()**.find", "a.B().x[].y().find", "a.B().finder"),
        ("a.B().*", "a.B().get", "a.B().get.x"),
    ],
)
def test_patterns(written: str, matching: str, other: str) -> None:
    assert pattern(written).fullmatch(matching)
    assert not pattern(written).fullmatch(other)


def test_versions_compare_by_their_numbers() -> None:
    assert version_key("1.10.2") > version_key("1.9")
    assert version_key("v2.0rc1") == (2, 0)
    assert version_key("unknown") == ()


def test_time_out_arithmetic() -> None:
    from aiaudit.model.knowledge import Timeout

    assert Timeout(default=10, retries=2).longest == 30
    assert Timeout(default=10, worst_case=12).longest == 12
    assert Timeout(default=INFINITE).longest == INFINITE
    assert Timeout().longest is None
    assert math.isinf(INFINITE)


# Users' own files

OWN = """
dist = "acme-llm"
versions = {acme-llm = "2.1"}

[[entry]]
path = "acme_llm.Client"
kind = "constructor"
purpose = "llm"
cost = "network-client"
mode = "sync"
timeout = {parameters = ["deadline"], default = "none"}

[[entry.methods]]
names = ["ask"]
generates = true
prompt = ["question"]
output = {parameters = ["limit"], default = "none"}
"""


def own_file(folder: Path, text: str) -> str:
    """A knowledge file of a user."""
    path = folder / "knowledge.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_users_file_adds_a_library(tmp_path: Path) -> None:
    knowledge = Knowledge([own_file(tmp_path, OWN)])
    assert "acme_llm" in knowledge.modules
    entry = knowledge.find("acme_llm.Client().ask")
    assert entry is not None
    assert (entry.generates, entry.blocking, entry.dist, entry.version) == (True, True, "acme-llm", "2.1")
    assert entry.timeout is not None
    assert entry.timeout.unbounded
    assert knowledge.find("openai.OpenAI") is not None


def test_a_users_entry_wins_over_the_shipped_one(tmp_path: Path) -> None:
    text = '[[entry]]\npath = "openai.OpenAI"\ndist = "openai"\nkind = "constructor"\npurpose = "other"\n'
    knowledge = Knowledge([own_file(tmp_path, text)])
    entry = knowledge.find("openai.OpenAI")
    assert entry is not None
    assert entry.purpose == "other"
    assert knowledge.find("openai.AsyncOpenAI") is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[entry]\n", "is not TOML"),
        ('[[entry]]\npath = "a.B"\nkind = "constructor"\npurpose = "llm"\n', "name its distribution"),
        ('dist = "a"\n[[entry]]\npath = "a.B"\nkind = "client"\npurpose = "llm"\n', ":4: a.B: kind: Input should be"),
        (
            'dist = "a"\n[[entry]]\npath = "a.B"\nkind = "call"\npurpose = "llm"\ntimout = 3\n',
            ":6: a.B: timout: no such key; did you mean 'timeout'?",
        ),
        (
            'dist = "a"\n[[entry]]\npath = "a.A"\nkind = "call"\npurpose = "llm"\n'
            '[[entry]]\npath = "a.B"\nkind = "call"\npurpose = "llm"\ntimeout = {retrys = 3}\n',
            ":10: a.B: timeout.retrys: no such key; did you mean 'retries'?",
        ),
        (
            'dist = "a"\n[[entry]]\npath = "a.B"\nkind = "call"\npurpose = "llm"\n'
            '[[entry.methods]]\nnames = ["x"]\n[[entry.methods]]\nnames = ["y"]\npromt = ["z"]\n',
            ":10: a.B: methods.1.promt: no such key; did you mean 'prompt'?",
        ),
        ('dist = "a"\n[[entry]]\npath = "a b"\nkind = "call"\npurpose = "llm"\n', "a b: path: String should match"),
        ('dist = "a"\n[[entry]]\npath = "a.b"\nkind = "call"\npurpose = "llm"\ngenerates = true\n', "needs its prompt"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_place(tmp_path: Path, text: str, said: str) -> None:
    path = own_file(tmp_path, text)
    with pytest.raises(KnowledgeError) as error:
        Knowledge([path])
    assert Path(path).name in str(error.value)
    assert said in str(error.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="no such file or directory; `knowledge` in the configuration names it"):
        Knowledge([str(tmp_path / "none.toml")])
