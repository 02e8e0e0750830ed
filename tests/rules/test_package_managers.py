"""What the rules about package managers share: which commands ask, which leave a cache, which name no version."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.image import Dockerfile
from aiaudit.model.service import Service
from aiaudit.sources.store import Store
from aiaudit.workspace import Scope, Workspace
from aiaudit_rules.image.managers import APK, APT, DNF, YARN, ZYPPER, Manager, asking, keeping_cache, requests, unpinned
from tests.support import write_tree


def dockerfile_of(folder: Path, text: str) -> Dockerfile:
    write_tree(folder, {"Dockerfile": text})
    (made,) = Service(Workspace(Scope(str(folder)), Store())).subjects(Dockerfile)
    return made


@pytest.mark.parametrize(
    ("manager", "command", "asks"),
    [
        (APT, "apt-get install tini", True),
        (APT, "sudo apt-get install tini", True),
        (APT, "apt install -fy tini", False),
        (APT, "apt-get -qq install tini", False),
        (APT, "apt-get -q=2 install tini", False),
        (APT, "apt-get -q install tini", True),
        (APT, "apt-get --quiet --quiet install tini", False),
        (APT, "apt-get -o APT::Get::Assume-Yes=true install tini", False),
        (APT, "yes | apt-get install tini", False),
        (APT, "apt-get install tini < answers", False),
        (APT, "apt-get update", False),
        (APT, "apt-get autoremove", False),
        (DNF, "yum install git", True),
        (DNF, "dnf --setopt=install_weak_deps=False -y install git", False),
        (DNF, "dnf module install nodejs:22", True),
        (DNF, "dnf -y group install tools", False),
        (ZYPPER, "zypper -n install git", False),
        (ZYPPER, "zypper in git", True),
    ],
)
def test_commands_that_ask(manager: Manager, command: str, asks: bool, tmp_path: Path) -> None:
    """Options in any form, answers, and configurations."""
    assert bool(list(asking(dockerfile_of(tmp_path, f"FROM a\nRUN {command}\n"), manager))) == asks


def test_a_configuration_answers_for_all_commands(tmp_path: Path) -> None:
    """Written by the Dockerfile before."""
    text = "FROM a\nRUN echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/90yes\nRUN apt-get install tini\n"

    assert list(asking(dockerfile_of(tmp_path, text), APT)) == []


@pytest.mark.parametrize(("base", "asks"), [("registry.access.redhat.com/ubi9-minimal", False), ("fedora:43", True)])
def test_microdnf_asks_where_it_is_dnf5(base: str, asks: bool, tmp_path: Path) -> None:
    """The one of Red Hat's minimal images has no questions."""
    found = list(asking(dockerfile_of(tmp_path, f"FROM {base}\nRUN microdnf install git\n"), DNF))

    assert bool(found) == asks


@pytest.mark.parametrize(
    ("manager", "script", "keeps"),
    [
        (APK, "apk add git", True),
        (APK, "apk --no-cache add git", False),
        (APK, "apk add git && rm -rf /var/cache/apk/*", False),
        (APK, "rm -rf /var/cache/apk/* && apk add git", True),
        (DNF, "dnf install -y git && dnf clean all", False),
        (DNF, "dnf install -y git && yum -y clean all", False),
        (DNF, "dnf install -y git && microdnf clean all", True),
        (DNF, "dnf install -y git && dnf clean metadata", True),
        (DNF, "yum update -y && rm -rf /var/cache", False),
        (ZYPPER, "zypper -n install git && zypper cc -a", False),
        (ZYPPER, "zypper -n remove git", True),
        (YARN, "yarn install && yarn cache clean", False),
        (YARN, "yarn add serve", True),
    ],
)
def test_caches_that_stay(manager: Manager, script: str, keeps: bool, tmp_path: Path) -> None:
    """Only what the same RUN removes afterwards is gone."""
    assert bool(list(keeping_cache(dockerfile_of(tmp_path, f"FROM a\nRUN {script}\n"), manager))) == keeps


def test_caches_of_stages_that_are_not_shipped(tmp_path: Path) -> None:
    """They stay behind, unless ONBUILD leaves them to other images."""
    text = "FROM a AS one\nRUN apk add git\nONBUILD RUN apk add curl\nFROM b\nRUN true\n"
    found = keeping_cache(dockerfile_of(tmp_path, text), APK)

    assert [word.text for request in found for word in request.names] == ["curl"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("git tini=1.0", ["git"]),
        ("git-$KNOWN git-${LATER} git-$UNKNOWN", ["git-$UNKNOWN"]),
        ("$LIST ${LIST} git-$(version)", []),
    ],
)
def test_packages_without_a_version(words: str, found: list[str], tmp_path: Path) -> None:
    """A variable that is set, by ARG, ENV or the RUN itself, may hold the version."""
    dockerfile = dockerfile_of(tmp_path, f"FROM a\nARG KNOWN=1\nRUN LATER=2; apt-get install -y {words}\n")
    (request,) = requests(dockerfile, APT, APT.installs)

    assert unpinned(request, lambda text: "=" in text) == found
