"""What the words of `boot` and `prove` ask for: folder, configuration, build; a wrong one is a `UsageError`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from aiaudit import api
from aiaudit.boot import configuration as configurations
from aiaudit.boot.build import Options
from aiaudit.boot.configuration import BootConfiguration
from aiaudit.boot.run import Request
from aiaudit.cli.boot_options import build_arguments, seconds, variables
from aiaudit.finding import Severity
from aiaudit.settings import UsageError
from aiaudit.sources.store import Store
from aiaudit.values import replace

FAMILY = "RUN"


def folder_of(path: str, *more: str) -> str:
    """The folder to work on; one at a time."""
    if more:
        raise UsageError("one folder is booted at a time: name one")
    if not os.path.isdir(path):
        problem = "is a file: name the folder that is built from" if os.path.exists(path) else "no such folder"
        raise UsageError(f"{path}: {problem}")
    return os.path.abspath(path)


def audit_for(folder: str, values: Mapping[str, Any], rules: tuple[str, ...] = (FAMILY,)) -> api.Audit:
    """The audit of a folder by these rules, or by those that are selected."""
    scope = api.scope_for([folder], os.getcwd())
    configured = api.configured(scope)
    changes: dict[str, Any] = {"select": values["select"] or rules}
    if values["ignore"]:
        changes["ignore"] = values["ignore"]
    if values["fail_on"]:
        changes["fail_on"] = Severity(values["fail_on"])
    return api.Audit(scope, replace(configured, **changes), Store(), None)


def request_for(folder: str, values: Mapping[str, Any]) -> Request:
    """What the configuration asks for, and over it what the command line does."""
    configuration = _configured(configurations.load(folder), values)
    return Request(
        folder,
        configuration,
        image=values["image"] or "",
        dockerfile=dockerfile_of(folder, values["file"]),
        options=build_options(configuration, values),
        only=values["scenario"],
        keep=values["keep"],
    )


def build_options(configuration: BootConfiguration, values: Mapping[str, Any]) -> Options:
    """How to build."""
    table = configuration.build
    return Options(
        arguments=tuple({**table.args, **build_arguments(values["build_arg"])}.items()),
        target=values["target"] or table.target,
        network=values["build_network"] or table.network,
        platform=values["platform"] or configuration.platform,
        builder=values["builder"],
        seconds=seconds(values["timeout"]) if values["timeout"] else configuration.budgets.total or Options().seconds,
    )


def dockerfile_of(folder: str, file: str | None) -> str:
    """The path below the folder of a Dockerfile that is named from here or from the folder; "" for none named."""
    if not file:
        return ""
    place = next((path for path in (file, os.path.join(folder, file)) if os.path.isfile(path)), None)
    if place is None:
        raise UsageError(f"--file {file}: no such file")
    relative = os.path.relpath(place, folder).replace(os.sep, "/")
    if relative.startswith("../"):
        raise UsageError(f"--file {file}: is not in {folder}: name the folder that holds it")
    return relative


def _configured(table: BootConfiguration, values: Mapping[str, Any]) -> BootConfiguration:
    """The configuration, with what the command line says."""
    environment = dict(table.env)
    for path in values["env_file"]:
        environment |= configurations.environment_in(path)
    changes: dict[str, Any] = {"env": environment | variables(values["env"])}
    if values["platform"]:
        changes["platform"] = values["platform"]
    if values["timeout"]:
        changes["budgets"] = table.budgets.model_copy(update={"total": seconds(values["timeout"])})
    return table.model_copy(update=changes)
