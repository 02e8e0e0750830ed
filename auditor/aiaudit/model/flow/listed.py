"""Calls of models that the knowledge has no entry for: by the path of what is called, or by a name that says it all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.places import Place
from aiaudit.model.flow.targets import ModelCall
from aiaudit.model.program import Program, imported_names
from aiaudit.model.scopes import Call
from aiaudit.model.values import External
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression

# Ends of dotted calls that mean one thing in any library -> the arguments that carry text: names, or 0 for the first.
BY_NAME: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "chat.completions.create": ("llm", ("messages",)), "chat.completions.parse": ("llm", ("messages",)),
    "chat.completions.stream": ("llm", ("messages",)), "ChatCompletion.create": ("llm", ("messages",)),
    "ChatCompletion.acreate": ("llm", ("messages",)), "Completion.create": ("llm", ("prompt",)),
    "responses.create": ("llm", ("input", "instructions")), "messages.stream": ("llm", ("messages", "system")),
    "embeddings.create": ("embedding", ("input",)), "Embedding.create": ("embedding", ("input",)),
    "generate_content": ("llm", ("contents", 0)), "generate_content_async": ("llm", ("contents", 0)),
    "generate_content_stream": ("llm", ("contents", 0)), "embed_content": ("embedding", ("contents", "content")),
    "invoke_model": ("llm", ("body",)), "invoke_model_with_response_stream": ("llm", ("body",)),
    "embed_query": ("embedding", (0, "text")), "aembed_query": ("embedding", (0, "text")),
    "embed_documents": ("embedding", (0, "texts")), "aembed_documents": ("embedding", (0, "texts")),
    "similarity_search": ("vector", (0, "query")), "asimilarity_search": ("vector", (0, "query")),
    "similarity_search_with_score": ("vector", (0, "query")), "get_relevant_documents": ("retriever", (0, "query")),
    "create_chat_completion": ("llm", ("messages", 0)), "create_embedding": ("embedding", (0, "input")),
    "send_message_async": ("llm", (0,)), "text_generation": ("llm", (0, "prompt")),
    "chat_completion": ("llm", ("messages",)), "start_chat.send_message": ("llm", (0, "content")),
    "invoke_agent": ("agent", ("inputText",)),
    "invoke_endpoint": ("llm", ("Body",)), "invoke_endpoint_with_response_stream": ("llm", ("Body",)),
}  # fmt: skip
LAST_NAMES = frozenset(tail.rpartition(".")[2] for tail in BY_NAME)
# Paths of outside calls that carry text to a model -> purpose and arguments, where the knowledge has no entry.
BY_PATH: tuple[tuple[re.Pattern[str], str, tuple[str | int, ...]], ...] = (
    (regex(r"haystack\..*Pipeline\(\)\.run(_async)?"), "chain", ("data", 0)),
    (regex(r"llama_index\..*\.(query|aquery)"), "chain", (0, "str_or_query_bundle")),
    (regex(r"llama_index\..*\.a?(stream_)?chat"), "chain", (0, "message", "messages")),
    (regex(r"llama_index\..*\.a?(stream_)?complete"), "llm", (0, "prompt")),
    (regex(r"llama_index\..*\.a?retrieve"), "retriever", (0, "str_or_query_bundle")),
    (
        regex(
            r"lang(chain|graph)(?![\w.]*[Pp]rompt)[\w.]*\.\w*(Chain|Executor|Agent|QA|LLM|Chat\w+|OpenAI|Ollama|Bedrock|Runnable\w*|create_\w+)"
            r"(\.from_\w+)?\(\)(\.(bind|with)\w*\(\))*\.a?(invoke|stream|batch|run|call|predict|stream_events)"
        ),
        "chain",
        (0, "input", "inputs"),
    ),
    (
        regex(
            r"lang(chain|graph)(?![\w.]*[Pp]rompt)[\w.]*\.\w*(Chain|QA|LLM|Chat\w+|Executor|OpenAI)(\.from_\w+)?\(\)"
        ),
        "chain",
        (0, "inputs", "input", "question", "query"),
    ),
    (
        regex(r"cohere\.\w*Client\w*\(\)\.(embed|rerank|chat|chat_stream|generate|summarize|classify)"),
        "llm",
        ("texts", "query", "documents", "message", "messages", "prompt", "text", "inputs"),
    ),
    (regex(r"vertexai\..*\.(predict|predict_async|predict_streaming)"), "llm", (0, "prompt")),
    (regex(r"anthropic\.\w+\(\)\.completions\.create"), "llm", ("prompt",)),
    (regex(r"together\.Complete\.create"), "llm", ("prompt", 0)),
    (regex(r"semantic_kernel\..*\.invoke_prompt(_stream)?"), "llm", (0, "prompt", "arguments")),
    (
        regex(
            r"huggingface_hub\.\w+\(\)\.(summarization|translation|text_classification|token_classification|"
            r"zero_shot_classification|question_answering|sentence_similarity)"
        ),
        "llm",
        (0, "text", "question", "context", "sentence"),
    ),
    (regex(r"autogen\.\w+\(\)\.a?initiate_chat"), "agent", ("message",)),
    (regex(r"google\.adk\.runners\.\w+\(\)\.run(_async)?"), "agent", ("new_message",)),
    (regex(r"claude_(agent|code)_sdk\.(query|ClaudeSDKClient\(\)\.query)"), "agent", (0, "prompt")),
    (regex(r"mem0\.(Async)?Memory(\.from_config)?\(\)\.(add|search)"), "llm", (0, "messages", "query")),
    (regex(r"chromadb\..*\.(add|upsert)"), "vector", ("documents",)),
    (regex(r"TTS\..*\.(tts|tts_to_file|inference|inference_stream|synthesize)"), "speech", (0, "text")),
    (regex(r".*\.as_retriever\(\)\.(invoke|ainvoke|get_relevant_documents|batch)"), "retriever", (0, "input")),
    (
        regex(r".*(Embed|INSTRUCTOR|FlagModel|BGEM3|SentenceTransformer)\w*\(\)\.encode\w*"),
        "embedding",
        (0, "sentences"),
    ),
)


# What paths of `BY_PATH` begin with, or hold the name of what is imported; ends of those that begin with anything.
_PACKAGES = regex(
    r"(haystack|llama_index|langchain|langgraph|cohere|vertexai|anthropic|together|semantic_kernel|huggingface_hub|autogen"
    r"|google|claude_agent_sdk|claude_code_sdk|mem0|chromadb|TTS|sentence_transformers)"
    r"|.*(Embed|INSTRUCTOR|FlagModel|BGEM3|SentenceTransformer)"
)
OPEN_ENDS = ("encode", "batch")


def may_be_listed(program: Program) -> bool:
    """Whether a program imports anything that a path of `BY_PATH` begins with."""
    imported = (name for module in program.modules for name in imported_names(module))
    if any(map(_PACKAGES.match, imported)):
        return True
    statements = (statement for module in program.modules for statement, _, _ in module.imports)
    return any(_PACKAGES.match(name) for s in statements if s[0] == "from" for name, _ in s[4])


def by_path(call: Call, function: Expression, evaluator: Evaluator) -> ModelCall | None:
    for value in evaluator.callees(call):
        listed = _listed(value.path) if isinstance(value, External) else None
        if listed is not None:
            purpose, arguments = listed
            starts = tuple(_given(call, arguments)) if purpose != "vector" or not _brings_vectors(call) else ()
            return ModelCall(call, ".".join(dotted_names(function)[-2:]), purpose, starts) if starts else None
    return None


def _brings_vectors(call: Call) -> bool:
    """Whether a store is given the vectors with the texts, so that it embeds nothing."""
    vectors = call.argument("embeddings", 1)
    return vectors is not None and (vectors[0] != "const" or vectors[2] is not None)


@lru_cache(maxsize=10_000)
def _listed(path: str) -> tuple[str, tuple[str | int, ...]] | None:
    """What `BY_PATH` says of the path of an outside call: most calls are of a few things, such as a logger."""
    return next(((purpose, given) for pattern, purpose, given in BY_PATH if pattern.fullmatch(path)), None)


def _given(call: Call, arguments: tuple[str | int, ...]) -> Iterator[Place]:
    """The places of some arguments; out of `**options` where none is written."""
    found = False
    for argument in arguments:
        given = call.keyword(argument) if isinstance(argument, str) else _positional(call, argument)
        if given is not None:
            found = True
            yield Place(given, call.scope)
    for key, spread in call.keywords:
        if key is None and not found:
            yield Place(spread, call.scope, (str(arguments[0]),) if isinstance(arguments[0], str) else ())


def by_name(call: Call, function: Expression) -> ModelCall | None:
    if function[3] not in LAST_NAMES:
        return None
    dotted = ".".join(dotted_names(function))
    for tail, (purpose, arguments) in BY_NAME.items():
        if dotted == tail or dotted.endswith(f".{tail}"):
            starts = tuple(_given(call, arguments))
            return ModelCall(call, tail, purpose, starts) if starts else None
    messages = call.keyword("messages")
    if dotted.endswith("messages.create") and messages is not None:
        return ModelCall(call, "messages.create", "llm", (Place(messages, call.scope),))
    return None


def _positional(call: Call, index: int) -> Expression | None:
    return call.arguments[index] if index < len(call.arguments) else None


def dotted_names(expression: Expression) -> list[str]:
    """The names of a dotted expression, calls and subscripts left out."""
    names: list[str] = []
    while expression[0] in ("attr", "call", "sub", "await"):
        if expression[0] == "attr":
            names.append(expression[3])
        expression = expression[2]
    if expression[0] == "name":
        names.append(expression[2])
    return names[::-1]
