"""Packages that nothing needs at run time are shipped, as weighing the image has shown.

## What it does
`aiaudit prove` reads what is in the image, finds build tools and what only they need, keeps whatever a library of the
image links against or the code calls, and boots the image without the rest. Flags the image where that is ready all
the same, with the bytes by package. It is the proof of what
[build-tools-in-final-stage](build-tools-in-final-stage.md) and
[heavy-dependency-single-stage](heavy-dependency-single-stage.md) say of the Dockerfile. Routes that were not asked
may still need what was taken out.

## Why is this bad
Every node pulls the bytes before the first request is answered, every registry keeps them, and compilers and headers
are what an intruder wishes for. A stage that builds and a stage that runs cost two lines.

## Example
```dockerfile
FROM python:3.11-slim
WORKDIR /srv
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
COPY main.py .
USER 1000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

What `aiaudit prove --format json` recorded of it:

```json
{
  "schema_version": 1,
  "kind": "weight",
  "proof": "PROVEN",
  "dockerfile": "Dockerfile",
  "span": {
    "path": "Dockerfile",
    "line": 3,
    "column": 1,
    "end_line": 3,
    "end_column": 4
  },
  "reason": "without 62 packages the image still gets ready",
  "bytes": 251658240,
  "image_bytes": 524288000,
  "removable": [
    {
      "name": "gcc-12",
      "manager": "deb",
      "bytes": 69800000,
      "line": 3
    },
    {
      "name": "g++-12",
      "manager": "deb",
      "bytes": 37000000,
      "line": 3
    },
    {
      "name": "cpp-12",
      "manager": "deb",
      "bytes": 34600000,
      "line": 3
    }
  ],
  "booted": true
}
```

## Use instead
```dockerfile
FROM python:3.11-slim
WORKDIR /srv
COPY main.py .
USER 1000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

```json
{
  "schema_version": 1,
  "kind": "weight",
  "proof": "REFUTED",
  "dockerfile": "Dockerfile",
  "span": {
    "path": "Dockerfile",
    "line": 1,
    "column": 1,
    "end_line": 1,
    "end_column": 5
  },
  "reason": "nothing can be taken out",
  "bytes": 0,
  "image_bytes": 524288000,
  "removable": [],
  "booted": null
}
```

## References
- https://docs.docker.com/build/building/multi-stage/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding, Step
from aiaudit.rule import MEDIUM, Rule
from aiaudit.span import Span

if TYPE_CHECKING:
    from aiaudit.boot.proofs import WeightProof

rule = Rule(
    id="RUN502",
    name="bytes-not-needed",
    summary="Packages that nothing needs at run time are shipped",
    severity=MEDIUM,
    since="0.1.0",
)

_SHOWN = 5
_MB = 1_000_000


@rule.observe("WeightProof")
def bytes_not_needed(proof: WeightProof) -> Iterator[Finding]:
    """One finding with the largest packages; proofs that prove nothing are no findings."""
    if proof.proof != "PROVEN" or not proof.bytes:
        return
    largest = sorted(proof.removable, key=lambda weight: -weight.bytes)
    listed = ", ".join(f"{weight.name} {weight.bytes / _MB:.1f} MB" for weight in largest[:_SHOWN])
    more = f" and {len(largest) - _SHOWN} more" if len(largest) > _SHOWN else ""
    share = f" ({100 * proof.bytes / proof.image_bytes:.0f} % of the image)" if proof.image_bytes else ""
    booted = "; without them it gets ready" if proof.booted else ""
    yield rule.at(
        proof.span,
        f"{proof.bytes / _MB:.0f} MB{share} are not needed at run time: {listed}{more}{booted}",
        help="install build tools in a stage of their own and copy what they make into the final one",
        trace=[
            Step(f"{weight.name} comes in here", Span(proof.dockerfile, weight.line, 1, weight.line, 1))
            for weight in largest[:_SHOWN]
            if weight.line
        ],
    )
