"""Tests of the engine: files, settings, stored facts, suppressions."""
