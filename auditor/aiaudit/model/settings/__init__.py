"""Settings: where configuration enters, what it is needed for, and whether its absence is noticed at startup."""

from aiaudit.model.settings.classes import EmptySetting, Field, SettingsClass, empty_settings, settings_classes
from aiaudit.model.settings.found import Setting
from aiaudit.model.settings.judge import settings_of
from aiaudit.model.settings.purposes import COMPARISON

__all__ = [
    "COMPARISON",
    "EmptySetting",
    "Field",
    "Setting",
    "SettingsClass",
    "empty_settings",
    "settings_classes",
    "settings_of",
]
