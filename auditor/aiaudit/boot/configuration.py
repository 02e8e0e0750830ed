"""The table `[tool.aiaudit.boot]` (`[boot]` in aiaudit.toml): what the static model cannot know of a boot."""

from __future__ import annotations

import os
import shlex
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from aiaudit import configuration
from aiaudit.boot.quantities import bytes_in
from aiaudit.configuration import Found
from aiaudit.reading import Unreadable, read_bytes
from aiaudit.settings import UsageError
from aiaudit.sources.deploy import environment
from aiaudit.suggestion import suggestion


def _words(value: object) -> object:
    """A command as a list of words; a text is split as a shell would."""
    return shlex.split(value) if isinstance(value, str) else value


def _text(value: object) -> object:
    """The text of an environment variable that is written as a number or a switch."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _amount(value: object) -> object:
    """Bytes; a text has a unit as Docker writes it."""
    if not isinstance(value, str):
        return value
    amount = bytes_in(value)
    if not amount:
        raise ValueError("write an amount such as 512m or 2g")
    return amount


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Values = dict[str, Annotated[str, BeforeValidator(_text)]]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class _Table(BaseModel):
    """A table that knows all its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BudgetConfiguration(_Table):
    """Seconds; what is left out is decided by the kind of service."""

    ready: Seconds | None = None
    fail: Seconds | None = None
    stop: Seconds | None = None
    total: Seconds | None = None


class ServiceConfiguration(_Table):
    """A service that is started beside the image."""

    image: str
    env: Values = {}
    command: Words = ()
    port: Port | None = None


class BuildConfiguration(_Table):
    """How the image is built."""

    args: Values = {}
    network: str = ""
    target: str = ""


class BootConfiguration(_Table):
    """All switches of a boot. `folder` is the one that `env-file` is relative to."""

    command: Words = ()
    port: Port | None = None
    health: Annotated[str, Field(pattern="^(/.*)?$")] = ""
    env: Values = {}
    env_file: Annotated[str, Field(alias="env-file")] = ""
    budgets: BudgetConfiguration = BudgetConfiguration()
    services: dict[str, ServiceConfiguration] = {}
    skip: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    memory: Annotated[int, BeforeValidator(_amount), Field(ge=0)] = 0
    platform: str = ""
    watcher: str = ""
    build: BuildConfiguration = BuildConfiguration()
    folder: Annotated[str, Field(exclude=True)] = ""

    @property
    def environment(self) -> tuple[tuple[str, str], ...]:
        """The variables of `env-file`, then those of `env`, which come first where both name one."""
        values = dict(environment_in(os.path.join(self.folder, self.env_file))) if self.env_file else {}
        return tuple((values | self.env).items())


def load(folder: str) -> BootConfiguration:
    """The configuration that holds for a folder; a mistake in it is a `UsageError` that names file and line."""
    found = configuration.find(folder)
    table = found.table.get("boot") if found is not None else None
    if found is None or table is None:
        return BootConfiguration()
    if not isinstance(table, dict):
        raise UsageError(f"{found.place_of(['boot'])}: boot is a table: write [{found.prefix}boot]")
    if "folder" in table:
        raise UsageError(f"{found.place_of(['boot', 'folder'])}: {_unknown('folder')}")
    try:
        return BootConfiguration.model_validate({**table, "folder": os.path.dirname(found.path)})
    except ValidationError as error:
        raise UsageError("\n".join(_problem(found, dict(problem)) for problem in error.errors())) from None


def environment_in(path: str) -> tuple[tuple[str, str], ...]:
    """The variables of an environment file that the user names; names without a value are left out."""
    try:
        text = read_bytes(path).decode("utf-8")
    except (Unreadable, UnicodeDecodeError) as error:
        raise UsageError(f"{configuration.shown(path)}: cannot be read as an environment file: {error}") from None
    return tuple((entry.name, entry.value) for entry in environment.extract(text).entries if entry.value is not None)


def _problem(found: Found, problem: dict[str, Any]) -> str:
    """One mistake in words, with its place."""
    keys = [str(part) for part in problem["loc"]]
    place = found.place_of(["boot", *keys])
    name = ".".join(keys)
    if problem["type"] == "extra_forbidden":
        return f"{place}: {_unknown(name)}"
    if problem["type"] == "missing":
        return f"{place}: boot.{name} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    given = "" if "env" in keys or "args" in keys else f", not {problem['input']!r}"  # a secret may stand there
    return f"{place}: boot.{name}: {message[:1].lower()}{message[1:]}{given}"


def _unknown(name: str) -> str:
    """A key that is not known, and the closest one that is."""
    table, _, key = name.rpartition(".")
    tables: dict[str, type[BaseModel]] = {"": BootConfiguration, "budgets": BudgetConfiguration}
    tables["build"] = BuildConfiguration
    known = tables.get(table, ServiceConfiguration).model_fields
    names = [field.alias or spelled for spelled, field in known.items() if spelled != "folder"]
    return f"unknown key 'boot.{name}'{suggestion(key, names)}"
