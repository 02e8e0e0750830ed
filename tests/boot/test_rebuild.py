"""The proof by rebuild, with a builder that caches as builders do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from aiaudit.boot.build import NoBuilder, Options
from aiaudit.boot.proofs import Proof, RebuildProof
from aiaudit.boot.rebuild import bench, prove
from aiaudit.model.image import images
from tests.boot.layer_cache import LayerCache
from tests.model.linked import service_of
from tests.support import audit_folder

ENGINE = cast(Any, SimpleNamespace(cancelled=False))
FILES = {"requirements.txt": "fastapi==0.115.6\n", "app/main.py": "app = 1\n", "README.md": "# x\n"}
START = "FROM python:3.12-slim\nWORKDIR /app\n"
END = 'CMD ["uvicorn", "app.main:app"]\n'
INSTALL = "RUN pip install -r requirements.txt\n"


def _proofs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, builder: Any, dockerfile: str, more: Mapping[str, str] | None = None
) -> list[RebuildProof]:
    monkeypatch.setattr(bench, "build", builder)
    service = service_of(folder, {**FILES, "Dockerfile": START + dockerfile + END, **(more or {})})
    (image,) = images(service)
    report = audit_folder(folder, select=("IMG101", "IMG102", "IMG103"))
    return prove(image, folder, [reported.finding for reported in report.findings], Options(), ENGINE)


def test_source_ahead_of_an_install_is_proven_and_the_fix_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (proof,) = _proofs(tmp_path, monkeypatch, LayerCache(), f"COPY . .\n{INSTALL}")
    assert (proof.proof, proof.span.line) == (Proof.PROVEN, 3)
    (mutation,) = proof.mutations
    assert (mutation.name, mutation.path) == ("source", "app/main.py")
    assert [(rerun.line, rerun.installs) for rerun in mutation.rerun] == [(3, False), (4, True)]
    assert proof.repaired is not None
    assert [(rerun.line, rerun.installs) for rerun in proof.repaired.rerun] == [(5, False)]
    assert "ran again: 2.0 of 3.0 s; with the suggested order it does not" in proof.reason


def test_the_right_order_is_refuted_with_a_control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (proof,) = _proofs(tmp_path, monkeypatch, LayerCache(), f"COPY requirements.txt .\n{INSTALL}COPY . .\n")
    assert (proof.proof, proof.span.line) == (Proof.REFUTED, 1)
    assert [(m.name, m.path, any(r.installs for r in m.rerun)) for m in proof.mutations] == [
        ("source", "app/main.py", False),
        ("documentation", "README.md", False),
        ("manifest", "requirements.txt", True),
    ]


def test_what_a_commit_changes_counts_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = {".git/HEAD": "ref: refs/heads/main\n", ".dockerignore": "README.md\napp\n"}
    (proof,) = _proofs(tmp_path, monkeypatch, LayerCache(), f"COPY . .\n{INSTALL}", more)
    assert (proof.proof, [mutation.name for mutation in proof.mutations]) == (Proof.PROVEN, ["git"])
    assert "after a commit, line 4" in proof.reason


def test_a_value_that_changes_is_tried_with_two_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (proof,) = _proofs(
        tmp_path, monkeypatch, LayerCache(), f"ARG GIT_SHA\nCOPY requirements.txt .\n{INSTALL}COPY . .\n"
    )
    assert (proof.proof, proof.span.line, proof.mutations[0].path) == (Proof.PROVEN, 3, "GIT_SHA")
    assert "after another GIT_SHA, line 5" in proof.reason


def test_a_build_that_repeats_by_itself_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = LayerCache(is_fickle=lambda instruction: instruction.keyword == "ADD")
    (proof,) = _proofs(tmp_path, monkeypatch, builder, f"ADD https://host/date /d\nCOPY . .\n{INSTALL}")
    assert proof.proof is Proof.INCONCLUSIVE
    assert "line 3 (`ADD https://host/date /d`) is built anew although nothing changed" in proof.reason


def test_a_step_that_is_built_anew_once_is_asked_a_third_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def is_fickle(instruction: Any) -> bool:
        calls.append(instruction.keyword)
        return instruction.keyword == "WORKDIR" and calls.count("WORKDIR") == 1

    (proof,) = _proofs(tmp_path, monkeypatch, LayerCache(is_fickle=is_fickle), f"COPY . .\n{INSTALL}")
    assert proof.proof is Proof.PROVEN


def test_an_install_that_repeats_without_a_cause_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def is_fickle(instruction: Any) -> bool:  # asked from the second build on
        calls.append(instruction.keyword)
        return instruction.keyword == "RUN" and calls.count("RUN") == 2

    (proof,) = _proofs(tmp_path, monkeypatch, LayerCache(is_fickle=is_fickle), f"COPY requirements.txt .\n{INSTALL}")
    assert proof.proof is Proof.INCONCLUSIVE
    assert "although nothing new was copied before it" in proof.reason


def test_a_control_that_repeats_nothing_voids_the_refutation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind(LayerCache):
        @staticmethod
        def _brought(instruction: Any, folder: Path) -> list[str]:
            return []

    (proof,) = _proofs(tmp_path, monkeypatch, Blind(), f"COPY requirements.txt .\n{INSTALL}COPY . .\n")
    assert proof.proof is Proof.INCONCLUSIVE
    assert "not even after a change of requirements.txt" in proof.reason


def test_work_that_fails_when_it_is_repeated_was_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(instruction: Any, folder: Path) -> bool:
        return instruction.keyword == "RUN" and "#" in (folder / "requirements.txt").read_text()

    (proof,) = _proofs(tmp_path, monkeypatch, LayerCache(fails), f"COPY requirements.txt .\n{INSTALL}COPY . .\n")
    assert proof.proof is Proof.REFUTED
    assert [rerun.line for rerun in proof.mutations[-1].rerun] == [4]


def test_a_cache_mount_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install = "RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt\n"
    (proof,) = _proofs(tmp_path, monkeypatch, LayerCache(), f"COPY . .\n{install}")
    assert proof.proof is Proof.PROVEN
    assert "with a cache mount, so that downloads are kept" in proof.reason


def test_what_cannot_be_built_is_inconclusive_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any) -> Any:
        raise NoBuilder("Dockerfile:4 has RUN --mount, which needs BuildKit")

    (proof,) = _proofs(tmp_path, monkeypatch, refuses, f"COPY . .\n{INSTALL}")
    assert (proof.proof, proof.reason) == (Proof.INCONCLUSIVE, "Dockerfile:4 has RUN --mount, which needs BuildKit")


def test_the_users_tree_stays_as_it_is_also_behind_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "extra.py").write_text("x = 1\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "lib").symlink_to(outside)
    (proof,) = _proofs(inside, monkeypatch, LayerCache(), f"COPY . .\n{INSTALL}")
    assert proof.proof is Proof.PROVEN
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    tried = bench.Bench(inside, inside / "Dockerfile", Options(), ENGINE, scratch, frozenset())
    assert (tried.holds("app/main.py"), tried.holds("lib/extra.py"), tried.holds("lib")) == (True, False, False)
    assert (outside / "extra.py").read_text() == "x = 1\n"
    assert (inside / "app/main.py").read_text() == FILES["app/main.py"]
    assert (inside / "Dockerfile").read_text() == f"{START}COPY . .\n{INSTALL}{END}"


def test_an_image_that_installs_nothing_needs_no_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _proofs(tmp_path, monkeypatch, LayerCache(), "COPY . .\n") == []
