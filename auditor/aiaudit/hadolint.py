"""hadolint's configuration file, read as hadolint reads it, so that a team can move over without touching its files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from aiaudit.finding import Severity
from aiaudit.listing import repository_of
from aiaudit.reading import Unreadable, decode, read_bytes
from aiaudit.values import dataclass, field

FILES = (".hadolint.yaml", ".hadolint.yml")
LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "info": Severity.LOW, "style": Severity.LOW}
"""hadolint's levels as our severities."""

_THRESHOLDS = LEVELS | {"ignore": Severity.LOW, "none": Severity.LOW}
_SWITCHES = ("strict-labels", "no-fail", "disable-ignore-pragma")


@dataclass(frozen=True, slots=True)
class Hadolint:
    """What a configuration file of hadolint says.

    `overrides` pairs a rule's id with its severity. `threshold` is None where the file names none. `labels` pairs a
    label with the form of its value, `registries` are those that base images may come from; both are None where the
    file does not speak of them. `unread` are its keys that mean nothing here, or whose value has the wrong form.
    """

    path: str
    ignored: tuple[str, ...] = ()
    overrides: tuple[tuple[str, Severity], ...] = ()
    threshold: Severity | None = None
    never_fails: bool = False
    honours_comments: bool = True
    registries: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] | None = None
    strict_labels: bool = False
    unread: tuple[str, ...] = ()
    problem: str = ""


def candidates(folder: str) -> Iterator[str]:
    """Where the file may be: the audited folder and those above it, up to the repository's top."""
    top = repository_of(folder)
    while True:
        yield from (os.path.join(folder, name) for name in FILES)
        parent = os.path.dirname(folder)
        if top is None or folder in (top, parent):
            return
        folder = parent


def load(folder: str) -> Hadolint | None:
    """What the closest file says, None without one. One that cannot be read says nothing but its `problem`."""
    for path in candidates(folder):
        if os.path.isfile(path):
            return read(path)
    return None


def read(path: str) -> Hadolint:
    """Read one file."""
    import yaml

    try:
        document = yaml.safe_load(decode(read_bytes(path), path))
    except (Unreadable, yaml.YAMLError, RecursionError, ValueError) as error:
        return Hadolint(path, problem=" ".join(str(error).split()) or "cannot be read")
    if document is None:
        return Hadolint(path)
    if not isinstance(document, dict):
        return Hadolint(path, problem="holds no keys")
    return _Reader({str(key): value for key, value in document.items()}).result(path)


@dataclass(slots=True)
class _Reader:
    """Takes key by key; a value of the wrong form leaves its key unread."""

    document: dict[str, Any]
    unread: list[str] = field(default_factory=list)

    def result(self, path: str) -> Hadolint:
        """The typed values."""
        ignored = self._words("ignored")
        overrides = tuple(self._overrides())
        threshold = self._threshold()
        labels = self._labels()
        registries = self._words("trustedRegistries")
        strict, never_fails, no_comments = map(self._switch, _SWITCHES)
        known = {"ignored", "override", "failure-threshold", "label-schema", "trustedRegistries", *_SWITCHES}
        self.unread += [key for key in self.document if key not in known]
        return Hadolint(
            path, ignored or (), overrides, threshold, never_fails, not no_comments, registries, labels, strict,
            tuple(self.unread),
        )  # fmt: skip

    def _words(self, key: str) -> tuple[str, ...] | None:
        value = self.document.get(key)
        if value is None:
            return None
        words = [value] if isinstance(value, str) else value
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return tuple(words)
        self.unread.append(key)
        return None

    def _overrides(self) -> Iterator[tuple[str, Severity]]:
        levels = self.document.get("override")
        if levels is None:
            return
        if not isinstance(levels, dict):
            self.unread.append("override")
            return
        for level, names in levels.items():
            if level in LEVELS and isinstance(names, list):
                yield from ((str(name), LEVELS[level]) for name in names)
            elif names is not None:
                self.unread.append(f"override.{level}")

    def _threshold(self) -> Severity | None:
        value = self.document.get("failure-threshold")
        if value is None:
            return None
        found = _THRESHOLDS.get(str(value))
        if found is None:
            self.unread.append("failure-threshold")
        return found

    def _labels(self) -> tuple[tuple[str, str], ...] | None:
        value = self.document.get("label-schema")
        if value is None:
            return None
        if isinstance(value, dict) and all(isinstance(form, str) for form in value.values()):
            return tuple((str(label), form) for label, form in value.items())
        self.unread.append("label-schema")
        return None

    def _switch(self, key: str) -> bool:
        value = self.document.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.unread.append(key)
        return False
