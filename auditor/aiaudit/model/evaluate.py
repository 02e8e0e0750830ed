"""What an expression may stand for: names, attributes, calls and returns followed through the whole program."""

from __future__ import annotations

from aiaudit.model.evaluation.calls import Calls
from aiaudit.model.evaluation.classes import Classes
from aiaudit.model.evaluation.containers import Containers
from aiaudit.model.evaluation.core import class_of, is_field_call, is_injection, method_of
from aiaudit.model.evaluation.expressions import Expressions
from aiaudit.model.evaluation.functions import Functions
from aiaudit.model.evaluation.templates import Templates

__all__ = ["Evaluator", "class_of", "is_field_call", "is_injection", "method_of"]


class Evaluator(Expressions, Calls, Functions, Containers, Classes, Templates):
    """Answers what an expression in a scope may stand for; never raises, gives () where nothing is known."""
