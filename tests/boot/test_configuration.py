"""The table of a boot: what it takes, and how it names a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit import api
from aiaudit import configuration as general
from aiaudit.boot import configuration
from aiaudit.settings import UsageError
from tests.support import write_tree

FULL = """
[boot]
command = "uvicorn main:app --port 9000"
port = 9000
health = "/up"
env = { WORKERS = 2, DEBUG = false, API_KEY = "k" }
env-file = "boot.env"
skip = ["memory", "empty"]
required = ["A"]
optional = ["B"]
memory = "512m"
platform = "linux/amd64"
watcher = "python:3.12-slim"

[boot.budgets]
ready = 300

[boot.services.db]
image = "postgres:16"
env = { POSTGRES_PASSWORD = "x" }
command = ["postgres", "-c", "fsync=off"]
port = 5432

[boot.build]
network = "host"
args = { INDEX = "https://example.com" }
"""


def test_all_keys(tmp_path: Path) -> None:
    """Every key has its typed value; numbers and switches in `env` become text."""
    write_tree(tmp_path, {"aiaudit.toml": FULL, "boot.env": "API_KEY=of the file\nEXTRA='two words'\nNAME_ALONE\n"})

    found = configuration.load(str(tmp_path))

    assert found.command == ("uvicorn", "main:app", "--port", "9000")
    assert (found.port, found.health, found.memory) == (9000, "/up", 512 * 1024 * 1024)
    assert dict(found.environment) == {"WORKERS": "2", "DEBUG": "false", "API_KEY": "k", "EXTRA": "two words"}
    assert (found.budgets.ready, found.budgets.stop) == (300, None)
    assert found.services["db"].command == ("postgres", "-c", "fsync=off")
    assert (found.skip, found.required, found.optional) == (("memory", "empty"), ("A",), ("B",))
    assert (found.build.network, found.build.args) == ("host", {"INDEX": "https://example.com"})


def test_the_table_of_pyproject(tmp_path: Path) -> None:
    """In pyproject.toml it stands below tool.aiaudit; without one the defaults hold."""
    assert configuration.load(str(tmp_path)) == configuration.BootConfiguration()

    write_tree(tmp_path, {"pyproject.toml": "[tool.aiaudit.boot]\nport = 8080\n"})

    assert configuration.load(str(tmp_path)).port == 8080


def test_the_audit_leaves_the_table_alone(tmp_path: Path) -> None:
    """A check accepts it, whatever is in it: the commands that boot read it."""
    write_tree(tmp_path, {"aiaudit.toml": "profile = 'pedantic'\n[boot]\nno-such-key = 1\n", "main.py": ""})

    assert general.load(str(tmp_path)).stated == {"profile"}
    assert api.audit([str(tmp_path)]).diagnostics == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[boot]\nhelth = '/'\n", "aiaudit.toml:2: unknown key 'boot.helth'; did you mean 'health'?"),
        ("[boot]\nenv_file = 'x'\n", "aiaudit.toml:2: unknown key 'boot.env_file'; did you mean 'env-file'?"),
        ("[boot]\nfolder = '/'\n", "aiaudit.toml:2: unknown key 'boot.folder'"),
        ("[boot.budgets]\nreday = 3\n", "aiaudit.toml:2: unknown key 'boot.budgets.reday'; did you mean 'ready'?"),
        ("[boot.services.db]\nimage = 'x'\nports = 1\n", "aiaudit.toml:3: unknown key 'boot.services.db.ports'; did"),
        ("[boot.services.db]\nport = 1\n", "aiaudit.toml:1: boot.services.db.image is missing"),
        ("[boot]\nport = 70000\n", "aiaudit.toml:2: boot.port: input should be less than or equal to 65535, not 70000"),
        ("[boot]\nmemory = 'much'\n", "aiaudit.toml:2: boot.memory: write an amount such as 512m or 2g, not 'much'"),
        ("[boot.budgets]\nready = 0\n", "aiaudit.toml:2: boot.budgets.ready: input should be greater than 0, not 0"),
        ("boot = 3\n", "aiaudit.toml:1: boot is a table: write [boot]"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, message: str, tmp_path: Path) -> None:
    """File, line, key, and the closest right word."""
    write_tree(tmp_path, {"aiaudit.toml": text})

    with pytest.raises(UsageError) as raised:
        configuration.load(str(tmp_path))

    assert message in str(raised.value)


def test_values_of_variables_are_not_shown(tmp_path: Path) -> None:
    """A mistake in `env` may be a secret at the wrong place."""
    write_tree(tmp_path, {"aiaudit.toml": "[boot.env]\nKEY = ['sk-secret']\n"})

    with pytest.raises(UsageError) as raised:
        configuration.load(str(tmp_path))

    assert "boot.env.KEY" in str(raised.value)
    assert "sk-secret" not in str(raised.value)


def test_a_missing_environment_file(tmp_path: Path) -> None:
    """It is named."""
    write_tree(tmp_path, {"aiaudit.toml": "[boot]\nenv-file = 'none.env'\n"})

    with pytest.raises(UsageError, match=r"none\.env: cannot be read as an environment file"):
        _ = configuration.load(str(tmp_path)).environment
