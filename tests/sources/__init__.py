"""Extractors: text to facts."""
