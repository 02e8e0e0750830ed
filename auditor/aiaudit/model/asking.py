"""Which calls ask a model: what the knowledge says, and the verbs of libraries that have no other purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.flow.targets import GENERATING
from aiaudit.model.flow.words import words
from aiaudit.model.http_requests import keys_of, payload_of
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import short_name
from aiaudit.model.scopes import Call, Scope, dotted, walk
from aiaudit.model.values import Constant, External
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression

# What costs money or a processor for seconds each time that it is asked.
COSTLY = frozenset(("llm", "embedding", "generation-local", "speech", "image", "rerank", "agent", "chain"))
# Libraries of models: what one of these verbs does with an object of theirs asks a model, whether or not more is known.
MODEL_LIBRARIES = words(
    "openai anthropic google cohere groq mistralai ollama litellm replicate together fireworks voyageai "
    "huggingface_hub transformers sentence_transformers InstructorEmbedding FlagEmbedding fastembed vllm "
    "llama_cpp ctransformers gpt4all langchain langchain_core langchain_community langchain_openai "
    "langchain_anthropic langchain_aws langchain_google_genai langchain_google_vertexai langchain_groq "
    "langchain_huggingface langchain_ollama langchain_mistralai langchain_cohere langchain_pinecone "
    "langchain_chroma langchain_postgres langchain_qdrant langchain_classic langchain_experimental langgraph "
    "llama_index haystack haystack_integrations dspy crewai agno phi autogen autogen_agentchat pydantic_ai "
    "smolagents agents semantic_kernel instructor guidance embedchain mem0 whisper faster_whisper whisperx "
    "pywhispercpp TTS piper kokoro bark diffusers vertexai dashscope zhipuai qianfan cerebras azure ai21 "
    "sambanova optimum auto_gptq exllamav2 mlx_lm tensorrt_llm ragas gliner spacy ultralytics"
)
ASKING = words(
    "generate agenerate generate_content generate_content_async generate_response invoke ainvoke stream astream "
    "astream_events stream_events batch abatch predict apredict predict_messages run arun acall call __call__ "
    "complete acomplete stream_complete chat achat stream_chat astream_chat query aquery retrieve aretrieve "
    "encode embed embed_query embed_documents aembed_query aembed_documents embed_text embed_texts "
    "get_text_embedding aget_text_embedding get_query_embedding similarity_search asimilarity_search "
    "similarity_search_with_score asimilarity_search_with_score similarity_search_with_relevance_scores "
    "max_marginal_relevance_search get_relevant_documents aget_relevant_documents add_documents aadd_documents "
    "add_texts aadd_texts from_documents afrom_documents from_texts afrom_texts transcribe translate tts "
    "tts_to_file synthesize kickoff kickoff_async initiate_chat a_initiate_chat send_message send_message_async "
    "text_generation chat_completion feature_extraction completion acompletion embedding aembedding create "
    "acreate run_sync run_stream run_streamed rerank compute_score prompt converse invoke_model extract "
    "start_chat inference inference_stream full_inference"
)
# Calls on a model that ask it nothing.
PREPARING = words("cuda cpu to eval half float train load from_pretrained compile bind_tools with_structured_output")
# Addresses at which models answer over plain HTTP.
_ENDPOINT = regex(
    r"api\.(openai|anthropic|groq|mistral|together|deepseek|perplexity|cohere|replicate|x)\.(com|ai|xyz)|openrouter\.ai"
    r"|generativelanguage\.googleapis|(api-inference|router)\.huggingface|dashscope|:11434\b|/chat/completions\b"
    r"|/v1/(completions|messages|embeddings|audio/|images/|responses)|/api/(generate|chat|embed(dings)?)\b|/generate_stream\b"
)
_SENDING = frozenset(("post", "stream", "request", "send", "urlopen"))
# What a request to a model that is named beside it says.
_PROMPTS = frozenset(("messages", "prompt"))
_TOKENIZER = regex(r"token", re.IGNORECASE)


def model_calls(side: PythonSide) -> Iterator[Call]:
    """The calls of the program that ask a model."""
    others: set[int] = set()  # known to ask for something else: a provider's files and assistants, the web
    for known in side.known:
        name = known.call.name
        if known.entry.kind != "call":
            continue
        if known.entry.purpose in ("other", "search"):
            others.add(id(known.call))
        asks = known.entry.purpose in COSTLY and name not in PREPARING
        if asks or (known.entry.purpose == "http" and name in _SENDING and _goes_to_model(known.call, side)):
            yield known.call
    for name in sorted(ASKING):
        for call in side.program.calls_by_name.get(name, ()):
            if id(call) not in others and any(
                isinstance(value, External) and _is_of_model_library(value.path)
                for value in side.evaluator.callees(call)
            ):
                yield call


def answering_calls(side: PythonSide) -> Iterator[Call]:
    """The calls that ask a model for an answer in words, or for its next step."""
    for known in side.known:
        if known.entry.kind == "call" and known.entry.generates and known.entry.purpose in GENERATING:
            yield known.call


def asked_name(call: Call, side: PythonSide) -> str:
    """How a message calls what a call asks."""
    for value in side.evaluator.callees(call):
        if isinstance(value, External):
            return short_name(value.path)
    return dotted(call.expression[2]) or call.name or "a model"


def _goes_to_model(call: Call, side: PythonSide) -> bool:
    """Whether an HTTP call is sent to a model's address, as far as its parts are written down, or carries a prompt for
    a model that it names."""
    address = call.argument("url", 0)
    parts = [address] if address is not None else []
    if call.name in ("request", "stream") and len(call.arguments) > 1:
        parts.append(call.arguments[1])
    if any(_ENDPOINT.search(text) for part in parts for text in _texts(part, call.scope, side, 3)):
        return True
    payload = payload_of(call, side.evaluator)
    keys = keys_of(*payload, side.evaluator) if payload is not None else set()
    return "model" in keys and not keys.isdisjoint(_PROMPTS)


def _texts(expression: Expression, scope: Scope, side: PythonSide, depth: int) -> Iterator[str]:
    """The literal texts that an expression is made of, through variables."""
    for part in walk(expression):
        if part[0] == "const" and isinstance(part[2], str):
            yield part[2]
        elif part[0] in ("name", "attr") and depth:
            for value in side.evaluator.evaluate(part, scope):
                if isinstance(value, Constant) and isinstance(value.value, str):
                    yield value.value
            for inner, holder in side.evaluator.definitions(part, scope):
                yield from _texts(inner, holder, side, depth - 1)


def _is_of_model_library(path: str) -> bool:
    return path.partition(".")[0] in MODEL_LIBRARIES and not _TOKENIZER.search(path)
