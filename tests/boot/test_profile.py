"""The isolation profile: the same for every specification that can be written."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiaudit.boot import profile
from aiaudit.boot.record import EngineFacts
from aiaudit.boot.world import Specification

_FACTS = EngineFacts("docker", "20", "x86_64", cpus=4)
_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)

_SPECIFICATIONS = st.builds(
    Specification,
    image=st.just("app"),
    role=st.sampled_from(["target", "watcher", "companion"]),
    name=_WORDS,
    environment=st.lists(st.tuples(_WORDS, _WORDS), max_size=3).map(tuple),
    network=st.sampled_from(["none", "container:abc"]),
    entrypoint=st.none() | st.lists(_WORDS, max_size=3).map(tuple),
    command=st.none() | st.lists(_WORDS, max_size=3).map(tuple),
    user=_WORDS,
    read_only=st.booleans(),
    init=st.booleans(),
    memory=st.integers(0, 2**45),
    dns=st.lists(st.just("127.0.0.1"), max_size=1).map(tuple),
    stdin=st.booleans(),
    platform=st.sampled_from(["", "linux/amd64"]),
    default_capabilities=st.booleans(),
)


@given(_SPECIFICATIONS)
def test_no_specification_gets_more_than_the_profile(specification: Specification) -> None:
    found = profile.host_settings(specification, _FACTS)
    assert found["privileged"] is False
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["network_mode"] in ("none", "container:abc")
    assert found["mem_limit"] == found["memswap_limit"] <= 2 * 1024**3
    assert (found["nano_cpus"], found["pids_limit"], found["oom_score_adj"]) == (2 * 10**9, 256, 500)
    assert (found["ipc_mode"], found["restart_policy"], found["auto_remove"]) == ("private", {"Name": "no"}, False)
    assert [dict(limit) for limit in found["ulimits"]] == [{"Name": "nofile", "Soft": 1024, "Hard": 1024}]
    assert (found.get("cap_drop") == ["ALL"]) is not specification.default_capabilities
    assert ("tmpfs" in found) is specification.read_only
    asked_for_by_nobody = {"binds", "mounts", "port_bindings", "cap_add", "devices", "volumes_from", "pid_mode"}
    assert not asked_for_by_nobody & found.keys()
    assert profile.settings(specification, {})["use_config_proxy"] is False


@given(_SPECIFICATIONS)
def test_the_line_for_the_shell_is_one_command_with_the_same_limits(specification: Specification) -> None:
    words = shlex.split(profile.command_line(specification, _FACTS))
    assert words[:2] == ["docker", "run"]
    assert ("--cap-drop=ALL" in words) is not specification.default_capabilities
    assert {"--security-opt=no-new-privileges:true", "--network=none", "--pids-limit=256"} <= set(words)
    assert [f"{name}={value}" for name, value in specification.environment] == [
        words[number + 1] for number, word in enumerate(words) if word == "--env"
    ][: len(specification.environment)]
    end = words[words.index("app") :]
    assert end[len(end) - len(specification.command or ()) :] == list(specification.command or ())


@pytest.mark.parametrize("network", ["host", "bridge", "", "service:web"])
def test_no_other_network(network: str) -> None:
    with pytest.raises(ValueError, match="has no network"):
        profile.host_settings(Specification("app", "target", "x", network=network), _FACTS)


def test_limits_are_those_that_the_engine_can_set() -> None:
    small = EngineFacts("podman", "4", "x86_64", cpus=1, unlimited=("memory", "swap"))
    specification = Specification("app", "target", "x", memory=100)
    found = profile.host_settings(specification, small)
    assert not {"mem_limit", "memswap_limit"} & found.keys()
    assert found["nano_cpus"] == 10**9
    line = profile.command_line(specification, small)
    assert line.startswith("podman run --rm --network=none --cap-drop=ALL")
    assert "--memory" not in line
    assert "--cpus=1 " in line


def test_a_declared_memory_limit_below_the_own_is_kept() -> None:
    specification = Specification("app", "target", "x", memory=64 * 1024**2)
    assert profile.host_settings(specification, _FACTS)["mem_limit"] == 64 * 1024**2
