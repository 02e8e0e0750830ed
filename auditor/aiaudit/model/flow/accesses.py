"""Chains of attributes, keys and calls that read from a request object: where they start, and what they read."""

from __future__ import annotations

from aiaudit.model.flow.keys import READING
from aiaudit.model.flow.places import ONE, Part
from aiaudit.model.flow.transfer import SAME_TEXT
from aiaudit.sources.python.facts import Expression

# How Tornado's handlers read the arguments of a request.
ARGUMENTS = ("get_argument", "get_body_argument", "get_query_argument")


def access(expression: Expression) -> tuple[Expression, list[Part]]:
    """The object at the start of a chain and the names that are read on the way, outermost last."""
    names: list[Part] = []
    while True:
        tag = expression[0]
        if tag in ("await", "star"):
            expression = expression[2]
        elif tag == "attr":
            names.append(expression[3])
            if expression[3] in ("request", "rfile") and expression[2][0] == "name":
                return expression, names[-2::-1]
            expression = expression[2]
        elif tag == "sub":
            index = expression[3]
            if index[0] == "slice":
                return expression, []  # cut: no longer the text as it came
            names.append(index[2] if index[0] == "const" and isinstance(index[2], (str, int)) else ONE)
            expression = expression[2]
        elif tag == "call" and expression[2][0] == "attr":
            function, arguments = expression[2], expression[3]
            if function[3] in READING and arguments:
                names.append(arguments[0][2] if arguments[0][0] == "const" else ONE)
                expression = function[2]
            elif function[3] in (*ARGUMENTS, "get_param") and arguments:
                names.append(arguments[0][2] if arguments[0][0] == "const" else ONE)
                names.append(function[3])
                expression = function[2]
            elif function[3] in SAME_TEXT:
                expression = function[2]
            else:
                expression = function
        else:
            return expression, names[::-1]
