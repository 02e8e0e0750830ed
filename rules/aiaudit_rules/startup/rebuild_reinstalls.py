"""A change of a source file installs all packages again, as a rebuild has shown.

## What it does
`aiaudit prove` builds the image twice from a copy of its context (the second build must come from the cache whole),
changes a comment in a source file, or a file that no step needs, and builds again. Flags the COPY after which an
install step ran again. It is the proof of what [source-before-dependencies](source-before-dependencies.md) says of
the Dockerfile.

## Why is this bad
Each change of the code costs the download and the installation of everything, in every pipeline and on every desk,
and each image is pushed and pulled whole, because its largest layer is new.

## Example
```dockerfile
FROM python:3.11-slim
WORKDIR /srv
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
USER 1000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

What `aiaudit prove --format json` recorded of it:

```json
{
  "schema_version": 1,
  "kind": "rebuild",
  "proof": "PROVEN",
  "builder": "buildkit",
  "dockerfile": "Dockerfile",
  "span": {
    "path": "Dockerfile",
    "line": 3,
    "column": 1,
    "end_line": 3,
    "end_column": 9
  },
  "reason": "a comment in main.py made the packages be installed again",
  "mutations": [
    {
      "name": "source",
      "path": "main.py",
      "rerun": [
        {
          "line": 4,
          "step": "RUN pip install -r requirements.txt",
          "seconds": 41.2,
          "installs": true
        }
      ],
      "seconds": 43.0
    }
  ]
}
```

## Use instead
```dockerfile
FROM python:3.11-slim
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER 1000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

```json
{
  "schema_version": 1,
  "kind": "rebuild",
  "proof": "REFUTED",
  "builder": "buildkit",
  "dockerfile": "Dockerfile",
  "span": {
    "path": "Dockerfile",
    "line": 3,
    "column": 1,
    "end_line": 3,
    "end_column": 9
  },
  "reason": "no change of a source file installed anything again",
  "mutations": [
    {
      "name": "source",
      "path": "main.py",
      "rerun": [],
      "seconds": 1.1
    }
  ]
}
```

## References
- https://docs.docker.com/build/cache/optimize/#order-your-layers
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding, Step
from aiaudit.rule import HIGH, Rule
from aiaudit.span import Span

if TYPE_CHECKING:
    from aiaudit.boot.proofs import RebuildProof

rule = Rule(
    id="RUN501",
    name="rebuild-reinstalls",
    summary="A change of a source file installs all packages again",
    severity=HIGH,
    since="0.1.0",
)


@rule.observe("RebuildProof")
def rebuild_reinstalls(proof: RebuildProof) -> Iterator[Finding]:
    """The change that cost most; proofs that prove nothing, or the contrary, are no findings."""
    if proof.proof != "PROVEN":
        return
    costs = {m: sum(step.seconds for step in m.rerun if step.installs) for m in proof.mutations}
    worst = max(costs, key=lambda mutation: costs[mutation], default=None)
    if worst is None or not costs[worst]:
        return
    again = [step for step in worst.rerun if step.installs]
    yield rule.at(
        proof.span,
        f"a change in {worst.path} installs again what it does not touch: {costs[worst]:.0f} s of {worst.seconds:.0f} s"
        f"{_mended(proof)}",
        help="copy what names the dependencies, install, and copy the sources after that",
        trace=[
            Step(f"{step.step} ran again: {step.seconds:.0f} s", Span(proof.dockerfile, step.line, 1, step.line, 1))
            for step in again
        ],
    )


def _mended(proof: RebuildProof) -> str:
    """What the suggested order saves, where it was tried and installs nothing again."""
    repaired = proof.repaired
    if repaired is None or any(step.installs for step in repaired.rerun):
        return ""
    return f"; in the suggested order the same change takes {repaired.seconds:.0f} s"
