"""Requirements files, pyproject.toml, Pipfile, setup.cfg, conda environments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiaudit.sources.manifests import extract
from aiaudit.sources.manifests.facts import ManifestFacts, Requirement


def names(facts: ManifestFacts, group: str = "") -> list[str]:
    return [item.name for item in facts.requirements if item.group == group]


def only(facts: ManifestFacts) -> Requirement:
    (item,) = facts.requirements
    return item


REQUIREMENTS = """\
# a comment
-r base.txt
-c ../constraints.txt
--index-url https://example.org/simple
--extra-index-url=https://download.pytorch.org/whl/cpu
--require-hashes
Torch==2.1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
sentence_transformers[onnx,train]>=2,<4 ; python_version < "3.12"  # why
-e ./libs/core
git+https://github.com/org/Some_Lib.git@v1#egg=some-lib
other @ https://example.org/other-1.0.tar.gz
./wheels/local_pkg-1.2-py3-none-any.whl
"""


def test_requirements() -> None:
    facts = extract(REQUIREMENTS, "api/requirements.txt")

    assert facts.format == "requirements"
    assert [(i.path, i.kind, i.extent.line) for i in facts.inclusions] == [
        ("base.txt", "requirement", 2),
        ("../constraints.txt", "constraint", 3),
    ]
    assert [(i.kind, i.url) for i in facts.indexes] == [
        ("index", "https://example.org/simple"),
        ("extra-index", "https://download.pytorch.org/whl/cpu"),
    ]
    assert facts.options == ("--require-hashes",)
    torch, sentence, core, git, other, wheel = facts.requirements
    assert (torch.name, torch.pin, torch.hashes) == ("torch", "2.1.0", ("sha256:aa", "sha256:bb"))
    assert (torch.extent.line, torch.extent.end_line) == (7, 9)
    assert (sentence.name, sentence.extras, sentence.pin) == ("sentence-transformers", ("onnx", "train"), None)
    assert sentence.marker == 'python_version < "3.12"'
    assert (core.editable, core.url) == (True, "./libs/core")
    assert (git.name, other.name, wheel.name) == ("some-lib", "other", "local-pkg")
    assert facts.problems == ()


def test_constraints_are_told_apart() -> None:
    assert extract("torch==2.1", "constraints.txt").format == "constraints"


def test_a_line_that_pip_refuses_is_a_problem() -> None:
    facts = extract("fastapi\n??\n", "requirements.txt")

    assert names(facts) == ["fastapi"]
    assert [p.extent.line for p in facts.problems] == [2]


def test_prose_under_a_manifest_name_is_no_manifest() -> None:
    text = "This system needs a database and a large disk to run well.\nUsers must be able to log in and out again.\n"

    assert extract(text, "docs/requirements.txt") == ManifestFacts("")


PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "My.Service"
requires-python = ">=3.11"
dependencies = [
    "fastapi[standard]>=0.110",  # "quoted, in a comment"
    'torch==2.3.1',
    "sentence-transformers ; extra == 'x'",
]
scripts = { serve = "app.main:run" }

[project.optional-dependencies]
gpu = ["vllm"]

[dependency-groups]
dev = ["pytest>=8", { include-group = "lint" }]
lint = ["ruff"]

[tool.uv]
dev-dependencies = ["mypy"]

[tool.uv.sources]
torch = { index = "cpu" }

[[tool.uv.index]]
name = "cpu"
url = "https://download.pytorch.org/whl/cpu"
explicit = true
"""


def test_pyproject() -> None:
    facts = extract(PYPROJECT, "pyproject.toml")

    assert (facts.project, facts.requires_python, facts.build_backend) == ("my-service", ">=3.11", "hatchling.build")
    assert facts.is_package
    assert [(r.name, r.extent.line, r.extent.column) for r in facts.requirements if r.group == ""] == [
        ("fastapi", 9, 5),
        ("torch", 10, 5),
        ("sentence-transformers", 11, 5),
    ]
    torch = facts.requirements[2]
    assert (torch.pin, torch.index) == ("2.3.1", "cpu")
    assert names(facts, "extra:gpu") == ["vllm"]
    assert names(facts, "group:dev") == ["pytest", "mypy"]
    assert [(g.group, g.included) for g in facts.group_inclusions] == [("group:dev", "group:lint")]
    assert [(i.name, i.url, i.extent.line) for i in facts.indexes] == [
        ("cpu", "https://download.pytorch.org/whl/cpu", 28)
    ]
    assert [(s.name, s.target) for s in facts.scripts] == [("serve", "app.main:run")]


