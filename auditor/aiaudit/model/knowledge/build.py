"""Data files to entries. Shipped files are trusted here: tests and scripts validate them, users' files are validated
before they come here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiaudit.model.knowledge.schema import (
    INFINITE,
    Argument,
    Entry,
    LoopCap,
    Method,
    Output,
    Timeout,
    TimeoutParameter,
)
from aiaudit.values import names_of, replace

Table = Mapping[str, Any]
Families = Callable[[str], "tuple[Method, ...]"]

_METHOD_FIELDS = frozenset(names_of(Method))
_DECIDED = {"name", "mode", "blocking", "purpose", "cost", "timeout", "output", "returns", "prompt"}
_DECIDED |= {"verified", "dist"}
_SHARED = _METHOD_FIELDS - _DECIDED


def entries_of(data: Table, families: Families) -> list[Entry]:
    """The entries of one data file, aliases that differ included."""
    found: list[Entry] = []
    own = {table["name"]: methods_of(table.get("method", ())) for table in data.get("family", ())}

    def family(name: str) -> tuple[Method, ...]:
        return own[name] if name in own else families(name)

    for table in data.get("entry", ()):
        found.extend(_entry_and_aliases(table, data, family))
    return found


def methods_of(tables: Iterable[Table | str]) -> tuple[Method, ...]:
    """The methods that a family or an entry lists: plain names, or tables that say more of some `names`."""
    found: list[Method] = []
    for table in tables:
        if isinstance(table, str):
            found.append(Method(table))
            continue
        values = _values({key: value for key, value in table.items() if key != "names"})
        found.extend(Method(name, **values) for name in table["names"])
    return tuple(found)


def _entry_and_aliases(table: Table, data: Table, families: Families) -> list[Entry]:
    values = _values({key: value for key, value in table.items() if key not in ("also", "methods", "families")})
    dist = values.setdefault("dist", data.get("dist", ""))
    values.setdefault("version", data.get("versions", {}).get(dist, ""))
    values.setdefault("verified", data.get("verified", "documentation"))
    values.setdefault("blocking", _blocks(values))
    same = [alias for alias in table.get("also", ()) if isinstance(alias, str)]
    listed = methods_of(table.get("methods", ()))
    inherited = [method for name in table.get("families", ()) for method in families(name)]
    own = {method.name for method in listed}
    methods = (*listed, *(method for method in inherited if method.name not in own))
    entry = Entry(**values, also=tuple(same), methods=methods)
    different = [alias for alias in table.get("also", ()) if not isinstance(alias, str)]
    return [entry, *(_alias(entry, alias) for alias in different)]


def _alias(entry: Entry, table: Table) -> Entry:
    """An entry like another one, but for what the table of its alias says."""
    values = _values(table)
    changed = replace(entry, also=(), **values)
    if "blocking" not in values and "mode" in values:
        blocking = _blocks({"kind": changed.kind, "mode": changed.mode})
        changed = replace(changed, blocking=blocking)
    return changed


def _blocks(values: Table) -> bool:
    """Loaders and synchronous calls block unless an entry says otherwise; constructions do not."""
    return values.get("mode") == "sync" and values["kind"] in ("loader", "call")


def derived(entry: Entry, method: Method) -> Entry:
    """The entry of a method of what a constructor gives."""
    mode = method.mode or ("sync" if entry.mode == "both" else entry.mode)
    returns = f"{entry.path}()" if method.returns == "self" else method.returns
    shared = {name: getattr(method, name) for name in _SHARED}
    return replace(
        entry,
        **shared,
        path=f"{entry.path}().{method.name}" if method.name != "__call__" else f"{entry.path}()",
        mode=mode,
        blocking=mode == "sync" if method.blocking is None else method.blocking,
        purpose=method.purpose or entry.purpose,
        cost=method.cost or entry.cost,
        timeout=method.timeout or entry.timeout,
        output=method.output or (entry.output if method.generates else None),
        prompt=method.prompt or (entry.prompt if method.generates else ()),
        returns=returns,
        also=(),
        methods=(),
        attributes=(),
        construct_first_milliseconds=None,
        construct_milliseconds=None,
        defaults=tuple(pair for pair in entry.defaults if pair[0] == "local"),
        constructor=entry.path,
        verified=method.verified or entry.verified,
    )


def _values(table: Table) -> dict[str, Any]:
    """A table's values as the fields of the dataclasses."""
    values = dict(table)
    for name, convert in _CONVERT.items():
        if name in values:
            values[name] = convert(values[name])
    construct = values.pop("construct", None)
    if construct is not None:
        values["construct_first_milliseconds"] = construct.get("first")
        values["construct_milliseconds"] = construct.get("next")
    return values


def _timeout(table: Table) -> Timeout:
    values = dict(table)
    values["parameters"] = tuple(
        TimeoutParameter(item) if isinstance(item, str) else TimeoutParameter(**item)
        for item in table.get("parameters", ())
    )
    values["client_libraries"] = tuple(table.get("client_libraries", ()))
    values["ignored"] = tuple(table.get("ignored", ()))
    values["attributes"] = tuple(table.get("attributes", ()))
    values["set_by"] = tuple(table.get("set_by", ()))
    values["drivers"] = tuple(table.get("drivers", {}).items())
    for name in ("default", "worst_case", "client_default"):
        if name in values:
            values[name] = _seconds(values[name])
    return Timeout(**values)


def _seconds(value: float | str) -> float | None:
    if isinstance(value, str):
        return INFINITE if value == "none" else None
    return float(value)


def _output(table: Table) -> Output:
    return Output(**{**table, "parameters": tuple(table.get("parameters", ()))})


def _arguments(items: Iterable[Table | str]) -> tuple[Argument, ...]:
    return tuple(Argument(item) if isinstance(item, str) else Argument(**item) for item in items)


def _loop_cap(table: Table) -> LoopCap:
    default = table.get("default", "unknown")
    parameters = tuple(table.get("parameters", ()))
    needs = tuple(table.get("needs", ()))
    return LoopCap(parameters, _seconds(default), table.get("at", "constructor"), table.get("removable", False), needs)


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "timeout": _timeout,
    "output": _output,
    "prompt": _arguments,
    "wraps": _arguments,
    "loop_cap": _loop_cap,
    "stream_twins": tuple,
    "evidence": tuple,
    "defaults": lambda table: tuple(table.items()),
    "attributes": lambda table: tuple(table.items()),
}
