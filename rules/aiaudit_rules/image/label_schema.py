"""Labels that a team agreed on: which ones, and what they hold. The options of three rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from aiaudit.model.image import Dockerfile, Image, Stage
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import Pair
from aiaudit.values import dataclass, field

Kind = Literal["text", "url", "email", "hash", "rfc3339", "semver", "spdx"]

_NUMBER = r"(?:0|[1-9]\d*)"
_PART = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_PATTERNS: dict[str, re.Pattern[str]] = {
    "text": regex(r".+", re.DOTALL),
    "url": regex(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]+\S*"),
    "email": regex(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"),
    "hash": regex(r"[0-9a-f]{7}|[0-9a-f]{40}|[0-9a-f]{64}"),
    "rfc3339": regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)"),
    # https://semver.org, the expression that it recommends
    "semver": regex(
        rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_PART}(?:\.{_PART})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
    ),
}


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """Keys with the kind of their values, and whether other keys are wrong."""

    label_schema: dict[str, Kind] = field(default_factory=dict)
    strict_labels: bool = False


def is_valid(kind: str, value: str) -> bool:
    """Whether a value is of a kind."""
    if kind == "spdx":
        return _is_licence(value)
    return _PATTERNS[kind].fullmatch(value) is not None


def _is_licence(value: str) -> bool:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        canonicalize_license_expression(value)
    except InvalidLicenseExpression:
        return False
    return True


def results_of(dockerfile: Dockerfile) -> Iterator[Stage]:
    """The stages that people may build for their own sake: the shipped one and those that no other stage uses."""
    used = {id(stage.parent) for stage in dockerfile.stages}
    for stage in dockerfile.stages:
        used.update(id(layer.copy.stage) for layer in stage.layers if layer.copy and layer.copy.stage)
    final = dockerfile.final if isinstance(dockerfile, Image) else None
    yield from (stage for stage in dockerfile.stages if stage is final or id(stage) not in used)


def labels_of(stage: Stage) -> Iterator[Pair]:
    """The labels of a stage and of those that it is built on."""
    for layer in stage.inherited_layers:
        if layer.keyword == "LABEL":
            yield from layer.instruction.pairs
