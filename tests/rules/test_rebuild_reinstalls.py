"""RUN501 tells what the suggested order saves only where a build in that order showed it."""

from __future__ import annotations

import pytest

from aiaudit.boot.proofs import Mutation, Proof, RebuildProof, Rerun
from aiaudit.span import Span
from aiaudit_rules.startup.rebuild_reinstalls import rebuild_reinstalls

INSTALL = Rerun(6, "RUN pip install -r requirements.txt", 30.0, True)
COPY = Rerun(5, "COPY . .", 0.2, False)


@pytest.mark.parametrize(
    ("repaired", "told"),
    [
        (None, False),
        (Mutation("source", "main.py", (COPY,), 1.2), True),
        (Mutation("source", "main.py", (COPY, INSTALL), 31.0), False),
    ],
)
def test_the_suggested_order(repaired: Mutation | None, told: bool) -> None:
    """A repair that installs again saves nothing."""
    change = Mutation("source", "main.py", (COPY, INSTALL), 31.0)
    span = Span("Dockerfile", 5, 1, 5, 5)
    proof = RebuildProof(Proof.PROVEN, "buildkit", "Dockerfile", span, "", (change,), repaired)

    (finding,) = rebuild_reinstalls(proof)

    assert ("in the suggested order the same change takes 1 s" in finding.message) is told
