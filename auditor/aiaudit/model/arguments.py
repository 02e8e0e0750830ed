"""Arguments of calls as they really arrive: by keyword, by position, out of `**options`, nested in dicts, objects."""

from __future__ import annotations

from aiaudit.model.dumped import dumped_object, may_dump
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.evaluation.classes import is_abstract
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function, Scope, Store, last_name
from aiaudit.model.values import ClassValue, Constant, Elements, External, Instance, Literal, Value, Values
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass, replace


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. `state`: "given", "absent", or "hidden" (something is spread or passed that may hold it)."""

    state: str
    expression: Expression | None = None
    scope: Scope | None = None
    values: Values = ()

    @property
    def number(self) -> float | None:
        """Its largest numeric value, None if none is known."""
        numbers = [v.value for v in self.values if isinstance(v, Constant) and type(v.value) in (int, float)]
        return float(max(numbers)) if numbers else None

    @property
    def is_none(self) -> bool:
        """Whether it is None (or nothing else than None is known to arrive)."""
        return bool(self.values) and all(isinstance(v, Constant) and v.value is None for v in self.values)


ABSENT, HIDDEN = Argument("absent"), Argument("hidden")
# What a function passes on that nothing calls: other callers tell what arrives.
_UNCALLED = replace(HIDDEN)
# What gives text or a list, which have no entries.
_NO_MAPPINGS = (
    *(".decode()", ".encode()", "re.sub()", "re.compile().sub()"),
    *(f"builtins.{name}()" for name in ("str", "bytes", "int", "float", "tuple", "list", "set", "frozenset", "sorted")),
)


def argument_of(call: Call, path: str, evaluator: Evaluator, index: int | None = None) -> Argument:
    """The argument with a dotted name: `options.num_predict` is the entry of the dict or object given as `options`."""
    name, _, rest = path.partition(".")
    found = _direct(call, name, index, evaluator)
    if not rest or found.state != "given":
        return found
    return _nested(found, rest, evaluator, name)


def entry_of(mapping: Expression, scope: Scope, path: str, evaluator: Evaluator) -> Argument:
    """The entry of a mapping at a dotted path."""
    name, _, rest = path.partition(".")
    found = _in_mapping(mapping, scope, name, evaluator)
    return _nested(found, rest, evaluator, name) if rest and found.state == "given" else found


def first_given(call: Call, paths: tuple[str, ...], evaluator: Evaluator) -> Argument:
    """The first of some alternatives that is given; hidden if one may be; absent otherwise."""
    hidden = False
    for path in paths:
        found = argument_of(call, path, evaluator)
        if found.state == "given" and not found.is_none:
            return found
        hidden = hidden or found.state == "hidden"
    for path in paths:
        found = argument_of(call, path, evaluator)
        if found.state == "given":
            return found
    return HIDDEN if hidden else ABSENT


def _direct(call: Call, name: str, index: int | None, evaluator: Evaluator, depth: int = 0) -> Argument:
    value = call.argument(name, index)
    if value is not None:
        return Argument("given", value, call.scope, evaluator.evaluate(value, call.scope))
    hidden: Argument | None = None
    for key, spread in call.keywords:
        if key is None:
            found = _in_mapping(spread, call.scope, name, evaluator, depth)
            if found.state == "given":
                return found
            hidden = found if found.state == "hidden" else hidden
    handed_up = _handed_up(call, evaluator) if depth < 3 and hidden is None else None
    if handed_up is not None:
        return _direct(handed_up, name, index, evaluator, depth + 1)
    return hidden or ABSENT


def _handed_up(call: Call, evaluator: Evaluator) -> Call | None:
    """The `super().__init__(...)` in which a class of the program hands on to a library's what it is made with."""
    for value in evaluator.callees(call):
        constructor = evaluator.constructor(value.cls) if isinstance(value, ClassValue) else None
        for inner in constructor.calls if constructor is not None else ():
            callee = inner.expression[2]
            if inner.name == "__init__" and callee[2][0] == "call" and last_name(callee[2][2]) == "super":
                return inner
    return None


