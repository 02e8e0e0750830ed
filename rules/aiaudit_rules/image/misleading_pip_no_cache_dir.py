"""PIP_NO_CACHE_DIR has a value that says the opposite of what it does.

## What it does
Flags PIP_NO_CACHE_DIR with `0`, `off`, `no` or `false` in ENV, ARG or RUN.

## Why is this bad
pip switches its cache off for every value, these included, for the sake of old configurations. Who writes `0` to have a
cache has none, and who reads it expects one. (Linters that take the value at its word report a cache that is not
there.)

## Example
```dockerfile
FROM python:3.13-slim
ENV PIP_NO_CACHE_DIR=0
```

## Use instead
```dockerfile
FROM python:3.13-slim
ENV PIP_NO_CACHE_DIR=1
```

## References
- https://pip.pypa.io/en/stable/topics/caching/#disabling-caching
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.switches import switched_off

rule = Rule(
    id="IMG685",
    name="misleading-pip-no-cache-dir",
    summary="PIP_NO_CACHE_DIR has a value that says the opposite of what it does",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3042",),
    profile="pedantic",
)


@rule.check(Dockerfile)
def misleading_pip_no_cache_dir(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Values that look like a no."""
    for name, value, extent in switched_off(dockerfile, "PIP_NO_CACHE_DIR"):
        yield rule.at(
            dockerfile.span(extent),
            f"{name}={value} switches the cache off, as every other value does",
            help=f"write {name}=1, or leave it out to have a cache",
        )
