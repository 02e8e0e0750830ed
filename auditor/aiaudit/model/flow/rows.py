"""Rows of databases: what was stored in a column by one request and is read by another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.database_tables import is_table
from aiaudit.model.evaluation.calls import VALIDATING
from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.managers import own_queries
from aiaudit.model.flow.places import ANY, Path, Place, is_unknown
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.words import is_label_name, words
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name, walk
from aiaudit.model.values import ClassValue, Instance
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression

_READING = words("query select get scalars scalar get_one find_one refresh filter objects")
_CREATING = ("create", "acreate", "get_or_create", "aget_or_create", "update_or_create", "aupdate_or_create")
_ALL_ROWS = words("all fetchall fetch fetch_all scalars filter order_by exclude values values_list to_list execute")
# Methods of a collection of MongoDB, and of what its `find` gives.
_OF_COLLECTIONS = ("find", "sort", "to_list")
_COLLECTION = regex(r"_?coll?(ection)?$", re.IGNORECASE)
_LIMITING = words(
    "limit first one one_or_none scalar scalar_one scalar_one_or_none get fetchone fetchmany top paginate last"
)
_SELECT = regex(r"\bselect\b.*\bfrom\s+[\"`\[]?(?:\w+\.)?(\w+)", re.IGNORECASE | re.DOTALL)
_FEW = regex(r"\b(limit|top|count|max|min|fetch\s+(first|next))\b", re.IGNORECASE)
_HOPS = 4


def stored(place: Place, tools: Tools) -> Iterator[Place]:
    """What may have been stored in the column that the path of a query's result names."""
    path = place.path
    while path and (is_unknown(path[0]) or isinstance(path[0], int)):
        path = path[1:]
    if not path or not isinstance(path[0], str) or is_label_name(path[0]):
        return
    for cls in dict.fromkeys(_queried(place.expression, place.scope, tools, 0)):
        yield from _column(cls, path[0], path[1:], place, tools)


def stored_in(cls: Class, name: str, place: Place, tools: Tools) -> Iterator[Place]:
    """What may have been stored in a column of a row whose class is known."""
    if is_table(cls, tools.evaluator) and not is_label_name(name):
        yield from _column(cls, name, place.path, place, tools)


def _column(cls: Class, name: str, path: Path, place: Place, tools: Tools) -> Iterator[Place]:
    if tools.schema.field(cls, name, ()).kind != "bounded":
        yield from _written(cls, name, path, place, tools)


def _written(cls: Class, name: str, path: Path, place: Place, tools: Tools) -> Iterator[Place]:
    evaluator = tools.evaluator
    for call in (*evaluator.constructions(cls), *_created(cls, tools)):
        given = call.keyword(name)
        if given is not None:
            yield place.inside(given, call.scope, path, ())
        for key, spread in call.keywords:
            if key is None:
                yield place.inside(spread, call.scope, (name, *path), ())
    for call in _validated(cls, tools):
        yield place.inside(call.arguments[0], call.scope, (name, *path), ())
    for parameter, function in _given_whole(cls, tools):
        yield place.inside(parameter, function, (name, *path), ())
    for store in evaluator.program.stores_by_attribute.get(name, ()):
        if store.value is not None and evaluator.store_class(store, [cls]):
            yield place.inside(store.value, store.scope, path, ())


def _validated(cls: Class, tools: Tools) -> Iterator[Call]:
    """SQLModel's `Table.model_validate(body)`."""
    for method in sorted(VALIDATING):
        for call in tools.side.program.calls_by_name.get(method, ()):
            function = call.expression[2]
            if function[0] == "attr" and call.arguments and cls in _named(function[2], call.scope, tools):
                yield call


def _given_whole(cls: Class, tools: Tools) -> Iterator[tuple[Expression, Function]]:
    """The bodies of requests that are rows themselves: `def add(note: Note)`, and then `session.add(note)`."""
    for route in tools.side.routing.routes:
        handler = route.handler
        for name, _, annotation, default, at in handler.parameters:
            if annotation is None or default is not None or not _is_added(name, handler):
                continue
            if cls in _named(annotation, handler.parent or handler.module, tools):
                yield ("name", at, name), handler


def _is_added(name: str, function: Function) -> bool:
    """Whether a function puts what a name stands for into the database."""
    added = (given for call in function.calls if call.name in ("add", "add_all", "merge") for given in call.arguments)
    return any(part[0] == "name" and part[2] == name for given in added for part in walk(given))


