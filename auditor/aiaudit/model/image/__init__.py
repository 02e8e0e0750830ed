"""Images: stages, what each layer brings, which context it is built from, what the container runs.

What is asked for is loaded when it is asked for: much of the tool names an image, and most of what reads one is needed
only where there is one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiaudit.model.image.build import dockerfiles as dockerfiles
    from aiaudit.model.image.build import images as images
    from aiaudit.model.image.context import Context as Context
    from aiaudit.model.image.filesystem import Filesystem as Filesystem
    from aiaudit.model.image.filesystem import Presence as Presence
    from aiaudit.model.image.listening import Listening as Listening
    from aiaudit.model.image.starts import Start as Start
    from aiaudit.model.image.starts import endpoints as endpoints
    from aiaudit.model.image.starts import served as served
    from aiaudit.model.image.values import BuildReference as BuildReference
    from aiaudit.model.image.values import Copy as Copy
    from aiaudit.model.image.values import Dockerfile as Dockerfile
    from aiaudit.model.image.values import Download as Download
    from aiaudit.model.image.values import EffectiveCommand as EffectiveCommand
    from aiaudit.model.image.values import Image as Image
    from aiaudit.model.image.values import Input as Input
    from aiaudit.model.image.values import Install as Install
    from aiaudit.model.image.values import Layer as Layer
    from aiaudit.model.image.values import Mount as Mount
    from aiaudit.model.image.values import Package as Package
    from aiaudit.model.image.values import Server as Server
    from aiaudit.model.image.values import Stage as Stage

_PLACES = {
    "build": "dockerfiles images",
    "context": "Context",
    "filesystem": "Filesystem Presence",
    "listening": "Listening",
    "starts": "Start endpoints served",
    "values": "BuildReference Copy Dockerfile Download EffectiveCommand Image Input Install Layer Mount Package Server"
    " Stage",
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return found
