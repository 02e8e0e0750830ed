"""References to base images taken apart, and the shells that the images have as /bin/sh."""

from __future__ import annotations

from aiaudit.values import dataclass

DASH, ASH, BASH = "dash", "ash", "bash"

_WINDOWS_IMAGES = ("/windows", "/nanoserver", "/servercore", "windowsservercore", "nanoserver")

_DOCKER_HUB = ("docker.io/", "index.docker.io/", "registry-1.docker.io/", "public.ecr.aws/docker/")
_BASH_IMAGES = (
    "almalinux", "amazonlinux", "archlinux", "centos", "fedora", "opensuse", "oraclelinux", "redhat", "rockylinux",
    "ubi7", "ubi8", "ubi9", "ubi10", "lambda/",
)  # fmt: skip
_BASH_TAGS = ("amazonlinux", "centos", "el7", "el8", "el9", "fedora", "rocky", "ubi")
_DEBIAN_IMAGES = (
    "anaconda3", "astral-sh/uv", "buildpack-deps", "cuda", "debian", "golang", "miniconda3", "miniforge3", "node",
    "python", "pytorch", "ruby", "rust", "tensorflow", "ubuntu", "uvicorn-gunicorn", "uvicorn-gunicorn-fastapi",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reference:
    """An image reference: `name` without the registry host and `library/`; `tag` and `digest` may be ""."""

    text: str
    registry: str
    name: str
    tag: str
    digest: str

    @property
    def last(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]


def reference(text: str) -> Reference:
    """An image reference taken apart as Docker does it."""
    rest, _, digest = text.partition("@")
    head, _, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    name = f"{head}/{last}" if head else last
    registry = ""
    for prefix in _DOCKER_HUB:
        if name.startswith(prefix):
            registry, name = prefix.rstrip("/"), name.removeprefix(prefix)
    first, slash, remainder = name.partition("/")
    if slash and not registry and (first == "localhost" or "." in first or ":" in first):
        registry, name = first, remainder
    return Reference(text, registry, name.removeprefix("library/"), tag, digest)


def shell_of(base: str) -> str:
    """Which shell an image's /bin/sh is: "dash", "ash" or "bash", "" where it is not known."""
    found = reference(base)
    tag = found.tag.lower()
    if "alpine" in found.name or "alpine" in tag or found.name == "busybox" or "wolfi" in found.name:
        return ASH
    if any(part in found.name for part in _BASH_IMAGES) or any(part in tag for part in _BASH_TAGS):
        return BASH
    if found.name.startswith(_DEBIAN_IMAGES) or found.name.endswith(_DEBIAN_IMAGES):
        return DASH
    return ""


def is_windows(base: str, platform: str | None) -> bool:
    """Whether an image is one of Windows, by its name or by the platform that FROM asks for."""
    return (platform or "").lower().startswith("windows") or any(part in base.lower() for part in _WINDOWS_IMAGES)
