"""What the rules about settings share: what a missing one leads to."""

from __future__ import annotations

from aiaudit.model.settings import COMPARISON, Setting


def consequence(setting: Setting) -> str:
    """What happens without the setting, in words."""
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
