"""Calls on the way back: into functions of the program, through constructors, through code outside."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import method_of
from aiaudit.model.evaluation.calls import CALLING, PASSING
from aiaudit.model.evaluation.containers import CONTEXT_VARIABLE
from aiaudit.model.flow.checks import VALIDATORS
from aiaudit.model.flow.files import written_to
from aiaudit.model.flow.jinja import rendered
from aiaudit.model.flow.keyed import part_of_key
from aiaudit.model.flow.outside import OWN_ANSWER, everything, outside, unknown
from aiaudit.model.flow.picking import is_given_back_by_loop
from aiaudit.model.flow.places import (
    FETCHED,
    FILE,
    ONE,
    Frame,
    Path,
    Place,
    Result,
    element_of,
    is_unknown,
    marks,
    part_of,
    part_written,
)
from aiaudit.model.flow.rows import stored
from aiaudit.model.flow.sources import Source
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.transfer import cuts
from aiaudit.model.flow.words import words
from aiaudit.model.resources import origins
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name
from aiaudit.model.values import ClassValue, Constant, External, FunctionValue, Instance, Partial, Value
from aiaudit.sources.python.facts import Expression
from aiaudit.values import replace

_KEYED = frozenset(("get", "pop", "setdefault"))
_TAKING = frozenset(("get", "get_nowait", "pop", "popleft", "popitem", "recv"))
_SPLITTING = frozenset(("split", "rsplit", "splitlines", "partition", "rpartition"))
# A file's size as frameworks tell it.
_SIZES = frozenset(("size", "content_length", "file_size"))
# Texts in memory: what was written is read; functions that take a part of what they are called with.
_BUFFERED = frozenset(("io.StringIO().getvalue", "io.StringIO().read", "io.StringIO().readlines"))
_GETTERS = frozenset(("operator.attrgetter()", "operator.itemgetter()"))
_PATTERNS = ("re", "re.compile()", "regex", "regex.compile()")
_VALIDATING = words("model_validate model_validate_json parse_obj parse_raw model_construct from_orm construct load")


class Calls:
    """One step back through a call."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    def _split_by_pattern(self, call: Call) -> Expression | None:
        """What `re.split(pattern, text)` or `pattern.split(text)` takes apart; None for a text's own method."""
        for value in self.tools.evaluator.evaluate(call.expression[2][2], call.scope):
            if isinstance(value, External) and value.path in _PATTERNS:
                return call.argument("string", 0 if value.made else 1)
        return None

    def _attributes(self, call: Call) -> list[str]:
        """The attributes that `getattr(entry, key)` may read, where all that may be are known."""
        given = call.arguments[1:2] if call.expression[2][0] == "name" else ()
        values = [value for name in given for value in self.tools.evaluator.evaluate(name, call.scope)]
        names = [value.value for value in values if isinstance(value, Constant)]
        texts = [name for name in names if isinstance(name, str)]
        return texts if len(texts) == len(values) else []

    def step(self, place: Place) -> Iterator[Place | Source]:
        """Where the text in a call's result may come from."""
        expression, scope = place.expression, place.scope
        function = expression[2]
        evaluator = self.tools.evaluator
        call = evaluator.call_of(expression, scope)
        if truncates(call) or _reads_a_part(call):
            return
        if call.name in VALIDATORS and self.tools.adapters.bounds(call, place.path):
            return
        name = last_name(function)
        if function[0] == "attr" and name == "get":
            held = [value for value in evaluator.evaluate(function[2], scope) if isinstance(value, External)]
            for variable in held if any(value.path == CONTEXT_VARIABLE for value in held) else ():
                yield from (place.inside(given, where, place.path, ()) for given, where in evaluator.set_in(variable))
                yield from (place.at(default) for default in call.arguments)
                return
        if function[0] == "attr" and name in _KEYED and call.arguments and self._is_container(function, place):
            part = part_of_key(call.arguments[0], function[2], place, self.tools)
            yield place.at(function[2], (part, *place.path))
            for default in call.arguments[1:2]:
                yield place.at(default)
            return
        attributes = self._attributes(call) if name == "getattr" else []
        if attributes:
            yield from (place.at(call.arguments[0], (attribute, *place.path)) for attribute in attributes)
            yield from (place.at(default) for default in call.arguments[2:3])
            return
        if function[0] == "attr" and name in _TAKING and not call.arguments and not self._is_own(function, scope):
            yield place.at(function[2], (ONE, *place.path))
            return
        if function[0] == "attr" and name in _SPLITTING and element_of(place.path) is not None:
            text = self._split_by_pattern(call) if name == "split" else None
            yield place.at(function[2] if text is None else text, marks(place.path))
            return
        if function[0] == "attr" and name in _VALIDATING:
            for value in evaluator.evaluate(function[2], scope):
                if isinstance(value, Instance) and not self._is_form(value.cls):
                    continue  # an object of the program with a method of that name
                if isinstance(value, (ClassValue, Instance)) and call.arguments:
                    if not self._field_is_bounded(value.cls, place.path):
                        yield place.at(call.arguments[0])
                    return
        if function[0] == "attr" and name == "save" and self._saves_form(function[2], scope):
            yield place.at(function[2], ("validated_data", *place.path))
            return
        if name == "get_serializer":
            yield from self._serializer(call, place)
            return
        values = evaluator.evaluate(function, scope)
        if not any(isinstance(value, (FunctionValue, ClassValue)) for value in values):
            yield from stored(place, self.tools)
        for value in values:
            yield from self.result_of(value, call, place.path, place, place.stack)
        for run in evaluator.runs(call):
            if run.gives:
                yield from self.enter(Frame(run.call, run.function, run.bound), place.path, place, place.stack)
        if not values:
            yield from unknown(name, Result.of(place, call, place.path, place.stack))

    def _saves_form(self, base: Expression, scope: Scope) -> bool:
        """Whether `serializer.save()` gives the row that was made of what a request brought."""
        values = self.tools.evaluator.evaluate(base, scope)
        return any(isinstance(value, Instance) and self._is_form(value.cls) for value in values)

    def _is_container(self, function: Expression, place: Place) -> bool:
        """Whether `base.get(key)` reads an entry: not from a cache, a store or over the network, nor by a method of the
        program."""
        if self._is_own(function, place.scope):
            return False
        for value in self.tools.evaluator.evaluate(function[2], place.scope):
            if not isinstance(value, External) or value.path.startswith(("builtins.", "collections.")):
                continue
            if not value.made and value.base is None:
                return False  # a module: `requests.get`
            entry = self.tools.knowledge.find(value.path.removesuffix("()"))
            if entry is not None and entry.purpose in OWN_ANSWER:
                return False
        return True

    def _is_own(self, function: Expression, scope: Scope) -> bool:
        """Whether a method with the name of a container's is one of the program."""
        return any(isinstance(value, FunctionValue) for value in self.tools.evaluator.evaluate(function, scope))

    # Results

    def result_of(
        self, value: Value, call: Call, path: Path, place: Place, stack: tuple[Frame, ...]
    ) -> Iterator[Place | Source]:
        """What calling a value gives."""
        if isinstance(value, FunctionValue):
            if cuts(value.function.name):
                return
            offset = int(value.bound is not None and value.function.self_name is not None)
            for function in self._overriding(value):
                yield from self.enter(Frame(call, function, offset), path, place, stack)
        elif isinstance(value, ClassValue):
            yield from self.constructed(value.cls, call, path, place, stack)
        elif isinstance(value, Instance):
            for method in self.tools.evaluator.class_attribute(value.cls, "__call__", value):
                if isinstance(method, FunctionValue):
                    yield from self.enter(Frame(call, method.function, 1), path, place, stack)
        elif isinstance(value, Partial) and isinstance(value.function, FunctionValue):
            function = value.function.function
            offset = int(value.function.bound is not None and function.self_name is not None)
            yield from self.enter(Frame(value.call, function, offset, 1), path, place, stack)
        elif isinstance(value, External):
            yield from self._outside(value, call, path, place, stack)

    def _overriding(self, value: FunctionValue) -> list[Function]:
        """The function, and those of subclasses where only the base class of the object is known."""
        function, bound = value.function, value.bound
        found = [function]
        if isinstance(bound, Instance) and bound.origin is None and function.owner is not None:
            for heir in self.tools.evaluator.subclasses(function.owner):
                method = heir.method(function.name)
                if method is not None:
                    found.append(method)
        return found

    def enter(self, frame: Frame, path: Path, place: Place, stack: tuple[Frame, ...]) -> Iterator[Place]:
        """The returned or yielded values of a function."""
        function = frame.function
        if any(open_.function is function for open_ in stack):
            return
        if function.generator and not function.has_decorator("contextmanager", "asynccontextmanager", "fixture"):
            below = element_of(path) if frame.call.scope is not function else None
            path = path if below is None else below
        if function.generator:
            for value, _ in function.yields:
                yield place.inside(value, function, path, (*stack, frame))
            return
        for value, _ in function.returns:
            step = place.inside(value, function, path, (*stack, frame))
            yield replace(step, few=True) if is_given_back_by_loop(value, function, self.tools.order) else step

    def constructed(
        self, cls: Class, call: Call, path: Path, place: Place, stack: tuple[Frame, ...]
    ) -> Iterator[Place | Source]:
        """What a new object of a class of the program holds."""
        if not path or not isinstance(path[0], str) or is_unknown(path[0]) or path[0] in (FILE, FETCHED):
            if self.tools.schema.is_model(cls) and self.tools.schema.model(cls, ()).kind != "text" and not marks(path):
                return
            yield from everything(Result.of(place, call, path, stack), marks(path))
            return
        name, rest = path[0], path[1:]
        if name in ("validated_data", "cleaned_data", "initial_data", "data") and self._is_form(cls):
            yield from self._form_data(cls, call, rest, place, stack)
            return
        if rest[:1] == ("data",) and self._is_form(cls):  # Flask-WTF: form.question.data
            source = self._form_field(cls, name, place)
            if source is not None:
                yield source
            return
        yield from self.field_argument(cls, call, name, rest, place, stack)
        yield from self._set_in_constructor(cls, call, name, rest, place, stack)

    def field_argument(
        self, cls: Class, call: Call, name: str, rest: Path, place: Place, stack: tuple[Frame, ...]
    ) -> Iterator[Place]:
        """The argument of a construction that a model's or dataclass's field gets, unless the field bounds it."""
        if self.tools.evaluator.constructor(cls) is not None and not self.tools.schema.is_model(cls):
            return
        fields = [n for c in reversed(self.tools.evaluator.lineage(cls)[0]) for n in c.bindings]
        if name not in fields and not self.tools.evaluator.lineage(cls)[1]:
            return
        if self._field_is_bounded(cls, (name, *rest)):
            return
        argument = call.argument(name, fields.index(name) if name in fields else None)
        if argument is not None:
            yield place.inside(argument, call.scope, rest, stack)
            return
        for key, spread in call.keywords:
            if key is None:
                yield place.inside(spread, call.scope, (name, *rest), stack)

    def _field_is_bounded(self, cls: Class, path: Path) -> bool:
        verdict = self.tools.schema.model(cls, path)
        return verdict.kind == "bounded" and not verdict.many

    def _set_in_constructor(
        self, cls: Class, call: Call, name: str, rest: Path, place: Place, stack: tuple[Frame, ...]
    ) -> Iterator[Place]:
        evaluator = self.tools.evaluator
        constructor = evaluator.constructor(cls)
        if constructor is None:
            return
        for store in evaluator.program.stores_by_attribute.get(name, ()):
            if store.value is None or not evaluator.store_class(store, evaluator.lineage(cls)[0]):
                continue
            inner = (*stack, Frame(call, constructor, 1)) if store.scope is constructor else ()
            yield place.inside(store.value, store.scope, (*part_of(store), *rest), inner)

    # Forms and serializers

    def _is_form(self, cls: Class) -> bool:
        return any(
            path.startswith(("rest_framework", "django.forms", "wtforms", "flask_wtf", "marshmallow"))
            or path.endswith(("Serializer", "Form"))
            for path in self.tools.evaluator.lineage(cls)[1]
        )

    def _form_data(self, cls: Class, call: Call, rest: Path, place: Place, stack: tuple[Frame, ...]) -> Iterator[Place]:
        if rest and isinstance(rest[0], str) and self._field_is_bounded(cls, rest):
            return
        data = call.argument("data", 0) if call.keyword("data") is None else call.keyword("data")
        if data is not None:
            yield place.inside(data, call.scope, rest, stack)

    def _form_field(self, cls: Class, name: str, place: Place) -> Source | None:
        verdict = self.tools.schema.field(cls, name, ())
        if verdict.kind != "text":
            return None
        return Source(f"field `{name}` of {cls.name}", verdict.declared or place.span, "text", None, name, cls.name)

    def _serializer(self, call: Call, place: Place) -> Iterator[Place | Source]:
        """Django REST framework's `self.get_serializer(data=...)` makes what `serializer_class` names."""
        method = method_of(place.scope)
        owner = method.owner if method is not None else None
        for binding in owner.bindings.get("serializer_class", ()) if owner is not None else ():
            for value in self.tools.evaluator.evaluate(binding.expression, binding.scope):
                if isinstance(value, ClassValue):
                    yield from self.constructed(value.cls, call, place.path, place, place.stack)

    # Code outside the program

    def _outside(
        self, value: External, call: Call, path: Path, place: Place, stack: tuple[Frame, ...]
    ) -> Iterator[Place | Source]:
        dotted = value.path
        position = PASSING.get(dotted)
        if position is not None and len(call.arguments) > position:
            yield place.inside(call.arguments[position], call.scope, path, stack)
            return
        position = CALLING.get(dotted, 1 if dotted.endswith(".run_in_executor") else None)
        if position is not None and len(call.arguments) > position:
            yield from self._called_elsewhere(call, position, path, place, stack)
            return
        if dotted in _BUFFERED and call.expression[2][0] == "attr":
            yield from written_to(place.at(call.expression[2][2], (FILE,)), self.tools)
        if dotted in _GETTERS and value.origin is not None and call.arguments:
            yield from _gotten(dotted, value.origin, Result.of(place, call, path, stack))
            return
        template = rendered(value, Result.of(place, call, path, stack), self.tools.evaluator)
        if template is not None:
            yield from template
            return
        if dotted == "builtins.str":
            for argument in call.arguments:
                yield from self.as_text(argument, place)
        if "trim_messages" in dotted and self._counts_messages(value, call):
            messages = call.argument("messages" if call.name == "trim_messages" else "input", 0)
            if messages is not None:
                yield place.inside(messages, call.scope, path, stack)
            return
        yield from outside(dotted, Result.of(place, call, path, stack), self.tools.knowledge)

    def _counts_messages(self, value: External, call: Call) -> bool:
        """Whether LangChain's `trim_messages` leaves so many messages, each of any size: `token_counter=len`."""
        made = call if call.name == "trim_messages" else next(origins(value), None)
        counter = made.keyword("token_counter") if made is not None else None
        counters = self.tools.evaluator.evaluate(counter, made.scope) if made is not None and counter else ()
        return any(isinstance(found, External) and found.path == "builtins.len" for found in counters)

    def _called_elsewhere(
        self, call: Call, position: int, path: Path, place: Place, stack: tuple[Frame, ...]
    ) -> Iterator[Place | Source]:
        """`to_thread(function, argument)` gives what the function gives."""
        for value in self.tools.evaluator.evaluate(call.arguments[position], call.scope):
            if isinstance(value, FunctionValue):
                offset = int(value.bound is not None and value.function.self_name is not None)
                for function in self._overriding(value):
                    yield from self.enter(Frame(call, function, offset, position + 1), path, place, stack)
            elif isinstance(value, Partial):
                yield from self.result_of(value, call, path, place, stack)
            elif isinstance(value, External) and not value.path.startswith("builtins."):
                yield from self._outside(value, call, path, place, stack)

    def as_text(self, expression: Expression, place: Place) -> Iterator[Place]:
        """An object of the program in a text: what its `__str__` gives."""
        if expression[0] not in ("name", "attr"):
            return
        for value in self.tools.evaluator.evaluate(expression, place.scope):
            if isinstance(value, Instance):
                for candidate in self.tools.evaluator.lineage(value.cls)[0]:
                    method = candidate.method("__str__")
                    if method is not None:
                        for result, _ in method.returns:
                            yield place.inside(result, method, (), ())
                        break


