"""Any bytes in any kind of file give findings or a diagnostic, never a crash."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiaudit import api
from aiaudit.settings import Settings
from aiaudit.sources.extractors import EXTRACTORS, problem_of
from tests.support import FIXTURES, write_tree

NAMES = {
    "dockerfile": ["Dockerfile"],
    "shellcheck": ["Dockerfile"],
    "embedded": ["compose.yaml"],
    "hcl": ["docker-bake.hcl"],
    "python": ["app/main.py"],
    "links": ["app/main.py"],
    "manifest": [
        "requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock",
        "environment.yml", "setup.cfg",
    ],
    "ignore": [".dockerignore"],
    "environment": [".env"],
    "yaml": ["compose.yaml", "k8s/deployment.yaml"],
    "nginx": ["nginx.conf"],
    "secrets": ["notes.md", "settings.json"],
    "suppressions": ["app/main.py", "Dockerfile", "index.html"],
}  # fmt: skip

# Pieces that mean something to one of the parsers, so that random texts get further than the first token.
PIECES = st.sampled_from(
    [
        "FROM python:3.12 AS a\n", "RUN pip install x && \\\n", "COPY --from=a . .", "<<EOF", "\nEOF\n",
        "ENV A=${B:-c}\n", "CMD [\"a\", ", "# escape=`\n", "def f(",
        "location / {", "proxy_pass http://api;", "}",
        ":\n    ", "async def g(): await h()\n", "import openai\n",
        '@app.post("/x")\n', "client = OpenAI(timeout=None)\n", "class S(BaseSettings):\n", "key: ", "- ", "{{ x }}",
        "&a *a", '"sk-proj-abcdef"', "[tool.", "[project]\n", "dependencies = [", "torch==2.0 ; python_version",
        "-r other.txt\n", "--hash=sha256:00", "!", "**/", "'''", "\t", "\\\n", "# aiaudit: ignore[", "]", "=",
        "\ufeff", "\udcff", "\r", "(", ")", '[[package]]\nname = "a"\n', '{"a": [', "$(", "`", "|", "\n",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=30).map("".join))
FAST = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", sorted(EXTRACTORS))
@given(text=TEXTS, data=st.data())
@settings(FAST, max_examples=150)
def test_extractors_take_any_text(name: str, text: str, data: st.DataObject) -> None:
    """Problems are data in the facts, with a message and a line."""
    path = data.draw(st.sampled_from(NAMES[name]))
    facts = EXTRACTORS[name].extract(text, path)
    problem = problem_of(name, facts)

    assert problem is None or (problem[0] and problem[1] >= 1)
    assert facts == EXTRACTORS[name].extract(text, path)


FILES = st.dictionaries(
    st.sampled_from(sorted({name for names in NAMES.values() for name in names})),
    st.one_of(st.binary(max_size=200), TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))),
    min_size=1,
    max_size=5,
)


@given(files=FILES)
@settings(FAST, max_examples=150)
def test_audits_take_any_bytes(files: dict[str, bytes]) -> None:
    """No rule and no model crashes; spans lie in their files."""
    with tempfile.TemporaryDirectory() as folder:
        report = api.audit([str(write_tree(Path(folder), files))], Settings(profile="pedantic"))

        assert [d for d in report.diagnostics if "crashed" in d.message or "cannot be made" in d.message] == []
        for reported in report.findings:
            span = reported.finding.span
            lines = report.text_of(span.path).split("\n")
            assert 1 <= span.line <= len(lines)
            assert (span.line, span.column) <= (span.end_line, span.end_column)


REAL = sorted(
    path
    for path in (FIXTURES / "services/golden").rglob("*")
    if path.is_file() and path.suffix in (".py", ".toml", ".yaml", ".yml", ".txt", "") and path.stat().st_size < 20_000
)


@given(data=st.data())
@settings(FAST, max_examples=100)
def test_audits_take_damaged_files(data: st.DataObject) -> None:
    """A real file with a piece cut out, doubled or replaced."""
    path = data.draw(st.sampled_from(REAL))
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 200)))
    piece = data.draw(st.one_of(st.just(b""), st.binary(max_size=20), st.just(content[start:end] * 2)))
    damaged = content[:start] + piece + content[end:]
    with tempfile.TemporaryDirectory() as folder:
        name = path.relative_to(FIXTURES / "services/golden").as_posix()
        report = api.audit([str(write_tree(Path(folder), {name: damaged}))], Settings(profile="pedantic"))

        assert [d for d in report.diagnostics if "crashed" in d.message or "cannot be made" in d.message] == []
