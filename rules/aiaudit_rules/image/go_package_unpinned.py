"""go fetches whatever version there is.

## What it does
Flags `go install`, `go get` and `go run` of a package of another module without `@version`, or with `@latest`. Packages
of the own module (`.`, `./cmd/api`) are fine.

## Why is this bad
Two builds of the same commit get different versions, and what worked in the test environment fails in production. On
the other hand, mirrors drop old versions, so that a pinned build fails one day: pin where you keep a mirror or a
snapshot.

## Example
```dockerfile
FROM golang:1.24
RUN go install github.com/example/tool@latest
```

## Use instead
```dockerfile
FROM golang:1.24
RUN go install github.com/example/tool@v1.4.2
```

## References
- https://go.dev/ref/mod#go-install
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.commands import options
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG669",
    name="go-package-unpinned",
    summary="go fetches whatever version there is",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3062",),
    profile="pedantic",
)

_VERBS = frozenset({"install", "get", "run"})
_VALUED = frozenset({"-C", "-ldflags", "-tags", "-o", "-p", "-gcflags", "-asmflags", "-mod", "-modfile", "-exec"})


@rule.check(Dockerfile)
def go_package_unpinned(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Packages without a version."""
    for call in dockerfile.usage.calls(["go"]):
        verb = next((text for text in call.texts if not text.startswith("-")), "")
        if verb not in _VERBS:
            continue
        packages = options(call.words, _VALUED).positionals[1:]
        for word in packages[:1] if verb == "run" else packages:
            if not _is_fixed(word.text):
                yield rule.at(
                    dockerfile.span(word.extent),
                    f"go {verb} {word.text} takes whatever version there is",
                    help=f"write {word.text.partition('@')[0]}@v...",
                )


def _is_fixed(text: str) -> bool:
    if text.startswith((".", "/", "$", "-")) or text.endswith(".go"):
        return True
    _, at, version = text.partition("@")
    return bool(at) and version not in ("", "latest", "none", "upgrade", "patch", "master", "main")
