"""USER is a name, not a number.

## What it does
Flags the last USER of a shipped stage where it is a name other than root. Users of Windows have names alone.

## Why is this bad
Kubernetes' `runAsNonRoot` can tell a number from root and refuses a name that the pod does not translate (`image has
non-numeric user`). A pod with `runAsUser` does not need it.

## Example
```dockerfile
FROM python:3.13-slim
USER app
```

## Use instead
```dockerfile
FROM python:3.13-slim
USER 10001
```

## References
- https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG625",
    name="user-by-name",
    summary="USER is a name, not a number",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3066",),
    profile="pedantic",
)


@rule.check(Dockerfile)
def user_by_name(dockerfile: Dockerfile) -> Iterator[Finding]:
    """The user that the container starts as."""
    stage = dockerfile.shipped[-1]
    instruction = stage.user_instruction
    if instruction is None or stage.is_windows:
        return
    word = instruction.words[0]
    name = word.text.partition(":")[0]
    if name and not name.isdigit() and "$" not in word.text and name != "root":
        yield rule.at(
            dockerfile.span(word.extent),
            f"{name} is a name: runAsNonRoot cannot tell that it is not root",
            help="create the user with a fixed id (`useradd --uid 10001`) and write that number",
        )
