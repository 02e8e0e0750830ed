"""Credentials in files and images."""

FAMILY = "KEY"
TAGS = ("security",)
