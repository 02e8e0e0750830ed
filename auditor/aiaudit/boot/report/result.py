"""What is reported: findings, and the boot and the proofs that they rest on."""

from __future__ import annotations

from aiaudit.boot.proofs import RebuildProof, WeightProof
from aiaudit.boot.record import Boot, Outcome, Status
from aiaudit.results import Report
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """A run of `boot`, of `prove` or of `check --boot`, whose findings `is_static` tells are about files as well.

    What is in it may be shown: nothing is left to be hidden.
    """

    report: Report
    boot: Boot | None = None
    proofs: tuple[RebuildProof | WeightProof, ...] = ()
    is_static: bool = False

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What the boots came to; none without a boot."""
        return self.boot.outcomes if self.boot else ()

    def of(self, status: Status) -> tuple[Outcome, ...]:
        """The outcomes that ended so."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is status)
