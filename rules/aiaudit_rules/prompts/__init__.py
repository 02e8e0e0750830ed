"""Prompts, outputs, agent loops and rates without bounds."""
