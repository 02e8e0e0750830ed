"""Which files are looked at, and how they are read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from aiaudit import reading
from aiaudit.kinds import kinds_of
from aiaudit.sources.store import Store
from aiaudit.workspace import MissingPath, Workspace, scope_of
from tests.support import write_tree


def workspace(folder: Path, *paths: str) -> Workspace:
    """The workspace of a folder, or of paths seen from it."""
    return Workspace(scope_of(paths or (".",), str(folder)), Store())


def git(folder: Path, *arguments: str) -> None:
    """Run git as nobody in particular."""
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("Dockerfile", ("dockerfile",)),
        ("docker/Dockerfile.gpu", ("dockerfile",)),
        ("api.Dockerfile", ("dockerfile",)),
        ("api.dockerfile", ("dockerfile",)),
        ("Containerfile", ("dockerfile",)),
        ("Dockerfile-cuda", ("dockerfile",)),
        ("DockerfileWorker", ("dockerfile",)),
        ("Dockerfiles", ()),
        ("Dockerfile.j2", ("dockerfile",)),
        ("Dockerfile.dockerignore", ("ignore",)),
        ("Dockerfile.md", ()),
        ("dockerfile.py", ("python",)),
        ("dockerfile.go", ()),
        ("Dockerfile.go", ("dockerfile",)),
        (".dockerignore", ("ignore",)),
        ("app/main.py", ("python",)),
        ("app/main.pyi", ()),
        ("setup.py", ("python",)),
        ("requirements.txt", ("manifest",)),
        ("requirements-dev.txt", ("manifest",)),
        ("dev-requirements.in", ("manifest",)),
        ("requirements/base.txt", ("manifest",)),
        ("notes/base.txt", ()),
        ("constraints.txt", ("manifest",)),
        ("pyproject.toml", ("manifest",)),
        ("uv.lock", ("manifest",)),
        ("Pipfile.lock", ("manifest",)),
        ("environment.yml", ("manifest", "yaml")),
        ("conda-linux.yaml", ("manifest", "yaml")),
        ("compose.yaml", ("yaml",)),
        (".env", ("environment",)),
        (".env.example", ("environment",)),
        ("prod.env", ("environment",)),
        ("README.md", ()),
    ],
)
def test_kinds(path: str, kinds: tuple[str, ...]) -> None:
    """A file's kinds follow from its name."""
    assert kinds_of(path) == kinds


def test_without_git_every_gitignore_holds(tmp_path: Path) -> None:
    """Nested files, negation and folder patterns work as git reads them."""
    write_tree(
        tmp_path,
        {
            ".gitignore": "*.log\n/build/\n",
            "app/.gitignore": "!keep.log\nlocal.py\n",
            "app/keep.log": "",
            "app/drop.log": "",
            "app/local.py": "",
            "app/main.py": "",
            "build/x.py": "",
            "node_modules/a.py": "",
            "deep/env/pyvenv.cfg": "",
            "deep/env/lib/x.py": "",
        },
    )
    found = workspace(tmp_path)

    assert list(found.files()) == [".gitignore", "app/.gitignore", "app/keep.log", "app/main.py"]
    assert list(found.ignored_files()) == ["app/drop.log", "app/local.py", "build/"]
    assert found.exists("app")
    assert not found.exists("build/x.py")


@pytest.mark.parametrize("is_tracked", [False, True])
def test_marker_of_an_environment_alone_hides_nothing(tmp_path: Path, is_tracked: bool) -> None:
    """A pyvenv.cfg beside the service's own code was left behind; with programs beside it, it marks an environment."""
    if is_tracked:
        git(tmp_path, "init")
    write_tree(
        tmp_path,
        {"api/pyvenv.cfg": "", "api/main.py": "", "env/pyvenv.cfg": "", "env/bin/activate_this.py": "", "env/x.py": ""},
    )

    assert list(workspace(tmp_path).files("python")) == ["api/main.py"]