def _in_mapping(
    mapping: Expression, scope: Scope, key: str, evaluator: Evaluator, depth: int = 0, inside: tuple[int, ...] = ()
) -> Argument:
    """An entry of a mapping: written in a literal, stored later, or passed on by callers. `inside` are the literals in
    which it is spread: of `options = {**options, **more}` what it was before counts."""
    rest = _in_rest(mapping, scope, key, evaluator, depth)
    stores = evaluator.filled.get(evaluator.variable(mapping, scope), ())
    for store in stores:
        if store.key is not None and store.key[0] == "const" and store.key[2] == key:
            return Argument("given", store.value, store.scope, tuple(evaluator.stored(store)))
    if rest is not None:
        return rest
    hidden = any(store.how == "element" and _may_be_entry(store, key, evaluator) for store in stores)
    copied = _copied(mapping, scope) if depth < 3 else None
    if copied is not None:
        found = _in_mapping(*copied, key, evaluator, depth + 1)
        if found.state == "given":
            return found
        hidden = hidden or found.state == "hidden"
    values = () if copied is not None else _mappings(mapping, scope, evaluator)
    for value in values:
        if _has_no_entries(value) or (isinstance(value, Literal) and id(value.expression) in inside):
            continue
        if isinstance(value, Literal) and value.expression[0] == "dict":
            found = _in_filled(value.expression, value.scope, key, evaluator, depth)
            if found.state == "absent":
                found = _in_dict(value.expression, value.scope, key, evaluator, depth, inside)
            if found.state == "given":
                return found
            hidden = hidden or found.state == "hidden"
        elif isinstance(value, Literal) and value.expression[0] == "comp" and depth < 3:
            found = _in_comprehension(value.expression, value.scope, key, evaluator, depth, inside)
            if found.state == "given":
                return found
            hidden = hidden or found.state == "hidden"
        elif isinstance(value, External) and value.path == "builtins.dict()" and value.origin is not None:
            found = _in_made(value.origin, key, evaluator, depth)
            if found.state == "given":
                return found
            hidden = hidden or found.state == "hidden"
        elif (dumped := dumped_object(value)) is not None:
            found = _in_dumped(*dumped, key, evaluator, depth)
            if found.state == "given":
                return found
            hidden = hidden or found.state == "hidden"
        else:
            hidden = True
    for store in stores:  # `options.update(more)`
        if store.how == "update" and store.value is not None and depth < 3:
            found = _in_mapping(store.value, store.scope, key, evaluator, depth + 1)
            if found.state != "absent":
                return found
    if not (hidden or values or copied) and depth < 3:
        return _in_entry(mapping, scope, key, evaluator, depth)
    if hidden or not (values or copied):
        return HIDDEN
    return _in_calls(mapping[2], scope, key, evaluator, depth) if mapping[0] == "name" else ABSENT


def _mappings(mapping: Expression, scope: Scope, evaluator: Evaluator) -> Values:
    """What a mapping may be; what an annotation says of a dict that is written somewhere is in it already."""
    values = evaluator.evaluate(mapping, scope)
    if any(isinstance(value, Literal) for value in values):
        return tuple(value for value in values if not isinstance(value, Elements))
    return values


def _may_be_entry(store: Store, key: str, evaluator: Evaluator) -> bool:
    """Whether a store under a key that is not written there may put an entry with that name into a mapping: not in a
    loop over a list of other names."""
    written = store.key
    if written is None or written[0] == "const":
        return written is None
    holder = scope_of_name(store.scope, written[2]) if written[0] == "name" else None
    for binding in holder.bindings[written[2]] if holder is not None else ():
        if binding.kind != "element" or binding.index is not None or binding.expression is None:
            return True
        lists = evaluator.evaluate(binding.expression, binding.scope)
        if not lists or any(_may_list(each, key) for each in lists):
            return True
    return holder is None


