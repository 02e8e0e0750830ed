"""What an experiment with builds or with an image's bytes says of a static finding. Plain values."""

from __future__ import annotations

import enum

from aiaudit.span import Span
from aiaudit.values import dataclass


class Proof(str, enum.Enum):
    """What an experiment says of a static finding."""

    PROVEN = "PROVEN"
    REFUTED = "REFUTED"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Rerun:
    """A build step that ran again after a change: its Dockerfile line, text, seconds, whether it installs packages."""

    line: int
    step: str
    seconds: float
    installs: bool


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of the context and what was built again after it. `path` is the touched file."""

    name: str
    path: str
    rerun: tuple[Rerun, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class RebuildProof:
    """The experiment about the order of layers. `span` is the COPY that is blamed (or the start of the Dockerfile),
    `repaired` what a rebuild with the suggested order did (None: nothing is suggested)."""

    proof: Proof
    builder: str
    dockerfile: str
    span: Span
    reason: str
    mutations: tuple[Mutation, ...] = ()
    repaired: Mutation | None = None


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of one package: of Debian ("deb"), Alpine ("apk") or Python ("wheel"). `line` is the Dockerfile's that
    brought it, 0 for the base image."""

    name: str
    manager: str
    bytes: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class WeightProof:
    """The experiment about bytes that are not needed at run time: `removable` packages, their sum `bytes`, of
    `image_bytes`; `kept` are candidates that something needs, with the reason; `booted` tells whether the image without
    them got ready (None: not tried)."""

    proof: Proof
    dockerfile: str
    span: Span
    reason: str
    bytes: int = 0
    image_bytes: int = 0
    removable: tuple[Weight, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    caches: tuple[tuple[str, int], ...] = ()
    booted: bool | None = None
