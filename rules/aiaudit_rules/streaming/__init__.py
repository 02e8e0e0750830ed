"""Answers that are buffered."""
