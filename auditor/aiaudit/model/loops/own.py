"""Loops that the program writes itself around a model's calls: tool loops, and attempts that are repeated."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.asking import answering_calls, asked_name
from aiaudit.model.contexts import Reach
from aiaudit.model.counting import ends_by_counting
from aiaudit.model.evaluation.calls import VALIDATING
from aiaudit.model.knowledge.schema import INFINITE
from aiaudit.model.loops.found import AgentLoop, EndlessRetry
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call, Class, Enclosing, Function, Scope, dotted, last_name, walk
from aiaudit.model.syntax import statements_in
from aiaudit.model.values import Constant, Instance, Value
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.span import Span
from aiaudit.values import dataclass

# A loop that waits for something from outside turns once for each thing that comes.
_WAITING = frozenset((
    "receive", "receive_text", "receive_json", "receive_bytes", "receive_message", "recv", "get", "get_nowait", "pop",
    "popleft", "blpop", "brpop", "lpop", "rpop", "bzpopmin", "xread", "xreadgroup", "get_message", "poll", "consume",
    "input", "accept", "read", "readline", "read_text", "readuntil", "readexactly", "wait", "acquire", "next", "anext",
    "__anext__", "fetchone", "fetchmany", "listen", "dequeue", "wait_for_message",
))  # fmt: skip
_SLEEPING = frozenset(("sleep", "wait", "wait_for"))
# How many calls deep a loop's body is searched for the model's call.
_DEPTH = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Round:
    """What one round of a loop does: the call in the loop that leads to the model, and the model's call itself."""

    loop: Statement
    call: Call
    asked: Call
    reach: Reach


class OwnLoops:
    """The `while` loops and recursions of a program that ask a model."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        calls = list(answering_calls(side))
        self.known = {id(call) for call in calls}
        self.asking = {id(call.scope): call for call in reversed(calls)}

    def find(self) -> Iterator[AgentLoop | EndlessRetry]:
        """Each loop once, at its head."""
        for function in self.side.program.functions:
            reach = self.side.contexts.in_request(function)
            if reach is None:
                continue
            yield from self._loops(function, reach)
            yield from self._recursions(function, reach)

    # While

    def _loops(self, function: Function, reach: Reach) -> Iterator[AgentLoop | EndlessRetry]:
        done: set[int] = set()
        for call in function.calls:
            for link in call.around:
                if link.kind != "while" or id(link.node) in done:
                    continue
                asked = self._asked(call)
                if asked is None:
                    continue
                done.add(id(link.node))
                found = self._judged(_Round(link.node, call, asked, reach))
                if found is not None:
                    yield found

    def _asked(self, call: Call) -> Call | None:
        """The model's call that a call is, or leads to a few calls deeper."""
        if id(call) in self.known:
            return call
        scopes = [edge.target for edge in self.side.contexts.edges_of(call) if not edge.deferred]
        for _ in range(_DEPTH):
            for scope in scopes:
                if id(scope) in self.asking:
                    return self.asking[id(scope)]
            scopes = [
                e.target
                for scope in scopes
                for e in self.side.contexts.edges(scope)
                if isinstance(e.target, Function) and e.call is not None and not e.deferred
            ]
        return None

    def _judged(self, turn: _Round) -> AgentLoop | EndlessRetry | None:
        scope = turn.call.scope
        if ends_by_counting(turn.loop, lambda compared: self._may_limit(compared, scope)) or _waits(turn.loop):
            return None
        line, column = turn.loop[1][:2]
        span = Span(turn.call.scope.module.path, line, column, line, column + len("while"))
        name = asked_name(turn.asked, self.side)
        steps = [*turn.reach.steps(), Step("goes round", span)]
        if turn.call is not turn.asked:
            steps.append(Step(asked_name(turn.call, self.side), turn.call.span))
        steps.append(Step(f"calls {name}", turn.asked.span))
        if _repeats_failures(turn.call, turn.loop):
            return EndlessRetry("a loop", name, "", span, tuple(steps))
        if _is_left_by_answer(turn.loop):
            return AgentLoop("own", name, INFINITE, "", "", False, span, tuple(steps))
        return None

    def _may_limit(self, compared: Expression, scope: Scope) -> bool:
        """Whether both sides of a comparison may be numbers: `rounds > self.most` limits nothing while all that the
        program ever puts there is None."""
        for side in (compared[2], *compared[4]):
            values = list(self._values(side, scope))
            if values and all(isinstance(value, Constant) and value.value is None for value in values):
                return self._may_be_set(side, scope)
        return True

    def _may_be_set(self, side: Expression, scope: Scope) -> bool:
        """Whether something that is not written out may put a number there: `Agent(**options)`, `run(**options)`,
        `Agent.model_validate(data)`, `setattr(agent, name, value)`."""
        evaluator, method = self.side.evaluator, scope.enclosing_method
        if side[0] == "name":
            return isinstance(scope, Function) and any(call.spreads for call, *_ in evaluator.callers(scope))
        if method is None or method.owner is None:
            return False
        classes = (method.owner, *evaluator.subclasses(method.owner))
        made = [call for cls in classes for call in evaluator.constructions(cls)]
        given = (call.keyword(side[3]) for call in made)
        return (
            any(call.spreads for call in made)
            or any(value is not None and not (value[0] == "const" and value[2] is None) for value in given)
            or any(cls in classes for cls in self._filled_from_data())
        )

    def _filled_from_data(self) -> Iterator[Class]:
        """The classes whose objects are made of data, or get attributes by names that variables hold."""
        evaluator, calls_by_name = self.side.evaluator, self.side.program.calls_by_name
        for name in VALIDATING:
            for call in calls_by_name.get(name, ()):
                yield from evaluator.validated(call)
        for call in calls_by_name.get("setattr", ()):
            if len(call.arguments) > 1 and call.arguments[1][0] != "const":
                for value in evaluator.evaluate(call.arguments[0], call.scope):
                    if isinstance(value, Instance):
                        yield value.cls

    def _values(self, side: Expression, scope: Scope) -> Iterator[Value]:
        """What a name or attribute may stand for; an attribute of `self` in derived classes as well."""
        if side[0] not in ("name", "attr"):
            return
        evaluator, method = self.side.evaluator, scope.enclosing_method
        yield from evaluator.evaluate(side, scope)
        if side[0] == "attr" and method is not None and method.owner is not None and side[2][2:] == (method.self_name,):
            for heir in evaluator.subclasses(method.owner):
                yield from evaluator.class_attribute(heir, side[3], Instance(heir))

    # Recursion

    def _recursions(self, function: Function, reach: Reach) -> Iterator[AgentLoop | EndlessRetry]:
        """A function that asks the model and calls itself with the same arguments again."""
        again = {
            id(edge.call): edge.call
            for edge in self.side.contexts.edges(function)
            if edge.target is function and edge.call is not None and not edge.deferred
        }
        if not again:
            return
        others = (call for call in function.calls if id(call) not in again)
        asked = next((found for call in others if (found := self._asked(call)) is not None), None)
        if asked is None:
            return
        for call in again.values():
            if not _passes_on(call, function):
                continue
            name = asked_name(asked, self.side)
            steps = (*reach.steps(), Step(f"calls {name}", asked.span), Step(f"{function.label} again", call.span))
            if any(link.kind == "except" for link in call.around):
                yield EndlessRetry(f"{function.label}, which calls itself,", name, "", call.span, steps)
            elif any(link.kind == "if" for link in call.around):
                yield AgentLoop("recursion", function.label, INFINITE, "", "", False, call.span, steps)
            return


