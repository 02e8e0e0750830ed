"""Loops that look again and again at work which a provider of models does, until it says that the work is done."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.asking import MODEL_LIBRARIES, asked_name
from aiaudit.model.contexts import Reach
from aiaudit.model.counting import ends_by_counting, raises_by_size
from aiaudit.model.deadlines import Deadlines
from aiaudit.model.knowledge.schema import INFINITE
from aiaudit.model.loops.found import AgentLoop
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call, Function, dotted, walk
from aiaudit.model.syntax import LEAVING, statements_in
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.sources.secrets.names import words_of
from aiaudit.span import Span

# Requests that tell how far a run, a batch, a file or an operation is.
_LOOKING = frozenset(("retrieve", "get", "get_file", "get_operation", "get_batch"))
_LEAVING = frozenset(("return", "break"))
# Words in the names of what an answer says of others.
_OTHER = frozenset(("next", "previous", "prev", "parent", "last", "cursor"))


class PollingLoops:
    """The `while` loops of requests and tasks that only a provider's word ends."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        looking = [
            known.call
            for known in side.known
            if known.entry.kind == "call"
            and known.call.name in _LOOKING
            and known.entry.purpose == "other"
            and known.entry.path.partition(".")[0] in MODEL_LIBRARIES
        ]
        self.looking = {id(call) for call in looking}
        self.inside = {id(call.scope): call for call in looking}

    def find(self) -> Iterator[AgentLoop]:
        """Each loop once, at its head."""
        if not self.inside:
            return
        deadlines = Deadlines(self.side.evaluator, self.side.contexts, self.side.routing)
        for function in self.side.program.functions:
            around = (link for call in function.calls for link in call.around)
            loops = {id(link.node): link.node for link in around if link.kind == "while"}
            reach = self.side.contexts.in_request(function) if loops else None
            if reach is None:
                continue
            for loop in loops.values():
                for call in function.calls:
                    looked = self._looked(call) if any(link.node is loop for link in call.around) else None
                    if looked is not None and _is_ended_by(loop, call) and not deadlines.bound(call):
                        if not ends_by_counting(loop, lambda _: True) and not self._is_watched(loop, function):
                            yield self._found(loop, call, looked, reach)
                        break

    def _looked(self, call: Call) -> Call | None:
        """The look that a call is, or that the function which it calls takes."""
        if id(call) in self.looking:
            return call
        edges = self.side.contexts.edges_of(call)
        return next((self.inside[id(e.target)] for e in edges if not e.deferred and id(e.target) in self.inside), None)

    def _is_watched(self, loop: Statement, function: Function) -> bool:
        """Whether a round calls a function that raises where a number is too large: `deadline.check()`."""
        return any(
            isinstance(edge.target, Function) and not edge.deferred and raises_by_size(edge.target)
            for call in function.calls
            if call.statement[0] == "expr" and any(link.node is loop for link in call.around)
            for edge in self.side.contexts.edges_of(call)
        )

    def _found(self, loop: Statement, call: Call, looked: Call, reach: Reach) -> AgentLoop:
        line, column = loop[1][:2]
        span = Span(call.scope.module.path, line, column, line, column + len("while"))
        name = asked_name(looked, self.side)
        steps = [*reach.steps(), Step("goes round", span)]
        if call is not looked:
            steps.append(Step(asked_name(call, self.side), call.span))
        steps.append(Step(f"calls {name}", looked.span))
        return AgentLoop("polling", name, INFINITE, "", "", False, span, tuple(steps))


def _is_ended_by(loop: Statement, call: Call) -> bool:
    """Whether what a call in a loop gives decides that there is no further round, and nothing else does; each round
    asks about the same."""
    tests = [loop[2]] if loop[2][0] != "const" else []
    inner = list(statements_in(loop[3]))
    leaving = [s for s in inner if s[0] == "if" and any(t[0] in _LEAVING for t in statements_in((*s[3], *s[4])))]
    told = _named_after(inner, call.expression)
    if _goes_on_to(call, told) or not any(_tells(test, call, told) for test in (*tests, *(s[2] for s in leaving))):
        return False
    return all(_tells(test, call, told) for test in (*tests, *(s[2] for s in _asked_each_round(loop[3]))))


def _tells(test: Expression, call: Call, told: set[str]) -> bool:
    return any(part is call.expression or (part[0] in ("name", "attr") and dotted(part) in told) for part in walk(test))


def _asked_each_round(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """The `if` statements that every round comes by and that leave the loop."""
    for statement in body:
        if statement[0] == "if":
            if any(below[0] in LEAVING - {"continue"} for branch in (statement[3], statement[4]) for below in branch):
                yield statement
        elif statement[0] == "with":
            yield from _asked_each_round(statement[3])
        elif statement[0] == "try":
            yield from _asked_each_round((*statement[2], *statement[4], *statement[5]))


def _goes_on_to(call: Call, told: set[str]) -> bool:
    """Whether a look asks about what the look before has named, not about the same again: the next page, the
    predecessor of an answer."""
    given = (*call.arguments, *(value for _, value in call.keywords))
    return any(
        part[0] == "attr" and dotted(part[2]) in told and not _OTHER.isdisjoint(words_of(part[3]))
        for argument in given
        for part in walk(argument)
    )


def _named_after(statements: list[Statement], expression: Expression) -> set[str]:
    """The names of a value, and of what is taken from it: `run = look()`, `state = run.status`."""
    names: set[str] = set()
    for _ in range(2):  # names may be read above the line that gives them, in the round before
        for statement in statements:
            if statement[0] == "assign" and any(
                part is expression or (part[0] in ("name", "attr") and dotted(part) in names)
                for part in walk(statement[3])
            ):
                names.update(key for target in statement[2] if (key := dotted(target)) is not None)
    return names
