"""What the rules about constructions share: captions, figures and traces."""

from __future__ import annotations

from collections.abc import Sequence

from aiaudit.finding import Confidence, Severity, Step
from aiaudit.model.answering import CALLED
from aiaudit.model.contexts import Reach, is_after_failure
from aiaudit.model.resources import Resource
from aiaudit.model.scopes import Call

STORES = ("datastore", "cache", "queue")
# A construction below this many milliseconds of CPU costs a request its warm connections, and little else.
CHEAP = 10
# Packages whose clients talk to servers of tools.
_TOOL_SERVERS = ("mcp", "fastmcp", "langchain-mcp-adapters")
_VERBS = {"built": "builds", "called": "calls"}


def made(resource: Resource) -> str:
    """What happens to the name in the code: classes are `built`, functions that give an object `called`."""
    return "built" if resource.entry.kind == "constructor" else "called"


def trace_of(resource: Resource, reach: Reach) -> tuple[Step, ...]:
    """The chain from the entry to the construction."""
    return (*reach.steps(), Step(f"{_VERBS[made(resource)]} {resource.name}", resource.call.span))


def price(resource: Resource) -> str:
    """What one construction costs, where it was measured: ` (~35 ms of CPU each, measured with openai 3.54.0)`."""
    milliseconds = resource.entry.construct_milliseconds
    if milliseconds is None or milliseconds < 1:
        return ""
    return f" (~{milliseconds:.0f} ms of CPU each, measured with {resource.entry.release})"


def severity_of(resource: Resource) -> Severity:
    """High, unless the construction was measured and is cheap: then only the connections are lost."""
    milliseconds = resource.entry.construct_milliseconds
    return Severity.MEDIUM if milliseconds is not None and milliseconds < CHEAP else Severity.HIGH


def confidence_of(resource: Resource, reach: Reach) -> Confidence:
    """High, unless a library calls a function at a moment that only it knows, a failure alone leads there, or a choice
    among many that mostly lead elsewhere; or what is made is kept under a key, so that none is known beforehand; or it
    is a session with a server of tools, which ends in the task that has begun it."""
    is_failure = _only_fails(reach) or is_after_failure(resource.call)
    is_session = resource.entry.dist in _TOOL_SERVERS
    is_doubtful = reach.is_of_a_library or resource.rare or is_failure or is_session
    is_kept_by_key = reach is resource.first_request and resource.by_key
    return Confidence.MEDIUM if is_doubtful or is_kept_by_key else Confidence.HIGH


def _only_fails(reach: Reach) -> bool:
    return any(is_after_failure(link.edge.call) for link in reach.chain() if link.edge is not None)


# How a step of a chain says that a job is put into a queue.
_QUEUES = "queues "
_CALLED = tuple(f"{words} " for words in CALLED.values())


def is_of_job(reach: Reach) -> bool:
    """Whether a worker does it, and no request waits for it."""
    return reach.entry.kind == "task" or any(
        link.edge is not None and link.edge.caption.startswith(_QUEUES) for link in reach.chain()
    )


def occasion(reach: Reach, call: Call) -> str:
    """When a call happens, for a message: `on every POST /chat`."""
    if _only_fails(reach) or is_after_failure(call):
        return f"after each failure in {reach.entry.label}"
    if reach.entry.kind == "task":
        return f"on every run of {reach.entry.label}"
    queued = [link.edge.caption for link in reach.chain() if link.edge is not None]
    job = next((caption for caption in reversed(queued) if caption.startswith(_QUEUES)), None)
    if job is not None:
        return f"on every run of {job.removeprefix(_QUEUES)}, which {reach.entry.label} queues"
    if reach.entry.label.startswith("WEBSOCKET"):
        return f"on every {'message' if _is_repeated(reach, call) else 'connection'} to {reach.entry.label}"
    if reach.entry.label.startswith("callback "):
        return f"on every call of {reach.entry.label.removeprefix('callback ')}"
    if reach.entry.label.startswith(_CALLED):
        return f"on every call of {reach.entry.label}"
    return f"on every {reach.entry.label}" if not reach.entry.label.startswith("every") else f"on {reach.entry.label}"


def _is_repeated(reach: Reach, call: Call) -> bool:
    """Whether a call stands in a loop, or the way there leads through one: that of the messages of a socket."""
    calls = [link.edge.call for link in reach.chain() if link.edge is not None and link.edge.call is not None]
    return any(around.kind in ("for", "while") for made in (*calls, call) for around in made.around)


def built_each_time(resource: Resource, costs: Sequence[str]) -> Reach | None:
    """The chain that makes a resource of one of these costs anew each time, None where it is right."""
    if resource.entry.cost not in costs or resource.belongs_to_caller:
        return None
    return resource.per_request
