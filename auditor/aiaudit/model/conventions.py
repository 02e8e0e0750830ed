"""Classes whose methods a web framework runs by convention: Django's middleware, serializers, controllers."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.callbacks import Callback
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program
from aiaudit.model.scopes import Class, last_name, walk

_SERIALIZERS = tuple(
    f"rest_framework.serializers.{kind}Serializer" for kind in ("", "Model", "HyperlinkedModel", "List")
)
_SERIALIZING = frozenset(("create", "update", "save", "validate", "to_representation", "to_internal_value"))
_FIELDS = ("validate_", "get_")
_DEPENDING = ("Depends", "Security")


def conventions(program: Program, evaluator: Evaluator) -> Iterator[Callback]:
    """What they run for each request, and once at startup."""
    listed = _listed_middleware(program)
    for cls in program.classes:
        if (not listed or cls.name in listed) and _takes_next(cls):
            yield from _of_middleware(cls)
        elif evaluator.inherits(cls, *_SERIALIZERS):
            yield from _of_serializer(cls)
        elif any(last_name(d[2]) == "cbv" for d in cls.decorators if d[0] == "call"):
            yield from _of_controller(cls, evaluator)


def _listed_middleware(program: Program) -> frozenset[str]:
    """The last names of the classes that Django's settings list, by their dotted paths; empty without settings."""
    return frozenset(
        part[2].rpartition(".")[2]
        for module in program.modules
        for binding in module.bindings.get("MIDDLEWARE", ())
        if binding.expression is not None
        for part in walk(binding.expression)
        if part[0] == "const" and isinstance(part[2], str)
    )


def _takes_next(cls: Class) -> bool:
    """Whether objects are made with what answers next, as Django makes its middleware."""
    constructor = cls.method("__init__")
    return constructor is not None and any(parameter[0] == "get_response" for parameter in constructor.parameters)


def _of_middleware(cls: Class) -> Iterator[Callback]:
    """Made once, when the service starts, and called with each request."""
    for method in cls.functions:
        if method.name == "__init__":
            yield Callback("startup", method, f"startup of {cls.name}", method.span)
        elif method.name == "__call__" or method.name.startswith("process_"):
            yield Callback("request", method, f"every request ({cls.name})", method.span)


def _of_serializer(cls: Class) -> Iterator[Callback]:
    for method in cls.functions:
        if method.name in _SERIALIZING or method.name.startswith(_FIELDS):
            yield Callback("request", method, f"use of {cls.name}", method.span)


def _of_controller(cls: Class, evaluator: Evaluator) -> Iterator[Callback]:
    """`@cbv(router)`: made anew for every request, with the dependencies that its body names."""
    label = f"use of {cls.name}"
    constructor = cls.method("__init__")
    if constructor is not None:
        yield Callback("request", constructor, label, constructor.span)
    for binding in (binding for bindings in cls.bindings.values() for binding in bindings):
        given = binding.expression
        if binding.kind == "value" and given is not None and given[0] == "call" and last_name(given[2]) in _DEPENDING:
            asked = evaluator.call_of(given, cls).argument("dependency", 0)
            for function in evaluator.functions_of(asked, cls):
                yield Callback("request", function, label, function.span)
