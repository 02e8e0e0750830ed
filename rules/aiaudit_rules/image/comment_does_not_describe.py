"""The comment above ARG or FROM does not describe it.

## What it does
Flags a comment directly above an ARG, or above a FROM that names its stage, whose last line does not begin with the
name of the argument or of the stage. A blank line between the comment and the instruction parts them.

## Why is this bad
`docker build --call=outline` and `--call=targets` show such a comment as the description of the argument or target,
provided that it begins with the name.

## Example
```dockerfile
# the version of the interpreter
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim
```

## Use instead
```dockerfile
# PYTHON_VERSION is the version of the interpreter
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim
```

## References
- https://docs.docker.com/reference/build-checks/invalid-definition-description/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

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
    comments = {comment.extent.line: comment for comment in dockerfile.facts.comments}
    for instruction in dockerfile.facts.instructions:
        comment = comments.get(instruction.extent.line - 1)
        if comment is None or instruction.keyword not in ("ARG", "FROM"):
            continue
        if instruction.keyword == "ARG":
            names = [pair.key for pair in instruction.pairs]
        else:
            names = [word.text for word in instruction.words[2:3]]
        first = next(iter(comment.text.split()), "")
        if names and first and first not in names and not first.startswith(_DIRECTIVES):
            yield rule.at(
                dockerfile.span(comment.extent),
                f"this comment is taken for the description of {names[0]} and does not begin with that name",
                help=f"begin it with {names[0]}, or leave a blank line behind it",
            )
