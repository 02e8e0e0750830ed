"""What a log says about a cause outside of the service: a host that does not answer, a processor that is not there."""

from __future__ import annotations

from collections.abc import Sequence

from aiaudit.boot.record import Contact, Observation
from aiaudit.boot.tracebacks import failures, lines_of
from aiaudit.patterns import regex

_RETRY = regex(
    r"(?i)connection (?:refused|reset|aborted|timed out)|could not connect|can't connect|cannot connect|"
    r"failed to connect|unable to connect|not connect|connect call failed|retry|try(?:ing)? again|"
    r"waiting for (?!application |connections |background |child )|connection closed|"
    r"name or service not known|temporary failure in name resolution|no route to host|network is unreachable|"
    r"server closed the connection|timed? ?out|unavailable"
)
_REFUSED = regex(
    r"(?i)connection (?:refused|reset)|connect call failed|name or service not known|"
    r"temporary failure in name resolution|network is unreachable|nodename nor servname"
)
_LAST = 50
_GPU = regex(
    r"(?i)cuda error|no cuda-capable device|libcuda\.so|libcudart|found no nvidia driver|nvidia-smi|"
    r"torch not compiled with cuda|cuda (?:is )?not available|no gpu|hip error"
)
_CAPABILITY = regex(r"(?i)operation not permitted")
# A host that so many lines name is what a program is about.
_OFTEN = 4
_LAST_WORDS = 12


def needs_gpu(log: str) -> bool:
    """Whether an error is about a graphics processor; that there is none is often said by those that need none."""
    told = failures(lines_of(log)[-_LAST:])
    return any(_GPU.search(line.text) for failure in told for line in failure.message)


def lacks_capability(log: str) -> bool:
    """Whether a program was refused what root does elsewhere: to change owners, or to become another user."""
    return bool(_CAPABILITY.search(log))


def waited_for(seen: Observation) -> str:
    """The host that a service keeps trying to reach, as its log and the names it looked up tell; "" for none."""
    named = [line for line in seen.log.splitlines() if any(contact.host in line for contact in seen.contacts)]
    if len(named) >= _OFTEN:
        return _mentioned(named, seen.contacts)
    lines = [line for line in seen.log.splitlines() if _RETRY.search(line)]
    if len(lines) < 2 and not any(_REFUSED.search(line) for line in lines):
        return ""
    return _mentioned(lines, seen.contacts) or (_last(seen.contacts) if lines else "")


def host_blamed(seen: Observation) -> str:
    """The host that the last words of a service that ended name, and that it had asked for; "" for none."""
    return _mentioned(seen.log.splitlines()[-_LAST_WORDS:], seen.contacts)


def host_named(log: str, contacts: Sequence[Contact]) -> str:
    """A host that a service reaches in other boots and that this log names; "" for none."""
    return _mentioned(log.splitlines()[-50:], contacts)


def _mentioned(lines: Sequence[str], contacts: Sequence[Contact]) -> str:
    hosts = [contact.host for contact in reversed(contacts)]
    return next((host for line in reversed(lines) for host in hosts if host in line), "")


def _last(contacts: Sequence[Contact]) -> str:
    return contacts[-1].host if contacts else ""
