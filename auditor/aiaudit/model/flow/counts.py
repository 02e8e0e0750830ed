"""Numbers and lists that requests choose: how many the client may ask for, and whether anything sets an upper limit."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.places import Place
from aiaudit.model.flow.tools import Tools
from aiaudit.model.making import attribute_values
from aiaudit.model.program import scope_of_name
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Binding, Class, Function, Scope, last_name, walk, walk_all
from aiaudit.model.syntax import compares_sizes
from aiaudit.model.values import ClassValue, Instance
from aiaudit.sources.python.facts import Expression, Parameter
from aiaudit.span import Span
from aiaudit.values import dataclass

_NUMBERS = frozenset(("int", "float", "PositiveInt", "NonNegativeInt", "conint"))
_LISTS = frozenset(("list", "sequence", "iterable", "set", "tuple", "frozenset", "collection"))
_LENGTHS = frozenset(("max_length", "max_items"))
_UPPER = frozenset(("le", "lt", "max_value", "max_digits"))
# Conversions and functions that leave a large number large.
_SAME = frozenset(("int", "float", "abs", "max", "round", "str"))
# Functions that give as many items as they get.
_SAME_LENGTH = frozenset(("list", "tuple", "set", "sorted", "enumerate", "reversed", "zip", "map", "unique"))
# Expressions that may read from a request object, and annotations of bodies that declare nothing.
_READ = frozenset(("call", "sub", "attr"))
_FREE = frozenset(("dict", "Dict", "Mapping"))
_LIMIT = 80


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number of a request (or a list in it) without upper limit: `description` as messages call it, where it is
    declared, the route."""

    description: str
    span: Span
    route: Route


