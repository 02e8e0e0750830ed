"""Settings: where configuration enters, what it is needed for, and whether its absence is noticed at startup."""

from aiaudit.model.settings.judge import Setting, settings_of

__all__ = ["Setting", "settings_of"]
