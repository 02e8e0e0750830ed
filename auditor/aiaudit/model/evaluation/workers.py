"""The context of workers that run queued jobs: what their start puts into it, jobs find there."""

from __future__ import annotations

from aiaudit.model.program import Program
from aiaudit.model.scopes import Function, Scope, last_name
from aiaudit.sources.python.facts import Expression

# Parameters that workers hand to a job before its own arguments.
CONTEXT_NAMES = frozenset(("ctx", "context", "_ctx", "_context", "_"))
# What `variable` calls the context of arq's and SAQ's workers.
WORKER_CONTEXT = ("worker", "ctx")
_STARTS = frozenset(("on_startup", "startup"))
_DICTS = frozenset(("dict", "Dict", "Any", "Mapping", "MutableMapping", "Context"))


def has_worker(program: Program) -> bool:
    """Whether a program sets up a worker with a hook for its start: arq's class of settings, an object, SAQ's dict."""
    if any(
        "on_startup" in cls.bindings and {"functions", "cron_jobs"} & cls.bindings.keys() for cls in program.classes
    ):
        return True
    if any(call.keyword(name) is not None for call in program.calls_by_name.get("Worker", ()) for name in _STARTS):
        return True
    tables = [b.expression for module in program.modules for b in module.bindings.get("settings", ())]
    return any(table is not None and _starts_worker(table) for table in tables)


def is_context(holder: Scope, name: str) -> bool:
    """Whether a name is what a worker hands to its jobs and hooks: the first parameter of a coroutine, a dict."""
    if name not in CONTEXT_NAMES or not isinstance(holder, Function):
        return False
    if not holder.asynchronous or holder.owner is not None or not holder.parameters:
        return False
    given, _, annotation, _, _ = holder.parameters[0]
    return given == name and (annotation is None or _is_dict(annotation))


def _is_dict(annotation: Expression) -> bool:
    return last_name(annotation[2] if annotation[0] == "sub" else annotation) in _DICTS


def _starts_worker(table: Expression) -> bool:
    keys = {k[2] for k, _ in table[2] if k is not None and k[0] == "const"} if table[0] == "dict" else set()
    return {"queue", "functions"} <= keys and bool(_STARTS & keys)
