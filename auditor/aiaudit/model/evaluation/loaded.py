"""What is loaded by its dotted name: modules, classes and functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from aiaudit.model.evaluation.injection import Injection
from aiaudit.model.loading import Loading, is_dotted_name, loading_of, named
from aiaudit.model.plugins import IMPORTING
from aiaudit.model.scopes import Call, Function
from aiaudit.model.values import Constant, External, FunctionValue, Value
from aiaudit.sources.python.facts import Expression


class Loaded(Injection):
    """Answers about calls that are given a dotted name."""

    @cached_property
    def _loaders(self) -> dict[int, Loading]:
        """Functions of the repository that give what their argument names."""
        calls = (call for name in IMPORTING for call in self.program.calls_by_name.get(name, ()))
        functions = {id(call.scope): call.scope for call in calls if isinstance(call.scope, Function)}
        found = ((key, loading_of(function)) for key, function in functions.items())
        return {key: loading for key, loading in found if loading is not None}

    def loaded(self, callee: FunctionValue, call: Call) -> tuple[Value, ...] | None:
        """What a function that loads what its argument names gives for one call; None where the name is not known."""
        loading = self._loaders.get(id(callee.function))
        if loading is None:
            return None
        offset = int(callee.bound is not None and callee.function.self_name is not None)
        given = call.argument(loading.parameter, loading.position - offset)
        return tuple(self.members_named(() if given is None else (given,), call)) or None

    def members_named(self, texts: Iterable[Expression], call: Call) -> Iterator[Value]:
        """The classes and functions that dotted names name."""
        for text in self._dotted_names(texts, call):
            found = named(text, call.scope.module, self.program)
            if found is not None:
                yield from self.member(*found)
            else:
                yield External(text.replace(":", "."))

    def modules_named(self, texts: Iterable[Expression], call: Call) -> Iterator[Value]:
        """The modules that dotted names name."""
        for text in self._dotted_names(texts, call):
            found = self.program.resolve(call.scope.module, text, 0)
            if found is not None:
                yield found

    def _dotted_names(self, texts: Iterable[Expression], call: Call) -> Iterator[str]:
        """What some texts may say, as far as it looks like a dotted name."""
        for value in (value for text in texts for value in self.evaluate(text, call.scope)):
            if isinstance(value, Constant) and is_dotted_name(value.value):
                yield value.value
