"""A vulnerable OpenSSL is downloaded.

## What it does
Flags a download (curl, wget, ADD) of the source of OpenSSL 3.0.0 to 3.0.6, also where a variable holds the version.

## Why is this bad
A certificate can overrun a buffer in them (CVE-2022-3602, CVE-2022-3786); 3.0.7 has the fix. What is built from source
gets no update with the distribution.

## Example
```dockerfile
FROM debian:12-slim
RUN curl -fsSLO https://www.openssl.org/source/openssl-3.0.5.tar.gz
```

## Use instead
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/*
```

## References
- https://openssl-library.org/news/vulnerabilities/index.html#CVE-2022-3602
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.patterns import regex
from aiaudit.rule import HIGH, Rule
from aiaudit.sources.dockerfile.expand import expand
from aiaudit_rules.image.switches import resolved

rule = Rule(
    id="IMG674",
    name="vulnerable-openssl-download",
    summary="A vulnerable OpenSSL is downloaded",
    severity=HIGH,
    since="0.1.0",
    aliases=("5fa731ea",),
)

_VULNERABLE = regex(r"openssl-(3\.0\.[0-6])(?!\d)")


@rule.check(Dockerfile)
def vulnerable_openssl_download(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Addresses of such a version."""
    found = [
        (resolved(call, word.text), word.extent)
        for call in dockerfile.usage.calls(["curl", "wget"])
        for word in call.words
        if "openssl" in word.text
    ]
    for placed in dockerfile.usage.placed("ADD"):
        known = placed.layer.environment if placed.layer else {}
        found += [(expand(w.text, known.get).text, w.extent) for w in placed.instruction.words if "openssl" in w.text]
    for text, extent in found:
        match = _VULNERABLE.search(text)
        if match and "://" in text:
            yield rule.at(
                dockerfile.span(extent),
                f"OpenSSL {match[1]} can be overrun by a certificate (CVE-2022-3602)",
                help="take the distribution's package, or a release that is still maintained",
            )
