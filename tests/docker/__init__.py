"""Tests with a real Docker engine. `python -m tests.docker start` sets one up where none runs."""
