"""Answers that are buffered."""

FAMILY = "STR"
