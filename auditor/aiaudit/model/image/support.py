"""When the support of a base image's parts ends: the language and the distribution that its name and tag tell."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.image.origins import reference
from aiaudit.model.tables import table
from aiaudit.patterns import regex
from aiaudit.values import dataclass

# Images that are a product themselves, so that their tag begins with its version.
_IMAGES = {
    "python": "python",
    "bitnami/python": "python",
    "circleci/python": "python",
    "cimg/python": "python",
    "devcontainers/python": "python",
    "node": "node",
    "debian": "debian",
    "bitnami/minideb": "debian",
    "ubuntu": "ubuntu",
    "alpine": "alpine",
    "centos": "centos",
    "nvidia/cuda": "cuda",
}
# Only its own images follow NVIDIA's policy: `pytorch/pytorch:2.1.0-cuda11.8-cudnn8-runtime` is somebody else's.
_OF_OWN_IMAGES = ("cuda",)
_PART = regex(r"(?P<name>[a-z]+)(?P<version>\d+(?:\.\d+)?)?(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Support:
    """One part of a base image: its last day of support (ISO 8601), and where that is published."""

    product: str
    version: str
    end: str
    source: str

    @property
    def title(self) -> str:
        """As a message names it."""
        return f"{self.product} {self.version}"


def supports(base: str) -> tuple[Support, ...]:
    """What a base image is made of, as far as its name and tag tell and dates are known."""
    found = {support.product: support for support in _told(base)}
    return tuple(found.values())


def _told(base: str) -> Iterator[Support]:
    image = reference(base)
    first, *others = image.tag.lower().split("-")
    product = _IMAGES.get(image.name)
    if product is not None:
        yield from _known(product, first)
        parts = others
    else:
        parts = [first, *others]
    for part in parts:
        yield from _named(part)


def _known(product: str, version: str) -> Iterator[Support]:
    """A version as a tag writes it: `3.8.10`, `16`, `buster`."""
    data = table("end_of_life")[product]
    version = data.get("names", {}).get(version, version)
    numbers = version.split(".")
    for length in (2, 1):  # 3.8.10 is 3.8, 16.14 is 16
        known = ".".join(numbers[:length])
        if known in data["ends"]:
            yield Support(data["title"], known, data["ends"][known], data["source"])
            return


def _named(part: str) -> Iterator[Support]:
    """A part of a tag that names a product: `buster`, `alpine3.16`, `ubuntu20.04`, `python3.8`."""
    match = _PART.fullmatch(part)
    if match is None:
        return
    for product, data in table("end_of_life").items():
        if match["name"] in data.get("names", {}) and not match["version"]:
            yield from _known(product, match["name"])
        elif match["name"] == product and match["version"] and product not in _OF_OWN_IMAGES:
            yield from _known(product, match["version"])