def _may_list(value: Value, name: str) -> bool:
    """Whether a name may be one of those in a list."""
    if not isinstance(value, Literal) or value.expression[0] not in ("tuple", "list", "set"):
        return True
    return any(item[0] != "const" or item[2] == name for item in value.expression[2])


def _has_no_entries(value: Value) -> bool:
    """Whether a value is no mapping: None, a number, text, a list."""
    if isinstance(value, Literal):
        written = value.expression
        return written[0] in ("list", "tuple", "set", "fstr") or (written[0] == "comp" and written[2] != "dict")
    return isinstance(value, Constant) or (isinstance(value, External) and value.path.endswith(_NO_MAPPINGS))


def _in_entry(mapping: Expression, scope: Scope, key: str, evaluator: Evaluator, depth: int) -> Argument:
    """An entry of the mapping that another one holds, whoever wrote it there: of `task["options"]` or
    `task.get("options", {})`."""
    written, holder = _written(mapping, scope)
    if written[0] == "sub":
        outer, name, default = written[2], written[3], None
    elif written[0] == "call" and written[2][0] == "attr" and written[2][3] == "get" and written[3]:
        outer, name, default = written[2][2], written[3][0], written[3][1:2]
    else:
        return HIDDEN
    tasks = _mappings(outer, holder, evaluator)
    if name[0] != "const" or not tasks or not all(isinstance(t, Literal) and t.expression[0] == "dict" for t in tasks):
        return HIDDEN
    found = [_inside(task, name[2], key, evaluator, depth) for task in tasks if isinstance(task, Literal)]
    found += [_in_mapping(each, holder, key, evaluator, depth + 1) for each in default or ()]
    return next((f for f in found if f.state == "given"), next((f for f in found if f.state == "hidden"), ABSENT))


def _inside(task: Literal, name: object, key: str, evaluator: Evaluator, depth: int) -> Argument:
    """An entry of what a literal holds under a name."""
    for each, value in task.expression[2]:
        if each is not None and each[0] == "const" and each[2] == name:
            return _in_mapping(value, task.scope, key, evaluator, depth + 1)
    return HIDDEN if any(each is None or each[0] != "const" for each, _ in task.expression[2]) else ABSENT


def _written(mapping: Expression, scope: Scope) -> tuple[Expression, Scope]:
    """What a name is bound to that has one binding alone, and where that stands; other expressions as they are."""
    holder = scope_of_name(scope, mapping[2]) if mapping[0] == "name" else None
    bindings = holder.bindings[mapping[2]] if holder is not None else ()
    if holder is not None and len(bindings) == 1 and bindings[0].kind == "value" and bindings[0].expression is not None:
        return bindings[0].expression, holder
    return mapping, scope


def _in_calls(mapping: str, scope: Scope, key: str, evaluator: Evaluator, depth: int) -> Argument:
    """What calls put into a mapping: `options.update(timeout=20)`, or a function of the program that is handed it."""
    holder = scope_of_name(scope, mapping)
    found = ABSENT
    for place in {id(each): each for each in (scope, holder) if each is not None}.values():
        for call in place.calls:
            function = call.expression[2]
            if call.name == "update" and function[0] == "attr" and _is_named(function[2], mapping):
                found = _direct(call, key, None, evaluator, depth + 1) if depth < 3 else HIDDEN
            elif any(_is_named(given, mapping) for given in (*call.arguments, *(v for _, v in call.keywords))):
                functions = evaluator.functions_of(function, call.scope)
                found = HIDDEN if any(_may_fill(each, key) for each in functions) else ABSENT
            if found.state != "absent":
                return found
    return ABSENT


def _is_named(expression: Expression, name: str) -> bool:
    return bool(expression[0] == "name" and expression[2] == name)