def test_git_says_what_is_carried(tmp_path: Path) -> None:
    """Tracked files count even when ignored, untracked ones unless ignored; info/exclude holds."""
    git(tmp_path, "init")
    write_tree(
        tmp_path,
        {
            ".gitignore": ".env\nout/\n",
            ".env": "A=1",
            "a.py": "",
            "b.py": "",
            "gone.py": "",
            "out/c.py": "",
            "sub/.gitignore": "*.py\n",
            "sub/d.py": "",
            "sub/Dockerfile": "FROM scratch\n",
            "secret.txt": "",
        },
    )
    (tmp_path / ".git/info/exclude").write_text("secret.txt\n")
    git(tmp_path, "add", "-f", ".env", "a.py", "gone.py")
    (tmp_path / "gone.py").unlink()
    found = workspace(tmp_path)

    assert list(found.files()) == [".env", ".gitignore", "a.py", "b.py", "sub/.gitignore", "sub/Dockerfile"]
    assert list(found.ignored_files()) == ["out/", "secret.txt", "sub/d.py"]


def test_a_folder_inside_a_repository_is_its_own_root(tmp_path: Path) -> None:
    """Paths are relative to the folder, the repository's ignore rules hold."""
    git(tmp_path, "init")
    write_tree(tmp_path, {".gitignore": "*.tmp.py", "svc/main.py": "", "svc/x.tmp.py": "", "other.py": ""})
    found = workspace(tmp_path, "svc")

    assert list(found.files()) == ["main.py"]
    assert found.listing.repository == str(tmp_path)


def test_an_ignored_folder_that_is_named_is_audited(tmp_path: Path) -> None:
    """Whoever names a folder means it."""
    git(tmp_path, "init")
    write_tree(tmp_path, {".gitignore": "build/", "build/svc/main.py": "", ".git/x": ""})

    assert list(workspace(tmp_path, "build/svc").files()) == ["main.py"]


def test_a_file_is_seen_in_its_repository_and_reported_alone(tmp_path: Path) -> None:
    """The other files are context."""
    git(tmp_path, "init")
    write_tree(tmp_path, {"app/main.py": "", "app/other.py": "", "Dockerfile": "FROM scratch\n"})
    found = workspace(tmp_path, "app/main.py")

    assert list(found.files("python")) == ["app/main.py", "app/other.py"]
    assert [path for path in found.files() if found.scope.reports(path)] == ["app/main.py"]


def test_a_named_file_is_audited_even_if_ignored(tmp_path: Path) -> None:
    """An explicit file needs no git."""
    git(tmp_path, "init")
    write_tree(tmp_path, {".gitignore": ".env", ".env": "A=1", "a.py": ""})

    assert list(workspace(tmp_path, ".env").files("environment")) == [".env"]


def test_several_paths_share_a_root(tmp_path: Path) -> None:
    """Outside of git the root is the folder that the paths share."""
    write_tree(tmp_path, {"one/a.py": "", "two/b.py": "", "three/c.py": ""})
    found = workspace(tmp_path, "one", "two/b.py")

    assert found.root == str(tmp_path)
    assert [path for path in found.files() if found.scope.reports(path)] == ["one/a.py", "two/b.py"]


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    """Nothing is guessed."""
    with pytest.raises(MissingPath, match="nope: no such file or folder"):
        scope_of(["nope"], str(tmp_path))


@pytest.mark.parametrize("inside_git", [False, True])
def test_links_are_not_followed_out_or_around(tmp_path: Path, inside_git: bool) -> None:
    """Loops end, links to files inside are the same file, links outside are never read."""
    outside = tmp_path / "outside.py"
    outside.write_text("SECRET = 1")
    root = write_tree(tmp_path / "root", {"a.py": "A = 1", "sub/b.py": ""})
    if inside_git:
        git(root, "init")
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "sub/self.py").symlink_to("self.py")
    (root / "sub/in.py").symlink_to("../a.py")
    (root / "out.py").symlink_to(outside)
    found = workspace(root)

    assert list(found.files()) == ["a.py", "sub/b.py", "sub/in.py"]
    assert found.text("sub/in.py") == "A = 1"
    assert found.is_alias("sub/in.py")
    assert not found.is_alias("a.py")
    assert found.text("out.py") == ""
    assert sorted(d.path for d in found.diagnostics) == ["out.py", "sub/self.py"]


