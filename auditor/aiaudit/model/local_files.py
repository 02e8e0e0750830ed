"""State that requests leave on the local disk, for later requests to find."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Step
from aiaudit.model.buckets import Buckets
from aiaudit.model.contexts import Reach
from aiaudit.model.file_writes import Writing, database_writes, file_writes, is_remote, store_writes
from aiaudit.model.lifetimes import Lifetimes
from aiaudit.model.path_life import PathLife
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.scopes import Call, Function, walk
from aiaudit.model.service import Service
from aiaudit.model.tenants import may_come_from_request
from aiaudit.model.values import External
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class LocalFile:
    """What one function writes to the local disk on the way of a request. `what` says what it is, `writes` where."""

    what: str
    writes: tuple[Span, ...]
    reach: Reach
    made: Step | None
    confidence: Confidence


def local_files(service: Service) -> list[LocalFile]:
    """All such state of a service, one a function; one a database."""
    return list(_Finder(python_side(service)).find())


class _Finder:
    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.buckets = Buckets(side.evaluator)
        self.lifetimes = Lifetimes(side.contexts)
        self.paths = PathLife(side.contexts, self.lifetimes.order)

    def find(self) -> Iterator[LocalFile]:
        databases: set[int] = set()
        for function in self.side.program.functions:
            reach = self.side.contexts.in_request(function, cached=False)
            if reach is None or reach.entry.is_aside:
                continue
            if function.owner is not None and self.lifetimes.is_only_for_development(function.owner):
                continue
            written = [writing for writing in file_writes(function, self.side) if self._is_state(writing, function)]
            if written:
                yield self._found(written, reach, function)
            for writing in (*store_writes(function, self.side), *database_writes(function, self.side)):
                if writing.maker is not None and id(writing.maker) not in databases:
                    databases.add(id(writing.maker))
                    yield self._found([writing], reach, function)

    def _found(self, written: list[Writing], reach: Reach, function: Function) -> LocalFile:
        first = written[0]
        made = Step("is opened here", first.maker.span) if first.maker is not None else None
        sure = first.maker is not None or any(self._comes_in(writing, function) for writing in written)
        sure = sure and not reach.is_of_a_library
        sure = sure and (first.path is None or not self.buckets.is_chosen(first.call, _names_in(first.path)))
        sure = sure and not self._is_switched_on(first.call)
        spans = tuple(writing.call.span for writing in written)
        return LocalFile(first.what, spans, reach, made, Confidence.HIGH if sure else Confidence.MEDIUM)

    def _is_switched_on(self, call: Call) -> bool:
        """Whether a file is written only where a variable of the environment says so, that has no value of its own."""
        tests = (link.node[2] for link in call.around if link.kind in ("if", "unless"))
        return any(
            part[0] == "call"
            and len(part[3]) == 1
            and any(
                isinstance(value, External) and value.path in ("os.getenv", "os.environ.get")
                for value in self.side.evaluator.evaluate(part[2], call.scope)
            )
            for test in tests
            for part in walk(test)
        )

    def _is_state(self, writing: Writing, function: Function) -> bool:
        if writing.path is None or self.paths.is_passing(writing.path, writing.call):
            return False
        if any(p[0] == "const" and is_remote(p[2]) for p, _ in self.paths.parts(writing.path, writing.call.scope)):
            return False
        return self._comes_in(writing, function) or self._is_kept(writing, function)

    def _comes_in(self, writing: Writing, function: Function) -> bool:
        """Whether a request brings what is written."""
        evaluator, contexts = self.side.evaluator, self.side.contexts
        return any(may_come_from_request(part, function, evaluator, contexts) for part in writing.content)

    def _is_kept(self, writing: Writing, function: Function) -> bool:
        """Whether it is what outlives requests in memory: saved for the next start."""
        return any(
            part[0] in ("name", "attr") and self.lifetimes.root(part, function) is not None
            for content in writing.content
            for part in walk(content)
        )


def _names_in(path: Expression) -> set[str]:
    """The variables that a path is put together from."""
    return {part[2] for part in walk(path) if part[0] == "name"}
