"""Where a server of the image listens, and with how many processes: options, variables, configuration, defaults."""

from __future__ import annotations

from typing import Any

from aiaudit.model.image.filesystem import Presence, absolute
from aiaudit.model.image.names import bound_names
from aiaudit.model.image.values import Image, Server
from aiaudit.span import Span
from aiaudit.values import dataclass

ALL = "0.0.0.0"
LOOPBACK = "127.0.0.1"
OPTION, ENVIRONMENT, CONFIGURATION, CODE, DEFAULT = "option", "environment", "configuration", "code", "default"

_LOOPBACK_NAMES = ("localhost", "::1", "[::1]", "ip6-localhost")


@dataclass(frozen=True, slots=True)
class Value:
    """A value that decides how a server runs: what it is (None where it cannot be told), and what says so, where."""

    text: str | None
    origin: str
    span: Span

    @property
    def number(self) -> int | None:
        """The value as a whole number, None for any other."""
        return int(self.text) if self.text is not None and self.text.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Listening:
    """A server's place on the network. `on_socket` tells that it listens on a Unix socket or an inherited descriptor.

    `application` is what it serves as `module:attribute`, "" where a file or an object is given, or it is not known.
    `starter` is the call in the code that starts it, such as `uvicorn.run`, "" for a server of the command line.
    `workers` are processes; its text is "" where nothing says how many, which is one for every server known here.
    """

    server: Server
    host: Value
    port: Value
    workers: Value
    on_socket: bool = False
    starter: str = ""
    application: str = ""

    @property
    def is_loopback(self) -> bool:
        """Whether nothing outside of the container can connect."""
        return not self.on_socket and self.host.text is not None and is_loopback(self.host.text)

    @property
    def is_open(self) -> bool:
        """Whether it surely takes connections from outside."""
        return not self.on_socket and self.host.text is not None and not is_loopback(self.host.text)


@dataclass(frozen=True, slots=True)
class Program:
    """How a server program is told where to listen. `host` and `port` are its defaults, None for unknown ones."""

    host: str | None
    port: str | None
    host_variable: str = ""
    port_variable: str = ""
    workers_variable: str = ""


