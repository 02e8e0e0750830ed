"""What decorators read from the body and pass to a handler: APIFlask's `input`, flask-smorest's `arguments`, webargs'
`use_args` and `use_kwargs`, each with a schema; and the serializer that Django REST framework hands to a view."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.places import Path
from aiaudit.model.flow.schema import Schema
from aiaudit.model.flow.verdicts import NONE, Verdict
from aiaudit.model.scopes import Function, Scope, last_name
from aiaudit.model.values import ClassValue, Instance, Literal
from aiaudit.sources.python.facts import Expression, Parameter

_READING = frozenset(("input", "arguments", "use_args", "use_kwargs"))
# How APIFlask calls what it passes, and did before its second version.
_NAMES = frozenset(
    (
        "json_data",
        "form_data",
        "query_data",
        "files_data",
        "form_and_files_data",
        "json_or_form_data",
        "data",
        "in_data",
    )
)
_SAVING = frozenset(("perform_create", "perform_update"))
_VALIDATED = frozenset(("validated_data", "data", "initial_data"))


def of_decorators(
    parameter: Parameter, function: Function, path: Path, schema: Schema, evaluator: Evaluator
) -> Verdict | None:
    """What a schema says of the part of a request that a decorator or a view passes as a parameter; None where none
    does."""
    outer = function.parent or function.module
    if function.name in _SAVING and function.owner is not None:
        return _of_serializer(parameter, function, path, schema, evaluator)
    if parameter[2] is not None:
        return None
    reading = [d for d in function.decorators if d[0] == "call" and last_name(d[2]) in _READING and d[3]]
    positional = [decorator for decorator in reading if not _by_name(decorator)]
    own = [p for p in function.parameters if p[0] != function.self_name]
    for decorator in reading:
        name = last_name(decorator[2])
        if name == "input":
            given = next((value[2] for key, value in decorator[4] if key == "arg_name" and value[0] == "const"), None)
            if parameter[0] != given and (given is not None or parameter[0] not in _NAMES):
                continue
            return _part(decorator[3][0], outer, path, schema, evaluator)
        if decorator not in positional:
            found = _part(decorator[3][0], outer, (parameter[0], *path), schema, evaluator)
            if found is not None:
                return found
            continue
        # webargs passes them behind what the address gives, flask-smorest before it.
        place = positional.index(decorator) - (len(positional) if name == "use_args" else 0)
        if own[place : place + 1 or None] == [parameter] or (len(own) == 1 and own == [parameter]):
            return _part(decorator[3][0], outer, path, schema, evaluator)
    return None


def _by_name(decorator: Expression) -> bool:
    """Whether a decorator passes each field as an argument of its own."""
    spread = any(key == "as_kwargs" and value[0] == "const" and value[2] is True for key, value in decorator[4])
    return last_name(decorator[2]) in ("use_kwargs", "input") or spread


def _part(written: Expression, scope: Scope, path: Path, schema: Schema, evaluator: Evaluator) -> Verdict | None:
    """What a schema (a class, an object of one, a dict of fields) says of a part of what it reads."""
    for value in evaluator.evaluate(written, scope):
        if isinstance(value, (ClassValue, Instance)):
            return schema.model(value.cls, path)
        if isinstance(value, Literal) and value.expression[0] == "dict":
            for key, field in value.expression[2]:
                if key is not None and key[0] == "const" and path[:1] == (key[2],):
                    return schema.field_object(field, value.scope, path[1:], str(key[2]))
            return NONE if path else None
    return None


def _of_serializer(
    parameter: Parameter, function: Function, path: Path, schema: Schema, evaluator: Evaluator
) -> Verdict | None:
    """The validated data of the serializer that the view's class names: `serializer.validated_data["text"]`."""
    own = [p for p in function.parameters if p[0] != function.self_name]
    if own[:1] != [parameter] or path[:1] == () or path[0] not in _VALIDATED or function.owner is None:
        return None
    for cls in evaluator.lineage(function.owner)[0]:
        for binding in cls.bindings.get("serializer_class", ()):
            for value in evaluator.evaluate(binding.expression, cls):
                if isinstance(value, ClassValue):
                    return schema.model(value.cls, path[1:])
    return None
