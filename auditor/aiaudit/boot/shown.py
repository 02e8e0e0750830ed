"""A boot as it may be shown: values of the user, and whatever has the form of a credential, are hidden everywhere.

The dummy values of a run are no secrets: they stay, so that a `docker run` line can be copied.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from aiaudit.boot.masking import masked
from aiaudit.boot.record import Boot, Companion, Outcome, Plan, Scenario
from aiaudit.patterns import regex
from aiaudit.sources.secrets import is_secret_name
from aiaudit.values import replace

HIDDEN = "***"

Pairs = tuple[tuple[str, str], ...]
Hide = Callable[[str], str]

# Ports, counts and switches are no secrets, and hiding them would take their like out of every line.
_ORDINARY = regex(r"\d{0,5}|true|false|yes|no|on|off|none|debug|info|warn|warning|error", re.IGNORECASE)
_SHORTEST = 4
_MARK = "\ue000"  # private: stands around the number of a value that is put back


def shown(boot: Boot) -> Boot:
    """The boot with everything hidden that must not be seen; doing it twice changes nothing."""
    plan = boot.plan
    names = {name for name, _ in plan.environment}
    hide = hider(given(plan), _dummies(boot, names))
    companions = tuple(_companion(companion, hide) for companion in plan.companions)
    own = {name for name, _ in boot.image.environment if is_secret_name(name)}
    return replace(
        boot,
        plan=replace(plan, environment=_environment(plan.environment, names, hide), companions=companions),
        image=replace(boot.image, environment=_environment(boot.image.environment, own, hide)),
        outcomes=tuple(_outcome(outcome, names, hide) for outcome in boot.outcomes),
        problems=_changed(boot.problems, hide),
    )


def given(plan: Plan) -> Iterator[tuple[str, str]]:
    """The variables that the user gave a value: of the image's environment, and of the services beside it."""
    yield from plan.environment
    for companion in plan.companions:
        yield from companion.environment


def _dummies(boot: Boot, names: set[str]) -> set[str]:
    """The values that the run made up."""
    pairs = [pair for outcome in boot.outcomes for pair in outcome.scenario.environment]
    return {value for name, value in pairs if name not in names and len(value) >= _SHORTEST}


def hider(pairs: Iterable[tuple[str, str]], kept: Iterable[str] = ()) -> Hide:
    """A function that hides the values of these variables, and credentials, in a text; those to keep are none."""
    hidden: dict[str, str] = {}
    for name, value in pairs:
        hidden |= {spelling: HIDDEN for spelling in _spellings(value) if len(spelling) >= _SHORTEST}
        hidden[f"{name}={value}"] = f"{name}={HIDDEN}"
    marks = {value: f"{_MARK}{number}{_MARK}" for number, value in enumerate(_longest_first(kept))}
    found = {value: hidden[value] for value in _longest_first(hidden)}

    def hide(text: str) -> str:
        text = _replaced(_replaced(text, found), marks)
        return _replaced(masked(text), {mark: value for value, mark in marks.items()})

    return hide


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=lambda text: (-len(text), text))


def _replaced(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def _spellings(value: str) -> Iterator[str]:
    """The forms in which a value may come out: itself, quoted, escaped, in lines, the password of an address."""
    if _ORDINARY.fullmatch(value):
        return
    yield from (value, quote(value, safe=""), json.dumps(value)[1:-1], repr(value)[1:-1])
    yield from (line.strip() for line in value.splitlines())
    if "://" in value:
        try:
            yield urlsplit(value).password or ""
        except ValueError:
            return


def _outcome(outcome: Outcome, names: set[str], hide: Hide) -> Outcome:
    scenario = outcome.scenario
    scenario = replace(scenario, environment=_environment(scenario.environment, names, hide))
    observation = outcome.observation
    if observation is not None:
        observation = replace(_changed(observation, hide), scenario=scenario)
    changed: Outcome = _changed(outcome, hide)
    return replace(changed, scenario=scenario, observation=observation)


def _companion(companion: Companion, hide: Hide) -> Companion:
    names = {name for name, _ in companion.environment}
    environment = _environment(companion.environment, names, hide)
    return replace(companion, environment=environment, command=_changed(companion.command, hide))


def _environment(pairs: Pairs, names: set[str], hide: Hide) -> Pairs:
    """Pairs in which the values of these names are hidden whole."""
    return tuple((name, HIDDEN if name in names and value else hide(value)) for name, value in pairs)


def _changed(value: Any, hide: Hide) -> Any:
    """A value with every text in it changed; enumerations and scenarios stay as they are."""
    if isinstance(value, str):
        return value if isinstance(value, enum.Enum) else hide(value)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_changed(item, hide) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Scenario)):
        changes = {field.name: _changed(getattr(value, field.name), hide) for field in dataclasses.fields(value)}
        return replace(value, **changes)
    return value
