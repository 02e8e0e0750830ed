"""Which database driver an engine uses, told from its URL: `postgresql+asyncpg://...`.

Where the URL is a setting, what deploy files give it counts beside its default.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from aiaudit.model.arguments import argument_of
from aiaudit.model.deployed import values_given
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.knowledge import Entry, Knowledge
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Function, Scope, last_name
from aiaudit.model.values import Constant, External, FunctionValue, Instance
from aiaudit.sources.manifests.facts import ManifestFacts
from aiaudit.sources.python.facts import Expression

_DEPTH = 6
# Calls whose named argument is the scheme: `URL.create(drivername=...)`, `PostgresDsn.build(scheme=...)`.
_BUILDING = {"create": "drivername", "build": "scheme", "URL": "drivername"}
# Calls that look a variable of the environment up by its name.
_LOOKING_UP = frozenset(("getenv", "get", "config", "env"))
# Expressions that make a text of others, or choose one.
_COMPUTED = ("fstr", "bin", "call", "bool", "ifexp")
# What bounds queries without the engine knowing, as a part of the URL.
_BOUNDS = ("timeout",)


class Drivers:
    """Finds the drivers of engines."""

    def __init__(self, evaluator: Evaluator, knowledge: Knowledge) -> None:
        self.evaluator = evaluator
        self.knowledge = knowledge
        self._deployed: dict[str, list[str]] = {}

    def deployed(self, name: str) -> list[str]:
        """What deploy files give an environment variable that holds a URL."""
        known = self._deployed.get(name)
        if known is None:
            values = values_given(name, self.evaluator.program.tree)
            known = self._deployed[name] = [value for value in values if "://" in value]
        return known

    def driver(self, known: Known) -> Entry | None:
        """The entry of the driver's own way to connect; None where the URL does not tell, or sets a time-out itself."""
        timeout = known.entry.timeout
        if timeout is None or not timeout.drivers:
            return None
        given = argument_of(known.call, "url", self.evaluator, 0)
        if given.expression is None or given.scope is None:
            return None
        found = list(self.texts(given.expression, given.scope))
        texts = [text for text in found if text.strip()]
        schemes = {text.partition(":")[0].lower() for text in texts}
        paths = {path for scheme, path in timeout.drivers if scheme in schemes}
        if found and not texts:
            paths = {path for _, path in timeout.drivers if self._is_required(path)}
        if len(paths) != 1 or any(bound in text.lower() for text in texts for bound in _BOUNDS):
            return None
        return self.knowledge.find(paths.pop())

    def _is_required(self, path: str) -> bool:
        """Whether the repository asks for a driver: then a URL that only the environment tells is for that one."""
        entry = self.knowledge.find(path)
        return entry is not None and not self._required.isdisjoint((entry.dist, entry.dist.removesuffix("-binary")))

    @cached_property
    def _required(self) -> frozenset[str]:
        """The distributions that the repository's manifests name."""
        tree = self.evaluator.program.tree
        found = (tree.facts(path, "manifest") for path in tree.files("manifest"))
        return frozenset(
            made.name for facts in found if isinstance(facts, ManifestFacts) for made in facts.requirements
        )

    def texts(self, expression: Expression, scope: Scope, depth: int = 0) -> Iterator[str]:
        """How the text of an expression may begin; an empty one where the environment alone tells."""
        if depth > _DEPTH:
            return
        tag = expression[0]
        if tag == "fstr":
            yield from self._formatted(expression, scope, depth)
        elif tag == "bin":
            yield from self.texts(expression[3], scope, depth + 1)
        elif tag == "bool":
            for operand in expression[3]:
                yield from self.texts(operand, scope, depth + 1)
        elif tag == "ifexp":
            for branch in expression[3:]:
                yield from self.texts(branch, scope, depth + 1)
        elif tag == "call":
            yield from self._of_call(expression, scope, depth)
        else:
            yield from self._of_variable(expression, scope, depth)

    def _formatted(self, expression: Expression, scope: Scope, depth: int) -> Iterator[str]:
        """The literal parts joined; a value at the beginning is followed."""
        parts = expression[2]
        literal = "".join(part[2] for part in parts if part[0] == "const" and isinstance(part[2], str))
        if parts and parts[0][0] != "const":
            for text in self.texts(parts[0], scope, depth + 1):
                yield text + literal
        else:
            yield literal

    def _of_call(self, expression: Expression, scope: Scope, depth: int) -> Iterator[str]:
        function, arguments, keywords = expression[2], expression[3], dict(expression[4])
        name = last_name(function)
        if name in _BUILDING:
            scheme = keywords.get(_BUILDING[name]) or (arguments[0] if arguments else None)
            if scheme is not None:
                yield from self.texts(scheme, scope, depth + 1)
        elif name == "replace" and len(arguments) > 1:
            yield from self.texts(arguments[1], scope, depth + 1)
        elif name in _LOOKING_UP:
            yield from self._of_lookup(expression, scope, depth)
        elif name in ("str", "make_url", "unquote", "render_as_string", "get_secret_value", "unicode_string"):
            inner = arguments[0] if arguments else function[2] if function[0] == "attr" else None
            if inner is not None:
                yield from self.texts(inner, scope, depth + 1)
        else:
            for value in self.evaluator.evaluate(function, scope):
                if isinstance(value, FunctionValue):
                    yield from self._returned(value.function, depth)

    def _of_lookup(self, expression: Expression, scope: Scope, depth: int) -> Iterator[str]:
        """`os.getenv(name, default)`: the default, and what the variable is given."""
        arguments = expression[3]
        default = dict(expression[4]).get("default") or (arguments[1] if len(arguments) > 1 else None)
        if default is not None:
            yield from self.texts(default, scope, depth + 1)
        if arguments and arguments[0][0] == "const" and isinstance(arguments[0][2], str):
            yield from self._given(arguments[0][2])

    def _given(self, name: str) -> list[str]:
        """What an environment variable may begin with."""
        return self.deployed(name) or [""]

    def _returned(self, function: Function, depth: int) -> Iterator[str]:
        """What a function of the repository returns."""
        for returned, _ in function.returns:
            yield from self.texts(returned, function, depth + 1)

    def _of_variable(self, expression: Expression, scope: Scope, depth: int) -> Iterator[str]:
        for value in self.evaluator.evaluate(expression, scope):
            if isinstance(value, Constant) and isinstance(value.value, str):
                yield value.value
            elif isinstance(value, External) and value.origin is not None:
                origin = value.origin
                default = origin.keyword("default") or (origin.arguments[0] if value.path.endswith("Field()") else None)
                yield from self.texts(default or origin.expression, origin.scope, depth + 1)
        for definition, holder in self.evaluator.definitions(expression, scope):
            if definition[0] in _COMPUTED or (expression[0] == "name" and definition[0] in ("attr", "sub")):
                yield from self.texts(definition, holder, depth + 1)
        if expression[0] == "attr":
            yield from self._of_attribute(expression, scope, depth)
        elif expression[0] == "sub" and last_name(expression[2]) == "environ" and expression[3][0] == "const":
            yield from self._given(str(expression[3][2]))

    def _of_attribute(self, expression: Expression, scope: Scope, depth: int) -> Iterator[str]:
        """What a property returns, or what a class or its constructor puts into an attribute."""
        for owner in self.evaluator.evaluate(expression[2], scope):
            if not isinstance(owner, Instance):
                continue
            classes, outside = self.evaluator.lineage(owner.cls)
            if any(path.endswith(".BaseSettings") for path in outside):
                yield from self._given(expression[3].upper())
            for cls in classes:
                method = cls.method(expression[3])
                if method is not None:
                    yield from self._returned(method, depth)
                for binding in cls.bindings.get(expression[3], ()):
                    if binding.expression is not None and binding.expression[0] in ("fstr", "bin"):
                        yield from self.texts(binding.expression, cls, depth + 1)
            for store in self.evaluator.program.stores_by_attribute.get(expression[3], ()):
                if store.value is not None and self.evaluator.store_class(store, classes):
                    yield from self.texts(store.value, store.scope, depth + 1)
