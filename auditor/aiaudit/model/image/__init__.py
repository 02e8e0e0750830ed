"""Images: stages, what each layer brings, which context it is built from, what the container runs."""

from aiaudit.model.image.build import dockerfiles, images
from aiaudit.model.image.context import Context
from aiaudit.model.image.filesystem import Filesystem, Presence
from aiaudit.model.image.listening import Listening
from aiaudit.model.image.starts import Start, endpoints, served, starts
from aiaudit.model.image.values import (
    BuildReference,
    Copy,
    Dockerfile,
    Download,
    EffectiveCommand,
    Image,
    Input,
    Install,
    Layer,
    Mount,
    Package,
    Server,
    Stage,
)

__all__ = [
    "BuildReference",
    "Context",
    "Copy",
    "Dockerfile",
    "Download",
    "EffectiveCommand",
    "Filesystem",
    "Image",
    "Input",
    "Install",
    "Layer",
    "Listening",
    "Mount",
    "Package",
    "Presence",
    "Server",
    "Stage",
    "Start",
    "dockerfiles",
    "endpoints",
    "images",
    "served",
    "starts",
]
