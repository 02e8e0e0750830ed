"""The options of `boot` and `prove`, in tables, and what the words given to them mean."""

from __future__ import annotations

import os
from collections.abc import Iterable

from aiaudit.boot.report import FORMATS
from aiaudit.cli.options import OPTIONS, SEVERITIES, Option
from aiaudit.patterns import regex
from aiaudit.settings import UsageError

_NAME = regex(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_BUILDERS = ("auto", "legacy", "buildkit")
_SHARED = ("select", "ignore", "exit_zero", "color", "quiet")

BUILD_OPTIONS = (
    Option("file", ("--file", "-f"), "text", (), "DOCKERFILE", "The Dockerfile, when there are several."),
    Option(
        "builder", ("--builder",), "value", ("auto", "legacy", "buildkit"), "", "Who builds [default: auto].", "auto"
    ),
    Option(
        "build_arg",
        ("--build-arg",),
        "repeat",
        (),
        "NAME[=VALUE]",
        "A build argument; without a value, the environment's.",
    ),
    Option("build_network", ("--build-network",), "text", (), "NETWORK", "The network of RUN lines, as `host`."),
    Option("target", ("--target",), "text", (), "STAGE", "The stage to build [default: the last one]."),
    Option("platform", ("--platform",), "text", (), "PLATFORM", "As `linux/arm64` [default: the engine's]."),
    Option("timeout", ("--timeout",), "text", (), "SECONDS", "The longest that everything may take [default: 1800]."),
)

OUTPUT_OPTIONS = (
    Option("fail_on", ("--fail-on",), "value", SEVERITIES, "", "Exit with 1 from this severity on [default: low]."),
    Option("format", ("--format",), "value", FORMATS, "", "What to write to stdout [default: text].", "text"),
    Option("output", ("--output",), "repeat", (), "FORMAT=FILE", "Write a format to a file as well; repeatable."),
    *(option for option in OPTIONS if option.name in _SHARED),
    Option("verbose", ("--verbose", "-v"), "flag", (), "", "Say on stderr what is being done."),
)

BOOT_OPTIONS = (
    Option("image", ("--image",), "text", (), "NAME", "Boot an image that is there instead of building one."),
    *BUILD_OPTIONS,
    Option("env", ("--env", "-e"), "repeat", (), "NAME=VALUE", "Set a variable; its value is shown nowhere."),
    Option("env_file", ("--env-file",), "repeat", (), "FILE", "Set the variables of a file; no value is shown."),
    Option("scenario", ("--scenario",), "list", (), "NAME", "Boot only these scenarios or families, and the baseline."),
    Option("keep", ("--keep",), "flag", (), "", "Leave containers and the built image, to look at them."),
    *OUTPUT_OPTIONS,
)

PROVE_OPTIONS = (*BUILD_OPTIONS, *OUTPUT_OPTIONS)


def variables(words: Iterable[str]) -> dict[str, str]:
    """The variables of `--env`. A message never repeats what was given: a secret may stand there."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise UsageError("--env: write NAME=VALUE, as in --env LOG_LEVEL=debug")
        found[name] = value
    return found


def build_arguments(words: Iterable[str]) -> dict[str, str]:
    """The values of `--build-arg`; one without a value is read from the environment, as `docker build` does."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not _NAME.fullmatch(name):
            raise UsageError("--build-arg: write NAME=VALUE, or NAME for a variable of the environment")
        if not equals and name not in os.environ:
            raise UsageError(f"--build-arg {name}: the environment has no such variable; write {name}=VALUE")
        found[name] = value if equals else os.environ[name]
    return found


def seconds(text: str) -> float:
    """The value of `--timeout`."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"--timeout {text}: write seconds, as in --timeout 300")
    return value
