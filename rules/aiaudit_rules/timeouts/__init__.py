"""Calls that wait for ever."""
