"""An image comes from a registry that is not on the list.

## What it does
Flags FROM, `COPY --from` and `RUN --mount=from=` that take an image from a registry which the option
`trusted-registries` does not name. Without that option the rule is silent. An image without a host comes from
`docker.io`; `scratch`, stages of the same file and images that a variable hides are fine. `*` at the beginning or the
end of an entry stands for anything.

## Why is this bad
Teams that mirror and scan their base images lose both where one image is taken from elsewhere, and nobody sees it in
the pull logs of the mirror.

## Example
```dockerfile
FROM registry.example.net/python:3.13-slim
```

```toml
# file: aiaudit.toml
[rules.registry-not-trusted]
trusted-registries = ["mirror.example.com"]
```

## Use instead
```dockerfile
FROM mirror.example.com/python:3.13-slim
```

```toml
# file: aiaudit.toml
[rules.registry-not-trusted]
trusted-registries = ["mirror.example.com"]
```

## Options
- `trusted-registries`: the hosts that images may come from; empty switches the rule off.

## References
- https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.origins import reference
from aiaudit.model.image.references import named_contexts
from aiaudit.rule import MEDIUM, Rule
from aiaudit.span import Extent
from aiaudit.values import dataclass
from aiaudit_rules.image.sources import taken_from


@dataclass(frozen=True, slots=True)
class Options:
    """The hosts that images may come from."""

    trusted_registries: tuple[str, ...] = ()


rule = Rule(
    id="IMG601",
    name="registry-not-trusted",
    summary="An image comes from a registry that is not on the list",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3026",),
    options=Options(),
)


@rule.check(Dockerfile)
def registry_not_trusted(dockerfile: Dockerfile, options: Options) -> Iterator[Finding]:
    """Images from other hosts."""
    if not options.trusted_registries:
        return
    for text, extent in _images(dockerfile):
        host = _host(text)
        if not any(_matches(host, trusted) for trusted in options.trusted_registries):
            yield rule.at(
                dockerfile.span(extent),
                f"{text} comes from {host}, which is no trusted registry",
                help=f"take it from {options.trusted_registries[0]}, or add {host} to trusted-registries",
            )


def _images(dockerfile: Dockerfile) -> Iterator[tuple[str, Extent]]:
    """Images of other builds, with their place."""
    names = {stage.name for stage in dockerfile.stages if stage.name} | named_contexts(dockerfile.service)
    for stage in dockerfile.stages:
        is_image = stage.parent is None and stage.base not in ("", "scratch") and "$" not in stage.base
        if stage.start.keyword == "FROM" and is_image:
            yield stage.base, stage.start.words[0].extent
    for source in taken_from(dockerfile):
        if "$" not in source.name and not source.name.isdigit() and source.name.lower() not in names:
            yield source.name, source.extent


def _host(text: str) -> str:
    return reference(text).registry.partition("/")[0] or "docker.io"


def _matches(host: str, trusted: str) -> bool:
    if trusted.startswith("*"):
        return host.endswith(trusted[1:])
    if trusted.endswith("*"):
        return host.startswith(trusted[:-1])
    return host == trusted or (host == "docker.io" and trusted == "hub.docker.com")