def _may_fill(function: Function, key: str) -> bool:
    """Whether a function may put an entry into a mapping that it gets."""
    names = {parameter[0] for parameter in function.parameters}
    return any(
        store.base[0] == "name"
        and store.base[2] in names
        and (store.how == "update" or (store.key is not None and (store.key[0] != "const" or store.key[2] == key)))
        for store in function.stores
    )


def _copied(mapping: Expression, scope: Scope) -> tuple[Expression, Scope] | None:
    """What a mapping is a copy of, and where that is written: `DEFAULTS` of `options = DEFAULTS.copy()`."""
    written: Expression | None = mapping
    if mapping[0] == "name":
        holder = scope_of_name(scope, mapping[2])
        bindings = holder.bindings[mapping[2]] if holder is not None else ()
        if holder is None or len(bindings) != 1 or bindings[0].kind != "value":
            return None
        written, scope = bindings[0].expression, holder
    if written is None or written[0] != "call" or written[3] or written[4] or written[2][0] != "attr":
        return None
    return (written[2][2], scope) if written[2][3] == "copy" else None


def _in_made(call: Call, key: str, evaluator: Evaluator, depth: int) -> Argument:
    """An entry of `dict(DEFAULTS, key=value)`: a keyword, or what the mapping has that the dict starts from."""
    found = argument_of(call, key, evaluator)
    if found.state == "given" or not call.arguments:
        return found
    base = _in_mapping(call.arguments[0], call.scope, key, evaluator, depth + 1) if depth < 3 else HIDDEN
    return found if base.state == "absent" else base


def _in_dumped(call: Call, written: Expression, key: str, evaluator: Evaluator, depth: int) -> Argument:
    """An entry of `chat.model_dump()`: what is put into it before it is handed on, or the field of the object that is
    written out."""
    later = _put_into(call, key, evaluator, depth)
    if later.state == "given":
        return later
    has = may_dump(call, written, key, evaluator)
    if not has:
        return HIDDEN if has is None else later
    field: Expression = ("attr", written[1], written, key)
    return Argument("given", field, call.scope, evaluator.evaluate(field, call.scope))


def _put_into(made: Call, key: str, evaluator: Evaluator, depth: int) -> Argument:
    """What is put into the dict that a call makes, under the name that it has there."""
    found = _in_filled(made.expression, made.scope, key, evaluator, depth)
    for name in _names_of(made.expression, made.scope):
        called = _in_calls(name, made.scope, key, evaluator, depth)
        found = called if called.state == "given" else found
    return found


def _names_of(made: Expression, scope: Scope) -> list[str]:
    """The names that are bound to what an expression makes."""
    return [name for name, bindings in scope.bindings.items() if any(b.expression is made for b in bindings)]


def _in_filled(made: Expression, scope: Scope, key: str, evaluator: Evaluator, depth: int) -> Argument:
    """What the function that makes a dict puts into it afterwards, before it hands it on."""
    hidden = False
    for name in _names_of(made, scope):
        variable = evaluator.variable(("name", made[1], name), scope)
        for store in evaluator.filled.get(variable, ()):
            if store.key is not None and store.key[0] == "const":
                if store.key[2] == key:
                    return Argument("given", store.value, store.scope, tuple(evaluator.stored(store)))
            elif store.how == "update" and store.value is not None and depth < 3:
                found = _in_mapping(store.value, store.scope, key, evaluator, depth + 1)
                if found.state == "given":
                    return found
                hidden = hidden or found.state == "hidden"
            elif store.how == "update" or (store.how == "element" and _may_be_entry(store, key, evaluator)):
                hidden = True
    return HIDDEN if hidden else ABSENT


