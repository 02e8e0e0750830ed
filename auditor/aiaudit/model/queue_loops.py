"""Workers that a queue feeds: a loop takes the jobs (`while True: job = redis.blpop("jobs")`), or a library hands each
of them to a function (`channel.basic_consume(on_message_callback=handle)`)."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program
from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.model.values import External, FunctionValue
from aiaudit.values import dataclass

# Calls that wait for the next job: the library -> the names.
_TAKING = {
    "redis.": ("blpop", "brpop", "bzpopmin", "bzpopmax", "blmove", "brpoplpush", "xread", "xreadgroup", "get_message",
               "listen"),
    "aioredis.": ("blpop", "brpop", "bzpopmin", "xread", "xreadgroup", "get_message", "listen"),
    "boto3.": ("receive_message", "receive_messages"),
    "aioboto3.": ("receive_message", "receive_messages"),
    "aiobotocore.": ("receive_message",),
    "pika.": ("consume", "basic_get"),
    "confluent_kafka.": ("poll", "consume"),
    "kafka.": ("poll",),
    "aiokafka.": ("getone", "getmany"),
    "google.cloud.pubsub": ("pull",),
}  # fmt: skip
# Calls that have a function called for each job: the library, the name -> the parameter that takes the function.
_HANDING = {
    ("pika.", "basic_consume"): ("on_message_callback", 1),
    ("aio_pika.", "consume"): ("callback", 0),
    ("google.cloud.pubsub", "subscribe"): ("callback", 1),
    ("nats.", "subscribe"): ("cb", 2),
}
_NAMES = frozenset(name for names in _TAKING.values() for name in names)
# So many functions may lie between the loop and the call that waits.
_DEPTH = 2


@dataclass(frozen=True, slots=True, eq=False)
class QueueLoop:
    """A function that takes jobs from a queue, or has them handed to others, and the functions that run for each."""

    function: Function
    jobs: tuple[Function, ...]


def queue_loops(program: Program, evaluator: Evaluator) -> Iterator[QueueLoop]:
    """All of them; those with loops of their own once for each function."""
    seen: set[int] = set()
    for call in (call for name in sorted(_NAMES) for call in program.calls_by_name.get(name, ())):
        if not _takes(call, evaluator):
            continue
        for taking in _in_loops(call, evaluator, _DEPTH):
            if isinstance(taking.scope, Function) and id(taking.scope) not in seen:
                seen.add(id(taking.scope))
                yield QueueLoop(taking.scope, tuple(_jobs(taking, taking.scope, evaluator)))

    for (library, name), (parameter, position) in _HANDING.items():
        for call in program.calls_by_name.get(name, ()):
            handler = call.argument(parameter, position)
            if handler is None or not isinstance(call.scope, Function) or not _is_of(call, library, evaluator):
                continue
            yield QueueLoop(call.scope, tuple(evaluator.functions_of(handler, call.scope)))


def _is_of(call: Call, library: str, evaluator: Evaluator) -> bool:
    return any(isinstance(v, External) and v.path.startswith(library) for v in evaluator.callees(call))


def _takes(call: Call, evaluator: Evaluator) -> bool:
    return any(call.name in names and _is_of(call, library, evaluator) for library, names in _TAKING.items())


def _in_loops(call: Call, evaluator: Evaluator, depth: int) -> Iterator[Call]:
    """The calls inside of a loop that take a job: the one that waits, or those of the functions that it stands in."""
    if _loop_around(call) is not None and not _gives_away(call.scope):
        yield call
    elif depth and isinstance(call.scope, Function):
        for caller, _, _ in evaluator.callers(call.scope):
            yield from _in_loops(caller, evaluator, depth - 1)


def _gives_away(scope: Scope) -> bool:
    """Whether a function hands what it takes to the one that asked, as relays of events to a browser do: workers do
    the jobs themselves."""
    return isinstance(scope, Function) and (scope.generator or any(given[0] != "const" for given, _ in scope.returns))


def _loop_around(call: Call) -> object:
    """The outermost loop that a call stands in: what the items of `for job in queue.listen()` come from does, too."""
    if call.statement[0] == "for" and call.statement[3] is call.expression:
        return call.statement
    loops = [link.node for link in call.around if link.kind in ("while", "for")]
    return loops[-1] if loops else None


def _jobs(taking: Call, function: Function, evaluator: Evaluator) -> Iterator[Function]:
    """What the loop runs beside taking jobs."""
    loop = _loop_around(taking)
    found: dict[int, Function] = {}
    for call in function.calls:
        if call is taking or not any(link.node is loop for link in call.around):
            continue
        for value in evaluator.callees(call):
            if isinstance(value, FunctionValue):
                found.setdefault(id(value.function), value.function)
    yield from found.values()
