"""The instructions that exist, and their flags."""

from __future__ import annotations

KEYWORDS = frozenset(
    {
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    }
)
HEREDOC_KEYWORDS = frozenset({"ADD", "COPY", "RUN"})

BOOLEAN, SINGLE, REPEATED = "boolean", "single", "repeated"
FLAGS: dict[str, dict[str, str]] = {
    "ADD": {
        "checksum": SINGLE,
        "chmod": SINGLE,
        "chown": SINGLE,
        "exclude": REPEATED,
        "keep-git-dir": BOOLEAN,
        "link": BOOLEAN,
        "unpack": BOOLEAN,
    },
    "COPY": {
        "chmod": SINGLE,
        "chown": SINGLE,
        "exclude": REPEATED,
        "from": SINGLE,
        "link": BOOLEAN,
        "parents": BOOLEAN,
    },
    "FROM": {"platform": SINGLE},
    "HEALTHCHECK": dict.fromkeys(("interval", "retries", "start-interval", "start-period", "timeout"), SINGLE),
    "RUN": {"device": REPEATED, "mount": REPEATED, "network": SINGLE, "security": SINGLE},
}
"""Per instruction its flags: a boolean, one value, or a value each time. Instructions that are not here have none."""