POETRY = """\
[tool.poetry]
name = "svc"
package-mode = false
[tool.poetry.dependencies]
python = "^3.11"
fastapi = "^0.110"
torch = { version = "2.1.0", source = "cpu" }
uvicorn = {extras = ["standard"], version = "*"}
numpy = [{version = "<2", markers = "python_version < '3.12'"}, {version = ">=2"}]
[tool.poetry.group.dev.dependencies]
pytest = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
mkdocs = "*"
[[tool.poetry.source]]
name = "cpu"
url = "https://download.pytorch.org/whl/cpu"
"""


def test_poetry() -> None:
    facts = extract(POETRY, "pyproject.toml")

    assert names(facts) == ["fastapi", "torch", "uvicorn", "numpy", "numpy"]
    assert [r.extent.line for r in facts.requirements[:3]] == [6, 7, 8]
    assert (facts.requirements[1].pin, facts.requirements[1].index) == ("2.1.0", "cpu")
    assert facts.requirements[0].pin is None
    assert facts.default_groups == ("group:dev",)
    assert facts.requires_python == "^3.11"
    assert not facts.is_package


def test_pdm_development_groups() -> None:
    facts = extract('[tool.pdm.dev-dependencies]\ntest = ["pytest", "-e file:///x#egg=plugin"]\n', "pyproject.toml")

    assert names(facts, "group:test") == ["pytest", "plugin"]


def test_setuptools_dynamic_dependencies_are_inclusions() -> None:
    facts = extract('[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt"]}\n', "pyproject.toml")

    assert [(i.path, i.extent.line) for i in facts.inclusions] == [("requirements.txt", 2)]


def test_broken_toml_is_a_problem_with_its_line() -> None:
    facts = extract("[project]\nname = \n", "pyproject.toml")

    assert [p.extent.line for p in facts.problems] == [2]


def test_pipfile() -> None:
    text = '[[source]]\nurl = "https://pypi.org/simple"\n[packages]\nTorch = "==2.1"\nx = {git = "https://e.org/x"}\n'
    facts = extract(text + '[dev-packages]\npytest = "*"\n[requires]\npython_version = "3.11"\n', "Pipfile")

    assert [(r.name, r.pin, r.url, r.group) for r in facts.requirements] == [
        ("torch", "2.1", "", ""),
        ("x", None, "https://e.org/x", ""),
        ("pytest", None, "", "group:dev"),
    ]
    assert facts.requires_python == "3.11"


def test_setup_cfg() -> None:
    text = "[metadata]\nname = svc\n[options]\ninstall_requires =\n    torch>=2\n    fastapi\n"
    facts = extract(text + "[options.extras_require]\ndev = pytest\n", "setup.cfg")

    assert [(r.name, r.group, r.extent.line) for r in facts.requirements] == [
        ("torch", "", 5),
        ("fastapi", "", 6),
        ("pytest", "extra:dev", 8),
    ]


CONDA = """\
name: svc
channels: [pytorch, conda-forge]
dependencies:
  - python=3.11
  - pytorch::pytorch=2.1.0=py311_cuda
  - numpy>=1.26
  - pip:
      - -r requirements.txt
      - fastapi==0.110
"""


def test_conda() -> None:
    facts = extract(CONDA, "environment.yml")

    assert facts.format == "conda"
    assert [(r.name, r.pin, r.extent.line) for r in facts.requirements] == [
        ("python", "3.11", 4),
        ("pytorch", "2.1.0", 5),
        ("numpy", None, 6),
        ("fastapi", "0.110", 9),
    ]
    assert [i.path for i in facts.inclusions] == ["requirements.txt"]


def test_another_yaml_file_is_no_conda_environment() -> None:
    assert extract("kind: ConfigMap\ndata: {a: b}\n", "environment-prod.yaml") == ManifestFacts("")
    assert extract("a: {{ .Values.x }}\n  b\n", "environment-prod.yaml") == ManifestFacts("")


NAMES = ["requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock",
         "environment.yml", "setup.cfg", "x.unknown"]  # fmt: skip


@given(st.text(), st.sampled_from(NAMES))
def test_any_text_is_read(text: str, name: str) -> None:
    assert isinstance(extract(text, name), ManifestFacts)


@given(st.text(alphabet="[]{}=\"',.#ab\n -1", max_size=60))
def test_any_toml_like_text_is_read(text: str) -> None:
    assert extract(text, "pyproject.toml").format == "pyproject"


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock"])
@pytest.mark.parametrize("text", ["package = 1", "[[package]]", "[[package]]\nname = 1\ndependencies = 3", "[package]"])
def test_odd_locks_are_read(name: str, text: str) -> None:
    assert extract(text, name).format == name
