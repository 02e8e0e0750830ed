"""Generations that are asked for over plain HTTP, by the address and the payload that their API documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.arguments import entry_of
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.http_requests import SENDING, address_of, has_turns, is_request, keys_of, payload_of
from aiaudit.model.program import Program
from aiaudit.model.scopes import Call, Scope
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Api:
    """An API that generates text: how its addresses look, the keys that its prompt has, and what caps its answer.

    `names_model`: its addresses look like those of anybody's service, so that only a payload with a model tells it;
    `is_guessed`: only the payload tells.
    """

    name: str
    address: re.Pattern[str]
    prompt: frozenset[str]
    caps: tuple[str, ...]
    names_model: bool = False
    is_guessed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RawGeneration:
    """A request to such an API whose payload is known, and may say no cap."""

    call: Call
    api: Api
    name: str
    is_capped: bool


# None of these has a cap of its own below the model's maximum, as their references say (docs.ollama.com/modelfile:
# num_predict is -1; ai.google.dev/api/generate-content: maxOutputTokens is optional;
# platform.openai.com/docs/api-reference: max_completion_tokens and max_output_tokens are optional). Azure has the model
# in the address, and llama.cpp's server has only one.
_APIS = (
    Api(
        "Ollama",
        regex(r"/api/(generate|chat)\b"),
        frozenset(("prompt", "messages")),
        ("options.num_predict",),
        names_model=True,
    ),
    Api(
        "the Gemini API",
        regex(r":(stream)?generateContent\b", re.IGNORECASE),
        frozenset(("contents",)),
        ("generationConfig.maxOutputTokens", "generation_config.max_output_tokens"),
    ),
    Api(
        "the API",
        regex(r"/chat/completions\b|/v1/completions\b"),
        frozenset(("prompt", "messages")),
        ("max_tokens", "max_completion_tokens"),
    ),
    Api(
        "the API",
        regex(r"/v1/responses\b"),
        frozenset(("input",)),
        ("max_output_tokens",),
    ),
)


# What is asked for like that, at an address that only the environment or a setting tells, is a model's answer whoever
# serves it. The servers that take such payloads cap nothing by themselves.
_GUESSED = Api(
    "a model's server",
    regex(r"^(?!https?://)"),
    frozenset(("prompt", "messages")),
    (
        "max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens", "max_length", "num_predict",
        "n_predict", "options.num_predict", "options.max_tokens", "parameters.max_new_tokens", "parameters.max_tokens",
        "generationConfig.maxOutputTokens", "generation_config.max_output_tokens", "maxTokens", "max_gen_len",
    ),
    is_guessed=True,
)  # fmt: skip
# Endpoints that generate no text.
_OTHER = regex(r"/images?/|/moderations|token(ize|s)\b|/embed|/rerank|/count", re.IGNORECASE)


def raw_generations(program: Program, evaluator: Evaluator) -> Iterator[RawGeneration]:
    """All requests that ask one of these APIs, as far as address and payload are written down."""
    for name in sorted(SENDING):
        for call in program.calls_by_name.get(name, ()):
            found = _generation(call, evaluator)
            if found is not None:
                yield found


def _generation(call: Call, evaluator: Evaluator) -> RawGeneration | None:
    found = payload_of(call, evaluator)
    if found is None or not is_request(call, evaluator):
        return None
    payload, scope = found
    address = address_of(call, evaluator)
    api = next((api for api in _APIS if api.address.search(address)), None)
    keys = keys_of(payload, scope, evaluator)
    if api is None and _is_generation(keys, payload, scope, address, evaluator):
        api = _GUESSED
    if api is None:
        return None
    if (api.names_model and "model" not in keys) or keys.isdisjoint(api.prompt):
        return None
    given = [entry_of(payload, scope, path, evaluator) for path in api.caps]
    is_capped = any(cap.state == "hidden" or (cap.state == "given" and not cap.is_none) for cap in given)
    if api.is_guessed and not address.startswith("{"):
        return RawGeneration(call, api, "the request to the model", is_capped)
    where = re.sub(r"^\w+://|^(?=/)", lambda found: "" if found[0] else "…", address.partition("?")[0])
    return RawGeneration(call, api, f"POST {where}", is_capped)


def _is_generation(keys: set[str], payload: Expression, scope: Scope, address: str, evaluator: Evaluator) -> bool:
    """Whether a payload that goes to an address which the program does not tell surely asks for a text."""
    if not address or not _GUESSED.address.search(address) or _OTHER.search(address):
        return False
    if "model" in keys and keys & _GUESSED.prompt:
        return True
    return "messages" in keys and has_turns(payload, scope, evaluator)
