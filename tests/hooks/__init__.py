"""Tests of the pre-commit hook."""