def _created(cls: Class, tools: Tools) -> Iterator[Call]:
    """Django's `Table.objects.create(...)`, and `row.tables.create(...)` of a related row."""
    for name in _CREATING:
        for call in tools.side.program.calls_by_name.get(name, ()):
            manager = call.expression[2]
            if manager[0] != "attr" or manager[2][0] != "attr":
                continue
            if manager[2][3] != "objects":
                if cls in _related(manager[2][3], tools):
                    yield call
                continue
            values = tools.evaluator.evaluate(manager[2][2], call.scope)
            if any(isinstance(value, ClassValue) and value.cls is cls for value in values):
                yield call


def _queried(expression: Expression, scope: Scope, tools: Tools, hops: int) -> Iterator[Class]:
    """The tables named by the query that made a value."""
    if hops > _HOPS:
        return
    if expression[0] == "name":
        holder = scope_of_name(scope, expression[2])
        if holder is not scope:
            return
        for binding in tools.order.reaching(scope, holder, expression[2], expression[1]):
            if binding.expression is not None and binding.kind in ("value", "element"):
                yield from _queried(binding.expression, scope, tools, hops + 1)
        return
    while expression[0] in ("await", "attr", "sub", "bool"):
        expression = expression[3][0] if expression[0] == "bool" else expression[2]
    if expression[0] == "name":
        yield from _queried(expression, scope, tools, hops + 1)
    if expression[0] != "call":
        return
    for function in tools.evaluator.functions_of(expression[2], scope):
        for returned, _ in function.returns:
            yield from _queried(returned, function, tools, hops + 1)
    result = _receiver(expression)
    if result[0] == "name":
        yield from _queried(result, scope, tools, hops + 1)  # `found = session.execute(...)`, then `found.all()`
    for part in walk(expression):
        if part[0] == "call" and last_name(part[2]) in _READING:
            for argument in part[3][:1]:
                yield from _named(argument, scope, tools)
                if argument[0] == "name":
                    yield from _queried(argument, scope, tools, hops + 1)
        elif part[0] == "attr" and part[3] in ("objects", "query"):
            yield from _named(part[2], scope, tools)
        elif part[0] == "call" and part[2][0] == "attr" and part[2][2][0] == "attr":
            yield from _related(part[2][2][3], tools)
        elif part[0] == "call" and last_name(part[2]) in ("execute", "exec", "scalars") and part[3]:
            yield from _queried(part[3][0], scope, tools, hops + 1)


def _receiver(expression: Expression) -> Expression:
    """What the first of a chain of methods is called on."""
    while expression[0] in ("call", "attr", "await", "sub"):
        expression = expression[2]
    return expression


def _related(name: str, tools: Tools) -> Iterator[Class]:
    """The table whose rows Django gives under an attribute of another: the `related_name` of a foreign key."""
    for call in tools.side.program.calls_by_name.get("ForeignKey", ()):
        given = call.keyword("related_name")
        table = call.scope
        is_named = given is not None and given[0] == "const" and given[2] == name
        if is_named and isinstance(table, Class) and is_table(table, tools.evaluator):
            yield table


def _owner(part: Expression, tools: Tools) -> Iterator[Expression]:
    """What stands before a related table: how the one row was found that the others belong to limits nothing."""
    if part[0] == "call" and part[2][0] == "attr" and part[2][2][0] == "attr" and any(_related(part[2][2][3], tools)):
        yield from walk(part[2][2][2])


def _named(expression: Expression, scope: Scope, tools: Tools) -> Iterator[Class]:
    for value in tools.evaluator.evaluate(expression, scope):
        if isinstance(value, ClassValue) and is_table(value.cls, tools.evaluator):
            yield value.cls


def unlimited_rows(place: Place, tools: Tools) -> str | None:
    """The table (or the key of a cache) of which a place reads all rows; None where their number is limited."""
    if place.path and place.path[0] != ANY:
        return None
    name = last_name(place.expression[2])
    arguments = place.expression[3]
    if name == "lrange" and len(arguments) > 2:
        whole = _is_number(arguments[1], 0) and _is_number(arguments[2], -1)
        return "messages in lrange" if whole else None
    if name in _OF_COLLECTIONS:
        return _found(place.expression, place.scope, tools)
    if name not in _ALL_ROWS or _is_limited(place.expression, place.scope, tools, 0):
        return None
    tables = list(dict.fromkeys(_queried(place.expression, place.scope, tools, 0)))
    own = own_queries(tables, place.expression, tools.evaluator)
    if any(_is_limited(given, method, tools, 0) for method in own for given, _ in method.returns):
        return None
    return tables[0].name if tables else _selected(place.expression, place.scope, tools)


