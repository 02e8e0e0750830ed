"""Small services for tests of flows: a model call in `model.py`, and what stands around it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from aiaudit.model.flow import Flow, GrowingConversation, flows_of, histories_of
from tests.model.linked import service_of

MODEL = """
from openai import OpenAI

client = OpenAI(timeout=20, max_retries=1)


def ask(text):
    return client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=100, messages=[{"role": "user", "content": text}]
    )


def embed(texts):
    return client.embeddings.create(model="text-embedding-3-small", input=texts)


def talk(messages):
    return client.chat.completions.create(model="gpt-4.1-mini", max_tokens=100, messages=messages)
"""
FASTAPI = """
from typing import Annotated, Any, Literal, Optional
from fastapi import Body, Depends, FastAPI, File, Form, HTTPException, Query, Request, UploadFile, WebSocket
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, conlist, constr, field_validator
from model import ask, embed, talk
import json

app = FastAPI()
"""


def flows(folder: Path, main: str, head: str = FASTAPI, files: Mapping[str, str] | None = None) -> list[Flow]:
    """The flows of a service."""
    service = service_of(folder, {"main.py": head + dedent(main), "model.py": MODEL, **(files or {})})
    return flows_of(service)


def sources(folder: Path, main: str, head: str = FASTAPI, files: Mapping[str, str] | None = None) -> list[str]:
    """The nearest source of each flow."""
    return [flow.source.description for flow in flows(folder, main, head, files)]


def histories(folder: Path, main: str, head: str = FASTAPI) -> list[GrowingConversation]:
    """The growing conversations of a service."""
    return histories_of(service_of(folder, {"main.py": head + dedent(main), "model.py": MODEL}))
