"""The isolation profile: what every container of a boot is limited to, whatever its specification asks for.

One table makes both the request to the engine and the `docker run` line that does the same by hand.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiaudit.boot.record import EngineFacts
from aiaudit.boot.world import Specification

if TYPE_CHECKING:
    from docker.types import Ulimit

MEMORY = 2 * 1024**3
CPUS = 2
PROCESSES = 256
FILES = 1024
TEMPORARY = "rw,exec,nosuid,nodev,size=256m"
LOG_BYTES = "8m"
OOM_SCORE = 500

_LOWEST_PORT = "net.ipv4.ip_unprivileged_port_start"
_LEAST_MEMORY = 6 * 1024**2  # engines refuse less


def memory_limit(specification: Specification) -> int:
    """Bytes that the container may use: what is declared, at most the profile's limit."""
    declared = specification.memory or MEMORY
    return max(_LEAST_MEMORY, min(declared, MEMORY))


def host_settings(specification: Specification, facts: EngineFacts) -> dict[str, Any]:
    """Keywords for the docker package's `create_host_config`.

    An engine refuses limits that it cannot set, and more CPUs than there are. That the network is that of a container
    of ours is for the session to see to.
    """
    from docker.types import LogConfig

    settings: dict[str, Any] = {
        "privileged": False,
        "security_opt": ["no-new-privileges:true"],
        "network_mode": _network(specification),
        "publish_all_ports": False,
        "ulimits": [_files()],
        "read_only": specification.read_only,
        "log_config": LogConfig(type="json-file", config={"max-size": LOG_BYTES, "max-file": "1"}),
        "restart_policy": {"Name": "no"},
        "auto_remove": False,  # the exit code is read after the end
        "init": specification.init,
        "ipc_mode": "private",
        "oom_score_adj": OOM_SCORE,
    }
    settings |= {keyword: value for keyword, _, value in _limits(specification, facts)}
    if not specification.default_capabilities:
        settings["cap_drop"] = ["ALL"]
    if specification.read_only:
        settings["tmpfs"] = {"/tmp": TEMPORARY}
    if specification.dns:
        settings["dns"] = list(specification.dns)
        settings["sysctls"] = {_LOWEST_PORT: "0"}  # port 53 without a capability; some engines have it by default
    return settings


def settings(specification: Specification, labels: Mapping[str, str]) -> dict[str, Any]:
    """Keywords for the docker package's `create_container` beside name and host settings."""
    keywords: dict[str, Any] = {
        "image": specification.image,
        "environment": dict(specification.environment),
        "labels": dict(labels),
        "stdin_open": specification.stdin,
        "tty": False,  # output and errors stay apart, and nothing draws
        "use_config_proxy": False,  # nothing of the user's own settings enters
        "healthcheck": {"test": ["NONE"]},  # the watcher asks; the image's own check would run in each watcher, too
    }
    if specification.entrypoint is not None:
        keywords["entrypoint"] = list(specification.entrypoint)
    if specification.command is not None:
        keywords["command"] = list(specification.command)
    if specification.user:
        keywords["user"] = specification.user
    if specification.platform:
        keywords["platform"] = specification.platform
    return keywords


def command_line(specification: Specification, facts: EngineFacts) -> str:
    """`docker run` (or `podman run`) with the same limits, to be pasted into a shell.

    The container whose network it shared is gone by then: the line has no network at all.
    """
    limits = [
        "--network=none",
        *([] if specification.default_capabilities else ["--cap-drop=ALL"]),
        "--security-opt=no-new-privileges:true",
        *(option for _, option, _ in _limits(specification, facts)),
        f"--ulimit=nofile={FILES}:{FILES}",
        "--ipc=private",
        "--no-healthcheck",
        f"--oom-score-adj={OOM_SCORE}",
    ]
    chosen = [
        *(["--read-only", f"--tmpfs=/tmp:{TEMPORARY}"] if specification.read_only else []),
        *(["--init"] if specification.init else []),
        *(["--interactive"] if specification.stdin else []),
        *([f"--user={specification.user}"] if specification.user else []),
        *([f"--platform={specification.platform}"] if specification.platform else []),
        *(word for name, value in specification.environment for word in ("--env", f"{name}={value}")),
    ]
    return shlex.join([facts.name, "run", "--rm", *limits, *chosen, *_called(specification)])


def _limits(specification: Specification, facts: EngineFacts) -> list[tuple[str, str, int]]:
    """Keyword, option and value of the limits that this engine can set."""
    memory, cpus = memory_limit(specification), min(CPUS, facts.cpus)
    limits = {
        "memory": ("mem_limit", f"--memory={memory}", memory),
        "swap": ("memswap_limit", f"--memory-swap={memory}", memory),
        "cpu": ("nano_cpus", f"--cpus={cpus}", cpus * 10**9),
        "processes": ("pids_limit", f"--pids-limit={PROCESSES}", PROCESSES),
    }
    return [limit for name, limit in limits.items() if name not in facts.unlimited]


def _called(specification: Specification) -> list[str]:
    """The end of the line: entry point, image and arguments; the option takes one word, the rest are arguments."""
    if specification.entrypoint is None:
        return [specification.image, *(specification.command or ())]
    first, *rest = specification.entrypoint or ("",)
    return [f"--entrypoint={first}", specification.image, *rest, *(specification.command or ())]


def _network(specification: Specification) -> str:
    """ "none" or the network of a container; anything else is a mistake of the caller."""
    network = specification.network
    if network != "none" and not network.startswith("container:"):
        raise ValueError(f"a container of a boot has no network {network!r}")
    return network


def _files() -> Ulimit:
    from docker.types import Ulimit

    return Ulimit(name="nofile", soft=FILES, hard=FILES)