def _found(expression: Expression, scope: Scope, tools: Tools) -> str | None:
    """The collection of which `messages.find({"chat": chat}).sort("at")` gives all documents that there are."""
    steps = expression
    while steps[0] == "call" and steps[2][0] == "attr":
        function, arguments = steps[2], steps[3]
        if function[3] == "to_list" and any(given[0] != "const" or given[2] for given in _given(steps)):
            return None
        if function[3] == "find":
            is_query = all(argument[0] == "dict" for argument in arguments[:1]) and not _limits(steps)
            named = function[2][3] if function[2][0] == "sub" else None
            is_written = named is not None and named[0] == "const" and isinstance(named[2], str)
            name = named[2] if named is not None and is_written else last_name(function[2])
            limited = not is_query or _is_limited(expression, scope, tools, 0)
            return None if limited else _COLLECTION.sub("", name).strip("_")
        steps = function[2]
    return None


def _given(call: Expression) -> tuple[Expression, ...]:
    return (*call[3], *(value for _, value in call[4]))


def _limits(call: Expression) -> bool:
    return any(name == "limit" for name, _ in call[4])


def all_related(place: Place, tools: Tools) -> str | None:
    """The table of which an attribute of a row gives all rows that belong to it: a `relationship` of SQLAlchemy."""
    name = place.expression[3]
    if place.path and place.path[0] != ANY:
        return None
    for word in ("relationship", "Relationship"):
        for call in tools.side.program.calls_by_name.get(word, ()):
            owner = call.scope
            if not isinstance(owner, Class) or all(
                b.expression is not call.expression for b in owner.bindings.get(name, ())
            ):
                continue
            if is_table(owner, tools.evaluator) and owner in _classes_of(place, tools):
                return _target(call, owner, name)
    return None


def _classes_of(place: Place, tools: Tools) -> Iterator[Class]:
    """The classes of the row whose attribute a place is."""
    row = place.expression[2]
    yield from (v.cls for v in tools.evaluator.evaluate(row, place.scope) if isinstance(v, Instance))
    yield from _queried(row, place.scope, tools, 0)


def _target(call: Call, owner: Class, name: str) -> str | None:
    """The table that a relationship leads to, by its first argument or the annotation of the attribute."""
    named = call.argument("argument", 0)
    annotations = [binding.annotation for binding in owner.bindings[name] if binding.annotation is not None]
    for expression in (named, *annotations):
        for part in walk(expression) if expression is not None else ():
            if part[0] == "const" and isinstance(part[2], str):
                return part[2].rpartition(".")[2]
            if part[0] == "name" and part[2] not in ("list", "List", "Mapped", "Optional"):
                return str(part[2])
    return None


def _selected(call: Expression, scope: Scope, tools: Tools) -> str | None:
    """The table of which a written `SELECT` without a limit reads the rows that a call fetches."""
    queries = [call]
    receiver = key_of(call[2][2]) if call[2][0] == "attr" else None
    if last_name(call[2]) in ("fetchall", "all") and receiver is not None:
        # `cursor.execute("SELECT ...")` before `cursor.fetchall()`
        executed = (c.expression for c in scope.calls if c.name == "execute")
        queries += [e for e in executed if e[2][0] == "attr" and key_of(e[2][2]) == receiver and e[1] < call[1]][-1:]
    for query in queries:
        for text in _texts(query, scope, tools):
            found = _SELECT.search(text)
            if found is not None:
                return None if _FEW.search(text) else found[1]
    return None


def _texts(expression: Expression, scope: Scope, tools: Tools) -> Iterator[str]:
    """The texts in the arguments of a call, through names and formatted strings."""
    for part in walk(expression):
        if part[0] == "const" and isinstance(part[2], str):
            yield part[2]
        elif part[0] == "name":
            for inner, _ in tools.evaluator.definitions(part, scope):
                yield from (p[2] for p in walk(inner) if p[0] == "const" and isinstance(p[2], str))


def _is_limited(expression: Expression, scope: Scope, tools: Tools, hops: int) -> bool:
    """Whether a query asks for some rows alone."""
    owners = {id(inner) for part in walk(expression) for inner in _owner(part, tools)}
    for part in walk(expression):
        if id(part) in owners:
            continue
        if part[0] in ("attr", "name") and last_name(part) in _LIMITING:
            return True
        if part[0] == "slice" and (part[3] is not None or part[2] is not None):
            return True
        if part[0] == "const" and isinstance(part[2], str) and "limit" in part[2].lower():
            return True
        if part[0] == "name" and hops < _HOPS:
            holder = scope_of_name(scope, part[2])
            for binding in holder.bindings[part[2]] if holder is scope else ():
                value = binding.expression
                if binding.kind == "value" and value is not None and _is_limited(value, scope, tools, hops + 1):
                    return True
    return False


def _is_number(expression: Expression, number: int) -> bool:
    if expression[0] == "unary" and expression[2] == "USub":
        return expression[3][0] == "const" and bool(expression[3][2] == -number)
    return expression[0] == "const" and bool(expression[2] == number)
