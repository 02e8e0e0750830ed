"""Functions that libraries call while the service works: tools, handlers of events, tasks of workers, pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.frameworks import CALLED_BACK, CALLING_BACK, SCHEDULING
from aiaudit.model.program import DOTTED_JOBS, RQ, Program
from aiaudit.model.scopes import Class, Function, Module, Scope, last_name
from aiaudit.model.unused import is_named_nowhere
from aiaudit.model.values import Constant, External, FunctionValue, ModuleValue
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.span import Span
from aiaudit.values import dataclass

Keywords = tuple[tuple["str | None", Expression], ...]
# What makes a tool of a function.
TOOL_DECORATOR = regex(
    r"(langchain\w*|agents|smolagents|crewai|crewai_tools|agno|phi|strands)(\.\w+)*\.(tool|function_tool)"
)
# Functions with whose help a program finds tools that it names nowhere.
_COLLECTING = frozenset(
    ("getmembers", "dir", "vars", "globals", "import_module", "__import__", "iter_modules", "walk_packages",
     "spec_from_file_location")
)  # fmt: skip
# What runs the jobs of `schedule`.
_RUNNING_JOBS = ("run_pending", "run_all")
# What a launcher of Streamlit imports of it.
_STARTING = frozenset(("bootstrap", "cli", "web", "config", "runtime"))
# Attributes of arq's settings class -> the kind of entry that their functions are.
WORKER_HOOKS = (("functions", "task"), ("cron_jobs", "task"), ("on_startup", "startup"), ("on_job_start", "task"))


@dataclass(slots=True, eq=False)
class Callback:
    """A scope that a library runs: `kind` is that of the entry, "request", "task" or "startup", or "tool" where models
    have it called; `registered` as in `Entry`."""

    kind: str
    scope: Function | Module
    label: str
    span: Span
    registered: bool = False
    by: str = ""


def callbacks(program: Program, evaluator: Evaluator) -> Iterator[Callback]:
    """All of them, as far as classes, decorators and settings tell; what is passed as an argument is followed where the
    calls are."""
    for cls in program.classes:
        yield from _of_class(cls, evaluator)
        yield from _of_worker(cls, evaluator)
    yield from _of_worker_objects(program, evaluator)
    yield from _of_dotted_names(program, evaluator)
    for function in program.functions:
        if _is_scheduled(function, program, evaluator):
            yield Callback("task", function, f"job {function.qualified_name}", function.span, True, "clock")
        elif _is_handed_by_decorator(function, evaluator):
            yield Callback("request", function, f"callback {function.qualified_name}", function.span)
        elif _is_tool(function, program, evaluator):
            yield Callback("tool", function, f"callback {function.qualified_name}", function.span, True, "run")
    imported = {path for module in program.modules for path in program.imports_of(module.path)}
    for module in program.modules:
        if _is_page(module, imported):
            yield Callback("request", module, f"every run of {module.path}", Span.whole_file(module.path))


def _of_class(cls: Class, evaluator: Evaluator) -> Iterator[Callback]:
    """Methods that a library calls on objects of a class derived from one of its own."""
    bases = [path.rpartition(".")[2] for path in evaluator.lineage(cls)[1]]
    patterns = [pattern for base in bases for pattern in CALLED_BACK.get(base, ())]
    if not patterns or not evaluator.is_made(cls):
        return
    for method in cls.functions:
        if any(_fits(method.name, pattern) for pattern in patterns):
            yield Callback("request", method, f"callback {method.qualified_name}", method.span)


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _is_scheduled(function: Function, program: Program, evaluator: Evaluator) -> bool:
    """Whether a decorator has a function run again and again: `@schedule.repeat(schedule.every(2).hours)`."""
    for decorator in function.decorators:
        callee = decorator[2] if decorator[0] == "call" else decorator
        if last_name(callee) not in SCHEDULING:
            continue
        values = evaluator.evaluate(callee, function.parent or function.module)
        paths = [value.path for value in values if isinstance(value, External)]
        if "schedule.repeat" in paths:
            return any(map(program.calls_by_name.get, _RUNNING_JOBS))
        if any(path.endswith("().scheduled_job") for path in paths):
            return True
    return False


def _is_handed_by_decorator(function: Function, evaluator: Evaluator) -> bool:
    for decorator in function.decorators:
        callee = decorator[2] if decorator[0] == "call" else decorator
        if callee[0] != "attr" or callee[3] not in CALLING_BACK:
            continue
        owners = evaluator.evaluate(callee[2], function.parent or function.module)
        if any(isinstance(owner, External) and owner.made for owner in owners):
            return True
    return False


def _is_tool(function: Function, program: Program, evaluator: Evaluator) -> bool:
    """Whether a decorator makes a tool for models to call: a library's, or one of the program that works with such.

    Which agent gets it does not matter: nothing else calls it. What only a library's decorator knows must be named
    somewhere, or be found by what goes through modules.
    """
    for decorator in function.decorators:
        callee = decorator[2] if decorator[0] == "call" else decorator
        if callee[0] != "name":
            continue
        for value in evaluator.evaluate(callee, function.parent or function.module):
            if isinstance(value, External) and TOOL_DECORATOR.fullmatch(value.path) is not None:
                return any(map(program.calls_by_name.get, _COLLECTING)) or not is_named_nowhere(function, program)
            if isinstance(value, FunctionValue) and _works_with_tools(value, evaluator):
                return True
    return False


def _works_with_tools(value: FunctionValue, evaluator: Evaluator) -> bool:
    return any(
        isinstance(callee, External) and TOOL_DECORATOR.fullmatch(callee.path) is not None
        for scope in (value.function, *value.function.functions)
        for call in scope.calls
        for callee in evaluator.callees(call)
    )


def _of_worker(cls: Class, evaluator: Evaluator) -> Iterator[Callback]:
    """`class WorkerSettings` of arq: its tasks and hooks."""
    if "functions" not in cls.bindings and "cron_jobs" not in cls.bindings:
        return
    if not cls.name.endswith("Settings"):
        return
    for name, kind in WORKER_HOOKS:
        for binding in cls.bindings.get(name, ()):
            yield from _named(name, kind, binding.expression, binding.scope, evaluator)


def _of_worker_objects(program: Program, evaluator: Evaluator) -> Iterator[Callback]:
    """`Worker(functions=[...])` of arq and SAQ, and the dict `settings` that SAQ's command reads."""
    for call in program.calls_by_name.get("Worker", ()):
        paths = [value.path for value in evaluator.callees(call) if isinstance(value, External)]
        if any(path.startswith(("arq.", "saq.")) for path in paths):
            yield from _hooks(dict(call.keywords), call.scope, evaluator)
    for module in program.modules:
        for binding in module.bindings.get("settings", ()):
            table = binding.expression
            if table is not None and table[0] == "dict":
                entries = {k[2]: v for k, v in table[2] if k is not None and k[0] == "const"}
                if {"queue", "functions"} <= entries.keys():
                    yield from _hooks(entries, module, evaluator)


