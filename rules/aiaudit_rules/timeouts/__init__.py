"""Calls that wait for ever."""

FAMILY = "TMO"
