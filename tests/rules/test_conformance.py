"""The differences from other linters that the documentation lists are there, and are what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aiaudit import catalogue
from tests.support import PROJECT, audit_folder, write_tree

CATALOGUE = catalogue.load()
PAGE = (PROJECT / "docs" / "conformance.md").read_text(encoding="utf-8")

# Ids of a row, the Dockerfile, and whether rules that cover the ids speak.
CASES: tuple[tuple[str, str, bool], ...] = (
    ("DL3002", "FROM golang:1.24 AS build\nUSER root\nFROM python:3.13\nUSER 1000\n", False),
    ("DL3002", "FROM python:3.13\n# hadolint ignore=nothing,DL3002\nUSER root\n", False),
    ("DL4006", 'FROM alpine:3.22\nSHELL ["/bin/sh", "-o", "pipefail", "-c"]\nRUN cat /a | sort > /b\n', False),
    ("DL4006", "FROM debian:12\nRUN echo b a | sort > /b\n", False),
    ("DS-0001", "ARG TAG=3.13\nFROM python:$TAG\nARG TAG=latest\nFROM python:$TAG\n", False),
    ("DS-0001", "FROM debian:12\nARG IMAGE=python\nFROM $IMAGE\n", False),
    ("DS-0015", "FROM centos:7\nRUN yum install -y git\nFROM centos:7\nRUN true\n", False),
    ("DS-0017", "FROM fedora:43\nRUN dnf update -y\n", False),
    ("InvalidDefinitionDescription", "# what everything is built on\nFROM python:3.13 AS base\n", False),
    ("DL3033, DL3041", "FROM fedora:43 AS a\nARG V=1.2\nFROM fedora:43\nRUN dnf install -y git-${V}\n", True),
    ("efbf148a", "FROM debian:12\nRUN pwsh list.ps1 | sort > /b\n", True),
    ("DL3042", "FROM python:3.13\nENV PIP_NO_CACHE_DIR=off\nRUN pip install fastapi==0.120.0\n", True),
    ("DL3022", "FROM debian:12\nCOPY --from=late /a /a\nFROM debian:12 AS late\n", True),
    ("DL3000, DS-0009, CKV_DOCKER_10", "FROM debian:12\nWORKDIR /srv\nWORKDIR app\n", True),
    ("DL3025", 'FROM debian:12\nHEALTHCHECK CMD check --all\nCMD ["serve"]\n', True),
    ("DL3057, DS-0026, CKV_DOCKER_2", 'FROM debian:12\nCMD ["work"]\n', True),
    ("DL3064, SecretsUsedInArgOrEnv", "FROM debian:12\nARG PYPI_TOKEN\n", True),
)


@pytest.mark.parametrize(("ids", "dockerfile", "speaks"), CASES)
def test_a_difference_is_as_documented(ids: str, dockerfile: str, speaks: bool, tmp_path: Path) -> None:
    """Whether one of our rules for these ids reports the file."""
    report = audit_folder(write_tree(tmp_path, {"Dockerfile": dockerfile}), profile="pedantic")
    found = {reported.finding.rule for reported in report.findings}
    covering = {rule.id for name in ids.split(", ") for rule in CATALOGUE.find(name)}

    assert covering
    assert bool(found & covering) == speaks


def test_the_page_and_the_cases_are_about_the_same() -> None:
    """Every row has a case and every case a row."""
    rows = re.findall(r"^\| ([A-Za-z0-9_, -]+) \| .+ \| .+ \|$", PAGE, re.MULTILINE)

    assert {row for row in rows if row != "id"} == {ids for ids, _, _ in CASES}


def test_the_page_names_rules_that_are_there() -> None:
    """No id that nothing covers."""
    named = set(re.findall(r"`?\b(DL\d{4}|DS-\d{4}|CKV2?_DOCKER_\d+)\b", PAGE))

    assert [name for name in sorted(named) if not CATALOGUE.find(name)] == []
