"""npm, yarn or Node does not verify certificates.

## What it does
Flags `NODE_TLS_REJECT_UNAUTHORIZED=0`, `NPM_CONFIG_STRICT_SSL=false` (in any letter case) in ENV, ARG and RUN, and
`strict-ssl` set to false with `npm config set`, `npm set` or `yarn config set`.

## Why is this bad
Packages, whose scripts run in the build, are taken from whoever answers; with the first of the three the running
service talks to whoever answers, too.

## Example
```dockerfile
FROM node:22-slim
RUN npm config set strict-ssl false
```

## Use instead
```dockerfile
FROM node:22-slim
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/team.pem
```

## References
- https://nodejs.org/api/cli.html#node_tls_reject_unauthorizedvalue
- https://docs.npmjs.com/cli/using-npm/config#strict-ssl
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.usage import Call
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.switches import FALSE, switched_off

rule = Rule(
    id="IMG667",
    name="node-tls-unverified",
    summary="npm, yarn or Node does not verify certificates",
    severity=HIGH,
    since="0.1.0",
    aliases=("CKV2_DOCKER_6", "CKV2_DOCKER_12", "CKV2_DOCKER_13"),
)

_VARIABLES = ("NODE_TLS_REJECT_UNAUTHORIZED", "NPM_CONFIG_STRICT_SSL", "npm_config_strict_ssl", "YARN_STRICT_SSL")
_HELP = "give Node the missing authority with NODE_EXTRA_CA_CERTS, npm with its `cafile` setting"


@rule.check(Dockerfile)
def node_tls_unverified(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Places that switch it off."""
    for name, value, extent in switched_off(dockerfile, *_VARIABLES):
        yield rule.at(dockerfile.span(extent), f"{name}={value}: any certificate is accepted", help=_HELP)
    for call in dockerfile.usage.calls(["npm", "yarn", "pnpm"]):
        if _sets_strict_ssl_off(call):
            yield rule.at(
                dockerfile.span(call.command.extent),
                f"{call.program} accepts any certificate from here on",
                help=_HELP,
            )


def _sets_strict_ssl_off(call: Call) -> bool:
    words = [text for text in call.texts if not text.startswith("-")]
    if words[:1] in (["config"], ["c"]):
        words = words[1:]
    if words[:1] != ["set"]:
        return False
    name, equals, value = words[1].partition("=") if len(words) > 1 else ("", "", "")
    value = value if equals else "".join(words[2:3])
    return name == "strict-ssl" and value.strip("\"'").lower() in FALSE
