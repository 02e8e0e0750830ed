"""What the rules about settings share: what a missing one leads to."""

from __future__ import annotations

from aiaudit.finding import Confidence
from aiaudit.model.settings import COMPARISON, Setting


def consequence(setting: Setting) -> str:
    """What happens without the setting, in words, and to whom."""
    return f"{_consequence(setting)} ({setting.reason})" if setting.reason else _consequence(setting)


def _consequence(setting: Setting) -> str:
    if setting.worker:
        return (
            f"the API checks it at startup, but the worker that runs {setting.worker}() starts without it and "
            f"{setting.need} fails later"
        )
    if setting.answered:
        return "the service starts without it, only requests report it"
    if setting.warned:
        return f"the service only warns and starts, then {setting.need} fails"
    if setting.need == COMPARISON:
        return "the service starts without it and holds what requests bring against " + (
            "a value that anybody can read" if setting.default == "literal" else "nothing"
        )
    if setting.default == "literal":
        if setting.only_here:
            return f"{setting.need} works with it, and nothing says so"
        return f"the service starts with it and {setting.need} fails later"
    return f"the service starts without it and {setting.need} fails later"


def confidence_of(setting: Setting) -> Confidence:
    """High, unless there are ways to do without the setting; or where another process checks it, which may well get the
    same settings."""
    return Confidence.MEDIUM if setting.of_one or setting.worker else Confidence.HIGH
