"""Python packages are fetched from a host whose identity is not checked.

## What it does
Flags `--trusted-host` of pip, `--allow-insecure-host` of uv, `pip config set global.trusted-host`, and the variables
PIP_TRUSTED_HOST and UV_INSECURE_HOST in ENV, ARG and RUN. A host on the machine itself and an empty default are fine.

## Why is this bad
pip then accepts any certificate, or plain http, from that host: whoever is on the way to it can put code into the
image. With an index that has a valid certificate the option is not even needed.

## Example
```dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir --trusted-host pypi.org fastapi==0.120.0
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir fastapi==0.120.0
```

## References
- https://pip.pypa.io/en/stable/cli/pip/#cmdoption-trusted-host
- https://pip.pypa.io/en/stable/topics/https-certificates/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.usage import Call
from aiaudit.rule import HIGH, Rule
from aiaudit.sources.dockerfile.facts import Word
from aiaudit_rules.image.switches import is_local, resolved

rule = Rule(
    id="IMG663",
    name="pip-host-trusted",
    summary="Python packages are fetched from a host whose identity is not checked",
    severity=HIGH,
    since="0.1.0",
    aliases=("CKV2_DOCKER_4", "CKV2_DOCKER_16"),
)

_FLAGS = ("--trusted-host", "--allow-insecure-host")
_VARIABLES = ("PIP_TRUSTED_HOST", "UV_INSECURE_HOST")
_SETTINGS = ("global.trusted-host", "install.trusted-host")
_HELP = "leave it out; give pip the authority of a private index with --cert or PIP_CERT"


@rule.check(Dockerfile)
def pip_host_trusted(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Options and variables, one finding a command."""
    for call in dockerfile.usage.calls(["pip", "uv", "poetry", "pipenv"]):
        for word, host in _hosts(call):
            host = resolved(call, host)
            if host and "$" not in host and not is_local(host):
                message = f"{call.program} accepts whatever answers as {host}"
                yield rule.at(dockerfile.span(word.extent), message, help=_HELP)
                break
    for setting in dockerfile.usage.assignments(*_VARIABLES):
        host = setting.value
        if host and "$" not in host and not is_local(host):
            message = f"{setting.name}: pip accepts whatever answers as {host}"
            yield rule.at(dockerfile.span(setting.extent), message, help=_HELP)


def _hosts(call: Call) -> Iterator[tuple[Word, str]]:
    """The hosts that a command names."""
    for word, following in zip(call.words, (*call.words[1:], None), strict=True):
        name, equals, value = word.text.partition("=")
        if name in _FLAGS or (word.text in _SETTINGS and call.texts[:2] == ("config", "set")):
            yield word, value if equals else following.text if following else ""
