"""Server processes of the repository's own application: started by images, by compose commands, by a Procfile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from aiaudit.model.compose import ComposeService, Variable, compose_files
from aiaudit.model.image import Image, Presence
from aiaudit.model.image.commands import commands_in, expanded, is_shell, unwrapped
from aiaudit.model.image.filesystem import Filesystem, absolute
from aiaudit.model.image.launches import launches
from aiaudit.model.image.programs import WORKERS, server_of
from aiaudit.model.image.starts import Start, starts
from aiaudit.model.image.targets import is_test, module_file, search_path
from aiaudit.model.image.values import Server
from aiaudit.model.ladder.served import ServedApplication
from aiaudit.model.python import python_side
from aiaudit.model.service import Service
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Command
from aiaudit.span import Span
from aiaudit.values import replace


class Finder:
    """Finds them in images, compose files and Procfiles."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.side = python_side(service)

    def find(self) -> Iterator[ServedApplication]:
        """Each process once."""
        seen: set[tuple[Span, str]] = set()
        for application in (*self.of_images(), *self.of_compose(), *self.of_procfile()):
            if (application.server.span, application.path) not in seen:
                seen.add((application.server.span, application.path))
                yield application

    def of_images(self) -> Iterator[ServedApplication]:
        """What images start: by themselves, unless all deploy files say otherwise, and as deploy files say."""
        for image in self.service.subjects(Image):
            own, *deployed = starts(image)
            as_it_is = [start for start in deployed if not start.overrides]
            if as_it_is or not deployed:
                variables = as_it_is[0].environment if len(as_it_is) == 1 else ()
                yield from self.of_start(own, image, tuple(start.name for start in as_it_is), variables)
            for start in deployed:
                if start.overrides:
                    yield from self.of_start(start, image, (start.name,), start.environment)

    def of_start(
        self, start: Start, image: Image, names: tuple[str, ...], variables: Iterable[Variable]
    ) -> Iterator[ServedApplication]:
        environment = {key: value for key, value in image.final.environment.items() if "$" not in value}
        environment.update(_literals(variables))
        for server in start.command.servers if start.command is not None else ():
            path = self.source(image, server) if server.program not in WORKERS else None
            if path is not None and self.service.holds(path):
                yield self.served(server, path, names, environment, image.context.folder, image.final.files)

    def of_compose(self) -> Iterator[ServedApplication]:
        """Services that run the repository's code in somebody else's image, where a module's name is found once."""
        known = {(s.path, s.name) for image in self.service.subjects(Image) for s in starts(image)}
        for file in compose_files(self.service):
            for entry in file.services:
                if entry.context or (file.path, entry.name) in known:
                    continue
                environment = _literals(entry.environment)
                for server in _servers(_written(entry), environment, _place(file.path, entry)):
                    source = self.only_source(server)
                    if source is not None:
                        yield self.served(server, source, (entry.name,), environment, "")

    def source(self, image: Image, server: Server) -> str | None:
        """The repository's module that a server runs."""
        files = image.final.files
        if files is None:
            return None
        if server.kind == "module" and server.module:
            for root in search_path(server):
                presence, source = module_file(files, root, server.module.split("."))
                if presence is Presence.PRESENT:
                    return source
            return None
        started = next(iter(launches(image, server)), None)
        if started is not None:
            return started.call.scope.module.path
        place = absolute(server.target, server.folder) if server.kind == "script" else None
        return files.source(place) if place is not None else None

    def of_procfile(self) -> Iterator[ServedApplication]:
        for path in self.service.tree.files():
            folder, _, name = path.rpartition("/")
            if name != "Procfile":
                continue
            for number, line in enumerate(self.service.tree.text(path).splitlines(), start=1):
                kind, _, written = line.partition(":")
                if kind.strip() != "web":
                    continue
                for server in _servers(written, {}, Span(path, number, 1, number, len(line) + 1)):
                    source = self.only_source(server)
                    if source is not None:
                        yield self.served(server, source, (), {}, folder)

    def only_source(self, server: Server) -> str | None:
        """The one file of the repository that has the path of the module which a server runs."""
        if not server.module or server.program in WORKERS:
            return None
        ends = tuple(f"/{server.module.replace('.', '/')}{end}" for end in (".py", "/__init__.py"))
        found = [path for path in self.service.tree.files("python") if f"/{path}".endswith(ends) and not is_test(path)]
        return found[0] if len(found) == 1 and self.service.holds(found[0]) else None

    def served(
        self,
        server: Server,
        path: str,
        names: tuple[str, ...],
        environment: Mapping[str, str],
        root: str,
        files: Filesystem | None = None,
    ) -> ServedApplication:
        modules = set(self.side.program.closure([path]))
        applications = {application.call.scope.module.path for application in self.side.routing.applications}
        # Where there is one application, routes that are found by convention, not by imports, are its own.
        if self.is_django(path) if not applications else len(applications) == 1 and applications <= modules:
            modules.update(e.scope.module.path for e in self.side.routing.entries if e.kind == "request")
        return ServedApplication(server, path, frozenset(modules), names, environment, root, files)

    def is_django(self, path: str) -> bool:
        """Whether a module gets its application from Django."""
        module = self.side.program.load(path)
        sources = (
            str(statement[3]) for statement, _, _ in (module.imports if module else ()) if statement[0] == "from"
        )
        return any(source.partition(".")[0] == "django" for source in sources)


def _literals(variables: Iterable[Variable]) -> dict[str, str]:
    """The variables whose values are written down."""
    return {variable.name: variable.value for variable in variables if variable.value and "$" not in variable.value}


def _written(entry: ComposeService) -> str:
    """A compose service's command as one line."""
    import shlex

    return entry.command[0] if len(entry.command) == 1 else shlex.join(entry.command)


def _place(path: str, entry: ComposeService) -> Span:
    """Where a compose service's command stands."""
    key = entry.node.entry("command")
    return Span.at(path, key[0].extent if key is not None else entry.extent)


def _plain(commands: Iterable[Command]) -> Iterator[Command]:
    """Commands without wrappers, those of `sh -c` as if they stood there themselves."""
    for command in commands:
        plain = unwrapped(command)
        if is_shell(plain) and len(plain.words) > 2 and plain.words[1].text.endswith("c"):
            yield from _plain(commands_in(plain.words[2].text))
        else:
            yield plain


def _servers(written: str, environment: Mapping[str, str], span: Span) -> Iterator[Server]:
    """The servers that a command line starts in a folder that is not known."""
    for command in _plain(commands_in(written.strip())):
        plain = expanded(command, lambda text: expand(text, environment.get).text)
        server = server_of(plain, None, environment) if plain.words else None
        if server is not None:
            yield replace(server, span=span)