class Counts:
    """Follows numbers, or the lengths of lists (`lists`), back to requests."""

    def __init__(self, tools: Tools, lists: bool = False) -> None:
        self.tools = tools
        self.lists = lists
        self._is_unlimited = _is_unlimited_list if lists else _is_unlimited_number

    def free(self, expression: Expression, scope: Scope) -> Number | None:
        """The request's number without upper limit that an expression may be; None where there is none."""
        queue: list[tuple[Expression, Scope, tuple[str, ...]]] = [(expression, scope, ())]
        seen: set[tuple[int, int, tuple[str, ...]]] = set()
        for part, place, path in queue:  # grows while it is walked
            key = (id(part), id(place), path)
            if key in seen or len(seen) > _LIMIT:
                continue
            seen.add(key)
            for found in self._step(part, place, path):
                if isinstance(found, Number):
                    return found
                queue.append(found)
        return None

    def _step(
        self, part: Expression, scope: Scope, path: tuple[str, ...]
    ) -> Iterator[Number | tuple[Expression, Scope, tuple[str, ...]]]:
        tag = part[0]
        if self._is_compared(part, scope, path):
            return
        taken = self._taken_from_request(part, scope, path)
        if taken is not None:
            yield taken
            return
        if tag == "name":
            yield from self._named(part, scope, path)
        elif tag == "attr":
            yield part[2], scope, (part[3], *path)
            yield from ((value, holder, path) for value, holder in attribute_values(part, scope, self.tools.evaluator))
        elif tag == "bool":
            yield from ((operand, scope, path) for operand in part[3])
        elif tag == "ifexp":
            yield from ((branch, scope, path) for branch in part[3:5])
        elif tag == "await":
            yield part[2], scope, path
        elif tag == "bin" and part[2] in ("Mult", "Add"):
            yield from ((side, scope, path) for side in part[3:5])
        elif tag == "call" and last_name(part[2]) in (_SAME_LENGTH if self.lists else _SAME):
            yield from ((argument, scope, path) for argument in part[3])
        elif (entry := _entry(part)) is not None:
            yield entry[0], scope, (entry[1], *path)
        elif tag == "call" and path:
            yield from ((given, scope, path[1:]) for given in self._filling(part, scope, path[0]))
        elif tag == "comp" and self.lists and len(part[4]) == 1 and not part[4][0][2]:
            yield part[4][0][1], scope, path

    def _taken_from_request(self, part: Expression, scope: Scope, path: tuple[str, ...]) -> Number | None:
        """An entry that is read from a request object, which nobody has declared: `request.get_json()["top_k"]`."""
        if part[0] not in _READ:
            return None
        source = self.tools.sources.of_access(Place(part, scope, path))[1]
        if source is None or source.route is None or source.kind != "text" or not source.field:
            return None
        name = path[-1] if path else source.field
        return Number(source.description.replace(f"`{source.field}`", f"`{name}`"), source.span, source.route)

    def _named(
        self, part: Expression, scope: Scope, path: tuple[str, ...]
    ) -> Iterator[Number | tuple[Expression, Scope, tuple[str, ...]]]:
        holder = scope_of_name(scope, part[2])
        if holder is None:
            return
        for binding in self.tools.order.reaching(scope, holder, part[2], part[1]):
            if binding.kind == "value" and binding.expression is not None:
                yield binding.expression, binding.scope, path
            elif binding.kind == "parameter" and isinstance(binding.scope, Function):
                yield from self._parameter(binding, binding.scope, path)

    def _parameter(
        self, binding: Binding, function: Function, path: tuple[str, ...]
    ) -> Iterator[Number | tuple[Expression, Scope, tuple[str, ...]]]:
        parameter: Parameter = binding.target
        route = self.tools.sources.handlers.get(id(function))
        if route is not None:
            number = self._of_request(parameter, function, path, route)
            if number is not None:
                yield number
            return
        for given, place in self.tools.evaluator.passed(function, parameter[0]):
            yield given, place, path

    def _filling(self, made: Expression, scope: Scope, name: str) -> Iterator[Expression]:
        """What a new object of a class that only declares fields gets for one of them, where the field takes any."""
        for value in self.tools.evaluator.evaluate(made[2], scope):
            if not isinstance(value, ClassValue) or not self.tools.schema.is_model(value.cls):
                continue
            classes = self.tools.evaluator.lineage(value.cls)[0]
            field = next((cls.bindings[name][0] for cls in classes if name in cls.bindings), None)
            if field is None or field.annotation is None:
                continue
            written = [part for part in (field.annotation, field.expression) if part is not None]
            if not self._is_unlimited(field.annotation, written):
                continue
            if any(self._validates(method, name) for cls in classes for method in cls.functions):
                continue
            names = [n for cls in reversed(classes) for n, found in cls.bindings.items() if found[0].annotation]
            given = dict(made[4]).get(name)
            if given is None and names.index(name) < len(made[3]):
                given = made[3][names.index(name)]
            if given is not None and given[0] != "star":
                yield given

    def _of_request(
        self, parameter: Parameter, function: Function, path: tuple[str, ...], route: Route
    ) -> Number | None:
        name, _, annotation, default, at = parameter
        if name == function.self_name or self.tools.evaluator.dependency(parameter, function) is not None:
            return None
        outer = function.parent or function.module
        if not path:
            written = [part for part in (annotation, default) if part is not None]
            if annotation is None or not self._is_unlimited(annotation, written):
                return None
            return Number(f"parameter `{name}`", Span.at(function.module.path, at), route)
        for value in self.tools.evaluator.annotated(annotation, outer):
            if isinstance(value, Instance) and len(path) == 1:
                return self._field(value.cls, path[0], route)
        if annotation is not None and last_name(_plain(annotation)) in _FREE:
            return Number(f"`{path[-1]}` in parameter `{name}`", Span.at(function.module.path, at), route)
        return None

    def _field(self, cls: Class, name: str, route: Route) -> Number | None:
        """A number of a body model, unless its declaration or a validator of the class limits it."""
        for candidate in self.tools.evaluator.lineage(cls)[0]:
            for binding in candidate.bindings.get(name, ())[:1]:
                annotation, default = binding.annotation, binding.expression
                written = [part for part in (annotation, default) if part is not None]
                if annotation is None or binding.statement is None or not self._is_unlimited(annotation, written):
                    return None
                if any(self._validates(method, name) for method in candidate.functions):
                    return None
                place = Span.at(candidate.module.path, binding.statement[1])
                return Number(f"field `{name}` of {cls.name}", place, route)
        return None

    def _validates(self, method: Function, name: str) -> bool:
        """Whether a validator compares sizes, and is about the field or the whole object."""
        fields = {p[2] for d in method.decorators for p in walk(d) if p[0] == "const"}
        about = (
            name in fields
            or "*" in fields
            or method.name in (f"validate_{name}", "validate", "__post_init__", "__attrs_post_init__")
        )
        whole = method.has_decorator("model_validator", "root_validator")
        return (about or whole) and any(map(compares_sizes, walk_all(method.body)))

    def _is_compared(self, part: Expression, scope: Scope, path: tuple[str, ...]) -> bool:
        """Whether the function compares the number with another one anywhere."""
        key = key_of(part)
        if key is None or not isinstance(scope, Function):
            return False
        wanted = ".".join((key, *path))
        tests = (part for part in walk_all(scope.body) if compares_sizes(part))
        sides = (side for test in tests for side in (test[2], *test[4]))
        return any(key_of(_measured(side) if self.lists else side) == wanted for side in sides)


