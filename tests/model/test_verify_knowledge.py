"""The script that checks the knowledge against wheels, on wheels made up for it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from aiaudit.model.knowledge import Knowledge

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_knowledge.py"
MODEL = """class KeyBERT:
{evidence}
    def __init__(self, model=None, llm=None):
        self.model = model

    def extract_keywords(self, docs, candidates=None):
        return []
"""
GOOD = {"keybert/__init__.py": "from keybert._model import KeyBERT\n", "keybert/_model.py": MODEL}


def wheel(folder: Path, files: dict[str, str]) -> None:
    """A wheel of keybert in the version that the knowledge describes."""
    found = Knowledge().find("keybert.KeyBERT")
    assert found is not None
    lines = [line.partition(": ")[2] for line in (*found.evidence, *(e for m in found.methods for e in m.evidence))]
    evidence = "\n".join(f'    """\n{line}\n    """' for line in lines)
    with zipfile.ZipFile(folder / f"keybert-{found.version}-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text.replace("{evidence}", evidence))
        archive.writestr(f"keybert-{found.version}.dist-info/METADATA", "Metadata-Version: 2.1\nName: keybert\n\n")


def verified(folder: Path, *options: str) -> tuple[int, str]:
    """The exit code and output of the script for keybert."""
    command = [sys.executable, str(SCRIPT), "--dist", "keybert", "--wheels", str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_what_agrees_exits_zero(tmp_path: Path) -> None:
    wheel(tmp_path, GOOD)
    code, output = verified(tmp_path)
    assert code == 0, output
    assert "0 differences, 0 undecided" in output


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("keybert/__init__.py", "import KeyBERT", "import KeyBERT as Other", "keybert.KeyBERT: does not exist"),
        (
            "keybert/_model.py",
            "def extract_keywords",
            "def keywords",
            "keybert.KeyBERT().extract_keywords: does not exist",
        ),
        ("keybert/_model.py", "model=None, llm", "name=None, llm", "none of model (wraps)"),
        ("keybert/_model.py", "docs, candidates", "candidates, docs", "docs (prompt) is at 1, not 0"),
        ("keybert/_model.py", "class KeyBERT:\n{evidence}", "class KeyBERT(object):", "no longer says"),
    ],
)
def test_what_changed_is_printed_and_exits_one(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    assert old in GOOD[file]
    wheel(tmp_path, {**GOOD, file: GOOD[file].replace(old, new)})
    code, output = verified(tmp_path)
    assert code == 1
    assert "differs: keybert.KeyBERT" in output
    assert said in output


def test_what_the_source_does_not_tell_is_undecided(tmp_path: Path) -> None:
    base = {
        "keybert/_model.py": "from elsewhere import Base\n"
        + GOOD["keybert/_model.py"].replace("KeyBERT:", "KeyBERT(Base):")
    }
    changed = {**GOOD, **base}
    changed["keybert/_model.py"] = changed["keybert/_model.py"].replace("def extract_keywords", "def keywords")
    wheel(tmp_path, changed)
    code, output = verified(tmp_path, "--verbose")
    assert code == 0
    assert "undecided: keybert.KeyBERT().extract_keywords: a base of KeyBERT is outside" in output


def test_nothing_to_check_exits_two(tmp_path: Path) -> None:
    code, output = verified(tmp_path)
    assert code == 2
    assert "not checked" in output
