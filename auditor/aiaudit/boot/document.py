"""A boot, and the proofs, as JSON (schema version 1), and back. What must not be seen is masked in it."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any

from aiaudit.boot.excerpt import excerpt
from aiaudit.boot.proofs import RebuildProof, WeightProof
from aiaudit.boot.record import Boot, EngineFacts, ImageFacts, Listener, Observation, Outcome, Plan, Scenario, Variable
from aiaudit.boot.shown import shown
from aiaudit.plain import Mismatch, plain, typed

SCHEMA_VERSION = 1

_SCENARIO_KEYS = {"memory": "memory_limit"}
_OBSERVATION_KEYS = {
    "serving": "t_serving",
    "ready": "t_ready",
    "contacts": "egress",
    "leaks": "canary_leaks",
    "log": "log_excerpt",
    "command": "repro",
}
_DERIVED = ("env_names", "removed", "flags", "t_listen")


def document(boot: Boot) -> dict[str, Any]:
    """A boot as values that JSON has; each scenario is one flat object of what was set, seen and concluded."""
    boot = shown(boot)
    baseline = boot.baseline
    full = baseline.scenario if baseline else None
    return {
        "schema_version": SCHEMA_VERSION,
        "engine": plain(boot.engine),
        "image": plain(boot.image),
        "plan": plain(boot.plan),
        "scenarios": [_scenario(outcome, full) for outcome in boot.outcomes],
        "learned": plain(boot.learned),
        "seconds": boot.seconds,
        "own": boot.own,
        "built": boot.built,
        "leftovers": boot.leftovers,
        "default_capabilities": boot.default_capabilities,
        "problems": list(boot.problems),
    }


def read(found: dict[str, Any]) -> Boot:
    """The boot that `document` wrote; `aiaudit.plain.Mismatch` says what is wrong with one that it did not."""
    if found.get("schema_version") != SCHEMA_VERSION:
        raise Mismatch(f"schema version {found.get('schema_version')!r} is not {SCHEMA_VERSION}")
    return Boot(
        plan=typed(Plan, found["plan"]),
        image=typed(ImageFacts, found["image"]),
        engine=typed(EngineFacts, found["engine"]),
        outcomes=tuple(_outcome(item) for item in found["scenarios"]),
        learned=tuple(typed(Variable, item) for item in found["learned"]),
        seconds=found["seconds"],
        own=found["own"],
        built=found["built"],
        leftovers=found["leftovers"],
        default_capabilities=found.get("default_capabilities", False),
        problems=tuple(found["problems"]),
    )


def proof_document(proof: RebuildProof | WeightProof) -> dict[str, Any]:
    """A proof as values that JSON has; `kind` is "rebuild" or "weight"."""
    kind = "rebuild" if isinstance(proof, RebuildProof) else "weight"
    return {"schema_version": SCHEMA_VERSION, "kind": kind, **plain(proof)}


def read_proof(found: dict[str, Any]) -> RebuildProof | WeightProof:
    """The proof that `proof_document` wrote."""
    values = {key: value for key, value in found.items() if key not in ("schema_version", "kind")}
    return typed(RebuildProof, values) if found["kind"] == "rebuild" else typed(WeightProof, values)


def _scenario(outcome: Outcome, baseline: Scenario | None) -> dict[str, Any]:
    """One boot: its scenario, its outcome, what was seen; the names and times that scripts ask for most are added."""
    names = [name for name, _ in outcome.scenario.environment]
    found = {
        **_renamed(plain(outcome.scenario), _SCENARIO_KEYS),
        "env_names": names,
        "removed": [name for name, _ in baseline.environment if name not in names] if baseline else [],
    }
    observation = outcome.observation
    concluded = plain(outcome)
    del concluded["scenario"], concluded["observation"]
    found |= concluded
    if observation is not None:
        seen = plain(observation)
        del seen["scenario"]
        seen["log"] = excerpt(observation.log)
        found["flags"] = _flags(observation.command)
        found["t_listen"] = first_listener(observation.listeners)
        found |= _renamed(seen, _OBSERVATION_KEYS)
    return found


def _outcome(found: dict[str, Any]) -> Outcome:
    """The outcome in the object of a scenario."""
    rest = {key: value for key, value in found.items() if key not in _DERIVED}
    scenario = typed(Scenario, _taken(rest, Scenario, _SCENARIO_KEYS))
    observation = None
    if "timeline" in rest:
        seen = _taken(rest, Observation, _OBSERVATION_KEYS)
        observation = typed(Observation, {"scenario": plain(scenario), **seen})
    return typed(Outcome, {"scenario": plain(scenario), "observation": plain(observation), **rest})


def _flags(command: str) -> list[str]:
    """The options of a `docker run` line that limit the container: all but those of its environment."""
    words = iter(shlex.split(command)[2:])
    flags = []
    for word in words:
        if not word.startswith("--"):
            break
        if word == "--env":
            next(words, None)
        elif word != "--rm":
            flags.append(word)
    return flags


def first_listener(listeners: tuple[Listener, ...]) -> float | None:
    """When the first socket listened, in seconds after the start."""
    return min((listener.seconds for listener in listeners), default=None)


def _renamed(values: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in values.items()}


def _taken(found: dict[str, Any], kind: Any, names: dict[str, str]) -> dict[str, Any]:
    """The fields of a class, taken out of the object that holds them under these names."""
    fields = [field.name for field in dataclasses.fields(kind)]
    return {name: found.pop(names.get(name, name)) for name in fields if names.get(name, name) in found}
