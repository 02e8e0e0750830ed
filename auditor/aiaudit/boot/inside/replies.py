"""What is said in place of the APIs of OpenAI and Anthropic: whole answers, and streams as pairs of event and data."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from .schema import instance

_WORDS = ("This", " is", " a", " stub", " beside", " the", " service", ".")
_MODEL = "stub"
_CREATED = 1700000000
_DIMENSIONS = {"text-embedding-3-large": 3072, "text-embedding-3-small": 1536, "text-embedding-ada-002": 1536}
_MOST_NUMBERS = 1_000_000
DONE = "[DONE]"


class Part(NamedTuple):
    """One server-sent event: its name ("" for none) and the value of its data."""

    event: str
    data: Any


def _model(asked: dict[str, Any]) -> str:
    return str(asked.get("model") or _MODEL)[:200]


def _usage() -> dict[str, int]:
    return {"prompt_tokens": 1, "completion_tokens": len(_WORDS), "total_tokens": 1 + len(_WORDS)}


def _content(asked: dict[str, Any]) -> str:
    """The text of an answer: JSON where that is asked for, an instance of the schema if there is one."""
    wanted = asked.get("response_format") or (asked.get("text") or {}).get("format") or {}
    if wanted.get("type") == "json_schema":
        schema = (wanted.get("json_schema") or wanted).get("schema") or {}
        return json.dumps(instance(schema, schema))
    return "{}" if wanted.get("type") == "json_object" else "".join(_WORDS)


def _pieces(asked: dict[str, Any], repeat: int) -> Iterator[str]:
    """The text in parts; again and again for a stream that is to last."""
    content = _content(asked)
    parts = _WORDS if content == "".join(_WORDS) else (content,)
    for _ in range(repeat):
        yield from parts


def chat(asked: dict[str, Any]) -> dict[str, Any]:
    """`/chat/completions`."""
    message = {"role": "assistant", "content": _content(asked), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {**_chat_frame(asked, "chat.completion"), "choices": [choice], "usage": _usage()}


def _chat_frame(asked: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-stub", "object": kind, "created": _CREATED, "model": _model(asked)}


def chat_stream(asked: dict[str, Any], repeat: int) -> Iterator[Part]:
    """`/chat/completions` with `stream`."""
    frame = _chat_frame(asked, "chat.completion.chunk")

    def chunk(delta: dict[str, str], reason: str | None = None) -> Part:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return Part("", {**frame, "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    for piece in _pieces(asked, repeat):
        yield chunk({"content": piece})
    yield chunk({}, "stop")
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield Part("", {**frame, "choices": [], "usage": _usage()})
    yield Part("", DONE)


def completion(asked: dict[str, Any]) -> dict[str, Any]:
    """`/completions`."""
    return {**_completion_frame(asked, "".join(_WORDS), "stop"), "usage": _usage()}


def _completion_frame(asked: dict[str, Any], text: str, reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
    frame = {"id": "cmpl-stub", "object": "text_completion", "created": _CREATED, "model": _model(asked)}
    return {**frame, "choices": [choice]}


def completion_stream(asked: dict[str, Any], repeat: int) -> Iterator[Part]:
    """`/completions` with `stream`."""
    for piece in _pieces({}, repeat):
        yield Part("", _completion_frame(asked, piece, None))
    yield Part("", _completion_frame(asked, "", "stop"))
    yield Part("", DONE)


def embeddings(asked: dict[str, Any]) -> dict[str, Any]:
    """`/embeddings`: equal vectors of length 1, as many as there are inputs, in the size and encoding asked for."""
    size = int(asked.get("dimensions") or _DIMENSIONS.get(_model(asked), 1536))
    count = _inputs(asked.get("input"))
    if not 1 <= size * count <= _MOST_NUMBERS:
        raise ValueError("too many numbers are asked for")
    vector: Any = [size**-0.5] * size
    if asked.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack(f"<{size}f", *vector)).decode("ascii")
    data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(count)]
    usage = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "data": data, "model": _model(asked), "usage": usage}


def _inputs(given: Any) -> int:
    """How many texts an input holds: a text and a list of token numbers are one."""
    if not isinstance(given, list) or (given and isinstance(given[0], int)):
        return 1
    return len(given)


def models(name: str = "") -> dict[str, Any]:
    """`/models` and `/models/<name>`, with the fields of both APIs."""
    names = [name] if name else ["gpt-4o-mini", "text-embedding-3-small", "claude-sonnet-4-0"]
    listed = [
        {"id": each, "object": "model", "created": _CREATED, "owned_by": "stub", "type": "model", "display_name": each}
        for each in names
    ]
    return listed[0] if name else {"object": "list", "data": listed, "has_more": False, "first_id": "", "last_id": ""}


def moderations(asked: dict[str, Any]) -> dict[str, Any]:
    """`/moderations`: nothing is objectionable."""
    result = {"flagged": False, "categories": {}, "category_scores": {}, "category_applied_input_types": {}}
    return {"id": "modr-stub", "model": _model(asked), "results": [result] * _inputs(asked.get("input"))}


def response(asked: dict[str, Any], text: str | None = None, status: str = "completed") -> dict[str, Any]:
    """`/responses`; without output while `status` is "in_progress"."""
    is_done = status == "completed"
    usage = {"input_tokens": 1, "output_tokens": len(_WORDS), "total_tokens": 1 + len(_WORDS)}
    usage_details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {
        "id": "resp_stub",
        "object": "response",
        "created_at": _CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": asked.get("instructions"),
        "metadata": {},
        "model": _model(asked),
        "output": [_item(_content(asked) if text is None else text, status)] if is_done else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {**usage, **usage_details} if is_done else None,
    }


def _item(text: str, status: str) -> dict[str, Any]:
    content = [_text_part(text)] if status == "completed" else []
    return {"id": "msg_stub", "type": "message", "role": "assistant", "status": status, "content": content}


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def response_stream(asked: dict[str, Any], repeat: int) -> Iterator[Part]:
    """`/responses` with `stream`."""
    for number, (event, values) in enumerate(_response_events(asked, repeat)):
        yield Part(event, {"type": event, "sequence_number": number, **values})


def _response_events(asked: dict[str, Any], repeat: int) -> Iterator[Part]:
    place = {"item_id": "msg_stub", "output_index": 0, "content_index": 0}
    begun = response(asked, "", "in_progress")
    yield Part("response.created", {"response": begun})
    yield Part("response.in_progress", {"response": begun})
    yield Part("response.output_item.added", {"output_index": 0, "item": _item("", "in_progress")})
    yield Part("response.content_part.added", {**place, "part": _text_part("")})
    said: list[str] = []
    for piece in _pieces(asked, repeat):
        said.append(piece)
        yield Part("response.output_text.delta", {**place, "delta": piece, "logprobs": []})
    text = "".join(said)
    yield Part("response.output_text.done", {**place, "text": text, "logprobs": []})
    yield Part("response.content_part.done", {**place, "part": _text_part(text)})
    yield Part("response.output_item.done", {"output_index": 0, "item": _item(text, "completed")})
    yield Part("response.completed", {"response": response(asked, text)})


def message(asked: dict[str, Any]) -> dict[str, Any]:
    """Anthropic's `/messages`."""
    return {**_message_frame(asked), "content": [{"type": "text", "text": _content(asked)}], "stop_reason": "end_turn"}


def _message_frame(asked: dict[str, Any]) -> dict[str, Any]:
    usage = {"input_tokens": 1, "output_tokens": len(_WORDS)}
    frame = {"id": "msg_stub", "type": "message", "role": "assistant", "model": _model(asked), "content": []}
    return {**frame, "stop_reason": None, "stop_sequence": None, "usage": usage}


def message_stream(asked: dict[str, Any], repeat: int) -> Iterator[Part]:
    """Anthropic's `/messages` with `stream`."""
    for event, values in _message_events(asked, repeat):
        yield Part(event, {"type": event, **values})


def _message_events(asked: dict[str, Any], repeat: int) -> Iterator[Part]:
    yield Part("message_start", {"message": _message_frame(asked)})
    yield Part("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
    yield Part("ping", {})
    for piece in _pieces(asked, repeat):
        yield Part("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}})
    yield Part("content_block_stop", {"index": 0})
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    yield Part("message_delta", {"delta": ended, "usage": {"output_tokens": len(_WORDS)}})
    yield Part("message_stop", {})
