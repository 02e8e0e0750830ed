"""Annotations as people write them, taken apart: the type that counts, and the bounds that its value must keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Class, Scope, last_name, original_name
from aiaudit.model.values import ClassValue, Constant
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass, replace

_ENUMERATIONS = frozenset(("Enum", "StrEnum", "IntEnum"))
_CONSTRAINED = {"constr": "str", "conint": "int", "confloat": "float", "conlist": "list", "condecimal": "float"}
_POSITIVE = frozenset(("PositiveInt", "PositiveFloat"))
_DEEPEST = 8

Extra = tuple[Expression, Scope]


@dataclass(frozen=True, slots=True)
class Type:
    """The type that counts: its `name`, `arguments` and the scope that they are written in. `cls` is the class of the
    program that it names. `extras` are what `Annotated` and defaults add. `is_optional`: None passes."""

    name: str
    scope: Scope
    arguments: tuple[Expression, ...] = ()
    cls: Class | None = None
    extras: tuple[Extra, ...] = ()
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a value must keep; None for no bound. `least` and `most` bound a text's or list's length, `low` and `high`
    a number, both inclusive; `pattern` is a regular expression."""

    least: int = 0
    most: int | None = None
    low: float | None = None
    high: float | None = None
    pattern: str = ""


class Types:
    """Reads annotations of one program."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def of(self, annotation: Expression | None, scope: Scope, depth: int = 0) -> Type:
        """The type that an annotation means; one without a name for what cannot be read."""
        if annotation is None or depth > _DEEPEST:
            return Type("", scope)
        tag = annotation[0]
        if tag == "bin":
            return self._union(annotation[3:5], scope, depth)
        if tag == "sub":
            return self._generic(annotation, scope, depth)
        if tag == "call":
            name = original_name(annotation[2], scope.module)
            given = annotation[3][:1] if name == "conlist" else ()
            return Type(_CONSTRAINED.get(name, name), scope, tuple(given), extras=((annotation, scope),))
        if tag == "const":
            return Type("None" if annotation[2] is None else "", scope)
        return self._named(annotation, scope, depth)

    def _union(self, sides: Iterable[Expression], scope: Scope, depth: int) -> Type:
        found = [self.of(side, scope, depth + 1) for side in sides]
        real = [one for one in found if one.name not in ("None", "NoneType")]
        if not real:
            return Type("None", scope)
        has_none = len(real) < len(found) or any(one.is_optional for one in real)
        return replace(real[0], is_optional=has_none)

    def _generic(self, annotation: Expression, scope: Scope, depth: int) -> Type:
        name, inner = original_name(annotation[2], scope.module), annotation[3]
        arguments = inner[2] if inner[0] == "tuple" else (inner,)
        if name == "Annotated":
            found = self.of(arguments[0], scope, depth + 1)
            return replace(found, extras=(*found.extras, *((extra, scope) for extra in arguments[1:])))
        if name == "Optional":
            return replace(self.of(arguments[0], scope, depth + 1), is_optional=True)
        if name == "Union":
            return self._union(arguments, scope, depth)
        if name in ("Required", "NotRequired", "Final", "Mapped"):
            return self.of(arguments[0], scope, depth + 1)
        return Type(name, scope, tuple(arguments))

    def _named(self, annotation: Expression, scope: Scope, depth: int) -> Type:
        for value in self.evaluator.evaluate(annotation, scope):
            if isinstance(value, ClassValue):
                return Type(value.cls.name, value.cls, cls=value.cls)
        for expression, holder in self.evaluator.definitions(annotation, scope):
            if expression[0] in ("sub", "bin", "call", "name", "attr") and expression is not annotation:
                return self.of(expression, holder, depth + 1)
        return Type(original_name(annotation, scope.module), scope)

    # Values that a type lists

    def choices(self, found: Type) -> tuple[object, ...]:
        """The values of a Literal or an Enum; none for any other type."""
        if found.name == "Literal":
            return tuple(self._constants(found.arguments, found.scope))
        if found.cls is None or not _ENUMERATIONS.intersection(
            path.rpartition(".")[2] for path in self.evaluator.lineage(found.cls)[1]
        ):
            return ()
        members = [statement for statement in found.cls.body if statement[0] == "assign"]
        return tuple(self._constants((member[3] for member in members), found.cls))

    def _constants(self, expressions: Iterable[Expression], scope: Scope) -> Iterator[object]:
        for expression in expressions:
            if expression[0] == "const":
                yield expression[2]
                continue
            for value in self.evaluator.evaluate(expression, scope):
                if isinstance(value, Constant):
                    yield value.value

    # Bounds

    def bounds(self, found: Type, default: Expression | None = None, scope: Scope | None = None) -> Bounds:
        """What `Annotated`, a constrained type and `Field(...)` say of a value."""
        extras = [*found.extras, *([(default, scope)] if default is not None and scope is not None else [])]
        known = Bounds(low=1 if found.name in _POSITIVE else 0 if found.name.startswith("NonNegative") else None)
        for extra, holder in extras:
            if extra[0] == "call":
                known = self._bounded(known, extra, holder)
        return known

    def _bounded(self, known: Bounds, call: Expression, scope: Scope) -> Bounds:
        given = {key: self._constant(value, scope) for key, value in call[4] if key is not None}
        if last_name(call[2]) in ("MinLen", "Len") and call[3]:
            given["min_length"] = self._constant(call[3][0], scope)
        numbers = {key: value for key, value in given.items() if type(value) in (int, float)}
        whole = {key: int(value) for key, value in numbers.items() if isinstance(value, (int, float))}
        least = max(known.least, whole.get("min_length", 0), whole.get("min_items", 0))
        most = whole.get("max_length", whole.get("max_items", known.most))
        low, high = known.low, known.high
        for key, step in (("ge", 0), ("gt", 1)):
            value = numbers.get(key)
            low = float(value) + step if isinstance(value, (int, float)) else low
        for key, step in (("le", 0), ("lt", 1)):
            value = numbers.get(key)
            high = float(value) - step if isinstance(value, (int, float)) else high
        if low is not None and high is not None and low > high:  # exclusive bounds of a narrow range of fractions
            low = high = (low + high) / 2
        pattern = given.get("pattern") or given.get("regex")
        return Bounds(least, most, low, high, pattern if isinstance(pattern, str) else known.pattern)

    def _constant(self, expression: Expression, scope: Scope) -> object:
        if expression[0] == "const":
            return expression[2]
        if expression[0] == "unary" and expression[2] == "USub":
            value = self._constant(expression[3], scope)
            return -value if isinstance(value, (int, float)) else None
        values = self.evaluator.evaluate(expression, scope)
        return next((value.value for value in values if isinstance(value, Constant)), None)
