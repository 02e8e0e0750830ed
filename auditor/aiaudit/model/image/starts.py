"""Every way in which an image is started: by itself, as a compose service, as a container of Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aiaudit.model.compose import ComposeService, Variable, compose_files
from aiaudit.model.image.launches import launches
from aiaudit.model.image.listening import ALL, Listening, listening
from aiaudit.model.image.origins import reference
from aiaudit.model.image.server import command_of
from aiaudit.model.image.values import EffectiveCommand, Image
from aiaudit.model.kubernetes import Container, manifests
from aiaudit.model.service import Service
from aiaudit.sources.deploy.yaml import SEQUENCE, Node
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Instruction
from aiaudit.sources.dockerfile.located import Located
from aiaudit.sources.dockerfile.shell import argument_commands
from aiaudit.span import Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """One way in which the image is started.

    `name` is "" for what the image itself says, else that of the service or container that the file at `path` has.
    `overrides` tells that the file replaces the image's entrypoint or command. `environment` are the variables that it
    adds (value None for those that come from elsewhere). `command` is what runs, None where nothing says so. `node` is
    the service or container, None for the image's own start.
    """

    path: str
    name: str
    span: Span
    command: EffectiveCommand | None
    environment: tuple[Variable, ...] = ()
    overrides: bool = False
    node: Node | None = None

    @property
    def is_checked(self) -> bool:
        """Whether the deploy file says how to find out that the service works, or that nobody shall ask."""
        node = self.node
        keys = ("healthcheck", "readinessProbe", "livenessProbe", "startupProbe")
        return node is not None and any(node.get(key) is not None for key in keys)

    @property
    def shares_host_network(self) -> bool:
        """Whether the container has no network of its own, so that its loopback is the host's."""
        return self.node is not None and self.node.text("network_mode").startswith(("host", "service:", "container:"))


def starts(image: Image) -> tuple[Start, ...]:
    """The image's own start first, then those of deploy files; made once."""
    return image.service.part(f"starts {image.path}", lambda _: (_own(image), *_composed(image), *_orchestrated(image)))


def _own(image: Image) -> Start:
    place = image.command.instruction if image.command else image.final.start
    return Start(image.path, "", Span.at(image.path, place.extent), image.command)


def served(image: Image) -> tuple[Listening, ...]:
    """Where the servers listen that the image starts by itself; found out once."""
    return image.service.part(f"served {image.path}", lambda _: endpoints(image, _own(image)) if image.command else ())


def endpoints(image: Image, start: Start) -> tuple[Listening, ...]:
    """Where the servers of a start listen: those of its command lines, and those that the code which it runs starts."""
    found: list[Listening] = []
    for server in start.command.servers if start.command else ():
        told = listening(image, server)
        if told is not None:
            found.append(told)
        else:
            found.extend(launch.listening for launch in launches(image, server))
    return tuple(found)


def is_checked_by_port(service: Service, port: str) -> bool:
    """Whether a deploy file checks a container of unknown origin that publishes a port."""
    for file in compose_files(service):
        for item in file.services:
            ports = item.node.get("ports")
            published = [entry.value for entry in ports.items] if ports is not None else []
            if item.node.get("healthcheck") is not None and any(port in re.split(r"[:/]", text) for text in published):
                return True
    return False


def opens_a_server(service: Service) -> bool:
    """Whether a deploy file gives an image that it does not build arguments which make a server listen everywhere."""
    composed = (item.command for file in compose_files(service) for item in file.services if not item.context)
    orchestrated = ((*c.command, *c.arguments) for manifest in manifests(service) for c in manifest.containers)
    return any(ALL in word for words in (*composed, *orchestrated) for word in words)


def _composed(image: Image) -> Iterator[Start]:
    built = {(item.path, item.name) for item in image.references}
    names = _names(image)
    for file in compose_files(image.service):
        for service in file.services:
            is_built = (file.path, service.name) in built
            if is_built or (not service.context and reference(service.image).name in names):
                yield _service(image, file.path, service)


def _names(image: Image) -> set[str]:
    """What the image is called, without registry and tag, where a build says so."""
    found = {reference(tag).name for item in image.references for tag in item.tags}
    return {name for name in found if name and "$" not in name}


def _service(image: Image, path: str, service: ComposeService) -> Start:
    node = service.node
    entry, command = (_given(node.get(key), is_split=True) for key in ("entrypoint", "command"))
    return _start(image, path, service.name, node, entry, command, service.environment)


def _orchestrated(image: Image) -> Iterator[Start]:
    names = _names(image)
    for manifest in manifests(image.service) if names else ():
        for container in manifest.containers:
            if reference(container.image).name in names:
                yield _container(image, manifest.path, container)


def _container(image: Image, path: str, container: Container) -> Start:
    entry = _given(container.node.get("command"))
    command = _given(container.node.get("args"))
    return _start(image, path, container.name, container.node, entry, command, container.environment)


def _start(
    image: Image,
    path: str,
    name: str,
    node: Node,
    entry: Instruction | None,
    command: Instruction | None,
    variables: Iterable[Variable],
) -> Start:
    """A deploy file's entrypoint takes the image's command away; its command alone follows the image's entrypoint."""
    environment = tuple(variables)
    known = {item.name: item.value if item.value is not None else f"${item.name}" for item in environment}
    stage = image.final
    entrypoint = entry or stage.entrypoint
    following = command or (None if entry else stage.command)
    where = path if entry or command else image.path
    run = command_of(image, where, entrypoint, following, known)
    pointed = command or entry
    span = Span.at(path, pointed.extent if pointed else node.extent)
    return Start(path, name, span, run, environment, pointed is not None, node)


def _given(node: Node | None, is_split: bool = False) -> Instruction | None:
    """A deploy file's command as an instruction in JSON form; compose splits a single text into words itself."""
    if node is None or node.is_null:
        return None
    texts = [(item.value, item) for item in node.items] if node.kind == SEQUENCE else [(node.value, node)]
    if is_split:
        if node.kind != SEQUENCE:
            texts = [(word, node) for word in _split(node.value)]
        texts = [(expand(text, lambda name: None).text.replace("$$", "$"), place) for text, place in texts]
    located = [Located.at(text, place.extent.line, place.extent.column) for text, place in texts]
    commands = tuple(argument_commands(located, [text for text, _ in texts]))
    words = commands[0].words if commands else ()
    return Instruction("CMD", node.extent, "", words=words, exec_form=True, commands=commands)


def _split(text: str) -> list[str]:
    import shlex

    try:
        return shlex.split(text)
    except ValueError:  # a quote that is not closed
        return text.split()
