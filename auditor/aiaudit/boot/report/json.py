"""JSON, schema version 1: the document of `check`, with the boot and the proofs beside the findings."""

from __future__ import annotations

import json
from typing import Any, TextIO

from aiaudit.boot.document import document, proof_document
from aiaudit.boot.report.result import Result
from aiaudit.report.json import document as check_document
from aiaudit.report.look import Look


def render(result: Result, stream: TextIO, look: Look) -> None:
    """Write the result as one JSON document."""
    found: dict[str, Any] = {
        **check_document(result.report),
        "boot": document(result.boot) if result.boot else None,
        "proofs": [proof_document(proof) for proof in result.proofs],
    }
    json.dump(found, stream, indent=2)
    stream.write("\n")
