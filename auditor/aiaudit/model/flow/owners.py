"""Which of several objects of a class a walk is about: one batcher for each model, each with a function of its own."""

from __future__ import annotations

from aiaudit.model.evaluate import method_of
from aiaudit.model.flow.places import Place
from aiaudit.model.flow.tools import Tools
from aiaudit.model.scopes import Call, Class, Function
from aiaudit.model.values import FunctionValue, Instance
from aiaudit.values import replace


def owned(call: Call, function: Function, place: Place, tools: Tools) -> Place:
    """A place on the way out of a function that an object calls which was given it: `self.work(item)`."""
    callee, method = call.expression[2], method_of(call.scope)
    cls = method.owner if method is not None else None
    if cls is None or method is None or callee[0] != "attr" or callee[2][2:] != (method.self_name,):
        return place
    makers = tools.remember(function, f"makers of {id(cls)}", lambda given: _makers(given, cls, tools))
    return replace(place, owner=makers[0]) if len(makers) == 1 else place


def _makers(function: Function, cls: Class, tools: Tools) -> list[Call]:
    """The calls that make an object of a class and give it a function."""
    evaluator = tools.evaluator
    return [
        call
        for call in evaluator.constructions(cls)
        if any(
            isinstance(value, FunctionValue) and value.function is function
            for argument in (*call.arguments, *(given for _, given in call.keywords))
            for value in evaluator.evaluate(argument, call.scope)
        )
    ]


def is_of_other(call: Call, function: Function, place: Place, tools: Tools) -> bool:
    """Whether a call of a method is made on another object of the class than the one that the way leads through."""
    callee = call.expression[2]
    if place.owner is None or function.owner is None or callee[0] != "attr":
        return False
    values = tools.evaluator.evaluate(callee[2], call.scope)
    made = [value.origin for value in values if isinstance(value, Instance) and value.cls is function.owner]
    return bool(made) and None not in made and place.owner not in made and _makes(place.owner, function.owner, tools)


def _makes(call: Call, cls: Class, tools: Tools) -> bool:
    return any(made is call for made in tools.evaluator.constructions(cls))
