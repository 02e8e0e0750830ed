"""The comment above ARG or FROM does not describe it.

## What it does
Flags a comment directly above an ARG, or above a FROM that names its stage, whose last line does not begin with the
name of the argument or of the stage. A blank line between the comment and the instruction parts them.

Only files that use such descriptions are looked at: those that switch BuildKit's experimental check on (`#
check=experimental=InvalidDefinitionDescription`), and those in which another comment does begin with the name.

## Why is this bad
`docker build --call=outline` and `--call=targets` show such a comment as the description of the argument or target,
provided that it begins with the name.

## Example
```dockerfile
# PYTHON_VERSION is the version of the interpreter
ARG PYTHON_VERSION=3.13
# what runs
FROM python:${PYTHON_VERSION}-slim AS runtime
```

## Use instead
```dockerfile
# PYTHON_VERSION is the version of the interpreter
ARG PYTHON_VERSION=3.13
# runtime is what runs
FROM python:${PYTHON_VERSION}-slim AS runtime
```

## References
- https://docs.docker.com/reference/build-checks/invalid-definition-description/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit.sources.dockerfile.facts import Comment, DockerfileFacts

rule = Rule(
    id="IMG644",
    name="comment-does-not-describe",
    summary="The comment above ARG or FROM does not describe it",
    severity=LOW,
    since="0.1.0",
    aliases=("InvalidDefinitionDescription",),
    profile="pedantic",
)

_DIRECTIVES = ("syntax", "escape", "check", "hadolint", "aiaudit", "expect")


@rule.check(Dockerfile)
def comment_does_not_describe(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Comments that are no descriptions."""
    found = list(_commented(dockerfile.facts))
    wrong = [(comment, names) for comment, names in found if comment.text.split()[0] not in names]
    asked = any(name == "check" and "experimental=" in value for name, value in dockerfile.facts.directives)
    if not asked and len(wrong) == len(found):
        return
    for comment, names in wrong:
        yield rule.at(
            dockerfile.span(comment.extent),
            f"this comment is taken for the description of {names[0]} and does not begin with that name",
            help=f"begin it with {names[0]}, or leave a blank line behind it",
        )


def _commented(facts: DockerfileFacts) -> Iterator[tuple[Comment, list[str]]]:
    """Comments directly above a definition, with the names that it defines."""
    comments = {comment.extent.line: comment for comment in facts.comments}
    for instruction in facts.instructions:
        comment = comments.get(instruction.extent.line - 1)
        if comment is None or not comment.text.split() or comment.text.startswith(_DIRECTIVES):
            continue
        if instruction.keyword == "ARG":
            yield comment, [pair.key for pair in instruction.pairs]
        elif instruction.keyword == "FROM" and len(instruction.words) == 3:
            yield comment, [instruction.words[2].text]