def _in_dict(
    literal: Expression, scope: Scope, key: str, evaluator: Evaluator, depth: int, inside: tuple[int, ...] = ()
) -> Argument:
    hidden = False
    for name, value in literal[2]:
        if name is None:
            within = (*inside, id(literal))
            found = _in_mapping(value, scope, key, evaluator, depth + 1, within) if depth < 3 else HIDDEN
            if found.state == "given":
                return found
            hidden = hidden or found.state == "hidden"
        elif name[0] == "const" and name[2] == key:
            return Argument("given", value, scope, evaluator.evaluate(value, scope))
        elif name[0] != "const":
            keys = evaluator.evaluate(name, scope)
            hidden = hidden or not keys or any(not isinstance(k, Constant) or k.value == key for k in keys)
    return HIDDEN if hidden else ABSENT


def _in_comprehension(
    written: Expression, scope: Scope, key: str, evaluator: Evaluator, depth: int, inside: tuple[int, ...]
) -> Argument:
    """An entry of `{name: value for name, value in options.items() if name not in (...)}`, or of chosen names; both may
    be cleaned on the way."""
    elements, generators = written[3], written[4]
    target, iterable, tests, _ = generators[0]
    if written[2] != "dict" or len(generators) > 1:
        return HIDDEN
    if target[0] == "name" and elements[0] == target and iterable[0] in ("tuple", "list", "set"):
        names = [item[2] if item[0] == "const" else None for item in iterable[2]]
        return ABSENT if None not in names and key not in names else HIDDEN
    is_items = iterable[0] == "call" and iterable[2][0] == "attr" and iterable[2][3] == "items"
    if (
        not is_items
        or target[0] not in ("tuple", "list")
        or [last_name(each) for each in target[2]] != [last_name(_cleaned(each)) for each in elements]
    ):
        return HIDDEN
    if any(_leaves_out(test, last_name(target[2][0]), key, scope, evaluator) for test in tests):
        return ABSENT
    found = _in_mapping(iterable[2][2], scope, key, evaluator, depth + 1, (*inside, id(written)))
    return ABSENT if found.is_none and any(_drops_none(test, last_name(target[2][1])) for test in tests) else found


def _cleaned(element: Expression) -> Expression:
    """What a function is given alone, of `clean(name)` the name."""
    return element[3][0] if element[0] == "call" and len(element[3]) == 1 and not element[4] else element


def _drops_none(test: Expression, value: str) -> bool:
    """Whether a comprehension's test drops entries that are None: `if value is not None`, `if value`."""
    if test[0] == "bool" and test[2] == "And":
        return any(_drops_none(part, value) for part in test[3])
    tested = test[2] if test[0] == "cmp" and test[3][0] in ("IsNot", "NotEq") else test
    is_none = test[0] != "cmp" or (test[4][0][0] == "const" and test[4][0][2] is None)
    return tested[0] == "name" and tested[2] == value and is_none


