"""A download accepts any certificate.

## What it does
Flags `curl -k` (`--insecure`, also among other letters: `-fsSLk`), `wget --no-check-certificate`, `git -c
http.sslVerify=false`, `git config http.sslVerify false`, and GIT_SSL_NO_VERIFY with any value in ENV, ARG and RUN: git
looks whether it is set, not what it says. Addresses on the machine itself are fine.

## Why is this bad
Whoever is on the way to the server decides what is downloaded, and what is downloaded in a build is mostly run.

## Example
```dockerfile
FROM python:3.13-slim
RUN curl -fsSLk -o /usr/local/bin/tool https://example.com/tool
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN curl -fsSL -o /usr/local/bin/tool https://example.com/tool
```

## References
- https://curl.se/docs/sslcerts.html
- https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpsslVerify
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.usage import Call
from aiaudit.rule import HIGH, Rule
from aiaudit.sources.dockerfile.facts import Word
from aiaudit_rules.image.switches import FALSE, flagged, has_letter, is_local, resolved

rule = Rule(
    id="IMG673",
    name="tls-unverified-download",
    summary="A download accepts any certificate",
    severity=HIGH,
    since="0.1.0",
    aliases=("CKV2_DOCKER_2", "CKV2_DOCKER_3", "CKV2_DOCKER_14"),
)

_CURL_VALUED = "AbcCdDeEFHKmoPQrtTuUwxXyYz"
_HELP = "install ca-certificates, or the authority that is missing, and leave the option out"


@rule.check(Dockerfile)
def tls_unverified_download(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Downloads from whoever answers."""
    found = [*flagged(dockerfile, ["curl"], ["--insecure"]), *flagged(dockerfile, ["wget"], ["--no-check-certificate"])]
    for call in dockerfile.usage.calls(["curl"]):
        word = has_letter(call.words, "k", _CURL_VALUED)
        if word is not None:
            found.append((call, word))
    for call in dockerfile.usage.calls(["git"]):
        word = _unverified(call)
        if word is not None:
            found.append((call, word))
    for call, word in found:
        if not _is_for_itself(call):
            message = f"{call.program} {word.text} accepts whatever answers"
            yield rule.at(dockerfile.span(word.extent), message, help=_HELP)
    for setting in dockerfile.usage.assignments("GIT_SSL_NO_VERIFY"):
        message = f"GIT_SSL_NO_VERIFY={setting.value}: git accepts whatever answers, whatever the value is"
        yield rule.at(dockerfile.span(setting.extent), message, help=_HELP)


def _is_for_itself(call: Call) -> bool:
    """Whether every address of the command is on the machine itself."""
    addresses = [resolved(call, text) for text in call.texts if "://" in text or text.startswith("localhost")]
    return bool(addresses) and all(map(is_local, addresses))


def _unverified(call: Call) -> Word | None:
    """The word with which git is told not to verify."""
    for word, following in zip(call.words, (*call.words[1:], None), strict=True):
        name, equals, value = word.text.lower().partition("=")
        if not equals and following is not None:
            value = following.text.lower()
        if name.startswith("http.") and name.endswith("sslverify") and value in FALSE:
            return word
    return None