# Defaults as the programs' own --help or documentation state them.
PROGRAMS: dict[str, Program] = {
    "uvicorn": Program(LOOPBACK, "8000", "UVICORN_HOST", "UVICORN_PORT", "WEB_CONCURRENCY"),
    "gunicorn": Program(LOOPBACK, "8000", "", "", "WEB_CONCURRENCY"),
    "hypercorn": Program(LOOPBACK, "8000"),
    "granian": Program(LOOPBACK, "8000", "GRANIAN_HOST", "GRANIAN_PORT", "GRANIAN_WORKERS"),
    "daphne": Program(LOOPBACK, "8000"),
    "waitress-serve": Program(ALL, "8080"),
    "fastapi": Program(ALL, "8000", "", "", "WEB_CONCURRENCY"),
    "flask": Program(LOOPBACK, "5000", "FLASK_RUN_HOST", "FLASK_RUN_PORT"),
    "quart": Program(LOOPBACK, "5000"),
    "litestar": Program(LOOPBACK, "8000", "LITESTAR_HOST", "LITESTAR_PORT", "WEB_CONCURRENCY"),
    "sanic": Program(LOOPBACK, "8000"),
    "robyn": Program(LOOPBACK, "8080", "ROBYN_HOST", "ROBYN_PORT"),
    "manage.py": Program(LOOPBACK, "8000"),
    "streamlit": Program(ALL, "8501", "STREAMLIT_SERVER_ADDRESS", "STREAMLIT_SERVER_PORT"),
    "gradio": Program(LOOPBACK, "7860", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT"),
    "chainlit": Program(None, "8000", "CHAINLIT_HOST", "CHAINLIT_PORT"),
    "vllm": Program(ALL, "8000"),
    "litellm": Program(ALL, "4000"),
}
# The same for calls that start a server from code: defaults, and where host and port stand among the arguments.
CALLS: dict[str, tuple[Program, tuple[str, int | None], tuple[str, int | None]]] = {
    "uvicorn.run": (PROGRAMS["uvicorn"], ("host", None), ("port", None)),
    "uvicorn.Config": (PROGRAMS["uvicorn"], ("host", None), ("port", None)),
    "flask.Flask().run": (PROGRAMS["flask"], ("host", 0), ("port", 1)),
    "flask_openapi3.OpenAPI().run": (PROGRAMS["flask"], ("host", 0), ("port", 1)),
    "apiflask.APIFlask().run": (PROGRAMS["flask"], ("host", 0), ("port", 1)),
    "connexion.FlaskApp().run": (Program(ALL, "5000"), ("host", None), ("port", 0)),
    "connexion.App().run": (Program(ALL, "5000"), ("host", None), ("port", 0)),
    "flask_socketio.SocketIO().run": (PROGRAMS["flask"], ("host", 1), ("port", 2)),
    "quart.Quart().run": (PROGRAMS["quart"], ("host", 0), ("port", 1)),
    "sanic.Sanic().run": (PROGRAMS["sanic"], ("host", 0), ("port", 1)),
    "bottle.run": (Program(LOOPBACK, "8080"), ("host", None), ("port", None)),
    "dash.Dash().run": (Program(LOOPBACK, "8050", "HOST", "PORT"), ("host", 0), ("port", 1)),
    "dash.Dash().run_server": (Program(LOOPBACK, "8050", "HOST", "PORT"), ("host", 0), ("port", 1)),
    "aiohttp.web.run_app": (Program(ALL, "8080"), ("host", None), ("port", None)),
    "waitress.serve": (Program(ALL, "8080"), ("host", None), ("port", None)),
    "gradio.Blocks().launch": (PROGRAMS["gradio"], ("server_name", None), ("server_port", None)),
    "gradio.Interface().launch": (PROGRAMS["gradio"], ("server_name", None), ("server_port", None)),
    "gradio.ChatInterface().launch": (PROGRAMS["gradio"], ("server_name", None), ("server_port", None)),
    "gradio.Blocks().queue().launch": (PROGRAMS["gradio"], ("server_name", None), ("server_port", None)),
    "gradio.Interface().queue().launch": (PROGRAMS["gradio"], ("server_name", None), ("server_port", None)),
    "gradio.ChatInterface().queue().launch": (PROGRAMS["gradio"], ("server_name", None), ("server_port", None)),
    "nicegui.ui.run": (Program(ALL, "8080"), ("host", None), ("port", None)),
}


def is_loopback(host: str) -> bool:
    """Whether an address can only be reached from inside the container."""
    return host in _LOOPBACK_NAMES or host.startswith("127.")


def listening(image: Image, server: Server) -> Listening | None:
    """Where a server that a command line starts listens; None for a program that serves no network, or an unknown one.

    What a script starts itself is told by `launches.launches`.
    """
    program = PROGRAMS.get(server.program)
    if program is None:
        return None
    on_socket = any(server.option(*names) is not None for names in (("--uds",), ("--fd",), ("--unix-socket-path",)))
    host, port = _address(image, server, program)
    if host.text is not None and (host.text.startswith("unix") or (port.text or "").startswith("/")):
        on_socket = True
    application = server.target if server.kind == "module" else ""
    return Listening(server, host, port, _workers(image, server, program), on_socket, application=application)


def _address(image: Image, server: Server, program: Program) -> tuple[Value, Value]:
    default_host = "127.0.0.1" if server.program == "fastapi" and server.reload else program.host
    host = _value(server, server.host, program.host_variable, default_host)
    port = _value(server, server.port, program.port_variable, program.port)
    if server.program == "gunicorn" and not (server.host or server.port):
        return _bound_by_gunicorn(image, server) or (host, port)
    if server.program == "hypercorn" and server.option("-c", "--config") is not None and not server.host:
        unknown = Value(None, CONFIGURATION, server.span)
        return unknown, unknown
    if server.option("--bind", "-b", "--listen") is not None and server.program in ("gunicorn", "hypercorn"):
        host = Value(_known(server.host or ALL), OPTION, server.span)
    return host, port


def _value(server: Server, written: str, variable: str, default: str | None) -> Value:
    """An option, or else the variable that the program reads, or else its default."""
    if written:
        return Value(_known(written), OPTION, server.span)
    if server.has_open_words:  # an option may come out of a variable
        return Value(None, OPTION, server.span)
    given = server.variable(variable) if variable else None
    if given is not None:
        return Value(_known(given), ENVIRONMENT, server.span)
    return Value(default, DEFAULT, server.span)


def _known(text: str) -> str | None:
    return None if "$" in text else text


def _workers(image: Image, server: Server, program: Program) -> Value:
    if server.workers or not program.workers_variable:
        return Value(_known(server.workers), OPTION, server.span)
    configured = _configured(image, server, "workers") if server.program == "gunicorn" else None
    return configured or _value(server, "", program.workers_variable, "")


def _bound_by_gunicorn(image: Image, server: Server) -> tuple[Value, Value] | None:
    """What GUNICORN_CMD_ARGS, the configuration file or PORT make gunicorn listen on."""
    bound = _configured(image, server, "bind")
    if bound is None:
        port = server.variable("PORT")
        if port is None:
            return None
        bound = Value(f"{ALL}:{port}" if _known(port) else None, ENVIRONMENT, server.span)
    if bound.text is None:
        return bound, bound
    host, colon, port = bound.text.rpartition(":")
    return (
        Value(host if colon else bound.text, bound.origin, bound.span),
        Value(port if colon else None, bound.origin, bound.span),
    )


def _configured(image: Image, server: Server, name: str) -> Value | None:
    """A setting of gunicorn from GUNICORN_CMD_ARGS or its configuration file; None where neither speaks of it."""
    given = server.variable("GUNICORN_CMD_ARGS")
    if given is not None:
        words = _words(given)
        for index, word in enumerate(words):
            key, equals, value = word.partition("=")
            if key in (f"--{name}", f"-{name[0]}"):
                text = value if equals else (words[index + 1] if index + 1 < len(words) else "")
                return Value(_known(text), ENVIRONMENT, server.span)
    written = server.option("-c", "--config")
    place = absolute((written or "gunicorn.conf.py").removeprefix("file:"), server.folder)
    files = image.final.files
    if place is None or files is None or (written or "").startswith("python:"):
        return Value(None, CONFIGURATION, server.span)
    source = files.source(place)
    if source is None:
        is_there = written is not None or files.presence(place) is not Presence.MISSING
        return Value(None, CONFIGURATION, server.span) if is_there else None
    return _assigned(image, source, name)


def _words(text: str) -> list[str]:
    import shlex

    try:
        return shlex.split(text)
    except ValueError:  # a quote that is not closed
        return text.split()


def _assigned(image: Image, path: str, name: str) -> Value | None:
    """What a configuration file assigns to a name at its top; text None where it is no constant."""
    facts = image.service.tree.facts(path, "python")
    if facts is None or facts[0]:
        return Value(None, CONFIGURATION, Span.whole_file(path))
    found: Value | None = None
    for statement in facts[1]:
        names = bound_names([statement])
        if names is None or name not in names:
            continue
        value: Any = statement[3] if statement[0] == "assign" else ("",)
        is_plain = value[0] == "const" and isinstance(value[2], (str, int))
        found = Value(str(value[2]) if is_plain else None, CONFIGURATION, Span.at(path, statement[1]))
    return found
