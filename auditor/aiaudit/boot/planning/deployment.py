"""What Dockerfile and deploy files say of a running container: health checks, memory, the time to stop."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.boot.quantities import bytes_in, seconds_in
from aiaudit.model.image import Image, Start
from aiaudit.model.image.starts import starts
from aiaudit.model.kubernetes import manifests
from aiaudit.patterns import regex
from aiaudit.sources.deploy.yaml import MAPPING, Node
from aiaudit.span import Span
from aiaudit.values import dataclass

_ADDRESS = regex(
    r"(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\$?\{?(\w+)[^/\s'\"]*)?(/[^\s'\"),;|&]*)?"
)
_PROBES = ("readinessProbe", "startupProbe", "livenessProbe")
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Check:
    """A health check that somebody has set up: `path` of the route, `port` (0 where not said)."""

    path: str
    port: int
    span: Span


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount and where it is declared."""

    amount: float
    span: Span


def checks(image: Image) -> tuple[Check, ...]:
    """The HTTP checks of the Dockerfile, then those of deploy files."""
    found: list[Check] = []
    own = image.final.healthcheck
    if own is not None:
        found.extend(checks_in(own.raw, Span.at(image.path, own.extent)))
    for start in starts(image):
        if start.node is not None:
            found.extend(_composed(start.node, start.path))
            found.extend(_probed(start.node, start.path))
    return tuple(found)


def checks_in(text: str, span: Span) -> Iterator[Check]:
    """The addresses that the command of a check asks."""
    for match in _ADDRESS.finditer(text):
        if match[2] or match[0].startswith("http"):
            port = match[1] or ""
            yield Check(match[2] or "/", int(port) if port.isdecimal() else 0, span)


def _composed(node: Node, path: str) -> Iterator[Check]:
    test = node.get("healthcheck", "test")
    if test is not None:
        text = test.value or " ".join(item.value for item in test.items)
        yield from checks_in(text, Span.at(path, test.extent))


def _probed(node: Node, path: str) -> Iterator[Check]:
    for name in _PROBES:
        asked = node.get(name, "httpGet")
        if asked is not None and asked.kind == MAPPING and asked.text("path").startswith("/"):
            port = asked.text("port")
            yield Check(
                asked.text("path"),
                int(port) if port.isdecimal() else _named_port(node, port),
                Span.at(path, asked.extent),
            )


def _named_port(node: Node, name: str) -> int:
    ports = node.get("ports")
    for item in ports.items if ports is not None else ():
        if item.text("name") == name and item.text("containerPort").isdecimal():
            return int(item.text("containerPort"))
    return 0


def ports(image: Image) -> Iterator[int]:
    """The ports of the container that deploy files name."""
    for start in starts(image):
        listed = start.node.get("ports") if start.node is not None else None
        for item in listed.items if listed is not None else ():
            text = item.text("containerPort") or item.text("target") or item.value.partition("/")[0].rpartition(":")[2]
            if text.isdecimal():
                yield int(text)


def memory(image: Image) -> Limit | None:
    """The smallest memory limit that a deploy file declares."""
    found: list[Limit] = []
    for start in starts(image):
        if start.node is None:
            continue
        for keys, decimal in (
            (("mem_limit",), False),
            (("deploy", "resources", "limits", "memory"), False),
            (("resources", "limits", "memory"), True),
        ):
            pair = start.node.entry(*keys)
            amount = bytes_in(pair[1].value, decimal=decimal) if pair is not None else 0
            if pair is not None and amount:
                found.append(Limit(amount, Span.at(start.path, pair[1].extent)))
    return min(found, key=lambda limit: limit.amount, default=None)


def stop_seconds(image: Image) -> float:
    """The shortest time that a deploy file gives the container to stop, 0 where none says so."""
    found: list[float] = []
    for start in starts(image):
        if start.node is None:
            continue
        composed = seconds_in(start.node.text("stop_grace_period"))
        found.extend([composed] if composed else _grace(image, start))
    return min(found, default=0.0)


def _grace(image: Image, start: Start) -> list[float]:
    """`terminationGracePeriodSeconds` of the pod that a container belongs to."""
    roots = [manifest.node for manifest in manifests(image.service) if manifest.path == start.path]
    pods = [pod for root in roots for pod in _pods(root, start.node, 0)]
    return [seconds for pod in pods if (seconds := seconds_in(pod.text("terminationGracePeriodSeconds")))]


def _pods(node: Node, container: Node | None, depth: int) -> Iterator[Node]:
    """The pod specifications below a node that hold the container."""
    containers = node.get("containers") if node.kind == MAPPING else None
    if containers is not None and any(item is container for item in containers.items):
        yield node
    for _, value in node.pairs() if node.kind == MAPPING and depth < _DEEPEST else ():
        yield from _pods(value, container, depth + 1)