def test_a_repository_cannot_make_git_run_anything(tmp_path: Path) -> None:
    """A monitor, a hook path and a pager in the repository's own configuration are not used."""
    witness = tmp_path / "witness"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho ran >> {witness}\n")
    script.chmod(0o755)
    root = write_tree(tmp_path / "root", {"a.py": ""})
    git(root, "init")
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "diff.external"):
        git(root, "config", key, str(script))
    git(root, "config", "core.hooksPath", str(tmp_path))
    git(root, "config", "core.worktree", str(tmp_path))
    found = workspace(root)

    assert list(found.files()) == ["a.py"]
    assert list(found.ignored_files()) == []
    assert not witness.exists()


def test_a_broken_repository_is_walked(tmp_path: Path) -> None:
    """Where git cannot tell, the files still are audited."""
    write_tree(tmp_path, {".git/HEAD": "nonsense", "a.py": "", ".gitignore": "b.py", "b.py": ""})

    assert list(workspace(tmp_path).files()) == [".gitignore", "a.py"]


def test_a_nested_repository_comes_along(tmp_path: Path) -> None:
    """Its files are part of the tree, its own ignore rules hold in it."""
    write_tree(tmp_path, {"a.py": "", "inner/b.py": "", "inner/c.py": "", "inner/.gitignore": "c.py"})
    git(tmp_path, "init")
    git(tmp_path / "inner", "init")

    assert list(workspace(tmp_path).files()) == ["a.py", "inner/.gitignore", "inner/b.py"]


def test_special_files_do_not_block(tmp_path: Path) -> None:
    """A pipe is no file to audit."""
    os.mkfifo(tmp_path / "Dockerfile")
    write_tree(tmp_path, {"a.py": ""})

    assert list(workspace(tmp_path).files()) == ["a.py"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfx = 1\r\n", "x = 1\r\n"),
        (b"# coding: latin-1\nx = '\xe9'\n", "# coding: latin-1\nx = 'é'\n"),
        (
            b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\nx = '\x80'\n",
            "#!/usr/bin/python\n# -*- coding: cp1252 -*-\nx = '€'\n",
        ),
        (b"# coding: nonsense\nx = '\xe9'\n", "# coding: nonsense\nx = '\udce9'\n"),
        (b"x = 1\n# coding: latin-1\n'\xe9'\n", "x = 1\n# coding: latin-1\n'\udce9'\n"),
        (b"x = '\xff'\n", "x = '\udcff'\n"),
        ("x = 'ä'\n".encode("utf-16"), "x = 'ä'\n"),
    ],
)
def test_decoding(data: bytes, text: str) -> None:
    """Byte-order marks and cookies decide; what cannot be decoded is kept as surrogate escapes."""
    assert reading.decode(data, "a.py") == text


def test_what_is_skipped_is_named(tmp_path: Path) -> None:
    """A binary or oversized input file makes the audit incomplete; an oversized other file is a warning."""
    write_tree(
        tmp_path,
        {
            "a.py": b"x = 1\0",
            "Dockerfile": "# \n" * 3_000_000,
            "data.csv": "1,2\n" * 2_000_000,
            "image.png": b"\x89PNG\0\0",
        },
    )
    found = workspace(tmp_path)
    for path in found.files():
        found.text(path)

    assert [(d.level, d.path, d.message) for d in sorted(found.diagnostics, key=lambda d: d.path)] == [
        ("error", "Dockerfile", "skipped: 8.6 MB is over the limit of 5.0 MB"),
        ("error", "a.py", "is no text"),
        ("warning", "data.csv", "skipped: 7.6 MB is over the limit of 5.0 MB"),
    ]


def test_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for the superuser, to whom no file is unreadable."""
    write_tree(tmp_path, {"a.py": "x = 1"})
    found = workspace(tmp_path)

    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(reading.os, "open", refuse)

    assert found.text("a.py") == ""
    assert [d.message for d in found.diagnostics] == ["cannot be read: permission denied"]
