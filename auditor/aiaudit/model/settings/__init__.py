"""Settings: where configuration enters, what it is needed for, and whether its absence is noticed at startup."""

from aiaudit.model.settings.judge import COMPARISON, Setting, settings_of

__all__ = ["COMPARISON", "Setting", "settings_of"]
