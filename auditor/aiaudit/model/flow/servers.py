"""Raw requests to model servers: what is posted to `/v1/chat/completions` or `/api/generate` is a prompt."""

from __future__ import annotations

import re

from aiaudit.model.flow.places import Place
from aiaudit.model.flow.targets import ModelCall
from aiaudit.model.flow.tools import Tools
from aiaudit.model.http_requests import address_of, has_turns, is_request, is_written_out, keys_of, payload_of
from aiaudit.model.scopes import Call
from aiaudit.patterns import regex

_MODEL_ADDRESS = regex(
    r"completions\b|/api/(generate|chat|embed)|/v1/(messages|responses|embeddings|complete)|:(stream)?[gG]enerateContent|"
    r"generativelanguage|api\.openai\.com|api\.anthropic\.com|openrouter|api\.groq\.com|api\.mistral|api\.deepseek|"
    r"huggingface\.co/(models|pipeline)|api-inference|:11434|/generate(_stream)?\b|/rerank\b|/embed(dings?|ding)?\b|"
    r"dashscope|api\.cohere|api\.perplexity|ollama|"
    # Platforms that run prompts and workflows of their own: Dify, Flowise, Langflow, Coze.
    r"api\.dify\.ai|/(chat|completion)-messages\b|/workflows/run\b|/api/v1/prediction/|/api/v1/run/|api\.coze\.c",
    re.IGNORECASE,
)
# Endpoints of the same servers that generate or embed no text.
_OTHER_ADDRESS = regex(r"/images?/|/moderations|/transcriptions|/translations|token(ize|s)|/files|/models$|/count")
_PAYLOAD = ("messages", "prompt", "input", "inputs", "contents", "system", "query", "texts", "text", "documents",
            "question", "input_value", "additional_messages")  # fmt: skip


def raw_request(call: Call, tools: Tools) -> ModelCall | None:
    """The request as a call of a model, if its address or its payload says so."""
    is_http = is_request(call, tools.evaluator)
    found = payload_of(call, tools.evaluator)
    if is_http is False or found is None:
        return None
    payload, scope = found
    keys = keys_of(payload, scope, tools.evaluator)
    address = address_of(call, tools.evaluator, _MODEL_ADDRESS)
    if _OTHER_ADDRESS.search(address):
        return None
    is_model = _MODEL_ADDRESS.search(address) is not None
    is_chat = "messages" in keys and not is_model and has_turns(payload, scope, tools.evaluator)
    if not (is_model or is_chat or _looks_like_prompt(keys)):
        return None
    if is_http is None and not is_model:
        return None
    chosen = [key for key in _PAYLOAD if key in keys]
    if keys and not chosen and is_written_out(payload, scope, tools.evaluator):
        return None
    starts = tuple(Place(payload, scope, (key,)) for key in chosen) or (Place(payload, scope),)
    where = re.sub(r"^\w+://", "", address).strip()
    return ModelCall(call, f"POST {where}" if where and len(where) < 80 else "the request to the model", "llm", starts)


def _looks_like_prompt(keys: set[str]) -> bool:
    options = {"model", "max_tokens", "temperature", "stream", "n_predict", "parameters", "options", "generationConfig"}
    return bool(keys & {"messages", "prompt", "inputs", "contents"}) and bool(keys & options)
