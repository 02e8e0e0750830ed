"""What a run of an image showed, as tests hand it to an audit: excerpts of the JSON that `boot` and `prove` write.

An excerpt holds what a test is about. The plan is the one of the audited tree, the rest of the frame says nothing.
"""

from __future__ import annotations

import json
from typing import Any

from aiaudit.boot.configuration import BootConfiguration
from aiaudit.boot.document import SCHEMA_VERSION, read, read_proof
from aiaudit.boot.plan import plan_for
from aiaudit.boot.record import Boot, ImageFacts
from aiaudit.model.service import Service
from aiaudit.plain import plain
from aiaudit.runner import Subjects

FILE = "boot.json"
IMAGE = ImageFacts("sha256:0", ("handbook:1",), 1, "amd64")


def subjects_in(text: str, service: Service) -> Subjects:
    """The subjects that an excerpt tells of: a boot, or a proof (which has a `kind`)."""
    found = json.loads(text)
    if "kind" in found:
        proof = read_proof(found)
        return {type(proof): (proof,)}
    return {Boot: (boot_in(found, service),)}


def boot_in(found: dict[str, Any], service: Service | None) -> Boot:
    """The boot that an excerpt is of."""
    frame: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "engine": {"name": "docker", "version": "27", "architecture": "amd64"},
        "image": plain(IMAGE),
        "plan": plain(plan_for(service, IMAGE, BootConfiguration())),
        "learned": [],
        "seconds": 1.0,
        "own": 1.0,
        "built": 0.0,
        "leftovers": 0,
        "problems": [],
    }
    scenarios = [{"action": "ready", "environment": [], "timeline": [], **one} for one in found["scenarios"]]
    return read({**frame, **found, "scenarios": scenarios})
