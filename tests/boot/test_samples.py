"""Values for models of requests, held against the real pydantic."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from aiaudit.boot.planning.samples import NoSample, Samples
from aiaudit.boot.planning.types import Types
from tests.model.linked import side_of

IMPORTS = """
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Dict, List, Literal, Optional, Union
from uuid import UUID

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, HttpUrl, PositiveInt, RootModel, SecretStr
from pydantic import conint, conlist, constr
from fastapi import FastAPI

app = FastAPI()
"""

MODELS = {
    "numbers": """
        class Sample(BaseModel):
            a: int
            b: float = Field(gt=0, lt=0.01)
            c: PositiveInt
            d: conint(ge=7, le=9)
            e: Annotated[int, Field(multiple_of=1, ge=100)]
            f: Decimal
            g: Annotated[float, Field(ge=-2, le=-1)]
            h: bool
    """,
    "texts": """
        Short = Annotated[str, Field(max_length=3)]

        class Sample(BaseModel):
            a: str
            b: Short
            c: str = Field(min_length=200)
            d: constr(min_length=2, max_length=4)
            e: str = Field(pattern="^[a-z]{2}(-[A-Z]{2})?$")
            f: Annotated[str, Field(pattern="^[0-9]+$")]
            g: SecretStr
            h: HttpUrl
            i: AnyHttpUrl
    """,
    "choices": """
        class Mode(str, Enum):
            FAST = "fast"
            GOOD = "good"

        class Level(int, Enum):
            LOW = 1

        class Sample(BaseModel):
            a: Mode
            b: Literal["x", "y"]
            c: Level
            d: Literal[3]
            e: Union[int, str]
            f: Optional[str]
            g: int | None
    """,
    "times": """
        class Sample(BaseModel):
            a: UUID
            b: datetime
            c: date
    """,
    "lists": """
        class Item(BaseModel):
            role: Literal["user", "assistant"]
            content: Annotated[str, Field(min_length=1)]

        class Sample(BaseModel):
            a: list[str]
            b: List[Item]
            c: list[Item] = Field(min_length=3)
            d: conlist(int, min_length=2)
            e: dict[str, str]
            f: Dict[str, Any]
            g: list[dict]
            h: list
            i: Any
    """,
    "nested": """
        class Deep(BaseModel):
            value: int

        class Middle(BaseModel):
            deep: Deep
            many: list[Deep]

        class Base(BaseModel):
            first: str

        class Sample(Base):
            middle: Middle
            alias: str = Field(alias="theAlias")
            left: str = "out"
            also: list[str] = Field(default_factory=list)
            given: int = Field(3, ge=1)
            must: str = Field(..., min_length=4)
    """,
    "root": """
        class Sample(RootModel):
            root: list[int]
    """,
    "nothing required": """
        class Sample(BaseModel):
            model_config = ConfigDict(extra="forbid")

            limit: int = 5
            question: str | None = None
    """,
    "from a later definition": """
        class Sample(BaseModel):
            later: "Later"

        class Later(BaseModel):
            text: str
    """,
}


def sample_of(folder: Path, text: str) -> object:
    """What is made for the class `Sample`."""
    side = side_of(folder, {"main.py": IMPORTS + dedent(text)})
    (cls,) = [cls for cls in side.program.classes if cls.name == "Sample"]
    return Samples(Types(side.evaluator)).of_class(cls)


@pytest.mark.parametrize("name", MODELS)
def test_samples_pass_their_models(name: str, tmp_path: Path) -> None:
    """What the model says of itself is what pydantic checks."""
    sample = sample_of(tmp_path, MODELS[name])

    namespace: dict[str, Any] = {"__name__": "audited"}
    runnable = IMPORTS.replace("from fastapi import FastAPI\n\napp = FastAPI()\n", "")
    exec(compile(runnable + dedent(MODELS[name]), "audited", "exec", dont_inherit=True), namespace)
    namespace["Sample"].model_rebuild(_types_namespace=namespace)
    namespace["Sample"].model_validate(sample)


def test_only_what_is_required_is_given(tmp_path: Path) -> None:
    """Defaults are left alone, aliases used."""
    sample = sample_of(tmp_path, MODELS["nested"])

    assert isinstance(sample, dict)
    assert set(sample) == {"first", "middle", "theAlias", "must"}


def test_a_request_that_may_be_empty_says_what_it_is_about(tmp_path: Path) -> None:
    """A handler refuses an empty one all the same."""
    assert sample_of(tmp_path, MODELS["nothing required"]) == {"question": "What can you do?"}


@pytest.mark.parametrize("field", ["a: str = Field(pattern='^[A-F]{40}$')", "a: Sample", "a: bytes"])
def test_what_cannot_be_made_is_said(field: str, tmp_path: Path) -> None:
    """A pattern that no known text passes, a model without an end, a type that JSON has not."""
    with pytest.raises(NoSample):
        sample_of(tmp_path, f"class Sample(BaseModel):\n    {field}\n")
