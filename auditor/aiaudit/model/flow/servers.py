"""Raw requests to model servers: what is posted to `/v1/chat/completions` or `/api/generate` is a prompt."""

from __future__ import annotations

import re

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.places import Place
from aiaudit.model.flow.targets import ModelCall
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.words import words
from aiaudit.model.scopes import Call, Scope, last_name
from aiaudit.model.values import Constant, External, Literal
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression

POSTING = words("post request stream send fetch Request urlopen")
_HTTP = ("requests", "httpx", "httpx2", "aiohttp", "urllib3", "urllib", "niquests")
_MODEL_ADDRESS = regex(
    r"completions\b|/api/(generate|chat|embed)|/v1/(messages|responses|embeddings|complete)|:(stream)?[gG]enerateContent|"
    r"generativelanguage|api\.openai\.com|api\.anthropic\.com|openrouter|api\.groq\.com|api\.mistral|api\.deepseek|"
    r"huggingface\.co/(models|pipeline)|api-inference|:11434|/generate(_stream)?\b|/rerank\b|/embed(dings?|ding)?\b|"
    r"dashscope|api\.cohere|api\.perplexity|ollama",
    re.IGNORECASE,
)
# Endpoints of the same servers that generate or embed no text.
_OTHER_ADDRESS = regex(r"/images?/|/moderations|/transcriptions|/translations|token(ize|s)|/files|/models$|/count")
_PAYLOAD = ("messages", "prompt", "input", "inputs", "contents", "system", "query", "texts", "text", "documents")


def raw_request(call: Call, tools: Tools) -> ModelCall | None:
    """The request as a call of a model, if its address or its payload says so."""
    values = tools.evaluator.callees(call)
    outside = [value.path for value in values if isinstance(value, External)]
    if values and not any(path.partition(".")[0].partition("(")[0] in _HTTP for path in outside):
        return None
    payload = call.keyword("json") or call.keyword("data") or call.keyword("content") or _body(call)
    if payload is None:
        return None
    keys = _keys_of(payload, call.scope, tools.evaluator)
    address = address_of(call, tools)
    if _OTHER_ADDRESS.search(address):
        return None
    is_model = _MODEL_ADDRESS.search(address) is not None
    if not is_model and not _looks_like_prompt(keys):
        return None
    if not values and not is_model:
        return None
    chosen = [key for key in _PAYLOAD if key in keys]
    if keys and not chosen:
        return None
    starts = tuple(Place(payload, call.scope, (key,)) for key in chosen) or (Place(payload, call.scope),)
    where = re.sub(r"^\w+://", "", address).strip()
    return ModelCall(call, f"POST {where}" if where and len(where) < 80 else "the request to the model", "llm", starts)


def _body(call: Call) -> Expression | None:
    return call.arguments[1] if call.name == "post" and len(call.arguments) > 1 else None


def _keys_of(payload: Expression, scope: Scope, evaluator: Evaluator, depth: int = 0) -> set[str]:
    """The keys of a payload, through `json.dumps` and variables."""
    if payload[0] == "call" and last_name(payload[2]) in ("dumps", "encode", "dict") and depth < 4:
        inner = payload[3][0] if payload[3] else payload[2][2] if payload[2][0] == "attr" else None
        return _keys_of(inner, scope, evaluator, depth + 1) if inner is not None else set()
    found: set[str] = set()
    for value in evaluator.evaluate(payload, scope):
        if isinstance(value, Literal) and value.expression[0] == "dict":
            found.update(key[2] for key, _ in value.expression[2] if key is not None and key[0] == "const")
    for store in evaluator.filled.get(evaluator.variable(payload, scope), ()):
        if store.key is not None and store.key[0] == "const":
            found.add(store.key[2])
    return {key for key in found if isinstance(key, str)}


def _looks_like_prompt(keys: set[str]) -> bool:
    options = {"model", "max_tokens", "temperature", "stream", "n_predict", "parameters", "options", "generationConfig"}
    return bool(keys & {"messages", "prompt", "inputs", "contents"}) and bool(keys & options)


def address_of(call: Call, tools: Tools) -> str:
    """The literal parts of the address."""
    first = call.keyword("url") or (call.arguments[0] if call.arguments else None)
    if call.name in ("request", "stream") and len(call.arguments) > 1:
        first = call.arguments[1]
    parts: list[str] = []
    if first is not None:
        _collect(first, call.scope, tools.evaluator, parts, 0)
    return "".join(parts)


def _collect(expression: Expression, scope: Scope, evaluator: Evaluator, parts: list[str], depth: int) -> None:
    tag = expression[0]
    if tag == "const":
        parts.append(str(expression[2]))
    elif tag in ("fstr", "list", "tuple"):
        for part in expression[2]:
            _collect(part, scope, evaluator, parts, depth)
    elif tag == "bin":
        _collect(expression[3], scope, evaluator, parts, depth)
        _collect(expression[4], scope, evaluator, parts, depth)
    elif tag in ("name", "attr") and depth < 3:
        found = [v.value for v in evaluator.evaluate(expression, scope) if isinstance(v, Constant) and v.value]
        if found:
            parts.append(str(found[0]))
        else:
            parts.append(f"{{{last_name(expression)}}}")
            for definition, holder in evaluator.definitions(expression, scope):
                if definition[0] in ("fstr", "bin", "call"):
                    parts.pop()
                    _collect(definition, holder, evaluator, parts, depth + 1)
                    break
    elif tag == "call":
        for argument in expression[3]:
            _collect(argument, scope, evaluator, parts, depth + 1)
