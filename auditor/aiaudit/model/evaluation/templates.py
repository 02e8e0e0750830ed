"""Methods of a library's base class that run what a class of the program fills in: `tool.run(...)` runs `_run`.

The same goes for functions that a library's object was made of: `StructuredTool.from_function(search).invoke(...)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from aiaudit.model.evaluation.core import Core, distinct
from aiaudit.model.evaluation.handing import written_out
from aiaudit.model.scopes import Call, Class, Function, original_name
from aiaudit.model.values import External, FunctionValue, Instance, Literal, Value, Values, has_external
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass

# How the arguments arrive: as given, the first one alone, or as the keys of the dictionary that the first one is.
SAME, FIRST, INPUT = "same", "first", "input"
Methods = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Template:
    """The methods of a base class: name of the public one -> those that it runs, the first that is there.

    Asynchronous ones run their own, or one of `plain` in a thread. `gives` tells that the result is passed on as it is,
    `apart` that all run in a thread or process of their own.
    """

    plain: Methods
    awaited: Methods
    how: str
    gives: bool = True
    apart: bool = False


_TOOL = Template({"run": ("_run",), "invoke": ("_run",)}, {"arun": ("_arun",), "ainvoke": ("_arun",)}, INPUT)
_CALLED = Template({"__call__": ("forward", "_run", "call")}, {"acall": ("acall",)}, SAME)
_RETRIEVER = Template(
    {
        "invoke": ("_get_relevant_documents",),
        "get_relevant_documents": ("_get_relevant_documents",),
        "retrieve": ("_retrieve",),
    },
    {
        "ainvoke": ("_aget_relevant_documents",),
        "aget_relevant_documents": ("_aget_relevant_documents",),
        "aretrieve": ("_aretrieve",),
    },
    FIRST,
)
_MODEL = Template(
    dict.fromkeys(("__call__", "invoke", "predict", "generate", "batch"), ("_call", "_generate"))
    | {"stream": ("_stream", "_call", "_generate")},
    dict.fromkeys(("ainvoke", "apredict", "agenerate", "abatch"), ("_acall", "_agenerate"))
    | {"astream": ("_astream", "_acall", "_agenerate")},
    FIRST,
    gives=False,
)
_CHAIN = Template(
    {"__call__": ("_call",), "invoke": ("_call",), "run": ("_call",)},
    {"ainvoke": ("_acall",), "acall": ("_acall",), "arun": ("_acall",)},
    FIRST,
)
_ENGINE = Template({"query": ("custom_query", "_query")}, {"aquery": ("acustom_query", "_aquery")}, FIRST)
_EMBEDDING = Template(
    {
        "get_query_embedding": ("_get_query_embedding",),
        "get_text_embedding": ("_get_text_embedding",),
        "get_text_embedding_batch": ("_get_text_embeddings", "_get_text_embedding"),
    },
    {"aget_query_embedding": ("_aget_query_embedding",), "aget_text_embedding": ("_aget_text_embedding",)},
    SAME,
)
_POSTPROCESSOR = Template(
    {"postprocess_nodes": ("_postprocess_nodes",)}, {"apostprocess_nodes": ("_apostprocess_nodes",)}, SAME
)
_MODULE = Template({"__call__": ("forward",)}, {"acall": ("aforward",)}, SAME)
_THREAD = Template({"start": ("run",)}, {}, SAME, gives=False, apart=True)
# Last name of the library's class, or all of its path, -> its templates.
_TEMPLATES: dict[str, tuple[Template, ...]] = {
    "BaseTool": (_TOOL, _CALLED),
    "Tool": (_CALLED,),
    "BaseRetriever": (_RETRIEVER,),
    "LLM": (_MODEL,),
    "BaseLLM": (_MODEL,),
    "BaseChatModel": (_MODEL,),
    "SimpleChatModel": (_MODEL,),
    "Chain": (_CHAIN,),
    "CustomQueryEngine": (_ENGINE,),
    "BaseQueryEngine": (_ENGINE,),
    "BaseEmbedding": (_EMBEDDING,),
    "BaseNodePostprocessor": (_POSTPROCESSOR,),
    "dspy.Module": (_MODULE,),
    "Thread": (_THREAD,),
    "Process": (_THREAD,),
}
# Last name of a library's class of workflows -> the methods that start one, and the decorators of its steps.
_WORKFLOWS = {
    "Workflow": (("run",), ("step",)),
    "Flow": (("kickoff", "kickoff_async", "akickoff"), ("start", "listen", "router")),
}
_CALLED_BASES = frozenset(
    name.rpartition(".")[2]
    for name, templates in _TEMPLATES.items()
    if any("__call__" in template.plain for template in templates)
)
# What objects made of a function are called by, how they pass their input on, and how they name the function.
_WRAPPING = {
    "StructuredTool.from_function()": (INPUT, ("func", "coroutine"), 0),
    "Tool.from_function()": (FIRST, ("func", "coroutine"), 0),
    "tools.Tool()": (FIRST, ("func", "coroutine"), 1),
    "tools.StructuredTool()": (INPUT, ("func", "coroutine"), None),
    "RunnableLambda()": (FIRST, ("func", "afunc"), 0),
    "FunctionTool.from_defaults()": (SAME, ("fn", "async_fn"), 0),
}
_RUNNING = frozenset(("run", "invoke", "call", "stream", "batch"))
_AWAITED_RUNNING = frozenset(("arun", "ainvoke", "acall", "astream", "abatch"))
_NAMES = frozenset(
    name
    for templates in _TEMPLATES.values()
    for template in templates
    for name in (*template.plain, *template.awaited, *_RUNNING, *_AWAITED_RUNNING)
    if name != "__call__"
).union(*(names for names, _ in _WORKFLOWS.values()))


@dataclass(frozen=True, slots=True)
class Run:
    """A method or function that a call runs through a library's code.

    `call` stands where the written one does and has the arguments that the function gets, after `bound` leading
    parameters; `offloaded` runs take place in a thread. `gives` tells that the call gives what the function gives.
    """

    function: Function
    call: Call
    bound: int
    offloaded: bool
    gives: bool


class Templates(Core):
    """Answers about methods that a library's base class leaves to the program."""

    def runs(self, call: Call) -> tuple[Run, ...]:
        """What a call of a library's method runs of the program."""
        if call.name not in _NAMES and not self._has_called_objects:
            return ()
        function = call.expression[2]
        if call.name in _NAMES and function[0] == "attr":
            return tuple(run for value in self.evaluate(function[2], call.scope) for run in self._run_of(value, call))
        if not self._has_called_objects:
            return ()
        called = [value.cls for value in self.callees(call) if isinstance(value, Instance)]
        return tuple(run for cls in called for run in self._of_instance(cls, "__call__", call))

    def of_libraries(self, call: Call) -> Values:
        """What a call may call, but for the methods of a library's base class that run what the program fills in."""
        callees = self.callees(call)
        if not has_external(callees) or not self.runs(call):
            return callees
        function = call.expression[2]
        if call.name not in _NAMES or function[0] != "attr":
            return ()
        others = (v for v in self.evaluate(function[2], call.scope) if next(self._run_of(v, call), None) is None)
        return distinct(called for value in others for called in self.attribute(value, call.name))

    @cached_property
    def _has_called_objects(self) -> bool:
        """Whether any class of the program fills in what calling its objects runs: hardly any program has one."""
        bases = ((base, cls.module) for cls in self.program.classes for base in cls.bases)
        return any(original_name(base, module) in _CALLED_BASES for base, module in bases)

    def _run_of(self, value: Value, call: Call) -> Iterator[Run]:
        if isinstance(value, Instance):
            yield from self._of_instance(value.cls, call.name, call)
        elif isinstance(value, FunctionValue):
            if value.function.has_decorator("tool"):
                yield from self._of_function(value, INPUT, call)
        elif isinstance(value, External) and value.origin is not None and value.made:
            yield from self._of_object(value, call)

    def _of_instance(self, cls: Class, name: str, call: Call) -> Iterator[Run]:
        """The methods of a class that a method of its library's base runs."""
        classes, outside = self.lineage(cls)
        if not outside or any(candidate.method(name) is not None for candidate in classes):
            return
        for base in outside:
            kind = base.rpartition(".")[2]
            for template in _TEMPLATES.get(base) or _TEMPLATES.get(kind, ()):
                method, in_thread = _filled_in(classes, name, template)
                if method is not None and method.name != name:
                    made = self._given(call, template.how)
                    bound = int(method.self_name is not None)
                    yield Run(method, made, bound, in_thread or template.apart, template.gives)
                    return
            starting, steps = _WORKFLOWS.get(kind, ((), ()))
            if name in starting:
                yield from self._steps(classes, steps, call)
                return

    def _steps(self, classes: list[Class], decorators: tuple[str, ...], call: Call) -> Iterator[Run]:
        """The steps of a workflow: what starts it gets the options of the call, the others what steps make for them."""
        begun = self.handing.rewritten(call, "step")
        if begun is None:
            options = tuple((("const", call.at, key), value) for key, value in call.keywords if key is not None)
            given = (("dict", call.at, options),) if "step" in decorators else ()
            written = written_out(call, call.expression[2], given, (), call.awaited)
            begun = self.handing.rewrite(call, "step", written)
        for cls in classes:
            for method in cls.functions:
                if not method.has_decorator(*decorators):
                    continue
                bound = int(method.self_name is not None)
                yield Run(method, begun, bound, False, False)
                for made in self._events(method, bound):
                    yield Run(method, made, bound, False, False)

    def _events(self, step: Function, bound: int) -> Iterator[Call]:
        """The objects that the program makes of the class that a step is annotated to take, each as its argument."""
        for parameter in step.parameters[bound : bound + 1]:
            for value in self.annotated(parameter[2], step.module):
                for made in self.constructions(value.cls) if isinstance(value, Instance) else ():
                    known = self.handing.rewritten(made, "event")
                    yield known or self.handing.rewrite(
                        made, "event", written_out(made, made.expression[2], (made.expression,), ())
                    )

    def _of_object(self, value: External, call: Call) -> Iterator[Run]:
        """The function that a library's object was made of."""
        for ending, (how, names, position) in _WRAPPING.items():
            if not value.path.endswith(ending) or value.origin is None:
                continue
            if call.name not in _RUNNING and call.name not in _AWAITED_RUNNING:
                return
            made = value.origin
            plain, awaited = made.argument(names[0], position), made.keyword(names[1])
            chosen = awaited if call.name in _AWAITED_RUNNING and awaited is not None else plain
            for given in self.evaluate(chosen, made.scope):
                if isinstance(given, FunctionValue):
                    yield from self._of_function(given, how, call)
            return

    def _of_function(self, value: FunctionValue, how: str, call: Call) -> Iterator[Run]:
        function = value.function
        bound = int(value.bound is not None and function.self_name is not None)
        in_thread = call.name in _AWAITED_RUNNING and not function.asynchronous
        yield Run(function, self._given(call, how), bound, in_thread, call.name not in ("stream", "astream", "batch"))

    def _given(self, call: Call, how: str) -> Call:
        """The call with the arguments that the program's own function gets."""
        if how == SAME:
            return call
        known = self.handing.rewritten(call, how)
        if known is not None:
            return known
        given = call.argument("input", 0) or call.keyword("tool_input")
        arguments: tuple[Expression, ...] = ()
        keywords: tuple[tuple[str | None, Expression], ...] = ()
        if given is None:
            arguments, keywords = call.arguments, call.keywords
        elif how == INPUT and given[0] == "dict":
            keywords = tuple((_text(key), value) for key, value in given[2])
        elif how == INPUT and self._is_mapping(given, call):
            keywords = ((None, given),)
        else:
            arguments = (given,)
        return self.handing.rewrite(call, how, written_out(call, call.expression[2], arguments, keywords, call.awaited))

    def _is_mapping(self, given: Expression, call: Call) -> bool:
        """Whether the input of a tool is a dictionary rather than its one text."""
        values = self.evaluate(given, call.scope)
        if any(isinstance(value, Literal) and value.expression[0] == "dict" for value in values):
            return True
        return any(isinstance(value, External) and value.path.endswith(("dict()", ".loads()")) for value in values)


def _filled_in(classes: list[Class], name: str, template: Template) -> tuple[Function | None, bool]:
    """The method that a public one runs, and whether it does so in a thread."""
    found = _first(classes, template.plain.get(name, template.awaited.get(name, ())))
    if found is not None or name not in template.awaited:
        return found, False
    plain = template.plain.get(name.removeprefix("a"), ())
    return _first(classes, plain), True


def _first(classes: list[Class], names: tuple[str, ...]) -> Function | None:
    """The first of some methods that a class or one of its bases has."""
    return next((m for n in names for cls in classes if (m := cls.method(n)) is not None), None)


def _text(key: Any) -> str | None:
    """The name that a key of a written dictionary gives an argument; None for a spread."""
    return key[2] if key is not None and key[0] == "const" and isinstance(key[2], str) else None
