"""Builds that bake files and development containers state."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.image import BuildReference, Image
from aiaudit.model.image.bake import bake_targets
from aiaudit.model.image.references import dockerfile_paths, references
from tests.model.linked import service_of

BAKE = """
variable "TAG" { default = "3.13" }
variable "PLACE" {}
group "default" { targets = ["api"] }
target "base" {
  context = "svc"
  args = { PYTHON = "${TAG}", SECRET = "${PLACE}" }
}
target "api" {
  inherits = ["base", "loop"]
  dockerfile = "Dockerfile.api"
  target = "runtime"
}
target "loop" { inherits = ["loop", "api"] }
target "hidden" { dockerfile = PLACE }
target "remote" { context = "https://example.com/x.git" }
target "inline" { dockerfile-inline = "FROM x" }
"""


def test_targets_inherit_and_variables_have_defaults(tmp_path: Path) -> None:
    """The last parent counts, circles end, what an expression hides is no build."""
    service = service_of(tmp_path, {"docker-bake.hcl": BAKE, "svc/Dockerfile.api": "FROM a AS runtime\nFROM b\n"})
    found = {reference.name: reference for reference in references(service)}

    assert found["api"] == BuildReference(
        "docker-bake.hcl", "api", "svc", "svc/Dockerfile.api", "runtime", (("PYTHON", "3.13"),)
    )
    assert sorted(found) == ["api", "base", "loop"]
    assert bake_targets(service.tree, "docker-bake.hcl")["hidden"] == {"dockerfile": None}
    [image] = service.subjects(Image)
    assert (image.final.name, image.context.folder) == ("runtime", "svc")


def test_a_bake_file_in_a_folder_speaks_of_the_folder_where_bake_is_called(tmp_path: Path) -> None:
    """Beside the file where its Dockerfile is there, else at the top."""
    bake = '{"target": {"a": {"dockerfile": "svc/Dockerfile"}, "b": {"dockerfile": "one.image"}}}'
    files = {"deploy/docker-bake.json": bake, "svc/Dockerfile": "FROM a\n", "deploy/one.image": "FROM b\n"}
    service = service_of(tmp_path, files)

    assert [(r.context, r.dockerfile) for r in references(service)] == [
        ("", "svc/Dockerfile"),
        ("deploy", "deploy/one.image"),
    ]
    assert dockerfile_paths(service) == ("deploy/one.image", "svc/Dockerfile")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"target": []}', '{"target": {"a": 1}, "variable": {"b": 2}}'])
def test_other_json_states_no_build(tmp_path: Path, text: str) -> None:
    """Whatever stands in it."""
    service = service_of(tmp_path, {"docker-bake.json": text})

    assert references(service) == ()


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            ".devcontainer/devcontainer.json",
            '{"dockerFile": "Dockerfile", "context": ".."}',
            ("", ".devcontainer/Dockerfile"),
        ),
        (
            ".devcontainer/gpu/devcontainer.json",
            '{"build": {"dockerfile": "D", "context": "../.."}}',
            ("", ".devcontainer/gpu/D"),
        ),
        (".devcontainer.json", '{"build": {"dockerfile": "docker/D"}} // c', ("", "docker/D")),
        (".devcontainer.json", '{"image": "x" /* "dockerFile": "y" */}', None),
        (".devcontainer.json", '{"dockerFile": "${localEnv:X}"}', None),
        (".devcontainer.json", "[", None),
        ("docs/devcontainer.json", '{"dockerFile": "D"}', None),
    ],
)
def test_development_containers(tmp_path: Path, path: str, text: str, expected: tuple[str, str] | None) -> None:
    """JSON with comments, in the three places where editors look."""
    found = references(service_of(tmp_path, {path: text}))

    assert [(r.context, r.dockerfile) for r in found] == ([] if expected is None else [expected])
    assert all(reference.is_for_development for reference in found)


def test_a_dockerfile_that_is_shipped_too_is_no_development_container(tmp_path: Path) -> None:
    """Compose builds it as well."""
    files = {
        ".devcontainer/devcontainer.json": '{"build": {"dockerfile": "../Dockerfile"}}',
        "Dockerfile": "FROM a\n",
        "compose.yaml": "services: {a: {build: .}}\n",
    }
    both = [image.is_for_development for image in service_of(tmp_path, files).subjects(Image)]
    (tmp_path / "compose.yaml").unlink()
    alone = [image.is_for_development for image in service_of(tmp_path, {}).subjects(Image)]

    assert (both, alone) == ([False], [True])