def _of_dotted_names(program: Program, evaluator: Evaluator) -> Iterator[Callback]:
    """`queue.enqueue("app.jobs.build")` of RQ: its worker imports what the name says."""
    for method, position in DOTTED_JOBS.items():
        for call in program.calls_by_name.get(method, ()):
            if len(call.arguments) <= position or not any(
                isinstance(callee, External) and callee.path.startswith(RQ) for callee in evaluator.callees(call)
            ):
                continue
            for value in evaluator.evaluate(call.arguments[position], call.scope):
                module, _, name = str(value.value).rpartition(".") if isinstance(value, Constant) else ("", "", "")
                found = program.resolve(call.scope.module, module, 0) if module else None
                if isinstance(found, ModuleValue) and found.module is not None:
                    for function in found.module.functions:
                        if function.name == name:
                            yield Callback("task", function, f"task {name}", function.span)


def _hooks(entries: Mapping[str | None, Expression], scope: Scope, evaluator: Evaluator) -> Iterator[Callback]:
    for name, kind in (*WORKER_HOOKS, ("startup", "startup"), ("before_process", "task")):
        if name in entries:
            yield from _named(name, kind, entries[name], scope, evaluator)


def _named(name: str, kind: str, listed: Expression | None, scope: Scope, evaluator: Evaluator) -> Iterator[Callback]:
    for function, _ in functions_in(listed, scope, evaluator):
        yield Callback(kind, function, f"{'task' if kind == 'task' else name} {function.name}", function.span)


def functions_in(listed: Expression | None, scope: Scope, evaluator: Evaluator) -> Iterator[tuple[Function, Keywords]]:
    """The functions that an expression names, alone, in a list, or wrapped as `func(f)` and `cron(f)`, each with the
    keyword arguments of what wraps it."""
    if listed is None:
        return
    items = listed[2] if listed[0] in ("list", "tuple") else (listed,)
    for item in items:
        wrapped: Expression = item[3][0] if item[0] == "call" and item[3] else item
        keywords: Keywords = item[4] if item[0] == "call" else ()
        values = evaluator.evaluate(wrapped, scope)
        if items[0] is listed and listed[0] != "call":
            values = (*values, *evaluator.elements(listed, scope))
        for value in values:
            if isinstance(value, FunctionValue):
                yield value.function, keywords


def _is_page(module: Module, imported: set[str]) -> bool:
    """A Streamlit script: it runs anew at each interaction. What it imports runs once."""
    if not any(_imports_streamlit(statement) for statement, _, _ in module.imports):
        return False
    return "/pages/" in f"/{module.path}" or module.path not in imported


def _imports_streamlit(statement: Statement) -> bool:
    """Whether an import gives what pages show; `from streamlit import bootstrap` starts other files as pages."""
    if statement[0] == "import":
        return any(name == "streamlit" for name, _ in statement[2])
    return statement[3] == "streamlit" and any(name not in _STARTING for name, _ in statement[4])
