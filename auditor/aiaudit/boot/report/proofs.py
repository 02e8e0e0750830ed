"""What a proof found, as labels and texts."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.boot.proofs import Mutation, RebuildProof, WeightProof
from aiaudit.boot.report.numbers import amount

_MOST = 12


def details(proof: RebuildProof | WeightProof) -> Iterator[tuple[str, str]]:
    """The experiments of a proof, or the packages of one."""
    if isinstance(proof, RebuildProof):
        yield "builder", proof.builder
        for mutation in proof.mutations:
            yield mutation.name, _rerun(mutation)
        if proof.repaired:
            yield "with the suggested order", _rerun(proof.repaired)
    else:
        yield from _weights(proof)


def title(proof: RebuildProof | WeightProof) -> str:
    """What was to be proved."""
    return f"{'rebuild' if isinstance(proof, RebuildProof) else 'weight'} of {proof.dockerfile}"


def _rerun(mutation: Mutation) -> str:
    """What a change made the builder do again."""
    steps = [f"line {step.line} {step.step} ({step.seconds:.1f} s)" for step in mutation.rerun]
    did = f"ran again: {'; '.join(steps)}" if steps else "nothing ran again"
    changed = f"{mutation.path} changed, " if mutation.path else ""
    return f"{changed}{did}; {mutation.seconds:.1f} s in all"


def _weights(proof: WeightProof) -> Iterator[tuple[str, str]]:
    share = (
        f", {100 * proof.bytes / proof.image_bytes:.0f} % of {amount(proof.image_bytes)}" if proof.image_bytes else ""
    )
    yield "not needed", f"{amount(proof.bytes)}{share}"
    heaviest = sorted(proof.removable, key=lambda weight: -weight.bytes)
    for weight in heaviest[:_MOST]:
        origin = f"line {weight.line}" if weight.line else "base image"
        yield weight.manager, f"{amount(weight.bytes)} {weight.name} ({origin})"
    if len(heaviest) > _MOST:
        rest = heaviest[_MOST:]
        yield "and", f"{amount(sum(weight.bytes for weight in rest))} of {len(rest)} more packages"
    for path, size in proof.caches:
        yield "cache", f"{amount(size)} {path}"
    for name, reason in proof.kept[:_MOST]:
        yield "kept", f"{name}: {reason}"
    if proof.booted is not None:
        yield "without them", "the image gets ready" if proof.booted else "the image does not get ready"
