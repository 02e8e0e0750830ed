"""The container runs as root.

## What it does
Flags an image whose last stage ends with root as its user: no USER in the stage or in those that it is built on, or a
last USER of `root` or `0`. Base images that are known to come with another user (distroless `nonroot`, Chainguard,
Bitnami, Jupyter, micromamba, ...), databases whose own entrypoint gives up root, and nginx and httpd, whose workers
do, are fine, and so is a command or an entry script that switches with `gosu`, `su-exec`, `setpriv` and the like. A
`user:` in a deploy file is no excuse: the image is what others run.

Images for AWS Lambda are left alone, because Lambda sets the user itself, and so are images of Windows, which has
other users. A base image that is not known counts as
root when a RUN installs system packages or makes users without `sudo`; otherwise confidence is low.

## Why is this bad
Whoever gets code to run in the process (through a model file, a template, a vulnerable dependency) is root in the
container: able to rewrite the application, to write through every mounted volume as root, and one kernel or runtime
bug away from the host. Clusters that enforce `runAsNonRoot` refuse to start such an image.

## Example
```dockerfile
FROM python:3.13-slim
WORKDIR /app
CMD ["python", "-c", "print('ready')"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN useradd --create-home --uid 10001 app
WORKDIR /app
USER 10001
CMD ["python", "-c", "print('ready')"]
```

## References
- https://docs.docker.com/build/building/best-practices/#user
- https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.image import Image
from aiaudit.model.image.origins import ROOT, default_user, gives_up_root, platform_sets_user
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service, is_front_end

rule = Rule(
    id="IMG401",
    name="root-user",
    summary="The container runs as root",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(
        "DL3002",
        "DS-0002",
        "CKV_DOCKER_3",
        "CKV_DOCKER_8",
        "fd54f200",
        "67fd0c4a",
        "CIS-DI-0001",
        "last-user-is-root",
        "missing-user",
        "missing-user-entrypoint",
        "ID.20017",
    ),
)

_ROOTS = frozenset({"root", "0"})
_ONLY_ROOT = frozenset(
    {
        "apt-get",
        "apt",
        "apk",
        "dnf",
        "microdnf",
        "yum",
        "zypper",
        "useradd",
        "adduser",
        "groupadd",
        "addgroup",
        "chown",
        "dpkg",
    }
)
_HELP = "create a user (`RUN useradd --create-home --uid 10001 app`) and switch to it with `USER 10001` before CMD"


@rule.check(Image)
def root_user(image: Image) -> Iterator[Finding]:
    """The user of the final stage."""
    stage = image.final
    if stage.is_windows or is_beside_the_service(image) or platform_sets_user(stage) or gives_up_root(image):
        return
    if stage.user_instruction is not None:
        if stage.user.partition(":")[0].lower() in _ROOTS:
            yield rule.at(
                image.span(stage.user_instruction.words[0].extent),
                f"the container runs as root: the last USER is {stage.user}",
                help=_HELP,
                related=_earlier_users(image),
            )
        return
    user = default_user(stage)
    if stage.root_base == "scratch" or user not in (None, ROOT):
        return
    unknown = user is None and not _acts_as_root(image)
    yield rule.at(
        image.span(stage.start.words[0].extent),
        "the container runs as root: no USER in the last stage"
        + (" or those it is built on" if stage.parent is not None else "")
        + (f", unless {stage.root_base} sets one" if unknown else ""),
        help=_HELP,
        confidence=Confidence.LOW if unknown else Confidence.MEDIUM if is_front_end(image) else None,
    )


def _acts_as_root(image: Image) -> bool:
    """Whether a RUN does what only root can, so that the base image's user must be root."""
    for layer in image.final.inherited_layers:
        if layer.keyword == "RUN" and not layer.user:
            for command in layer.instruction.commands:
                if command.name in _ONLY_ROOT:
                    return True
    return False


def _earlier_users(image: Image) -> tuple[Step, ...]:
    """The last switch to another user, which the last USER undoes."""
    found: list[Step] = []
    for layer in image.final.inherited_layers:
        if layer.keyword == "USER" and layer.instruction.words and layer.instruction.words[0].text not in _ROOTS:
            found = [Step("switched to another user here", image.span(layer.instruction.extent))]
    return tuple(found)
