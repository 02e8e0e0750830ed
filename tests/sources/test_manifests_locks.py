"""Lock files: packages, versions and the edges between them."""

from __future__ import annotations

from aiaudit.sources.manifests import extract

UV = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "svc"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "sentence-transformers" },
]

[package.optional-dependencies]
gpu = [
    { name = "vllm" },
]

[package.dev-dependencies]
dev = [
    { name = "pytest" },
]

[[package]]
name = "sentence-transformers"
version = "3.0.1"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "torch", version = "2.3.0", marker = "sys_platform != 'darwin'" },
    { name = "transformers", extra = ["torch"] },
]
sdist = { url = "https://files.example/x.tar.gz", hash = "sha256:aa", size = 10 }
wheels = [
    { url = "https://files.example/x.whl", hash = "sha256:bb", size = 10 },
]

[[package]]
name = "torch"
version = "2.3.0"
source = { registry = "https://download.pytorch.org/whl/cpu" }
"""


def test_uv_lock() -> None:
    project, sentence, torch = extract(UV, "uv.lock").packages

    assert (project.name, project.source, project.extent.line) == ("svc", "project", 4)
    assert [(d.name, d.group) for d in project.dependencies] == [
        ("sentence-transformers", ""),
        ("vllm", "extra:gpu"),
        ("pytest", "group:dev"),
    ]
    assert (sentence.version, sentence.extent.line) == ("3.0.1", 22)
    assert [(d.name, d.marker, d.extras) for d in sentence.dependencies] == [
        ("torch", "sys_platform != 'darwin'", ()),
        ("transformers", "", ("torch",)),
    ]
    assert torch.index == "https://download.pytorch.org/whl/cpu"


POETRY = """\
[[package]]
name = "Torch"
version = "2.1.0"
description = "x"
optional = false
groups = ["main", "dev"]
files = [
    {file = "torch.whl", hash = "sha256:aa"},
]

[package.dependencies]
filelock = "*"
numpy = [{version = ">=1", markers = "python_version < '3.12'"}, {version = ">=2"}]
opt-einsum = {version = ">=3.3", optional = true, markers = "extra == 'opt-einsum'"}

[package.extras]
opt-einsum = ["opt-einsum (>=3.3)"]

[metadata]
python-versions = "^3.11"
"""


def test_poetry_lock() -> None:
    facts = extract(POETRY, "poetry.lock")
    (torch,) = facts.packages

    assert facts.requires_python == "^3.11"
    assert (torch.name, torch.version, torch.groups) == ("torch", "2.1.0", ("main", "dev"))
    assert [(d.name, d.group) for d in torch.dependencies] == [
        ("filelock", ""),
        ("numpy", ""),
        ("numpy", ""),
        ("opt-einsum", "extra:"),
        ("opt-einsum", "extra:opt-einsum"),
    ]


def test_pdm_lock() -> None:
    text = '[[package]]\nname = "a"\nversion = "1"\ngroups = ["default"]\n'
    text += "dependencies = [\n    \"torch>=2; os_name=='x'\",\n]\n"
    (package,) = extract(text, "pdm.lock").packages

    assert [(d.name, d.marker) for d in package.dependencies] == [("torch", 'os_name == "x"')]
    assert package.groups == ("default",)


def test_pipfile_lock() -> None:
    text = '{\n "default": {\n  "torch": {\n   "version": "==2.1.0"\n  }\n },\n'
    text += ' "develop": {\n  "pytest": {"version": "==8"}\n }\n}'
    torch, pytest = extract(text, "Pipfile.lock").packages

    assert (torch.name, torch.version, torch.groups, torch.extent.line) == ("torch", "2.1.0", ("default",), 3)
    assert (pytest.name, pytest.groups) == ("pytest", ("develop",))


def test_a_broken_lock_is_a_problem() -> None:
    assert extract("[[package]\n", "uv.lock").problems
    assert extract("{", "Pipfile.lock").problems
