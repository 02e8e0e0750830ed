"""Run by a Python that has the openai and anthropic packages: calls the stub as services do.

The argument is the base URL; what came is written as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import anthropic
import openai
from pydantic import BaseModel

BASE_URL = sys.argv[1]
MESSAGES: Any = [{"role": "user", "content": "hello"}]


class City(BaseModel):
    name: str
    people: int
    districts: list[str]
    twin: City | None


def _openai() -> openai.OpenAI:
    return openai.OpenAI(api_key="sk-none", base_url=BASE_URL, max_retries=0, timeout=20)


def _anthropic() -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="none", base_url=BASE_URL.removesuffix("/v1"), max_retries=0, timeout=20)


def chat() -> Any:
    answer = _openai().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    return [answer.model, answer.choices[0].message.content, answer.usage and answer.usage.completion_tokens]


def chat_stream() -> Any:
    options: Any = {"include_usage": True}
    stream = _openai().chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True, stream_options=options)
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return [text, chunks[-2].choices[0].finish_reason, chunks[-1].usage and chunks[-1].usage.completion_tokens]


def chat_structured() -> Any:
    answer = _openai().chat.completions.parse(model="gpt-4o", messages=MESSAGES, response_format=City)
    parsed = answer.choices[0].message.parsed
    return parsed and parsed.model_dump()


def azure() -> Any:
    client = openai.AzureOpenAI(
        api_key="none", azure_endpoint=BASE_URL.removesuffix("/v1"), api_version="2024-10-21", max_retries=0
    )
    return client.chat.completions.create(model="deployed", messages=MESSAGES).choices[0].message.content


def completion() -> Any:
    return _openai().completions.create(model="gpt-3.5-turbo-instruct", prompt="hello").choices[0].text


def completion_stream() -> Any:
    stream = _openai().completions.create(model="gpt-3.5-turbo-instruct", prompt="hello", stream=True)
    return "".join(chunk.choices[0].text for chunk in stream)


def embeddings() -> Any:
    create = _openai().embeddings.create
    made = [
        create(model="text-embedding-3-large", input=["a", "b", "c"]),
        create(model="text-embedding-3-small", input="a", dimensions=256),
        create(model="text-embedding-3-small", input=[1, 2, 3], encoding_format="float"),
    ]
    lengths = [sum(number**2 for number in each.data[0].embedding) for each in made]
    return [[(len(each.data), len(each.data[0].embedding)) for each in made], [round(length, 3) for length in lengths]]


def models() -> Any:
    found = _openai().models
    return [[model.id for model in found.list()], found.retrieve("gpt-9").id, len(list(_anthropic().models.list()))]


def moderation() -> Any:
    return [each.flagged for each in _openai().moderations.create(input=["a", "b"]).results]


def response() -> Any:
    answer = _openai().responses.create(model="gpt-4o", input="hello")
    return [answer.output_text, answer.status]


def response_stream() -> Any:
    with _openai().responses.stream(model="gpt-4o", input="hello") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        return [text, stream.get_final_response().output_text]


def response_structured() -> Any:
    parsed = _openai().responses.parse(model="gpt-4o", input="hello", text_format=City).output_parsed
    return parsed and parsed.model_dump()


def message() -> Any:
    answer = _anthropic().messages.create(model="claude-sonnet-4-0", max_tokens=9, messages=MESSAGES)
    return [answer.content[0].text if answer.content[0].type == "text" else "", answer.stop_reason]


def message_stream() -> Any:
    with _anthropic().messages.stream(model="claude-sonnet-4-0", max_tokens=9, messages=MESSAGES) as stream:
        text = "".join(stream.text_stream)
        return [text, stream.get_final_message().stop_reason]


def count_tokens() -> Any:
    return _anthropic().messages.count_tokens(model="claude-sonnet-4-0", messages=MESSAGES).input_tokens


def unknown() -> Any:
    try:
        _openai().images.generate(prompt="hello")
    except openai.NotFoundError as error:
        return error.message
    return ""


CALLS: tuple[Callable[[], Any], ...] = (
    chat,
    chat_stream,
    chat_structured,
    azure,
    completion,
    completion_stream,
    embeddings,
    models,
    moderation,
    response,
    response_stream,
    response_structured,
    message,
    message_stream,
    count_tokens,
    unknown,
)

json.dump({call.__name__: call() for call in CALLS}, sys.stdout)
