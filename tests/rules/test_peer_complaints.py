"""What users of other Dockerfile linters complain about, and what is said here instead.

Each case names the ids of the other linters; the rules that cover these ids run over it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import audit_folder, write_tree

SERVES = 'USER 1000\nCMD ["python", "-m", "http.server"]\n'
SLIM = "FROM python:3.13-slim\n"


class Case(NamedTuple):
    """A complaint, the ids that it is about, a Dockerfile, and line and column of each finding that is right."""

    complaint: str
    ids: tuple[str, ...]
    text: str
    findings: tuple[tuple[int, int, str], ...] = ()
    files: dict[str, str] = {}


CASES = [
    Case(
        "without any USER the image passes",
        ("DL3002",),
        SLIM + 'CMD ["python", "-m", "http.server"]\n',
        ((1, 6, "root-user"),),
    ),
    Case(
        "variables of FROM are not filled in: no tag",
        ("DL3006", "DL3007"),
        f"ARG BASE=python\nARG TAG=latest\nFROM ${{BASE}} AS a\nFROM python:${{TAG}}\n{SERVES}",
        ((3, 6, "base-image-without-tag"), (4, 6, "base-image-latest")),
    ),
    Case("a variable may hold the tag", ("DL3006",), f"ARG TAG=:3.13-slim\nFROM python${{TAG}}\n{SERVES}"),
    Case("so may one without a default", ("DL3006", "DL3026"), f"ARG BASE\nFROM ${{BASE}}\n{SERVES}"),
    Case(
        "here-documents are not read",
        ("DL3042",),
        f"{SLIM}RUN <<EOF\nset -e\n  pip install flask==3.0.0\nEOF\nRUN <<EOF bash -e\npip install a==1\nEOF\n{SERVES}",
        ((4, 3, "pip-cache-kept"), (7, 1, "pip-cache-kept")),
    ),
    Case(
        "a here-document's interpreter is ignored",
        ("DL4006", "DL3008", "DL3009", "DL3042", "DL3003"),
        f'{SLIM}RUN <<EOF\n#!/usr/bin/env python3\nprint("pip install x | tee y; cd /x; apt-get update")\n'
        f"EOF\n{SERVES}",
    ),
    Case(
        "the finding stands at the RUN",
        ("DL3042",),
        f"{SLIM}RUN set -e; \\\n    # why\n    mkdir x; \\\n      pip install flask==3.0.0 && \\\n    true\n{SERVES}",
        ((5, 7, "pip-cache-kept"),),
    ),
    Case(
        "names of secrets are looked for in the middle of words",
        ("DL3064", "SecretsUsedInArgOrEnv"),
        f"{SLIM}ENV TOKENIZERS_PARALLELISM=false MAX_TOKENS=100 PASSWORD_FILE=/run/secrets/a AUTH_MODE=basic\n"
        f"ARG KEY_PREFIX=app\nENV SSH_AUTH_SOCK=/run/sock TOKEN_COUNT=3 KEYCLOAK_URL=http://x\n"
        f"ENV OPENAI_API_KEY=unset\n{SERVES}",
        ((5, 5, "secret-named-variable"),),
    ),
    Case(
        "USER by name: only the last one counts",
        ("DL3066",),
        f'{SLIM}USER build\nRUN make\nUSER 10001\nCMD ["python", "-m", "http.server"]\n',
    ),
    Case(
        "new flags cannot be parsed",
        ("DL1000",),
        f"{SLIM}ADD --unpack=true --keep-git-dir=true --exclude=x a.tar /a\n"
        f"COPY --parents --exclude=*.md --link a /b/\n"
        f"RUN --device=nvidia.com/gpu=all --security=sandbox --network=none make\n{SERVES}",
        (),
        {"a": "x", "a.tar": "x"},
    ),
    Case(
        "pipefail is asked for although it is set",
        ("DL4006",),
        'FROM debian:12-slim AS a\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nFROM a\nRUN make | tee log\n'
        "FROM debian:12-slim\nRUN set -o pipefail && make | tee log\nRUN make | tee log\nUSER 1000\n",
        ((7, 5, "pipe-without-pipefail"),),
    ),
    Case(
        "pip by its path, and packages beside a requirements file, are not seen",
        ("DL3013",),
        f"{SLIM}COPY requirements.txt .\nRUN /venv/bin/pip install flask\n"
        f"RUN pip install -r requirements.txt gunicorn\nRUN uv pip install --system httpx\n"
        f"RUN pipx install poetry\n{SERVES}",
        (
            (3, 27, "pip-package-unpinned"),
            (4, 37, "pip-package-unpinned"),
            (5, 29, "pip-package-unpinned"),
            (6, 18, "pip-package-unpinned"),
        ),
        {"requirements.txt": "flask==3.0.0\n"},
    ),
    Case(
        "a cache mount, a constraint file or a variable is no fault",
        ("DL3013", "DL3042"),
        f"{SLIM}ARG VERSION=3.0.0\nCOPY constraints.txt .\n"
        f"RUN --mount=type=cache,target=/root/.cache/pip pip install -c constraints.txt flask\n"
        f'RUN pip install --no-cache-dir "flask==$VERSION"\nRUN PIP_NO_CACHE_DIR=1 pip install flask==3.0.0\n{SERVES}',
        (),
        {"constraints.txt": "flask==3.0.0\n"},
    ),
    Case(
        "nothing asks for a digest",
        ("base-image-not-by-digest",),
        f"{SLIM}{SERVES}",
        ((1, 6, "base-image-not-by-digest"),),
    ),
    Case(
        "variables of a stage that this one is built on count as undefined",
        ("UndefinedVar",),
        f"{SLIM[:-1]} AS a\nARG X=1\nENV Y=$X\nFROM a\nENV Z=$Y W=$PATH:/x\nRUN echo $HOME $set_by_the_shell\n{SERVES}",
    ),
    Case(
        "a finding on one instruction cannot be accepted with its reason",
        ("DL3042",),
        f"{SLIM}# hadolint ignore=DL3042 # the layer is thrown away\nRUN pip install a==1\n"
        f"RUN pip install b==1\n{SERVES}",
        ((4, 5, "pip-cache-kept"),),
    ),
]
QUIET = [
    (
        "pinned apt packages break builds",
        "RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*\n",
    ),
    ("separate RUNs are kept on purpose", "RUN make\nRUN make install\n"),
    ("pipes in POSIX sh have no pipefail", "RUN make | tee log\n"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.complaint)
def test_complaints(case: Case, tmp_path: Path) -> None:
    """Findings are exactly those that are right, each where its cause is written."""
    report = audit_folder(write_tree(tmp_path, {"Dockerfile": case.text, **case.files}), select=case.ids)
    found = [(r.finding.span.line, r.finding.span.column, r.finding.name) for r in report.findings]

    assert tuple(found) == case.findings
    assert report.complete
    assert all(r.finding.span[1:3] < r.finding.span[3:5] for r in report.findings)


@pytest.mark.parametrize(("complaint", "text"), QUIET, ids=lambda value: value if value[:3] != "RUN" else "")
def test_what_is_taste_is_pedantic(complaint: str, text: str, tmp_path: Path) -> None:
    """Nothing is said by default."""
    dockerfile = f'FROM debian:12-slim\n{text}USER 1000\nCMD ["true"]\n'
    names = {r.finding.name for r in audit_folder(write_tree(tmp_path, {"Dockerfile": dockerfile})).findings}

    assert names <= {"no-healthcheck"}, complaint


@pytest.mark.parametrize(
    "text",
    [f"FROM --platform=linux/amd64 python:3.13-slim\n{SERVES}", f"ARG BASE\nFROM ${{BASE}}\n{SERVES}"],
    ids=["a platform that is meant", "an argument that must be given"],
)
def test_what_is_meant_is_no_finding_by_default(text: str, tmp_path: Path) -> None:
    """BuildKit warns of both."""
    names = {r.finding.name for r in audit_folder(write_tree(tmp_path, {"Dockerfile": text})).findings}

    assert names.isdisjoint({"constant-platform", "argument-default-gives-no-image", "undeclared-argument-in-from"})
