"""Uploads that are read whole: where, and whether anything limits their size."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.flow.analysis import tools_of
from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.limits import BodyLimits, proxy_limit
from aiaudit.model.flow.places import Place
from aiaudit.model.flow.sizes import is_nothing
from aiaudit.model.flow.tools import Tools
from aiaudit.model.knowledge.schema import INFINITE
from aiaudit.model.program import scope_of_name
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Call, Function, Scope, last_name, walk, walk_all
from aiaudit.model.service import Service
from aiaudit.sources.python.facts import Expression, Parameter
from aiaudit.span import Span
from aiaudit.values import dataclass, replace

# Reading the whole content: Starlette's and Django's files, Flask's storage.
_WHOLE = frozenset(("read", "getvalue", "readlines"))
_HOPS = 4
# A file's size as frameworks tell it, and what a request says of its length.
_SIZES = frozenset(("size", "content_length", "file_size"))


@dataclass(frozen=True, slots=True, eq=False)
class UnboundedUpload:
    """A whole upload of any size is read into memory: `name` is the upload, `span` the read."""

    name: str
    route: Route
    span: Span
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Upload:
    """An upload on its way: the functions that have had it are `scopes`."""

    name: str
    route: Route
    span: Span
    scopes: tuple[Scope, ...]


def unbounded_uploads(service: Service) -> list[UnboundedUpload]:
    """One a read."""
    tools = tools_of(service)
    in_front = proxy_limit(service.tree)
    if in_front is not None and in_front != INFINITE:
        return []  # whoever sets a limit has chosen what the service can hold
    limits = BodyLimits(tools)
    return [upload for upload in _Finder(tools).find() if limits.of(upload.route) in (None, INFINITE)]


class _Finder:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    def find(self) -> Iterator[UnboundedUpload]:
        for name in sorted(_WHOLE):
            for call in self.tools.side.program.calls_by_name.get(name, ()):
                if call.expression[2][0] != "attr" or call.arguments or call.keywords:
                    continue
                found = self._of(call)
                if found is not None:
                    yield found

    def _of(self, call: Call) -> UnboundedUpload | None:
        origin = self._upload(call.expression[2][2], call.scope, _HOPS)
        if origin is None:
            return None
        if any(self._is_measured(scope) for scope in (call.scope, *origin.scopes)):
            return None
        declared = Step(f"the upload `{origin.name}`", origin.span)
        steps = (Step(origin.route.label, origin.route.span), declared, Step("read whole", call.span))
        return UnboundedUpload(origin.name, origin.route, call.span, steps)

    def _upload(self, expression: Expression, scope: Scope, hops: int) -> _Upload | None:
        """The upload that an expression is."""
        while expression[0] == "attr" and expression[3] in ("file", "stream"):
            expression = expression[2]
        if not hops:
            return None
        is_access, source = self.tools.sources.of_access(Place(expression, scope))
        if is_access:
            if source is None or source.kind != "upload" or source.route is None:
                return None
            return _Upload(source.field or "file", source.route, source.span, (scope,))
        holder = scope_of_name(scope, expression[2]) if expression[0] == "name" else None
        if not isinstance(holder, Function):
            return None
        for binding in holder.bindings[expression[2]]:
            if binding.kind == "parameter":
                return self._parameter(binding.target, holder, hops)
            if binding.kind in ("value", "element") and binding.expression is not None:
                found = self._upload(binding.expression, binding.scope, hops - 1)
                if found is not None:
                    return found
        return None

    def _parameter(self, parameter: Parameter, function: Function, hops: int) -> _Upload | None:
        """The upload that a handler gets as a parameter, or another function from its callers."""
        route = self.tools.sources.route_of(function)
        if route is not None:
            source = self.tools.sources.of_parameter(parameter, function, ())
            is_upload = source is not None and source.kind == "upload"
            return _Upload(parameter[0], route, source.span, (function,)) if source and is_upload else None
        for given, scope in self.tools.evaluator.passed(function, parameter[0]):
            found = self._upload(given, scope, hops - 1)
            if found is not None:
                return replace(found, scopes=(*found.scopes, function))
        return None

    def _is_measured(self, scope: Scope) -> bool:
        """Whether a function looks at the size of a file, before it reads it or afterwards, itself or through another
        one that it gives the file or its content."""
        if _compares_size(scope):
            return True
        contents = {
            name
            for name, bindings in scope.bindings.items()
            for binding in bindings
            if binding.kind in ("parameter", "element")
            or (binding.expression is not None and any(_is_read(part) for part in walk(binding.expression)))
        }
        for call in scope.calls:
            given = (*call.arguments, *(value for _, value in call.keywords))
            carries = any(part[0] == "name" and part[2] in contents for one in given for part in walk(one))
            if carries and any(map(_compares_size, self._called(call))):
                return True
        return False

    def _called(self, call: Call) -> Iterator[Function]:
        for edge in self.tools.side.contexts.edges(call.scope):
            if edge.call is call and isinstance(edge.target, Function) and not edge.deferred:
                yield edge.target


def _compares_size(scope: Scope) -> bool:
    """Whether a function compares the size of something: with more than nothing, which only asks for emptiness."""
    comparisons = (part for part in walk_all(scope.body) if part[0] == "cmp")
    pairs = (pair for part in comparisons for pair in zip((part[2], *part[4]), part[4], strict=False))
    return any(any(map(_is_size, pair)) and not any(map(is_nothing, pair)) for pair in pairs)


def _is_read(part: Expression) -> bool:
    return part[0] == "call" and last_name(part[2]) in _WHOLE


def _is_size(side: Expression) -> bool:
    """`file.size`, `len(content)`, a name that says it is a size."""
    if side[0] == "call" and last_name(side[2]) == "len":
        return bool(side[3]) and key_of(side[3][0]) is not None
    name = last_name(side).lower()
    return name in _SIZES or "size" in name or name.endswith(("_length", "_bytes"))
