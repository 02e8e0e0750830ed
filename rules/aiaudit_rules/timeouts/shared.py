"""What the rules about time-outs share: which waits are whose, and how they are said."""

from __future__ import annotations

import math

from aiaudit.model.knowledge.schema import Entry
from aiaudit.model.timeouts import ABSURD, Wait, describe

MODELS = ("llm", "embedding", "agent", "chain", "rerank", "speech", "image", "retriever", "index", "generation-local")


def is_unbounded(wait: Wait) -> bool:
    """Whether nobody sets a time-out and the library's own is none or absurd."""
    return wait.state == "default" and wait.seconds is not None and wait.seconds >= ABSURD


def is_local(wait: Wait) -> bool:
    """Whether it waits for a process or for computing on this machine rather than for a network."""
    return wait.entry.default("local") is True


def explanation(wait: Wait) -> str:
    """What the library does by itself, with its version: `600 s x 3 attempts (as of openai 3.54.0)`."""
    entry = wait.driver or wait.entry
    timeout, source = entry.timeout, f"(as of {entry.release})"
    if wait.seconds is None or timeout is None:
        return source
    if math.isinf(wait.seconds):
        return f"the library sets none {source}"
    if wait.attempts > 1 and timeout.default is not None:
        return f"{timeout.default:.0f} s x {wait.attempts} attempts {source}"
    return f"the library's own limit {source}"


def lack(wait: Wait) -> str:
    """What is missing: any time-out, or one that is shorter than the library's own."""
    if wait.seconds is not None and math.isinf(wait.seconds):
        return "has no time-out"
    return "sets no time-out"


def waits_for(wait: Wait) -> str:
    """How long, in words."""
    return describe(wait.seconds)


def parameter(entry: Entry) -> str:
    """The parameter to set, for the help."""
    timeout = entry.timeout
    for candidate in timeout.parameters if timeout else ():
        if candidate.covers not in ("connect", "checkout"):
            return candidate.name + (" (in milliseconds)" if candidate.unit == "ms" else "")
    return ""


def remedy(wait: Wait, seconds: str = "") -> str:
    """What to do; `seconds` is a range that suits most callers."""
    if wait.driver is not None:
        name = parameter(wait.driver)
        inside = (
            "connect_args={'options': '-c statement_timeout=10000'}" if name == "options" else f"{name} in connect_args"
        )
        return f"set {inside}" if name else "set a time-out for statements in the database"
    name = parameter(wait.entry)
    if name:
        usual = f" ({seconds})" if seconds else ""
        return f"set {name} to what a caller will wait for{usual}, and few retries"
    return "put a deadline around it: async with asyncio.timeout(...) or asyncio.wait_for(...)"
