"""Which server the image starts, on which ports, and which modules it serves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from aiaudit.boot.planning import deployment
from aiaudit.boot.record import ImageFacts
from aiaudit.model.image import Image, Listening, Server, served
from aiaudit.model.image.commands import commands_in, unwrapped
from aiaudit.model.image.launches import source_of
from aiaudit.model.image.listening import PROGRAMS
from aiaudit.model.image.programs import server_of
from aiaudit.model.image.targets import module_file, search_path
from aiaudit.model.program import imported_names
from aiaudit.model.python import python_side
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.located import Located
from aiaudit.sources.dockerfile.shell import argument_commands
from aiaudit.values import dataclass, replace

USUAL = (8000, 8080)
_REFERENCE = regex(r"\$\{?(\w+)(?::?-(\d+))?\}?")
_PORT_OPTION = regex(r"(?:--port|-p|-b|--bind|--server\.port)[=\s\"',]+[\w.\[\]:]*\$\{?(\w+)")
# Frameworks that find modules by names in configuration files and by convention.
_FOUND_BY_NAME = frozenset(("django", "connexion", "chainlit"))
_SHELLS = ("sh", "bash", "dash", "ash")
# Variables by which platforms and people tell a service its port.
_PORTS = ("PORT", "APP_PORT", "SERVER_PORT", "HTTP_PORT", "API_PORT", "SERVICE_PORT", "UVICORN_PORT", "WEB_PORT")


@dataclass(frozen=True, slots=True)
class Serving:
    """The server as a plan names it: program, candidate ports, the variable that decides over the port, processes."""

    program: str = ""
    ports: tuple[int, ...] = ()
    port_variable: str = ""
    workers: int = 1
    reloads: bool = False


def serving(image: Image | None, facts: ImageFacts | None, read: Iterable[str] = ()) -> Serving:
    """What the Dockerfile tells, else the image's own command; `read` are the variables that the code reads."""
    if image is not None and image.servers:
        told = _of_servers(image.servers, served(image), _further(image, facts), image.final.environment, read)
        return told if told.port_variable else replace(told, port_variable=_written_variable(image))
    servers = tuple(_servers_in(facts)) if facts is not None else ()
    environment = dict(facts.environment) if facts is not None else {}
    further = _further(image, facts) if image is not None else (facts.ports if facts is not None else ())
    return _of_servers(servers, (), further, environment, read)


def _written_variable(image: Image) -> str:
    """The variable in the port option of the command as it is written, or of the script that it runs."""
    command = image.command
    texts = [command.instruction.raw] if command is not None else []
    if command is not None and command.script:
        texts.append(image.service.tree.text(command.script))
    return next((match[1] for text in texts if (match := _PORT_OPTION.search(text))), "")


def _of_servers(
    servers: Sequence[Server],
    listenings: Sequence[Listening],
    further: Iterable[int],
    environment: dict[str, str],
    read: Iterable[str],
) -> Serving:
    found: list[int] = []
    variable = ""
    for server in servers:
        reference = _REFERENCE.search(server.port)
        if reference is not None:
            variable = variable or reference[1]
            found.extend(_numbers(environment.get(reference[1], ""), reference[2] or ""))
        found.extend(_numbers(server.port))
        program = PROGRAMS.get(server.program)
        if not server.port and program is not None:
            variable = variable or _variable_of(server, program.port_variable, environment)
    for listening in listenings:
        found.extend(_numbers(listening.port.text or ""))
    is_coded = bool(listenings) and any(listening.starter for listening in listenings)
    if not variable and (is_coded or not listenings):
        names = set(read)
        variable = next((name for name in _PORTS if name in names), "")
    found.extend(_numbers(environment.get(variable, "") if variable else ""))
    found.extend(further)
    main = next((server for server in servers if server.program != "python"), servers[0] if servers else None)
    coded = next((listening.starter for listening in listenings if listening.starter), "")
    processes = next((listening.workers.number for listening in listenings if listening.workers.number), None)
    return Serving(
        (coded.partition(".")[0] if coded else main.program) if main is not None else "",
        tuple(dict.fromkeys([*found, *USUAL])),
        variable,
        processes or next((int(server.workers) for server in servers if server.workers.isdecimal()), 1),
        any(server.reload for server in servers),
    )


def _variable_of(server: Server, own: str, environment: dict[str, str]) -> str:
    """The variable that a server without a port of its own looks at."""
    if server.program == "gunicorn":
        return "PORT"
    return own if own and own in environment else ""


def _further(image: Image, facts: ImageFacts | None) -> list[int]:
    """Ports that checks, EXPOSE and deploy files name."""
    found = [check.port for check in deployment.checks(image) if check.port]
    for layer in image.final.inherited_layers:
        if layer.keyword == "EXPOSE":
            for word in layer.instruction.words:
                known = layer.environment.get(word.text.strip("${}"), "")
                found.extend(_numbers(word.text.partition("/")[0], known))
    found.extend(facts.ports if facts is not None else ())
    found.extend(deployment.ports(image))
    return found


def _numbers(*texts: str) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and 0 < int(text) < 65536]


def _servers_in(facts: ImageFacts) -> Iterator[Server]:
    """The servers in the command of an image of which nothing else is known."""
    words = [*facts.entrypoint, *facts.command]
    if len(words) > 2 and words[0].rpartition("/")[2] in _SHELLS and words[1] in ("-c", "-lc"):
        commands = commands_in(words[2])
    else:
        located = [Located.at(word, 1, 1) for word in words]
        commands = tuple(argument_commands(located, words))
    for command in commands:
        if command.words:
            server = server_of(unwrapped(command), facts.folder or "/", dict(facts.environment))
            if server is not None:
                yield server


def modules_of(image: Image) -> frozenset[str] | None:
    """The files of all modules that the image's servers import; None where their entry or their ways are not known."""
    side = python_side(image.service)
    entries = {path for server in image.servers if (path := _entry(image, server)) is not None}
    for listening in served(image):
        entries.update(_resolved(image, listening.server, listening.application.partition(":")[0]))
    found = side.program.closure(entries)
    loaded = (module for path in found if (module := side.program.load(path)) is not None)
    imported = {name.partition(".")[0] for module in loaded for name in imported_names(module)}
    has_application = any(application.call.scope.module.path in found for application in side.routing.applications)
    return frozenset(found) if has_application and not imported & _FOUND_BY_NAME else None


def _entry(image: Image, server: Server) -> str | None:
    if server.kind == "module":
        return next(_resolved(image, server, server.module), None)
    return source_of(image, server)


def _resolved(image: Image, server: Server, module: str) -> Iterator[str]:
    """The repository file of a module of the image."""
    files = image.final.files
    for root in search_path(server) if files is not None and module else ():
        source = module_file(files, root, module.split("."))[1] if files is not None else None
        if source is not None:
            yield source
            return
