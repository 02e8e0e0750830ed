"""aiaudit: is this AI API fit for production?"""

__version__ = "0.1.0"
