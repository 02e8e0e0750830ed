"""RPM packages are installed without their signatures being checked.

## What it does
Flags `--nogpgcheck` and `--setopt=...gpgcheck=0` or `...sslverify=0` of dnf, yum, microdnf, tdnf and their
config-managers, `--no-gpg-checks` of zypper, and `--nosignature`, `--nodigest`, `--noverify` and `--nofiledigest` of
rpm.

## Why is this bad
Packages are then taken from whoever answers: a mirror, a proxy, someone on the way; their scripts run as root in the
build.

## Example
```dockerfile
FROM fedora:43
RUN dnf install -y --nogpgcheck tini && dnf clean all
```

## Use instead
```dockerfile
FROM fedora:43
RUN dnf install -y tini && dnf clean all
```

## References
- https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/9/html/managing_software_with_the_dnf_tool/index
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, Rule
from aiaudit.sources.dockerfile.facts import Word
from aiaudit_rules.image.managers import DNF
from aiaudit_rules.image.switches import FALSE, flagged

rule = Rule(
    id="IMG658",
    name="rpm-signatures-unchecked",
    summary="RPM packages are installed without their signatures being checked",
    severity=HIGH,
    since="0.1.0",
    aliases=("CKV2_DOCKER_9", "CKV2_DOCKER_10", "CKV2_DOCKER_15"),
)

_RPM = ("--nosignature", "--nodigest", "--noverify", "--nofiledigest")
_MANAGERS = (*DNF.programs, "yum-config-manager", "dnf-config-manager")
_SETTINGS = ("gpgcheck", "sslverify")


@rule.check(Dockerfile)
def rpm_signatures_unchecked(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Options that accept anything."""
    for programs, flags in ((DNF.programs, ("--nogpgcheck",)), (("rpm",), _RPM), (("zypper",), ("--no-gpg-checks",))):
        for call, word in flagged(dockerfile, programs, flags):
            yield _finding(dockerfile, call.program, word)
    for call in dockerfile.usage.calls(_MANAGERS):
        for word in call.words:
            if _switches_off(word.text):
                yield _finding(dockerfile, call.program, word)
                break


def _switches_off(text: str) -> bool:
    """Whether an option or its value says `gpgcheck=0` or `sslverify=no`, for one repository or for all."""
    name, _, value = text.lower().removeprefix("--setopt=").rpartition("=")
    return value.strip("\"'") in FALSE and name.strip("\"'").endswith(_SETTINGS)


def _finding(dockerfile: Dockerfile, program: str, word: Word) -> Finding:
    return rule.at(
        dockerfile.span(word.extent),
        f"{program} {word.text}: nothing verifies who made the packages",
        help="import the key of the repository (`rpm --import`) and leave the option out",
    )
