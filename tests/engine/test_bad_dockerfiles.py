"""Dockerfiles that are broken, enormous or no Dockerfiles: a diagnostic or a finding, never a crash, and in time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from aiaudit import api
from aiaudit.settings import Settings
from aiaudit.sources.suppressions import extract as comments_in
from tests.support import found_in, write_tree

N = 4000
SECONDS = 60.0
"""Far more than any of this takes; what grows with the square of the length takes minutes."""

BROKEN = {
    "jinja": "FROM {{ base }}\nRUN make\n",
    "jinja-blocks": "{% for x in y %}\nFROM python:3.13\n{% endfor %}\nUSER 1000\n",
    "erb": "FROM <%= base %>\nRUN make\n",
    "unterminated-heredoc": "FROM python:3.13-slim\nRUN <<EOF\nmake\n",
    "unterminated-heredocs": "FROM python:3.13-slim\n" + "RUN <<EOF\n" * N,
    "cycle": "FROM second AS first\nFROM first AS second\n",
    "itself": "FROM self AS self\nUSER 1000\n",
    "copy-cycle": "FROM a AS one\nCOPY --from=two /x /x\nFROM b AS two\nCOPY --from=one /x /x\nUSER 1000\n",
    "unknown-instruction": "FROM python:3.13-slim\nINSTALL flask\nUSER 1000\n",
    "all-unknown": "INSTALL flask\n" * N,
    "nul": "FROM python:3.13-slim\nRUN make \0 x\n",
    "nothing": "",
    "blank": "\n \n\t\n",
    "comments": "# nothing\n" * N,
    "dangling": "FROM a \\",
    "binary": "\x00\x01\x02",
    "no-stage": "RUN make\nCOPY . .\n",
    "only-arguments": "ARG A=1\n",
    "json": '{"FROM": "python"}\n',
    "yaml": "services:\n  a:\n    image: b\n",
}
LARGE = {
    "lines": "FROM python:3.13-slim\n" + "RUN echo x\n" * 25 * N,
    "one-run": "FROM python:3.13-slim\nRUN " + "echo x && \\\n    " * N + "true\nUSER 1000\n",
    "stages": "".join(f"FROM s{number} AS s{number + 1}\n" for number in range(N)),
    "copies": "FROM python:3.13-slim\n" + "COPY . .\nRUN pip install -r requirements.txt\n" * 1000,
    "variables": "FROM a\n" + "".join(f"ENV A{number}=$A{number - 1}x\n" for number in range(N)),
    "documents": "FROM a\nRUN " + " ".join(f"<<E{number}" for number in range(5 * N)) + "\n",
    "quotes": "FROM a\nRUN " + "'\"`$(" * N + "\n",
    "refused": "FROM a\n" + "ENV a\n" * 2 * N,
    "placeholders": "{% for x in y %}\nFROM {{ x }}\n{% endfor %}\n" * N,
    "triggers": "FROM a\n" + "ONBUILD RUN <<E\nx\nE\n" * N,
    "doubled": "FROM a\nENV A=xxxxxxxxxxxxxxxx\n" + "ENV A=$A$A\n" * 40 + "RUN echo $A\nUSER 1000\n",
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_files_are_told(name: str, tmp_path: Path) -> None:
    """By a diagnostic or a finding about the file; nothing crashes."""
    report = api.audit([str(write_tree(tmp_path, {"Dockerfile": BROKEN[name]}))], Settings(profile="pedantic"))

    assert [d.message for d in report.diagnostics if "crashed" in d.message or "cannot be made" in d.message] == []
    assert report.diagnostics or found_in(report)


@pytest.mark.parametrize(
    "text",
    [
        "FROM {{base}}\nRUN pip install flask\n",
        "FROM {{ base }}\nRUN pip install flask\n",
        "FROM python:<%= version %>\nRUN pip install flask\n",
        "{% if x %}\nFROM python:latest\n{% endif %}\nRUN pip install flask\n",
    ],
)
def test_templates_are_told_and_get_no_findings(text: str, tmp_path: Path) -> None:
    """What they render to is what can be audited."""
    report = api.audit([str(write_tree(tmp_path, {"Dockerfile.tmpl": text}))], Settings())

    assert found_in(report) == []
    assert [("template" in d.message, d.level) for d in report.diagnostics] == [(True, "error")]


def test_braces_in_a_script_make_no_template(tmp_path: Path) -> None:
    """Formats of docker and of Jinja files that a RUN writes."""
    text = "FROM python:latest\nRUN docker inspect --format '{{.Id}}' x && echo '{% raw %}' > y\nUSER 1000\n"
    report = api.audit([str(write_tree(tmp_path, {"Dockerfile": text}))], Settings(select=("IMG302",)))

    assert report.complete
    assert [name for _, _, name in found_in(report)] == ["base-image-latest"]


@pytest.mark.parametrize("name", sorted(LARGE))
def test_large_files_end_in_time(name: str, tmp_path: Path) -> None:
    """Looked at, or named as too large."""
    folder = write_tree(tmp_path, {"Dockerfile": LARGE[name], "requirements.txt": "flask==3.0.0\n"})
    started = time.monotonic()
    report = api.audit([str(folder)], Settings(profile="pedantic", ignore=("SHC",)))

    assert time.monotonic() - started < SECONDS
    assert [d.message for d in report.diagnostics if "crashed" in d.message or "cannot be made" in d.message] == []
    assert report.diagnostics or found_in(report)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\n" + "# hadolint ignore=DL3008\n" * 10 * N + "RUN b\n",
        "FROM a\nRUN a \\\n" + "# shellcheck disable=SC2086\n x \\\n" * 5 * N + " b\n",
        "# hadolint stage ignore=DL3008\nFROM a\n" * 5 * N,
        "# check=skip=all\n" * 10 * N,
        "RUN <<EOF\n" + "# hadolint ignore=DL3008\n" * 10 * N,
    ],
)
def test_files_of_comments_cost_no_more_than_their_length(text: str) -> None:
    """What each covers is worked out once."""
    started = time.monotonic()
    records = comments_in(text, "Dockerfile")

    assert time.monotonic() - started < SECONDS / 6
    assert len(records) >= 5 * N


def test_a_file_that_is_too_large_is_named(tmp_path: Path) -> None:
    """With the bound that it passes; the audit is incomplete."""
    report = api.audit([str(write_tree(tmp_path, {"Dockerfile": LARGE["stages"]}))], Settings(select=("IMG",)))

    assert not report.complete
    assert [d.message for d in report.diagnostics] == [f"was not looked at: it has {N} stages, the bound is 300"]