def _waits(loop: Statement) -> bool:
    """Whether each round waits for something from outside, or is due at a time."""
    for statement in statements_in(loop[3]):
        in_handler = _is_in_handler(statement, loop)
        for expression in _expressions(statement):
            for part in walk(expression):
                name = last_name(part[2]) if part[0] == "call" else ""
                if name in _WAITING and not (name == "get" and len(part[3]) > 0):
                    return True
                if name in _SLEEPING and not in_handler and statement in loop[3]:
                    return True
    return any(part[0] == "call" and last_name(part[2]) in _WAITING for part in walk(loop[2]))


def _expressions(statement: Statement) -> Iterator[Expression]:
    """The expressions that a statement itself evaluates."""
    tag = statement[0]
    if tag == "assign":
        yield statement[3]
    elif tag == "ann":
        if statement[4] is not None:
            yield statement[4]
    elif tag == "aug":
        yield statement[4]
    elif tag in ("expr", "return", "raise", "if", "while"):
        if statement[2] is not None:
            yield statement[2]
    elif tag == "for":
        yield statement[3]
    elif tag == "with":
        yield from (context for context, _ in statement[2])


def _is_in_handler(statement: Statement, loop: Statement) -> bool:
    return any(
        statement is inner
        for outer in statements_in(loop[3])
        if outer[0] == "try"
        for handler in outer[3]
        for inner in statements_in(handler[2])
    )


def _repeats_failures(call: Call, loop: Statement) -> bool:
    """`while True: try: return ask() except Exception: sleep(1)`: the model's call stands in a `try` of the loop that
    is left when it succeeds and goes round when it fails."""
    block = _try_inside(call.enclosing, loop)
    if block is None:
        return False
    succeeding = (*block[2], *block[4])
    leaves = any(body[-1][0] in ("return", "break") for body in (succeeding, loop[3]) if body)
    return leaves and any(not _ends_in_leaving(handler[2]) for handler in block[3])


def _try_inside(around: Enclosing | None, loop: Statement) -> Statement | None:
    for link in around or ():
        if link.node is loop:
            return None
        if link.kind == "try":
            return link.node  # type: ignore[no-any-return]
    return None


def _ends_in_leaving(body: tuple[Statement, ...]) -> bool:
    return bool(body) and body[-1][0] in ("return", "raise", "break")


def _is_left_by_answer(loop: Statement) -> bool:
    """Whether what happens in a round ends the loop: a decision inside it, or a test of something that a round sets."""
    test = loop[2]
    if not (test[0] == "const" and test[2]):
        tested = {key for part in walk(test) if (key := dotted(part)) is not None}
        return any(dotted(target) in tested for s in statements_in(loop[3]) for target in _targets(s))
    return any(
        s[0] == "if" and any(inner[0] in ("return", "break") for inner in statements_in((*s[3], *s[4])))
        for s in statements_in(loop[3])
    ) or any(s[0] in ("return", "break") for s in loop[3])


def _targets(statement: Statement) -> tuple[Expression, ...]:
    """What a statement assigns to."""
    if statement[0] == "assign":
        return statement[2]  # type: ignore[no-any-return]
    return (statement[2],) if statement[0] in ("ann", "aug") else ()


def _passes_on(call: Call, function: Function) -> bool:
    """Whether a recursion gets what the function got: no smaller part of it, no count of the depth."""
    names = {parameter[0] for parameter in function.parameters}
    given = [*call.arguments, *(value for _, value in call.keywords)]
    return all(argument[0] == "const" or (argument[0] == "name" and argument[2] in names) for argument in given)
