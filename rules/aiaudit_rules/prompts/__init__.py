"""Prompts, outputs, agent loops and rates without bounds."""

FAMILY = "PRM"
