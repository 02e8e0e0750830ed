"""The form of knowledge files, checked by pydantic: users' own files, and in tests and scripts the shipped ones.

At run time this is imported only where a user has knowledge files, because pydantic is slow to import.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from aiaudit.model.knowledge.schema import (
    Cap,
    ClientTimeout,
    Cost,
    Covers,
    Kind,
    Mode,
    Purpose,
    Scalar,
    Semantics,
    Verified,
    Where,
)
from aiaudit.suggestion import suggestion

# Names; `()` follows what is called, `[]` what is subscripted; `("name")` where an argument decides; `*` and `**`.
PATH = r"""^[A-Za-z_]\w*(\.[\w*]+|\(\)|\(["'][\w-]+["']\)|\[\]|\*\*)*$"""
PARAMETER = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"


class Strict(BaseModel):
    """A table that allows no key of another name."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TimeoutParameterTable(Strict):
    """A parameter that sets a time-out."""

    name: str = Field(pattern=PARAMETER)
    unit: Literal["s", "ms"] = "s"
    at: Where = "both"
    covers: Covers = "request"
    position: int | None = Field(default=None, ge=0)


class TimeoutTable(Strict):
    """How long a call may wait. Numbers are seconds; `none` waits for ever."""

    parameters: list[str | TimeoutParameterTable] = []
    default: float | int | Literal["none", "unknown"] = "unknown"
    semantics: Semantics = "unknown"
    retries: int | None = Field(default=None, ge=0)
    retries_parameter: str | None = Field(default=None, pattern=PARAMETER)
    worst_case: float | int | Literal["none", "unknown"] | None = None
    client_parameter: str | None = Field(default=None, pattern=PARAMETER)
    client_libraries: list[str] = []
    client_timeout: ClientTimeout = "kept"
    client_default: float | int | Literal["none"] | None = None
    ignored: list[str] = []
    attributes: list[str] = []
    set_by: list[str] = []
    drivers: dict[str, str] = {}
    none_is_default: bool = False

    @model_validator(mode="after")
    def _worst_is_not_better(self) -> TimeoutTable:
        numbers = (self.default, self.worst_case)
        if all(isinstance(number, (int, float)) for number in numbers) and numbers[1] < numbers[0]:  # type: ignore[operator]
            raise ValueError("worst_case is shorter than default")
        if self.client_parameter is not None and not self.client_libraries:
            raise ValueError("client_parameter needs client_libraries")
        return self


class OutputTable(Strict):
    """What bounds the length of an answer."""

    parameters: list[str] = []
    at: Where = "call"
    default: int | Cap = "unknown"
    by_call: bool = False


class ArgumentTable(Strict):
    """A parameter by name (`*` is any) and position."""

    name: str = Field(pattern=r"^(\*|[A-Za-z_]\w*)$")
    position: int | None = Field(default=None, ge=0)


class LoopCapTable(Strict):
    """How many rounds an agent or graph may take."""

    parameters: list[str] = Field(min_length=1)
    default: int | float | Literal["none", "unknown"] = "unknown"
    at: Where = "constructor"
    removable: bool = False
    needs: list[str] = Field(default_factory=list)


class ConstructTable(Strict):
    """Measured milliseconds of CPU for the first and for further constructions."""

    first: float | int | None = None
    next: float | int | None = None


class CallTable(Strict):
    """What entries and methods share."""

    generates: bool = False
    blocking: bool | None = None
    brief: bool = False
    lazy: bool = False
    timeout: TimeoutTable | None = None
    output: OutputTable | None = None
    prompt: list[str | ArgumentTable] = []
    stream_parameter: str | None = Field(default=None, pattern=PARAMETER)
    stream_twins: list[str] = []
    streams: bool = False
    wraps: list[str | ArgumentTable] = []
    returns: str | None = None
    loop_cap: LoopCapTable | None = None
    notes: str = ""
    evidence: list[str] = []
    verified: Verified | None = None

    @model_validator(mode="after")
    def _generation_has_prompt(self) -> CallTable:
        if self.generates and not self.prompt:
            raise ValueError("what generates needs its prompt")
        return self


class MethodTable(CallTable):
    """Methods of an object that share their facts."""

    names: list[str] = Field(min_length=1)
    kind: Kind = "call"
    mode: Mode | None = None
    purpose: Purpose | None = None
    cost: Cost | None = None
    since: str | None = None
    until: str | None = None
    dist: str | None = None


class FamilyTable(Strict):
    """Methods that several classes of a file have in common."""

    name: str
    method: list[MethodTable] = Field(min_length=1)


class AliasTable(Strict):
    """Another path of an entry for which something differs."""

    path: str = Field(pattern=PATH)
    mode: Mode | None = None
    kind: Kind | None = None
    blocking: bool | None = None
    generates: bool | None = None
    dist: str | None = None
    version: str | None = None
    verified: Verified | None = None
    returns: str | None = None
    since: str | None = None
    until: str | None = None


class EntryTable(CallTable):
    """One callable."""

    path: str = Field(pattern=PATH)
    also: list[str | AliasTable] = []
    dist: str | None = None
    version: str | None = None
    kind: Kind
    purpose: Purpose
    cost: Cost = "cheap"
    mode: Mode = "none"
    methods: list[str | MethodTable] = []
    families: list[str] = []
    pool_parameter: str | None = Field(default=None, pattern=PARAMETER)
    named_by: str | None = Field(default=None, pattern=PATH)
    attributes: dict[str, str] = {}
    construction: ConstructTable | None = Field(default=None, alias="construct")
    defaults: dict[str, Scalar] = {}
    since: str | None = None
    until: str | None = None

    @model_validator(mode="after")
    def _paths(self) -> EntryTable:
        for alias in self.also:
            if isinstance(alias, str) and not re.match(PATH, alias):
                raise ValueError(f"also: {alias!r} is no dotted path")
        return self


class FamilyFile(Strict):
    """A file of `data/families`: methods that classes of several libraries have in common."""

    families: list[str] = []
    method: list[MethodTable] = Field(min_length=1)


class KnowledgeFile(Strict):
    """A data file."""

    dist: str | None = None
    verified: Verified = "documentation"
    versions: dict[str, str] = {}
    formerly: dict[str, str] = {}
    moved: dict[str, str] = {}
    transparent: list[str] = []
    family: list[FamilyTable] = []
    entry: list[EntryTable] = []

    @model_validator(mode="after")
    def _every_entry_has_a_dist(self) -> KnowledgeFile:
        for entry in self.entry:
            if entry.dist is None and self.dist is None:
                raise ValueError(f"{entry.path}: name its distribution: dist = ...")
        return self


def problems(data: dict[str, Any], form: type[BaseModel] = KnowledgeFile) -> list[str]:
    """What is wrong with the tables of a knowledge file, one sentence each."""
    return [sentence for _, sentence in mistakes(data, form)]


def mistakes(
    data: dict[str, Any], form: type[BaseModel] = KnowledgeFile
) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """The same with the place of each: the keys and positions that lead there."""
    try:
        form.model_validate(data)
    except ValidationError as error:
        seen: set[str] = set()
        for item in error.errors():
            if item["type"] == "string_type" and isinstance(item["input"], dict):
                continue  # a table where a plain name may stand as well: the other error says what is wrong in it
            # Pydantic names the alternative of a union, too: those are no keys.
            place = tuple(part for part in item["loc"] if isinstance(part, int) or _is_key(part))
            sentence = _sentence(item, place, data)
            if sentence not in seen:
                seen.add(sentence)
                yield place, sentence


def _is_key(part: str) -> bool:
    return part[:1].islower() and "[" not in part and part not in ("str", "int", "float")


def _sentence(item: Any, place: tuple[int | str, ...], data: dict[str, Any]) -> str:
    said = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        said = f"no such key{suggestion(str(place[-1]), _keys_of(place))}"
    names = _named(place, data)
    where = ".".join(str(part) for part in (place[2:] if names else place))
    return ": ".join(part for part in (names, where, said) if part) if names or where else f"file: {said}"


def _keys_of(place: tuple[int | str, ...]) -> list[str]:
    """The keys that the table at a place may have."""
    form: type[BaseModel] = _FORMS.get(
        str([part for part in ("file", *place[:-1]) if isinstance(part, str)][-1]), EntryTable
    )
    return [field.alias or name for name, field in form.model_fields.items()]


_FORMS: dict[str, type[BaseModel]] = {
    "file": KnowledgeFile,
    "entry": EntryTable,
    "methods": MethodTable,
    "method": MethodTable,
    "family": FamilyTable,
    "timeout": TimeoutTable,
    "parameters": TimeoutParameterTable,
    "output": OutputTable,
    "also": AliasTable,
}


def _named(location: tuple[int | str, ...], data: dict[str, Any]) -> str:
    """The path of the entry that an error lies in."""
    if len(location) < 2 or location[0] != "entry" or not isinstance(location[1], int):
        return ""
    entry = data["entry"][location[1]]
    return str(entry.get("path", "")) if isinstance(entry, dict) else ""