def _entry(part: Expression) -> tuple[Expression, str] | None:
    """The dict and the name of an entry: `body["top_k"]`, `body.get("top_k", 5)`."""
    if part[0] == "call" and part[2][0] == "attr" and part[2][3] in ("get", "pop") and part[3]:
        holder, key = part[2][2], part[3][0]
    elif part[0] == "sub":
        holder, key = part[2], part[3]
    else:
        return None
    return (holder, key[2]) if key[0] == "const" and isinstance(key[2], str) else None


def _plain(annotation: Expression) -> Expression:
    """`dict[str, Any]` without what is in its brackets."""
    return annotation[2] if annotation[0] == "sub" else annotation


def _measured(side: Expression) -> Expression:
    """What `len(...)` is taken of."""
    return side[3][0] if side[0] == "call" and last_name(side[2]) == "len" and len(side[3]) == 1 else side


def _is_unlimited_list(annotation: Expression, written: list[Expression]) -> bool:
    """`list[...]` and its like, with no limit on the number of items; limits in the brackets are the items' own."""
    if not any(part[0] == "sub" and last_name(part[2]).lower() in _LISTS for part in walk(annotation)):
        return False
    extras = [part for part in written if part is not annotation]
    if annotation[0] == "sub" and last_name(annotation[2]) == "Annotated" and annotation[3][0] == "tuple":
        extras += annotation[3][2][1:]
    calls = [part for extra in extras for part in walk(extra) if part[0] == "call"]
    return not any(key in _LENGTHS for call in calls for key, _ in call[4]) and not any(
        last_name(call[2]) in ("Len", "MaxLen", "AfterValidator", "BeforeValidator") for call in calls
    )


def _is_unlimited_number(annotation: Expression, written: list[Expression]) -> bool:
    """`int` and its like, with no `le`, `lt` or `max_value` in the annotation and the default."""
    parts = [part for expression in written for part in walk(expression)]
    if not any(part[0] in ("name", "attr") and last_name(part) in _NUMBERS for part in walk(annotation)):
        return False
    if any(part[0] in ("name", "attr") and last_name(part) in ("Literal", "Depends") for part in parts):
        return False
    calls = [part for part in parts if part[0] == "call"]
    return not any(key in _UPPER for call in calls for key, _ in call[4]) and not any(
        last_name(call[2]) in ("Le", "Lt", "Interval", "AfterValidator", "BeforeValidator") for call in calls
    )
