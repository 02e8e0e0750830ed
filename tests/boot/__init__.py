"""Tests of booting, without an engine."""
