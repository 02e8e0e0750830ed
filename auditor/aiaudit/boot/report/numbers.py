"""The numbers of a boot in words: what the text and the Markdown report show of one."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.boot.record import Boot, Outcome, Status

# In these families something is taken away or spoilt, and the service should end at once.
_FAILING = ("no-env", "missing", "empty", "invalid")


def amount(count: int) -> str:
    """Bytes as people say them."""
    if count >= 1e9:
        return f"{count / 1e9:.2f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _memory(count: int) -> str:
    """Memory, in the units of its limits."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"


def image_line(boot: Boot) -> str:
    """What was booted."""
    image = boot.image
    name = next(iter(image.tags), image.id[: len("sha256:") + 12])
    facts = [amount(image.size), image.architecture, f"user {image.user or 'root'}"]
    if boot.built:
        facts.append(f"built in {boot.built:.1f} s")
    return f"{name}: {', '.join(fact for fact in facts if fact)}"


def engine_line(boot: Boot) -> str:
    """Where it was booted."""
    engine = boot.engine
    facts = [f"{engine.name} {engine.version}", engine.architecture, engine.storage]
    if engine.rootless:
        facts.append("rootless")
    if engine.unlimited:
        facts.append(f"no limit of {', '.join(engine.unlimited)}")
    if boot.default_capabilities:
        facts.append("with the engine's default capabilities, as the image needs some")
    facts += [f"{engine.cpus} CPU{'s' * (engine.cpus != 1)}", _memory(engine.memory) if engine.memory else ""]
    if engine.unlimited:
        facts.append(f"no limit of {', '.join(engine.unlimited)}")
    return ", ".join(fact for fact in facts if fact)


def seconds_of(outcome: Outcome) -> float | None:
    """How long that took which the scenario is about: the first request, the stop, the end, getting ready; None if none
    of it came."""
    seen = outcome.observation
    if seen is None:
        return None
    if seen.latencies:
        return max(latency.first for latency in seen.latencies)
    if seen.stop is not None:
        return seen.stop.seconds
    if seen.exit is not None:
        return seen.exit.seconds
    return seen.ready


def numbers(boot: Boot) -> Iterator[tuple[str, str]]:
    """Labels and texts: times, memory, size, hosts, costs."""
    baseline = boot.baseline
    seen = baseline.observation if baseline else None
    if seen is not None and seen.ready is not None:
        assumed = ", by any answer: no health route is known" if seen.assumed else ""
        yield "time to ready", f"{seen.ready:.1f} s ({seen.ready_path or 'healthy'}{assumed})"
        peak = f", at most {_memory(seen.peak)}" if seen.peak else ""
        limit = f"; declared limit {_memory(boot.plan.memory)}" if boot.plan.memory else ""
        yield "memory at ready", f"{_memory(seen.memory)}{peak}{limit}" if seen.memory else "could not be read"
    else:
        yield "time to ready", "never got ready"
    yield from (("time to fail", line) for line in _failures(boot))
    yield "image size", amount(boot.image.size)
    if seen is not None:
        yield "hosts wanted", _hosts(boot)
    if boot.default_capabilities:
        yield "capabilities", "the engine's defaults: without any, an operation is not permitted that the start needs"
    yield "time", _time(boot)
    yield "left behind", f"{boot.leftovers} containers and images"


def _failures(boot: Boot) -> Iterator[str]:
    """A line for each variable: how long its boots took to fail, and what told why."""
    ended: dict[str, list[tuple[Outcome, float]]] = {}
    for outcome in boot.outcomes:
        seen = outcome.observation
        if outcome.scenario.family in _FAILING and seen is not None and seen.exit is not None:
            ended.setdefault(outcome.scenario.changed or "none set", []).append((outcome, seen.exit.seconds))
    for name, boots in ended.items():
        times = ", ".join(f"{seconds:.1f} s {outcome.scenario.family}" for outcome, seconds in boots)
        named = next((outcome.named for outcome, _ in boots if outcome.named), None)
        told = f'log line {named.line} ({named.by}) says "{named.text.strip()}"' if named else "nothing names it"
        yield f"{name}: {times}; {told}"


def _hosts(boot: Boot) -> str:
    """The hosts that the service wanted before it was ready."""
    baseline = boot.baseline
    seen = baseline.observation if baseline else None
    contacts = seen.contacts if seen else ()
    ready = seen.ready if seen and seen.ready is not None else float("inf")
    hosts: dict[str, list[str]] = {}
    for contact in contacts:
        if contact.seconds <= ready:
            how = hosts.setdefault(contact.host, [])
            if contact.how not in how:
                how.append(contact.how)
    return ", ".join(f"{host} ({', '.join(how)})" for host, how in hosts.items()) or "none before it was ready"


def _time(boot: Boot) -> str:
    over = boot.seconds - boot.own
    difference = f"{over:.1f} s more" if over >= 0 else f"{-over:.1f} s less, as some ran side by side"
    build = f"; build {boot.built:.1f} s" if boot.built else ""
    return f"{boot.seconds:.1f} s; the containers' own times are {boot.own:.1f} s together ({difference}){build}"


def tally(outcomes: tuple[Outcome, ...]) -> str:
    """How many scenarios ended how."""
    words = {
        Status.PASS: "passed",
        Status.FAIL: "failed",
        Status.INCONCLUSIVE: "inconclusive",
        Status.SKIPPED: "skipped",
        Status.ERROR: "broken off",
    }
    counts = [(sum(outcome.status is status for outcome in outcomes), word) for status, word in words.items()]
    parts = ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"{len(outcomes)} scenario{'s' * (len(outcomes) != 1)}" + (f" ({parts})" if parts else "")
