"""What the rules about boots share: outcomes by their verdicts, places that explain them, words of remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Step
from aiaudit.span import Span

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot, Outcome, Variable

# Boots that must end with an error: about one variable each, and without any.
ABOUT_ONE = ("missing", "empty", "invalid")
FAIL_FAST = (*ABOUT_ONE, "no-env")

_LONGEST = 160


def failed(boot: Boot, families: Iterable[str], *verdicts: str) -> Iterator[Outcome]:
    """The boots of some families that failed with one of these verdicts; what is not certain is left out."""
    for outcome in boot.outcomes:
        if outcome.status == "fail" and outcome.scenario.family in families and outcome.verdict in verdicts:
            yield outcome


def variable_of(boot: Boot, outcome: Outcome) -> Variable | None:
    """The variable that a boot is about."""
    known = (*boot.plan.variables, *boot.learned)
    return next((variable for variable in known if variable.name == outcome.scenario.changed), None)


def start_of(boot: Boot) -> Span:
    """The command that runs; the image as such where nothing tells its place."""
    plan = boot.plan
    return plan.start or Span.whole_file(plan.dockerfile or plan.image)


def read_at(boot: Boot, variable: Variable | None) -> Span:
    """Where a variable is read, else the command that runs."""
    return (variable.span if variable is not None else None) or start_of(boot)


def read_steps(variable: Variable | None) -> tuple[Step, ...]:
    """How the reading of a variable is reached."""
    if variable is None or variable.span is None:
        return ()
    return (*variable.trace, Step(f"{variable.name} is read here", variable.span))


def setting_steps(boot: Boot, outcomes: Iterable[Outcome]) -> tuple[Step, ...]:
    """The readings of the variables that some boots are about."""
    found = [variable_of(boot, outcome) for outcome in outcomes]
    return tuple(step for variable in found for step in read_steps(variable)[-1:])


def spoken(boot: Boot, text: str) -> str:
    """A sentence that may quote what a program printed, with credentials and the user's values hidden."""
    from aiaudit.boot.shown import given, hider

    hidden = hider(given(boot.plan))(" ".join(text.split()))
    return hidden if len(hidden) <= 2 * _LONGEST else f"{hidden[: 2 * _LONGEST]}…"


def quoted(boot: Boot, outcome: Outcome) -> str:
    """`; its log says "..."`: the program's own words about its end, "" where it has none."""
    from aiaudit.boot.naming import fatal

    text = outcome.named.text if outcome.named is not None else ""
    if not text and outcome.observation is not None:
        failure = fatal(outcome.observation.log)
        text = failure.message[0].text if failure is not None and failure.message else ""
    text = text.strip()
    if not text:
        return ""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return f'; its log says "{cut}"'


def names(outcomes: Iterable[Outcome]) -> str:
    """What some boots differ by: `without OPENAI_API_KEY, with an empty STATUS_URL`."""
    words = {"missing": "without {}", "empty": "with an empty {}", "invalid": "with an invalid {}"}
    found = (words.get(o.scenario.family, "without any variable").format(o.scenario.changed) for o in outcomes)
    return ", ".join(dict.fromkeys(found))


def restarts(boot: Boot) -> str:
    """What the server does instead of ending when the application cannot be loaded, and what to run instead."""
    plan = boot.plan
    if plan.reloads:
        return "start the server without --reload: it waits for a change of the sources that never comes"
    if plan.workers > 1 and plan.server == "uvicorn":
        return (
            "start one process in a container: `uvicorn --workers` starts a worker that cannot import the application "
            "again and again, and never ends; gunicorn ends with code 3, and `--preload` fails before it listens"
        )
    if plan.server == "gunicorn":
        return "start gunicorn with --preload: it loads the application before it listens, and ends when that fails"
    return "let the error end the process: raise it at import or in lifespan, and catch nothing around it"
