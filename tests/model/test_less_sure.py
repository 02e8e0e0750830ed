"""What the model is less sure of: numbers that a process counts of its own work, texts that come beside pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.finding import Confidence
from aiaudit.model.kept import kept_states
from aiaudit.model.local_files import local_files
from aiaudit.model.outputs import uncapped_outputs
from tests.model.linked import service_of

KEPT = """
from fastapi import FastAPI

app = FastAPI()


class Kept:
    def __init__(self):
        self.by_name = {{}}

    def note(self, name: str, size: int, text: str):
        {write}


kept = Kept()


@app.post("/{{name}}")
def add(name: str, size: int, text: str):
    kept.note(name, size, text)


@app.get("/{{name}}")
def read(name: str):
    return kept.by_name[name]
"""
COUNTS, ENTRIES = ["count", Confidence.MEDIUM], ["entry", Confidence.HIGH]


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        ("self.by_name[name] += 1", COUNTS),
        ("self.by_name[name] = self.by_name.get(name, 0) + size", COUNTS),
        ("self.by_name[name] = max(0, self.by_name[name] - 1)", COUNTS),
        ("self.by_name[name] = max(self.by_name.get(name, 0), size)", COUNTS),
        ("self.by_name[name] = self.by_name[text] + 1", ENTRIES),  # of another entry
        ("self.by_name[name] = self.by_name.get(name, []) + [text]", ENTRIES),
        ("self.by_name[name] = self.by_name[name] + text", ENTRIES),
        ("self.by_name[name] = text", ENTRIES),
    ],
)
def test_counts_of_a_process(tmp_path: Path, write: str, expected: list[object]) -> None:
    """Numbers are counted on however that is written; texts and lists are no numbers."""
    found = kept_states(service_of(tmp_path, {"main.py": KEPT.format(write=write)}))

    assert [[state.how, state.confidence] for state in found] == [expected]


ASKED = """
from fastapi import FastAPI
from google import genai
from google.genai import types

client = genai.Client(http_options=types.HttpOptions(timeout=20_000))
app = FastAPI()


@app.post("/draw")
def draw(scene: str):
    config = types.GenerateContentConfig({options})
    return client.models.generate_content(model="gemini-3-image", contents=scene, config=config)
"""


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ('response_modalities=["TEXT", "IMAGE"]', [True]),
        ('response_modalities=["TEXT"]', [False]),
        ("temperature=0", [False]),
        ('response_modalities=["IMAGE"]', []),
    ],
)
def test_texts_beside_pictures(tmp_path: Path, options: str, expected: list[bool]) -> None:
    """Models that draw want to be asked for text as well: the picture is what is paid for."""
    found = uncapped_outputs(service_of(tmp_path, {"main.py": ASKED.format(options=options)}))

    assert [uncapped.draws for uncapped in found] == expected


MEMBERS = """
from fastapi import FastAPI

app = FastAPI()
known = set()


@app.post("/{{name}}")
def add(name: str):
    known.add(name)


@app.get("/all")
def everything():
    {read}
"""


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ("if 'nobody' not in known: print('work')", Confidence.MEDIUM),
        ("if 'nobody' in known: raise ValueError('nobody')", Confidence.HIGH),
        ("return 'nobody' in known", Confidence.HIGH),
        ("known.discard('nobody')", Confidence.MEDIUM),
        ("return sorted(known)", Confidence.HIGH),
        ("return len(known)", Confidence.HIGH),
    ],
)
def test_sets_that_are_only_asked(tmp_path: Path, read: str, expected: Confidence) -> None:
    """What a process has done already may be its own affair, unless requests are told what it is."""
    found = kept_states(service_of(tmp_path, {"main.py": MEMBERS.format(read=read)}))

    assert [state.confidence for state in found] == [expected]


REGISTRY = """
import uuid
from pathlib import Path

from fastapi import FastAPI

app = FastAPI()
skills = {{}}


@app.post("/skills")
def load():
    for path in Path("skills").iterdir():
        skills[{key}] = path.read_text()


@app.get("/skills/{{name}}")
def skill(name: str):
    return skills[name]
"""


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("path.name", Confidence.MEDIUM),
        ("uuid.uuid4().hex", Confidence.HIGH),
        ("f'skill-{uuid.uuid4()}'", Confidence.HIGH),
    ],
)
def test_entries_that_no_request_brings(tmp_path: Path, key: str, expected: Confidence) -> None:
    """What is read from a disk under its own name can be read again, what gets a new name cannot."""
    found = kept_states(service_of(tmp_path, {"main.py": REGISTRY.format(key=key)}))

    assert [state.confidence for state in found] == [expected]


STORAGE = """
import os
from abc import ABC, abstractmethod
from pathlib import Path

import boto3
from fastapi import FastAPI, UploadFile

app = FastAPI()


class Storage(ABC):
    @abstractmethod
    def save(self, name: str, data: bytes) -> None: ...


class Local(Storage):
    def save(self, name, data):
        (Path("uploads") / name).write_bytes(data)


class Other(Storage):
    def save(self, name, data):
        {other}


storage = Other() if os.environ["STORAGE"] == "other" else Local()


@app.post("/files")
def upload(file: UploadFile):
    storage.save(file.filename, file.file.read())
"""
BRANCHES = """
import os

import boto3
from fastapi import FastAPI, UploadFile

app = FastAPI()


@app.post("/files")
def upload(file: UploadFile):
    path = f"uploads/{{file.filename}}"
    if os.environ["STORAGE"] == "other":
        {other}
    else:
        with open(path, "wb") as target:
            target.write(file.file.read())
"""
BESIDE = """
import boto3
from fastapi import FastAPI, UploadFile

app = FastAPI()


def publish(path):
    {other}


@app.post("/files")
def upload(file: UploadFile):
    path = f"uploads/{{file.filename}}"
    with open(path, "wb") as target:
        target.write(file.file.read())
    publish(path)
"""
PUT = "boto3.client('s3').put_object(Bucket='files', Key='name')"


@pytest.mark.parametrize("program", [STORAGE, BRANCHES, BESIDE])
@pytest.mark.parametrize(("other", "expected"), [(PUT, Confidence.MEDIUM), ("print('none')", Confidence.HIGH)])
def test_files_that_may_go_into_a_bucket(tmp_path: Path, program: str, other: str, expected: Confidence) -> None:
    """Where the configuration chooses between a disk and a bucket, only who runs the service knows."""
    found = local_files(service_of(tmp_path, {"main.py": program.format(other=other)}))

    assert [written.confidence for written in found] == [expected]