def _gotten(dotted: str, getter: Call, result: Result) -> Iterator[Place]:
    """What `attrgetter("text")(body)` and `itemgetter("text", "topic")(body)` take of it."""
    asked, path = getter.arguments, result.path
    if len(asked) > 1 and path and isinstance(path[0], int) and 0 <= path[0] < len(asked):
        asked, path = asked[path[0] : path[0] + 1], path[1:]
    elif len(asked) > 1:
        path = path[1:]
    for key in asked:
        part = part_written(key)
        parts = part.split(".") if dotted.startswith("operator.attr") and isinstance(part, str) else (part,)
        yield result.give(result.call.arguments[0], (*parts, *path))


def truncates(call: Call | None) -> bool:
    """Tokenizers cut what is too long where they are told to."""
    given = call.keyword("truncation") if call is not None else None
    return given is not None and given[0] == "const" and given[2] not in (False, None, "disabled", "do_not_truncate")


def _reads_a_part(call: Call) -> bool:
    """`file.read(5000)`, done once: not in a loop, and not as much as the file says that it has."""
    if call.name != "read" or call.expression[2][0] != "attr":
        return False
    given = call.argument("size", 0) or call.keyword("n") or call.keyword("chunk_size")
    if given is None:
        return False
    is_number = given[0] == "const" and isinstance(given[2], int) and given[2] > 0
    is_all = given[0] in ("const", "unary") and not is_number
    is_repeated = any(link.kind in ("while", "for", "comp") for link in call.around)
    if is_all or is_repeated or last_name(given) in _SIZES:
        return False
    return isinstance(call.scope, Function) and call.scope.name != "<lambda>"
