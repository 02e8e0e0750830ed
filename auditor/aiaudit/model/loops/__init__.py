"""Loops around models: how many rounds agents, graphs, own loops and retries may take."""

from aiaudit.model.loops.analysis import agent_loops, endless_retries
from aiaudit.model.loops.found import AgentLoop, EndlessRetry

__all__ = ["AgentLoop", "EndlessRetry", "agent_loops", "endless_retries"]
