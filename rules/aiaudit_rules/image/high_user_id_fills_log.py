"""A user with a high id makes the image large.

## What it does
Flags `useradd` with a user id of more than five digits and without `--no-log-init`.

## Why is this bad
useradd writes the user into /var/log/lastlog and /var/log/faillog, at a place given by the id: files of many gigabytes
with holes, which layers store as zeros.

## Example
```dockerfile
FROM python:3.13-slim
RUN useradd --uid 1000660000 app
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN useradd --no-log-init --uid 1000660000 app
```

## References
- https://docs.docker.com/build/building/best-practices/#user
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.commands import names_in, options
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG629",
    name="high-user-id-fills-log",
    summary="A user with a high id makes the image large",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3046",),
)

_VALUED = names_in(
    "-b --base-dir -c --comment -d --home-dir -e --expiredate -f --inactive -g --gid -G --groups -k --skel -K --key"
    " -p --password -R --root -P --prefix -s --shell -u --uid -Z --selinux-user"
)


@rule.check(Dockerfile)
def high_user_id_fills_log(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Users whose id is that high."""
    for call in dockerfile.usage.calls(["useradd"]):
        given = options(call.words, _VALUED)
        uid = given.value("-u", "--uid") or ""
        is_quiet = given.has("--no-log-init") or any("l" in flag for flag in given.flags if not flag.startswith("--"))
        if len(uid) > 5 and uid.isdigit() and not is_quiet:
            yield rule.at(
                dockerfile.span(call.command.extent),
                f"user id {uid} makes lastlog and faillog files of many gigabytes in this layer",
                help="add --no-log-init",
            )
