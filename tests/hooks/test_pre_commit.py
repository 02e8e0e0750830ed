"""The pre-commit hook, with the real pre-commit, installed from this project as a user's repository would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support import PROJECT, write_tree

SHIPPED = ("auditor", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
HOOK = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text())[0]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT", "PYTEST"))}
ENVIRONMENT |= {
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@localhost",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@localhost",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder, with git as nobody in particular."""
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT | environment, capture_output=True, text=True, timeout=600
    )


def commit_all(folder: Path, message: str) -> str:
    """Commit everything and return the commit."""
    for command in (["add", "--all"], ["commit", "--quiet", "--no-verify", "--message", message]):
        done = run(folder, "git", *command)
        assert done.returncode == 0, done.stderr
    return run(folder, "git", "rev-parse", "HEAD").stdout.strip()


@pytest.fixture(scope="module")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """This project's work tree, committed to a repository of its own."""
    folder = tmp_path_factory.mktemp("hook")
    run(folder, "git", "init", "--quiet")
    for name in SHIPPED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder, commit_all(folder, "the hook")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the installed hook, for all tests of this module."""
    return tmp_path_factory.mktemp("home")


def user_repository(folder: Path, hook_repository: tuple[Path, str], files: dict[str, str]) -> Path:
    """A repository that uses the hook, with staged files."""
    source, revision = hook_repository
    folder.mkdir()
    run(folder, "git", "init", "--quiet")
    configuration = {"repos": [{"repo": str(source), "rev": revision, "hooks": [{"id": "aiaudit"}]}]}
    write_tree(folder, files | {".pre-commit-config.yaml": yaml.safe_dump(configuration)})
    run(folder, "git", "add", "--all")
    return folder


def test_commits_are_audited(tmp_path: Path, hook_repository: tuple[Path, str], home: Path) -> None:
    """A commit with a finding is refused and shows it, also where only a `.env` is new; a clean one passes."""
    finding = "x = 1  # aiaudit: ignore[no-such-rule] testing\n"
    folder = user_repository(tmp_path / "user", hook_repository, {"app.py": finding})
    installed = run(folder, sys.executable, "-m", "pre_commit", "install", PRE_COMMIT_HOME=str(home))
    commit = ("git", "commit", "--quiet", "--message", "x")
    place = {"PRE_COMMIT_HOME": str(home), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    refused = run(folder, *commit, **place)
    (folder / "app.py").write_text("x = 1\n")
    run(folder, "git", "add", "--all")
    passed = run(folder, *commit, **place)
    (folder / "notes.md").write_text("nothing to see\n")
    run(folder, "git", "add", "--all")
    skipped = run(folder, *commit, **place)

    assert installed.returncode == 0, installed.stdout + installed.stderr
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "IGN102" in refused.stdout + refused.stderr
    assert "app.py:1:8" in refused.stdout + refused.stderr
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "Passed" in passed.stdout + passed.stderr
    assert "no files to check" in skipped.stdout + skipped.stderr


def test_an_incomplete_audit_refuses_the_commit(tmp_path: Path, hook_repository: tuple[Path, str], home: Path) -> None:
    """And says why."""
    folder = user_repository(tmp_path / "user", hook_repository, {"app.py": "def f(:\n"})
    done = run(folder, sys.executable, "-m", "pre_commit", "run", PRE_COMMIT_HOME=str(home))

    assert done.returncode == 1
    assert "aiaudit: incomplete audit: app.py:1: cannot be parsed" in done.stdout


@pytest.mark.parametrize(
    "path",
    [
        ".env", "svc/.env.production", "prod.env", "Dockerfile", "docker/Dockerfile.gpu", "Dockerfile-cuda",
        "api.Dockerfile", "Containerfile", ".dockerignore", "Dockerfile.dockerignore", "app/main.py", "compose.yaml",
        "k8s/a.yml", "requirements.txt", "requirements/base.txt", "dev-requirements.in", "constraints.txt",
        "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock", "setup.cfg",
        "environment.yml", "aiaudit.toml", "deploy/nginx.conf", "default.conf.template", "start.sh", "Procfile",
        "fly.toml", "railway.json",
    ],
)  # fmt: skip
def test_files_that_wake_the_hook(path: str) -> None:
    """Everything that an audit reads by kind."""
    assert re.search(HOOK["files"], path)


@pytest.mark.parametrize(
    "path", ["README.md", "notes.txt", "env/readme", "my.environment", "app.pyc", "dockerfiles.md"]
)
def test_files_that_do_not(path: str) -> None:
    """Prose and the like."""
    assert not re.search(HOOK["files"], path)


def test_the_hook_sees_the_whole_repository() -> None:
    """Cross-file rules cannot work on chunks of file names."""
    assert HOOK["pass_filenames"] is False


def test_the_manifest_is_valid() -> None:
    """By pre-commit's own check."""
    done = run(PROJECT, sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml")

    assert done.returncode == 0, done.stdout
