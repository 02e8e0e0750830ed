"""gunicorn's worker time-out: which workers it ends in the middle of a request, and where it is set.

A synchronous worker tells the arbiter that it is alive between two requests, so that a request may take no longer. The
others do so on the side: threads and greenlets always, event loops unless something blocks them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.model.image.commands import Options, commands_in, options
from aiaudit.model.image.filesystem import absolute
from aiaudit.model.image.programs import VALUES
from aiaudit.model.ladder.served import ServedApplication
from aiaudit.model.ladder.values import Rung
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.scopes import Module
from aiaudit.model.seconds import Seconds
from aiaudit.model.service import Service
from aiaudit.model.values import Constant
from aiaudit.values import dataclass

_LOOPS = ("uvicorn", "asgi", "hypercorn", "aiohttp", "tornado")
_SYNCHRONOUS = "sync"


@dataclass(frozen=True, slots=True)
class _Settings:
    """Command-line options over those of GUNICORN_CMD_ARGS over those of the configuration file, as gunicorn has it.

    `hidden` names a configuration file that nobody finds here: what it sets is not known.
    """

    given: Options
    from_environment: Options
    module: Module | None
    side: PythonSide
    hidden: str = ""

    def text(self, name: str, *flags: str) -> tuple[str, str] | None:
        """A setting and where it is made; None if nobody makes it."""
        for source in (self.given, self.from_environment):
            value = source.value(*flags)
            if value is not None:
                return value, f"{flags[0]} {value}"
        if self.hidden:
            return "", f"{name} in {self.hidden}"
        for binding in self.module.bindings.get(name, ()) if self.module is not None else ():
            if binding.expression is None or self.module is None:
                continue
            where = f"{name} in {posixpath.basename(self.module.path)}"
            for number in Seconds(self.side.evaluator).numbers(binding.expression, self.module):
                return f"{number:g}", where
            values = self.side.evaluator.evaluate(binding.expression, self.module)
            return next((str(value.value) for value in values if isinstance(value, Constant)), ""), where
        return None

    def number(self, name: str, default: float, *flags: str) -> tuple[float | None, str]:
        """A number and where it is set ("" for the default); None where that is not known."""
        found = self.text(name, *flags)
        if found is None:
            return default, ""
        try:
            return float(found[0]), found[1]
        except ValueError:
            return None, found[1]


def gunicorn_rungs(service: Service, applications: list[ServedApplication]) -> Iterator[Rung]:
    """The worker time-out of every gunicorn that serves an application of the repository."""
    side = python_side(service)
    entry = side.knowledge.find("gunicorn")
    default = entry.default("timeout") if entry is not None else None
    if entry is None or not isinstance(default, (int, float)):
        return
    for application in applications:
        if application.server.program != "gunicorn":
            continue
        settings = _settings(service, side, application)
        seconds, origin = settings.number("timeout", float(default), "--timeout", "-t")
        origin = origin or f"the default of {entry.release}"
        threads, _ = settings.number("threads", 1, "--threads")
        found = settings.text("worker_class", "--worker-class", "-k")
        worker = found[0] if found is not None else _SYNCHRONOUS
        on_loop = any(name in worker.lower() for name in _LOOPS)
        if not seconds or threads is None or not (on_loop or (worker == _SYNCHRONOUS and threads <= 1)):
            continue
        yield Rung(
            "gunicorn's worker time-out",
            seconds,
            origin,
            "the arbiter kills the worker, and every request that it has at hand",
            "raise --timeout above it, or shorten what the code waits for",
            application.server.span,
            application.modules,
            only_blocking=on_loop,
        )


def _settings(service: Service, side: PythonSide, application: ServedApplication) -> _Settings:
    given = Options(application.server.options, ())
    written = application.environment.get("GUNICORN_CMD_ARGS", "")
    commands = commands_in(f"gunicorn {written}") if written else ()
    from_environment = options(commands[0].words[1:], VALUES) if commands else Options((), ())
    named = given.value("--config", "-c") or from_environment.value("--config", "-c")
    module = _configuration(service, side, application, named or "gunicorn.conf.py")
    return _Settings(given, from_environment, module, side, "" if module is not None else named or "")


def _configuration(service: Service, side: PythonSide, application: ServedApplication, named: str) -> Module | None:
    """The repository's module that `-c` names: a path in the working folder, or `python:package.module`."""
    written = named.removeprefix("file:")
    if written.startswith("python:"):
        written = written.removeprefix("python:").replace(".", "/") + ".py"
    place = absolute(written, application.server.folder) if application.files is not None else None
    copied = application.files.source(place) if application.files is not None and place is not None else None
    if copied is not None:
        return side.program.load(copied)
    module_root = application.path.removesuffix(".py").removesuffix("/__init__")
    dotted = application.server.module.replace(".", "/")
    roots = [application.root, module_root.removesuffix(dotted).rstrip("/")]
    name = posixpath.basename(written) if written.startswith("/") else written
    for root in dict.fromkeys(roots):
        path = posixpath.normpath(posixpath.join(root, name))
        if service.tree.exists(path):
            return side.program.load(path)
    return None
