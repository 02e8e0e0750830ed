"""Servers that Python code starts itself when the image runs it: `uvicorn.run(...)`, `app.run(debug=True)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aiaudit.model.image.coded import listening_of_call
from aiaudit.model.image.filesystem import absolute
from aiaudit.model.image.listening import CALLS, Listening
from aiaudit.model.image.projects import project_module
from aiaudit.model.image.targets import module_file, search_path
from aiaudit.model.image.values import Image, Server
from aiaudit.values import dataclass

if TYPE_CHECKING:
    from aiaudit.model.python import PythonSide
    from aiaudit.model.scopes import Call, Scope

_FLASK = (
    "flask.Flask().run",
    "flask_openapi3.OpenAPI().run",
    "apiflask.APIFlask().run",
    "connexion.FlaskApp().run",
    "connexion.App().run",
)
# Options of other servers that are for development; hypercorn.run is given all of them in a configuration object.
_OTHERS = {
    "uvicorn.run": ("reload",),
    "quart.Quart().run": ("debug", "use_reloader"),
    "sanic.Sanic().run": ("debug", "auto_reload", "dev"),
    "flask_socketio.SocketIO().run": ("debug", "use_reloader"),
    "dash.Dash().run": ("debug",),
    "dash.Dash().run_server": ("debug",),
    "bottle.run": ("debug", "reloader"),
}
# Programs that import the file that they are given: it is not the main program.
_IMPORTING = ("fastapi", "flask", "chainlit")
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Launch:
    """A server that a script starts. `flags` are the development options that are on, `is_flask` Flask's own server.

    `is_literal` tells that the options are written as True in the call, not taken from settings.
    """

    server: Server
    call: Call
    name: str
    flags: tuple[str, ...]
    is_flask: bool
    listening: Listening

    @property
    def is_literal(self) -> bool:
        """Whether every option is written as a constant."""
        return all((self.call.keyword(flag) or ("",))[0] == "const" for flag in self.flags)


def launches(image: Image, server: Server) -> Iterator[Launch]:
    """What the script or package behind a server starts when it is run as the main program."""
    path = source_of(image, server)
    if path is None:
        return
    from aiaudit.model.branches import is_main_part
    from aiaudit.model.python import python_side  # the Python side is linked only for images that run a script

    side = python_side(image.service)
    module = side.program.load(path)
    if module is None:
        return
    started: Scope = module
    if server.kind == "function":
        function = next((f for f in module.functions if f.name == server.attribute), None)
        if function is None:
            return
        started = function
    for call in _run(started, side, 0, set()):
        if server.program in _IMPORTING and is_main_part(call):
            continue
        launch = _launch(server, call, side)
        if launch is not None:
            yield launch


def source_of(image: Image, server: Server) -> str | None:
    """The repository file that is run."""
    files = image.final.files
    if files is None:
        return None
    if server.kind == "script":
        place = absolute(server.target.partition(" ")[0], server.folder)
        return files.source(place) if place is not None else None
    if server.kind == "function":
        parts = server.module.split(".")
        found = (module_file(files, root, parts)[1] for root in search_path(server))
        return next((source for source in found if source), None) or project_module(image, parts)[1]
    if server.kind == "package" and server.program == "python":
        for root in search_path(server):
            for parts in ([*server.module.split("."), "__main__"], server.module.split(".")):
                source = module_file(files, root, parts)[1]
                if source is not None:
                    return source
    return None


def _run(scope: Scope, side: PythonSide, depth: int, seen: set[int]) -> Iterator[Call]:
    """The calls that run with a scope, those of the repository's functions that it calls included."""
    from aiaudit.model.values import FunctionValue

    if id(scope) in seen or depth > _DEEPEST:
        return
    seen.add(id(scope))
    for call in scope.calls:
        if _is_conditional(call):
            continue
        yield call
        for value in side.evaluator.callees(call):
            if isinstance(value, FunctionValue):
                yield from _run(value.function, side, depth + 1, seen)


def _is_conditional(call: Call) -> bool:
    """Whether a condition other than `__name__ == "__main__"` decides over the call."""
    for enclosing in call.around:
        if enclosing.kind in ("except", "finally", "match", "else", "while"):
            return True
        if enclosing.kind == "if" and enclosing.branch and _asks_for_main(enclosing.node):
            continue
        if enclosing.kind in ("if", "unless"):
            return True
    return False


def _asks_for_main(node: Any) -> bool:
    return "__main__" in repr(node[2])


def _launch(server: Server, call: Call, side: PythonSide) -> Launch | None:
    from aiaudit.model.values import External

    for value in side.evaluator.callees(call):
        if not isinstance(value, External) or value.path not in CALLS:
            continue
        listening = listening_of_call(server, call, value.path, side)
        if listening is None:
            continue
        if value.path in _FLASK:
            flags = _flags(call, ("debug", "use_reloader"), side)
            name = value.path.rpartition(".")[0].removesuffix("()") + ".run"
            return Launch(server, call, name, flags, True, listening)
        flags = _flags(call, _OTHERS.get(value.path, ()), side)
        return Launch(server, call, value.path.replace("()", ""), flags, False, listening)
    return None


def _flags(call: Call, names: tuple[str, ...], side: PythonSide) -> tuple[str, ...]:
    """The options that are surely on."""
    return tuple(name for name in names if _is_on(call, name, side))


def _is_on(call: Call, name: str, side: PythonSide) -> bool:
    from aiaudit.model.values import Constant

    argument = call.keyword(name)
    if argument is None:
        return False
    values = side.evaluator.evaluate(argument, call.scope)
    return bool(values) and all(isinstance(value, Constant) and value.value is True for value in values)
