"""Build arguments that a Dockerfile sees before its first stage: its own, and those that the builder brings."""

from __future__ import annotations

from collections.abc import Mapping

from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import DockerfileFacts

# What BuildKit sets when nobody asks for another platform on the machines that most images are made on and for.
_PLATFORM = {
    f"{side}{part}": value
    for side in ("BUILD", "TARGET")
    for part, value in (("PLATFORM", "linux/amd64"), ("OS", "linux"), ("ARCH", "amd64"), ("VARIANT", ""))
}
PLATFORM_ARGUMENTS = frozenset(_PLATFORM)


def global_arguments(facts: DockerfileFacts, given: Mapping[str, str]) -> dict[str, str | None]:
    """Values by name, None for an argument without any; `given` are those that whoever builds passes."""
    found: dict[str, str | None] = {key: given.get(key, value) for key, value in _PLATFORM.items()}
    for instruction in facts.preamble:
        if instruction.keyword != "ARG":
            continue
        for pair in instruction.pairs:
            value = expand(pair.raw, found.get, facts.escape).text if pair.value is not None else found.get(pair.key)
            found[pair.key] = given.get(pair.key, value)
    return found
