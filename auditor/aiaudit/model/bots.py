"""Bots of chat platforms: the functions that their libraries are handed, and the scripts that run them."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program, is_beside_the_service, module_calls
from aiaudit.model.scopes import Call, Function
from aiaudit.model.values import External, Instance

# Classes of `telegram.ext` whose objects hold a callback: its position.
_HOLDERS = {
    "CommandHandler": 1,
    "MessageHandler": 1,
    "PrefixHandler": 2,
    "StringCommandHandler": 1,
    "TypeHandler": 1,
    "CallbackQueryHandler": 0,
    "ChatMemberHandler": 0,
    "ChosenInlineResultHandler": 0,
    "InlineQueryHandler": 0,
    "PollAnswerHandler": 0,
}
# Methods that take a callback: its position.
_TAKING = {
    "register": 0,
    "register_message_handler": 0,
    "register_callback_query_handler": 0,
    "register_inline_handler": 0,
    "register_next_step_handler": 1,
}
_TAKERS = ("aiogram.", "telebot.")
# What a bot's library does once it runs, until the process ends.
_RUNNING = frozenset(
    ("run_polling", "start_polling", "infinity_polling", "polling", "run_webhook", "start_webhook", "run", "start")
)
_LIBRARIES = ("telegram.ext.", "aiogram.", "telebot.", "discord.", "slack_bolt.", "pyrogram.", "telethon.")
# Methods and events that come once, when a bot has started.
AT_START = ("setup_hook", "on_ready")


def handed_callbacks(program: Program, evaluator: Evaluator) -> Iterator[Function]:
    """`MessageHandler(filters.TEXT, answer)`, `router.message.register(answer)`: functions that answer messages."""
    for name, position in (*_HOLDERS.items(), *_TAKING.items()):
        for call in program.calls_by_name.get(name, ()):
            callback = call.argument("callback", position)
            if callback is not None and _is_of_bot(call, name, evaluator):
                yield from evaluator.functions_of(callback, call.scope)


def _is_of_bot(call: Call, name: str, evaluator: Evaluator) -> bool:
    paths = [value.path for value in evaluator.callees(call) if isinstance(value, External)]
    if name in _HOLDERS:
        return any(path.startswith("telegram.ext.") for path in paths)
    return any(path.startswith(_TAKERS) for path in paths)


def running_scripts(program: Program, evaluator: Evaluator) -> Iterator[str]:
    """The files that run a bot, mostly under `if __name__ == "__main__"`: there is no server to import its module."""
    for module in program.modules:
        if is_beside_the_service(module.path):
            continue
        calls = (call for call in module_calls(module) if call.name in _RUNNING)
        if any(path.startswith(_LIBRARIES) for call in calls for path in _owners(call, evaluator)):
            yield module.path


def _owners(call: Call, evaluator: Evaluator) -> Iterator[str]:
    """The libraries' names for what a method is called on, or for a function of a library's."""
    for value in evaluator.callees(call):
        if isinstance(value, External):
            yield value.path
    if call.expression[2][0] == "attr":
        for value in evaluator.evaluate(call.expression[2][2], call.scope):
            if isinstance(value, Instance):
                yield from evaluator.lineage(value.cls)[1]
