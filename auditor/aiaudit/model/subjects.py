"""Which function provides the subjects of a kind; a kind is named by its class, its module is imported on first use."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from aiaudit.kinds import may_state_images
from aiaudit.model.service import Service

# Class of the subject -> module of the model, function in it that makes all subjects of one service.
PROVIDERS: dict[str, tuple[str, str]] = {
    "AgentLoop": ("loops", "agent_loops"),
    "Application": ("python", "applications_of"),
    "BlockingCall": ("blocking", "blocking_calls"),
    "BufferedAnswer": ("streaming", "buffered_answers"),
    "CostlyApplication": ("limits", "costly_applications"),
    "Dockerfile": ("image", "dockerfiles"),
    "EndlessRetry": ("loops", "endless_retries"),
    "EmptySetting": ("settings", "empty_settings"),
    "EnvironmentFile": ("secrets", "environment_files"),
    "FanOut": ("flow.fanout", "fan_outs"),
    "FloatingModel": ("revisions", "floating_models"),
    "Flow": ("flow", "flows_of"),
    "GrowingConversation": ("flow", "histories_of"),
    "HeldStream": ("buffering", "held_streams"),
    "Image": ("image", "images"),
    "InvertedLadder": ("ladder", "inverted_ladders"),
    "KeptState": ("kept", "kept_states"),
    "LocalFile": ("local_files", "local_files"),
    "LonelyProducer": ("producers", "lonely_producers"),
    "Observation": ("observation", "observations"),
    "OldHook": ("hooks", "old_hooks"),
    "OpenRoutes": ("access", "open_routes"),
    "PrintedSecret": ("printed", "printed_secrets"),
    "Resource": ("python", "resources_of"),
    "Route": ("python", "routes_of"),
    "SecondInstance": ("python", "second_instances_of"),
    "Secret": ("secrets", "secrets"),
    "Setting": ("settings", "settings_of"),
    "ShellRemark": ("shell", "shell_remarks"),
    "SettingsClass": ("settings", "settings_classes"),
    "SwallowedFailure": ("startup", "swallowed_failures"),
    "UnboundedContext": ("flow.retrieval", "unbounded_contexts"),
    "UnboundedUpload": ("flow.uploads", "unbounded_uploads"),
    "UncappedOutput": ("outputs", "uncapped_outputs"),
    "UnclosedClient": ("closing", "unclosed_clients"),
    "Wait": ("timeouts", "waits"),
    "WrittenTimeout": ("written_timeouts", "written_timeouts"),
}

# What one tree has of all its services, each in a turn of its own.
_BUILT = frozenset(("Dockerfile", "Image"))


def provide(service: Service, kind: str) -> Iterable[Any]:
    """All subjects of a kind, made once for a service."""
    if kind in _BUILT and not service.part("may state images", lambda s: may_state_images(s.tree.files())):
        return ()
    module, function = PROVIDERS[kind]
    make = getattr(import_module(f"aiaudit.model.{module}"), function)
    made: Iterable[Any] = service.part(f"subjects {kind}", make)
    if service.group is None or kind not in _BUILT:
        return made
    return [dockerfile for dockerfile in made if dockerfile.key in service.group.images]
