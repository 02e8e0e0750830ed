"""What people type into the components of pages: Gradio's and Streamlit's."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.places import Path, is_one
from aiaudit.model.flow.words import words
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Call, Scope, last_name
from aiaudit.model.values import Constant, External, Value
from aiaudit.sources.python.facts import Expression, Parameter

# What a handler gets: a text as it was typed, or the turns of a conversation.
TYPED, CONVERSATION = "typed", "conversation"

# Components of Gradio that take any text, and the one that shows a conversation.
_TEXTS = tuple(f"gradio.{name}()" for name in ("Textbox", "TextArea", "MultimodalTextbox", "Code"))
_NAMES = ("text", "textbox", "textarea")
_TURNS = "gradio.Chatbot()"
# Widgets of Streamlit that give what was typed, by their last name, and where they stand.
_WIDGETS = words("text_input text_area chat_input")
_STREAMLIT = "streamlit."


def of_gradio(parameter: Parameter, route: Route, path: Path, evaluator: Evaluator) -> str:
    """What a parameter of a Gradio handler is, "" for nothing that anybody types: the inputs come in order."""
    call = route.decorator
    if call is None:
        return ""
    given = [known for known in route.handler.parameters if known[0] != route.handler.self_name]
    kinds = {_kind(value, path) for value in _component(given.index(parameter), call, evaluator)}
    return next((kind for kind in (TYPED, CONVERSATION) if kind in kinds), "")


def _component(position: int, call: Call, evaluator: Evaluator) -> Iterator[Value]:
    """The components that a position of a handler's parameters stands for."""
    if call.name == "ChatInterface":
        if position < 2:
            made = call.keyword(("textbox", "chatbot")[position])
            usual = (_TEXTS[0], _TURNS)[position]
            yield from evaluator.evaluate(made, call.scope) or (External(usual),)
            return
        inputs, position = call.keyword("additional_inputs"), position - 2
    else:
        inputs = call.argument("inputs", 1)
    listed = inputs[2] if inputs is not None and inputs[0] in ("list", "tuple") else (inputs,)
    if position < len(listed):
        yield from evaluator.evaluate(listed[position], call.scope)


def _kind(value: Value, path: Path) -> str:
    if isinstance(value, Constant):
        return TYPED if value.value in _NAMES and not path else ""
    if not isinstance(value, External):
        return ""
    if value.path in _TEXTS and path in ((), ("text",)):
        return "" if _is_limited(value.origin, "max_length") else TYPED
    if value.path != _TURNS:
        return ""
    return TYPED if path and (is_one(path[0]) or isinstance(path[0], int)) else CONVERSATION


def _is_limited(call: Call | None, name: str) -> bool:
    given = call.keyword(name) if call is not None else None
    return given is not None and not (given[0] == "const" and given[2] is None)


def of_streamlit(expression: Expression, scope: Scope, evaluator: Evaluator) -> str | None:
    """The widget whose text an expression is, "" for one that bounds it; None for other expressions."""
    if expression[0] != "call" or last_name(expression[2]) not in _WIDGETS:
        return None
    for value in evaluator.evaluate(expression[2], scope):
        if isinstance(value, External) and value.path.startswith(_STREAMLIT):
            limit = next((given for name, given in expression[4] if name == "max_chars"), None)
            bounded = limit is not None and not (limit[0] == "const" and limit[2] is None)
            return "" if bounded else last_name(expression[2])
    return None
