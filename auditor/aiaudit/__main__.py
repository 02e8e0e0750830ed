"""`python -m aiaudit`."""

from aiaudit.cli import process

process()