def _leaves_out(test: Expression, name: str, key: str, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether a comprehension's test drops an entry by its key."""
    if test[0] == "bool" and test[2] == "And":
        return any(_leaves_out(part, name, key, scope, evaluator) for part in test[3])
    if test[0] != "cmp" or len(test[3]) != 1 or test[2][0] != "name" or test[2][2] != name:
        return False
    operator, other = test[3][0], test[4][0]
    if operator in ("Eq", "NotEq"):
        return other[0] == "const" and (other[2] == key) is (operator == "NotEq")
    for value in evaluator.evaluate(other, scope) if operator in ("In", "NotIn") else ():
        if isinstance(value, Literal) and value.expression[0] in ("tuple", "list", "set"):
            names = [item[2] for item in value.expression[2] if item[0] == "const"]
            return len(names) == len(value.expression[2]) and (key in names) is (operator == "NotIn")
    return False


def _in_rest(mapping: Expression, scope: Scope, key: str, evaluator: Evaluator, depth: int) -> Argument | None:
    """A key of a function's `**rest`: what callers pass under that name; None if the mapping is no such parameter."""
    if mapping[0] != "name":
        return None
    for holder in scope.within():
        if not isinstance(holder, Function) or mapping[2] not in holder.bindings:
            continue
        if not any(p[0] == mapping[2] and p[1] == "keywords" for p in holder.parameters):
            return None
        calls = [call for call, _, _ in evaluator.callers(holder)] or _calls_of_base(holder, evaluator)
        if not calls or depth > 3:
            return HIDDEN if calls else _UNCALLED
        found = [_direct(call, key, None, evaluator, depth + 1) for call in calls]
        found = [each for each in found if each is not _UNCALLED] or found
        return next((f for f in found if f.state == "given"), next((f for f in found if f.state == "hidden"), ABSENT))
    return None


def _calls_of_base(method: Function, evaluator: Evaluator) -> list[Call]:
    """The calls of the abstract method that a method fills in: `await self._ask(text, **options)` of the base class."""
    bases = evaluator.lineage(method.owner)[0][1:] if method.owner is not None else []
    for base in bases:
        declared = base.method(method.name)
        if declared is not None:
            return [call for call, _, _ in evaluator.callers(declared)] if is_abstract(declared) else []
    return []


def _set_later(owner: External | Instance, name: str, evaluator: Evaluator) -> Argument:
    """What an attribute of an object is given after the object was made: `settings.max_tokens = 500`."""
    for store in evaluator.program.stores_by_attribute.get(name, ()):
        held = evaluator.evaluate(store.base, store.scope)
        if any(isinstance(value, (External, Instance)) and value.origin is owner.origin for value in held):
            return Argument("given", store.value, store.scope, tuple(evaluator.stored(store)))
    return ABSENT


def _is_key(key: Expression | None, name: str) -> bool:
    return key is not None and key[0] == "const" and key[2] == name


def _in_items(listed: Literal, key: str, evaluator: Evaluator) -> Argument:
    """An entry of one of the mappings in a list: `[{"model": name, "timeout": 60}]`."""
    found = [_in_mapping(item, listed.scope, key, evaluator) for item in listed.expression[2]]
    given = next((argument for argument in found if argument.state == "given"), None)
    return given or (HIDDEN if not found or HIDDEN in found else ABSENT)


def _nested(outer: Argument, path: str, evaluator: Evaluator, holder: str) -> Argument:
    """The entry at a path below an argument; `holder` is the name or key that the argument has."""
    name, _, rest = path.partition(".")
    found = ABSENT
    makers = (value.scope for value in outer.values if isinstance(value, Literal))  # who fills what it hands on
    for scope in dict.fromkeys(scope for scope in (outer.scope, *makers) if scope is not None):
        for store in scope.stores:
            if _is_key(store.key, name) and store.base[0] == "sub" and _is_key(store.base[3], holder):
                return Argument("given", store.value, store.scope, tuple(evaluator.stored(store)))
    for value in outer.values:
        if isinstance(value, Literal) and value.expression[0] == "dict":
            found = _in_dict(value.expression, value.scope, name, evaluator, 0)
        elif isinstance(value, Literal) and value.expression[0] in ("list", "tuple"):
            found = _in_items(value, name, evaluator)
        elif isinstance(value, (External, Instance)) and value.origin is not None:
            found = argument_of(value.origin, name, evaluator)
            found = _set_later(value, name, evaluator) if found.state == "absent" else found
        elif isinstance(value, Constant) and value.value is None:
            continue
        else:
            found = HIDDEN
        if found.state == "given":
            return _nested(found, rest, evaluator, name) if rest else found
    if outer.expression is not None and outer.scope is not None:
        for store in evaluator.filled.get(evaluator.variable(outer.expression, outer.scope), ()):
            if store.key is not None and store.key[0] == "const" and store.key[2] == name:
                return Argument("given", store.value, store.scope, tuple(evaluator.stored(store)))
    return found if outer.values else HIDDEN
