"""Which classes declare fields, and which attributes of theirs are fields."""

from __future__ import annotations

from aiaudit.model.evaluate import is_field_call
from aiaudit.model.flow.words import words
from aiaudit.model.scopes import Class, last_name, original_name
from aiaudit.sources.python.facts import Expression

_MODELS = words(
    "BaseModel TypedDict NamedTuple Struct SQLModel Schema GenericModel RootModel Serializer ModelSerializer Form "
    "ModelForm FlaskForm BaseSchema APIModel BaseDTO"
)
_MODEL_ENDS = ("Model", "Schema", "Request", "Serializer", "Params")
# Decorators that make fields of annotations: dataclasses, attrs, and Strawberry's inputs.
_MAKING_FIELDS = frozenset(("dataclass", "define", "attrs", "s", "input"))


def declares_fields(classes: list[Class], outside: list[str]) -> bool:
    """Whether the classes of a lineage declare fields, by the bases from outside and by decorators."""
    bases = {path.rpartition(".")[2] for path in outside}
    if bases & _MODELS or any(base.endswith(_MODEL_ENDS) for base in bases):
        return True
    return any(
        original_name(decorator[2] if decorator[0] == "call" else decorator, cls.module) in _MAKING_FIELDS
        for cls in classes
        for decorator in cls.decorators
    )


def is_declared_field(expression: Expression | None) -> bool:
    """Whether a class attribute is a field object: of a serializer, form, schema or table."""
    if expression is None or expression[0] != "call":
        return False
    name = last_name(expression[2])
    return (
        is_field_call(expression)
        or name.endswith(("Field", "Column", "Serializer", "mapped_column"))
        or name in ("Str", "String", "List", "Nested", "Dict", "Raw", "Integer", "Float", "Boolean")
    )
