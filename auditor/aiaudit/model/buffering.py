"""Middleware that holds streams back: compression that waits for more, and hooks that read the whole body."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.program import is_beside_the_service
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Call, Function, last_name, walk, walk_all
from aiaudit.model.service import Service
from aiaudit.model.streaming import Streams
from aiaudit.model.syntax import statements_in
from aiaudit.model.values import Constant, External
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

_EVENTS = "text/event-stream"
_GZIP = "starlette.middleware.gzip.GZipMiddleware"
_DJANGO_GZIP = "django.middleware.gzip.GZipMiddleware"
_TAKING = ("add_middleware", "Middleware")
# Answers that are streams -> the media type that they have unless told otherwise.
_STREAMS = {"StreamingResponse": "", "EventSourceResponse": _EVENTS, "StreamingHttpResponse": ""}


@dataclass(frozen=True, slots=True, eq=False)
class HeldStream:
    """A middleware that holds the stream of a route back; `how` says what it does to it."""

    name: str
    how: str
    route: Route
    span: Span
    steps: tuple[Step, ...]


def held_streams(service: Service) -> list[HeldStream]:
    """One a middleware, with the first route whose stream it holds back."""
    side = python_side(service)
    finder = _Finder(side)
    return [*finder.compressed(), *finder.read_whole()] if finder.answers else []


class StreamedAnswers:
    """The routes that answer with a stream of a model's words."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.streams = Streams(side)
        self.answers = list(self._streamed_answers())

    def _streamed_answers(self) -> Iterator[tuple[Route, Call, str]]:
        """Each route, the call that makes its answer, and the media type of that."""
        for route in self.side.routing.routes:
            if route.kind != "http":
                continue
            scopes = [scope for scope, _ in self.streams.reached(route)]
            if not any(id(scope) in self.streams.generations for scope in scopes):
                continue
            for scope in scopes:
                for call in scope.calls:
                    name = call.name
                    if name in _STREAMS:
                        yield route, call, self._media_type(call, _STREAMS[name])

    def _media_type(self, call: Call, default: str) -> str:
        if _EVENTS in self._texts_in_headers(call):
            return _EVENTS  # a Content-Type among the headers stays as it is
        given = call.keyword("media_type") or call.keyword("content_type")
        for value in self.side.evaluator.evaluate(given, call.scope):
            if isinstance(value, Constant) and isinstance(value.value, str):
                return value.value.partition(";")[0].strip().lower()
        return default

    def _texts_in_headers(self, call: Call) -> Iterator[object]:
        headers = call.keyword("headers")
        if headers is not None:
            written = [headers, *(found for found, _ in self.side.evaluator.definitions(headers, call.scope))]
            yield from (part[2] for one in written for part in walk(one) if part[0] == "const")


class _Finder(StreamedAnswers):
    # Compression

    def compressed(self) -> Iterator[HeldStream]:
        """GZip in the application, or in a Django project's settings."""
        entry = self.side.knowledge.find(_GZIP)
        lets_events_pass = entry is not None and entry.default("excluded") == _EVENTS
        for name in _TAKING:
            for call in self.side.program.calls_by_name.get(name, ()):
                if call.scope.module.path not in self.side.routing.live or not self._is_gzip(call):
                    continue
                for route, answer, media_type in self.answers:
                    if media_type != _EVENTS or not lets_events_pass:
                        kind = media_type or "a stream without a media type"
                        how = f"compresses {kind}: small pieces wait until there are enough of them"
                        yield self._held("GZipMiddleware", how, route, answer, call.span)
                        break
        yield from self._compressed_by_django()

    def _is_gzip(self, call: Call) -> bool:
        given = call.argument("middleware_class", 0) or call.keyword("cls")
        values = self.side.evaluator.evaluate(given, call.scope)
        return any(isinstance(v, External) and v.path.endswith("middleware.gzip.GZipMiddleware") for v in values)

    def _compressed_by_django(self) -> Iterator[HeldStream]:
        django = [found for found in self.answers if last_name(found[1].expression[2]) == "StreamingHttpResponse"]
        for module in self.side.program.modules if django else ():
            if "INSTALLED_APPS" not in module.bindings or is_beside_the_service(module.path):
                continue
            for part in walk_all(module.body):
                if part[0] == "const" and part[2] == _DJANGO_GZIP:
                    route, answer, _ = django[0]
                    how = "compresses every stream: small pieces wait until there are enough of them"
                    yield self._held("GZipMiddleware", how, route, answer, Span.at(module.path, part[1]))
                    break

    # Middleware of the program

    def read_whole(self) -> Iterator[HeldStream]:
        """Hooks and middleware that take the whole body of every answer before they pass it on."""
        route, answer, _ = self.answers[0]
        done: set[int] = set()
        for entry in self.side.routing.entries:
            scope = entry.scope
            if entry.kind != "request" or not entry.label.startswith("every request") or id(scope) in done:
                continue
            done.add(id(scope))
            place = _whole_read(scope) if isinstance(scope, Function) else None
            if place is not None:
                span = Span.at(scope.module.path, place)
                how = "reads the whole body before it answers"
                yield self._held(scope.qualified_name, how, route, answer, span)

    def _held(self, name: str, how: str, route: Route, answer: Call, span: Span) -> HeldStream:
        steps = (Step(route.label, route.span), Step("answers with a stream", answer.span), Step(f"{name} {how}", span))
        return HeldStream(name, how, route, span, steps)


def _whole_read(function: Function) -> tuple[int, int, int, int] | None:
    """Where a middleware reads all of an answer's body, unless it looks for streams first."""
    words = {str(part[2]).lower() for part in walk_all(function.body) if part[0] == "const"}
    names = {last_name(part) for part in walk_all(function.body) if part[0] in ("name", "attr")}
    if any("stream" in word for word in words) or names & {"is_streamed", "direct_passthrough", "StreamingResponse"}:
        return None
    for statement in statements_in(function.body):
        if statement[0] == "for" and _is_body(statement[3]):
            return statement[1]  # type: ignore[no-any-return]
        for expression in (part for part in statement[2:] if type(part) is tuple):
            for part in walk_all(expression) if statement[0] in ("assign", "ann", "expr", "return") else ():
                if part[0] == "comp" and any(_is_body(generator[1]) for generator in part[4]):
                    return part[1]  # type: ignore[no-any-return]
                if part[0] == "call" and _is_whole_body(part):
                    return part[1]  # type: ignore[no-any-return]
    return None


def _is_whole_body(call: Expression) -> bool:
    """`response.get_data()` of Flask."""
    callee = call[2]
    return bool(callee[0] == "attr" and callee[3] == "get_data" and last_name(callee[2]) in ("response", "resp"))


def _is_body(iterable: Expression) -> bool:
    return any(part[0] == "attr" and part[3] == "body_iterator" for part in walk(iterable))
