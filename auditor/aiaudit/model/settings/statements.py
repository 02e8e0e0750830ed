"""What statements do with a setting's value: assigned, returned, tested, each followed or noted as a use."""

from __future__ import annotations

from typing import Any

from aiaudit.model.evaluate import method_of
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Function, Module, Scope, dotted, is_django_settings, last_name
from aiaudit.model.settings.branches import FLAG, RAISES, fails, first_behind, notes, outcome_of
from aiaudit.model.settings.emptiness import filled, key_of
from aiaudit.model.settings.flags import meanings
from aiaudit.model.settings.places import Places, is_djangos, is_frameworks
from aiaudit.model.settings.reads import Read
from aiaudit.model.settings.uses import BELOW, MISSING, STORED, State, put
from aiaudit.model.values import ClassValue, External, Instance
from aiaudit.sources.python.facts import Expression
from aiaudit.values import replace


class Statements(Places):
    """The way of one setting's value through the statements around its readings."""

    def _assign(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> None:
        if child is parent[3]:
            for target in parent[2]:
                self.target(read, target, state)

    def _ann(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> None:
        if child is parent[4]:
            self.target(read, parent[2], state)

    def _aug(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> None:
        if child is parent[4]:
            self.target(read, parent[2], replace(state, derived=True))

    def _walrus(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any]:
        self.target(read, parent[2], state)
        key = key_of(parent[2])
        if key:
            self.keys.add(key)
        return state, parent

    def target(self, read: Read, target: Expression, state: State) -> None:
        tag = target[0]
        if state.flag:
            if not (state.inside and tag == "name" and self.is_handler(read.scope)):
                self.use(MISSING, read, state, outcome=FLAG)
            self.flag(read, target, state)
        elif tag == "name":
            holder = scope_of_name(read.scope, target[2]) or read.scope
            if isinstance(holder, Module) and is_django_settings(holder) and is_djangos(target[2]):
                self.use(STORED, read, state, paths=(f"django.conf.settings.{target[2]}",), parameter=target[2])
            self.variable(holder, target[2], state, read)
        elif tag == "attr":
            method = method_of(read.scope)
            base = target[2]
            if base[0] == "name" and method is not None and base[2] == method.self_name and method.owner is not None:
                self.attribute(method.owner, target[3], state)
                return
            values = self.evaluator.evaluate(base, read.scope)
            for value in values:
                if isinstance(value, (Instance, ClassValue)):
                    self.attribute(value.cls, target[3], state)
            paths = tuple(f"{value.path}.{target[3]}" for value in values if isinstance(value, External))
            if paths:
                self.use(STORED, read, state, paths=paths, parameter=target[3])
        elif tag == "sub":
            key = target[3][2] if target[3][0] == "const" and isinstance(target[3][2], str) else ""
            if last_name(target[2]) == "environ":
                self.use(STORED, read, state, paths=("os.environ",), parameter=key)
            elif last_name(target[2]) == "config" and key:
                self.configured(read, key, state)
            else:
                self.container(read, target[2], key, state)

    def is_handler(self, scope: Scope) -> bool:
        """Whether a scope answers requests: `{"ok": True, "search": bool(KEY)}` only tells its caller of the flag."""
        return id(scope) in self.tracer.handlers

    def configured(self, read: Read, key: str, state: State) -> None:
        """Put into the configuration of a Flask application, which the framework or the program reads."""
        if is_frameworks(key):
            self.use(STORED, read, state, paths=(f"app.config[{key!r}]",), parameter=key)
        self.configuration(key, state)

    def flag(self, read: Read, target: Expression, state: State) -> None:
        """`self.enabled = bool(value)`: follow the flag."""
        method = method_of(read.scope)
        if target[0] == "name":
            self.variable(scope_of_name(read.scope, target[2]) or read.scope, target[2], state, read)
        elif target[0] == "attr" and method is not None and dotted(target[2]) == method.self_name and method.owner:
            self.attribute(method.owner, target[3], state)

    def container(self, read: Read, base: Expression, key: str, state: State) -> None:
        """`options["api_key"] = value`: follow the container."""
        if base[0] == "name":
            holder = scope_of_name(read.scope, base[2])
            if holder is not None:
                self.variable(holder, base[2], put(state, key), read)
        else:
            self.use(STORED, read, state, parameter=key)

    def _return(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> None:
        if state.flag and not (state.inside and self.is_handler(read.scope)):
            self.use(MISSING, read, state, outcome=FLAG)
        if isinstance(read.scope, Function):
            self.result(read.scope, state)

    def _if(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> None:
        if child is not parent[2] or state.derived:
            return
        outcome = self.missing_outcome(parent, read, state)
        if outcome is not None:
            self.use(MISSING, read, state, outcome=outcome)

    def missing_outcome(self, statement: Any, read: Read, state: State) -> str | None:
        """What the `if` statement does for a missing value, None if it tests something else."""
        test = statement[2]
        keys = self.keys
        # `if provider == "x" and not key: raise` looks for it where it is needed.
        parts = test[3] if test[0] == "bool" and test[2] == "And" else (test,)
        if self.is_filled(test, True, read):
            return outcome_of(statement[4] or first_behind(statement, read.scope), read.scope, keys)
        if any(self.is_filled(part, False, read) for part in parts):
            return outcome_of(statement[3], read.scope, keys)
        if _asks_for_another(test, state):
            return None
        if state.inside and RAISES in (outcome_of(body, read.scope, keys) for body in statement[3:5]):
            return RAISES
        return None

    _while = _if

    def is_filled(self, test: Expression, outcome: bool, read: Read) -> bool:
        """Whether the setting surely has a value when a test, that reads it or a flag made from it, has an outcome."""
        known = meanings(test, outcome, read.scope, self.evaluator) if self.from_flag else ((test, outcome),)
        return any(key in self.keys for meant, result in known for key in filled(meant, result))

    def _assert(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> None:
        if self.is_filled(parent[2], True, read):
            self.use(MISSING, read, state, outcome=RAISES)

    def _def(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> None:
        return None

    def _default(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> None:
        """A parameter's default value."""
        if parents:
            self.given_to(parents[-1], parent[2], state)

    def _for(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> None:
        if state.inside and fails(read.scope) and notes(parent[4]):
            self.use(MISSING, read, state, outcome=RAISES)


def _asks_for_another(test: Expression, state: State) -> bool:
    """Whether a test asks a container for another key than that under which the value lies: `"url" not in options`."""
    if test[0] == "unary":
        return _asks_for_another(test[3], state)
    if test[0] != "cmp" or test[3] not in (("In",), ("NotIn",)) or test[2][0] != "const" or not state.key:
        return False
    return bool(test[2][2] != state.key.partition(BELOW)[0])
