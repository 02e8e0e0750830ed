"""`aiaudit check` from the outside: output, exit codes, stored outcomes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import FIXTURES, Ran, run_cli, write_tree

Cli = Callable[..., Ran]

CLEAN = {"app.py": "x = 1\n"}
FOUND = {"app.py": "x = 1  # aiaudit: ignore[no-such-rule] testing\n"}
BROKEN = {"app.py": "def f(:\n"}


def test_clean(cli: Cli) -> None:
    """One friendly line that says what was looked at."""
    ran = cli(CLEAN)

    assert (ran.code, ran.out, ran.err) == (0, "No findings in 1 file (1 Python file)\n", "")


def test_findings(cli: Cli) -> None:
    """A code frame with carets, what to do, a summary; nothing on stderr."""
    ran = cli(FOUND)

    assert ran.code == 1
    assert ran.err == ""
    assert ran.out == (
        "low[unknown-suppression] IGN102: no rule is called 'no-such-rule'\n"
        " --> app.py:1:8\n"
        "  |\n"
        "1 | x = 1  # aiaudit: ignore[no-such-rule] testing\n"
        "  |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  = help: `aiaudit rules` lists the names\n"
        "\n"
        "1 finding (1 low) in 1 file (1 Python file)\n"
        "`aiaudit rule NAME` explains a rule.\n"
    )


def test_concise(cli: Cli) -> None:
    """One line a finding."""
    ran = cli(FOUND, "--format", "concise")

    assert ran.out == "app.py:1:8: low IGN102 unknown-suppression: no rule is called 'no-such-rule'\n"


def test_incomplete(cli: Cli) -> None:
    """The last line on stderr says why, in every format; it is never called clean."""
    runs = {form: cli(BROKEN, "--format", form) for form in ("text", "concise", "json", "sarif")}

    assert {ran.code for ran in runs.values()} == {3}
    assert {ran.err.splitlines()[-1].split(": cannot")[0] for ran in runs.values()} == {
        "aiaudit: incomplete audit: app.py:1"
    }
    assert "No findings" not in runs["text"].out
    assert json.loads(runs["json"].out)["summary"]["complete"] is False
    assert json.loads(runs["sarif"].out)["runs"][0]["invocations"][0]["executionSuccessful"] is False


def test_json(cli: Cli, tmp_path: Path) -> None:
    """The contract that scripts rely on."""
    document = json.loads(cli(FOUND, "--format=json").out)
    finding = document["findings"][0]
    fingerprint = finding.pop("fingerprint")

    assert len(fingerprint) == 32
    assert finding == {
        "rule": "IGN102",
        "name": "unknown-suppression",
        "aliases": [],
        "severity": "low",
        "confidence": "high",
        "message": "no rule is called 'no-such-rule'",
        "location": {"path": "app.py", "start": {"line": 1, "column": 8}, "end": {"line": 1, "column": 47}},
        "trace": [],
        "related": [],
        "fix": None,
        "help": "`aiaudit rules` lists the names",
        "docs": "docs/rules/unknown-suppression.md",
    }
    assert list(document) == [
        "schema_version", "tool", "root", "findings", "suppressed", "baselined", "diagnostics", "summary",
    ]  # fmt: skip
    assert document["root"] == str(tmp_path / "tree")
    assert document["summary"] == {
        "files": 1,
        "findings": 1,
        "fixable": {"safe": 0, "unsafe": 0},
        "complete": True,
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--fail-on", "medium"], 0),
        (["--fail-on", "low"], 1),
        (["--exit-zero"], 0),
        (["--ignore", "unknown-suppression"], 0),
        (["--ignore", "IGN101,IGN102"], 0),
        (["--select", "IGN103"], 0),
        (["--select=IGN"], 1),
        (["--no-ignores"], 0),
        (["check", ".", "app.py"], 1),
        (["app.py", "-q"], 1),
        (["--", "app.py"], 1),
    ],
)
def test_options(cli: Cli, arguments: list[str], code: int) -> None:
    """Each option does what it says, spelled in each way."""
    assert cli(FOUND, *arguments).code == code


def test_exit_zero_does_not_hide_an_incomplete_audit(cli: Cli) -> None:
    """It is for reporting jobs, not for broken ones."""
    assert cli(BROKEN, "--exit-zero").code == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "aiaudit: nope: no such file or folder"),
        (["--select", "unknown-supression"], "unknown rule 'unknown-supression'; did you mean 'unknown-suppression'?"),
        (["--formta", "json"], "No such option '--formta'. Did you mean '--format'?"),
        (["--format", "xml"], "'xml' is not one of 'text', 'concise', 'json', 'sarif'"),
        (["--fail-on"], "requires an argument"),
        (["--no-cache=yes"], "does not take a value"),
        (["--output", "json"], "--output json: write FORMAT=FILE"),
        (["--output", "xml=x"], "--output xml=x: 'xml' is none of text, concise, json, sarif"),
        (["--output", "json=no/such/folder/x"], "no/such/folder/x: cannot be written: no such file or directory"),
        (["rule", "nope-nope"], "unknown rule 'nope-nope'"),
        (["rule", "IMG"], "'IMG' stands for several rules: name one of those that `aiaudit rules` lists"),
        (["rule", "client-per-reqest"], "did you mean 'client-per-request'?"),
        (["inspect", "nope.py"], "nope.py: no such file or folder"),
        (["inspect"], "Missing argument"),
    ],
)
def test_usage_errors(cli: Cli, arguments: list[str], message: str) -> None:
    """Exit code 2, nothing on stdout, a message without a traceback."""
    ran = cli(CLEAN, *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_a_wrong_configuration(cli: Cli) -> None:
    """File, line, the closest right word."""
    ran = cli(CLEAN | {"aiaudit.toml": 'profile = "default"\nfial-on = "high"\n'})

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "aiaudit: aiaudit.toml:2: unknown key 'fial-on'; did you mean 'fail-on'?\n"


def test_an_unknown_rule_in_the_configuration(cli: Cli) -> None:
    """Also named with its line."""
    ran = cli(CLEAN | {"pyproject.toml": '[project]\nname = "x"\n[tool.aiaudit]\nignore = ["unused-supression"]\n'})

    assert ran.code == 2
    assert ran.err == (
        "aiaudit: pyproject.toml:4: unknown rule 'unused-supression'; did you mean 'unused-suppression'?\n"
    )


def test_configuration_and_command_line(cli: Cli) -> None:
    """The command line wins."""
    files = FOUND | {"aiaudit.toml": 'fail-on = "high"\n'}

    assert cli(files).code == 0
    assert cli(files, "--fail-on", "low").code == 1


def test_outputs(cli: Cli, tmp_path: Path) -> None:
    """Several formats in one run, in place at once."""
    ran = cli(FOUND, "--output", "json=a.json", "--output=sarif=b.sarif", "--format", "concise")
    tree = tmp_path / "tree"

    assert ran.code == 1
    assert json.loads((tree / "a.json").read_text())["summary"]["findings"] == 1
    assert json.loads((tree / "b.sarif").read_text())["version"] == "2.1.0"
    assert ran.out.count("\n") == 1
    assert sorted(path.name for path in tree.iterdir()) == ["a.json", "app.py", "b.sarif"]


@pytest.mark.parametrize("service", ["leaky", "golden"])
def test_output_does_not_depend_on_the_hash_seed(service: str) -> None:
    """Nothing that is shown comes out of a set in whatever order."""
    folder = FIXTURES / "services" / service
    outputs = {run_cli("--no-cache", "--format", "json", cwd=folder, PYTHONHASHSEED=seed).out for seed in "123"}

    assert len(outputs) == 1


def test_quiet_and_verbose(cli: Cli) -> None:
    """-q leaves findings and the reason of a 3; -v tells what was looked at."""
    quiet = cli(BROKEN, "-q")
    verbose = cli(CLEAN, "-v")

    assert quiet.out == ""
    assert len(quiet.err.splitlines()) == 1
    assert "rules over 1 files (1 python)" in verbose.err or pytest.fail(verbose.err)


HEAVY = ("click", "pydantic", "rich", "yaml", "tree_sitter", "libcst", "aiaudit.api", "dataclasses", "re", "subprocess")


class Repeated:
    """Runs over one tree, with time in between for files to settle."""

    def __init__(self, folder: Path) -> None:
        self.root, self.cache = folder / "tree", folder / "cache"
        self.root.mkdir()

    def run(self, *arguments: str, **environment: str) -> Ran:
        time.sleep(0.06)
        return run_cli(*arguments, cwd=self.root, cache=self.cache, **environment)

    def replays(self, *arguments: str) -> bool:
        """Whether a run shows a stored outcome: it imports nothing heavy then."""
        time.sleep(0.06)
        ran = run_cli(*arguments, cwd=self.root, cache=self.cache, python=("-X", "importtime"))
        imported = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
        assert "aiaudit.replay" in imported
        return not imported & set(HEAVY)


@pytest.fixture
def repeated(tmp_path: Path) -> Repeated:
    """A tree with a finding that was audited before."""
    found = Repeated(tmp_path)
    write_tree(found.root, FOUND | {"pkg/empty/deep/.keep": "", "pkg/b.py": ""})
    (found.root / "pkg/empty/deep/.keep").unlink()
    found.run()
    return found


def test_nothing_runs_twice_when_nothing_changed(repeated: Repeated) -> None:
    """The stored outcome is shown again: same output, same code, and no audit."""
    first, second = repeated.run(), repeated.run()

    assert repeated.replays()
    assert first == second
    assert first.code == 1
    assert "unknown-suppression" in first.out
    assert not repeated.replays("--format", "json")
    assert not repeated.replays("--no-cache")


def test_other_sessions_share_nothing(repeated: Repeated, tmp_path: Path) -> None:
    """What the output depends on is part of the key."""
    assert "\x1b[" in repeated.run(FORCE_COLOR="1").out
    assert "\x1b[" not in repeated.run().out
    assert run_cli(str(repeated.root), cwd=tmp_path, cache=repeated.cache).code == 1


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"app.py": "x = 2\n"}, 0),
        ({"pkg/c.py": "def f(:\n"}, 3),
        ({"pkg/empty/deep/c.py": "def f(:\n"}, 3),
        ({".gitignore": "app.py\n"}, 0),
        ({"aiaudit.toml": 'fail-on = "high"\n'}, 0),
        ({"pyproject.toml": '[tool.aiaudit]\nfail-on = "high"\n'}, 0),
    ],
)
def test_every_change_is_seen(repeated: Repeated, files: dict[str, str], code: int) -> None:
    """A changed file, a new one (also where no file was), ignore rules, configuration."""
    assert repeated.replays()
    write_tree(repeated.root, files)

    assert repeated.run().code == code


def test_a_tampered_outcome_is_not_shown(repeated: Repeated) -> None:
    """A damaged record is as good as none."""
    for record in (repeated.cache / "aiaudit").glob("*.outcome"):
        record.write_bytes(record.read_bytes()[:-1] + b"x")

    assert not repeated.replays()
    assert repeated.run().code == 1


def test_version(cli: Cli) -> None:
    """Quick, and without the audit."""
    from aiaudit import __version__

    assert cli({}, "--version") == Ran(0, f"aiaudit {__version__}\n", "")
    assert cli({}, "-V").out == f"aiaudit {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["check", "--help"], ["rules", "-h"], ["inspect", "--help"]])
def test_help(cli: Cli, arguments: list[str]) -> None:
    """Every command explains itself."""
    ran = cli({}, *arguments)

    assert ran.code == 0
    assert "Usage: aiaudit" in ran.out


def on_terminal(folder: Path, *arguments: str, columns: int = 60, **environment: str) -> str:
    """What a terminal of some width shows of the results; a slow run draws its progress on the other stream."""
    import fcntl
    import struct
    import termios

    main, worker = pty.openpty()
    fcntl.ioctl(worker, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    scrubbed = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "aiaudit", *arguments],
        cwd=folder,
        env=scrubbed | {"TERM": "xterm-256color", "XDG_CACHE_HOME": str(folder.parent / "cache")} | environment,
        stdin=worker,
        stdout=worker,
        stderr=subprocess.DEVNULL,
    )
    os.close(worker)
    shown = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    process.wait()
    os.close(main)
    return shown.decode()


def test_colours_on_a_terminal(tmp_path: Path) -> None:
    """And only there; long lines are cut to its width around the finding."""
    root = write_tree(tmp_path / "tree", {"app.py": f"x = '{'y' * 200}'  # aiaudit: ignore[no-such] z\n"})
    shown = on_terminal(root)
    plain = on_terminal(root, NO_COLOR="1")

    assert "\x1b[" in shown
    assert "\x1b[" not in plain
    assert "\x1b[" not in on_terminal(root, "--color", "never")
    assert "\x1b[" not in on_terminal(root, TERM="dumb")
    assert max(len(line) for line in plain.splitlines() if "|" in line) <= 60
    assert "…" in plain
    assert "aiaudit: ignore[no-such]" in plain


def test_audited_text_cannot_steer_the_terminal(cli: Cli) -> None:
    """Escape sequences in files and names are shown, not obeyed."""
    files = {"a\x1b[31m.py": "x = '\x1b]0;owned\x07'  # aiaudit: ignore[no-such\u202ereversed] z\n"}
    ran = cli(files)

    assert ran.code == 1
    assert not set(ran.out) & {"\x1b", "\x07", "\u202e"}
    assert "\\x1b[31m.py" in ran.out


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    """`aiaudit | head` is no error."""
    root = write_tree(tmp_path / "tree", {f"f{n}.py": "x = 1  # aiaudit: ignore[nope] z\n" * 200 for n in range(20)})
    process = subprocess.Popen(
        [sys.executable, "-m", "aiaudit", "--no-cache"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()

    assert process.wait() == 1
    assert errors == b""


def test_ids_of_other_tools(tmp_path: Path) -> None:
    """Each with the rule that covers it, for people and for scripts."""
    lines = run_cli("rules", "--aliases", "hadolint", cwd=tmp_path).out.splitlines()
    buildkit = json.loads(run_cli("rules", "--aliases", "buildkit", "--format", "json", cwd=tmp_path).out)
    table = run_cli("rules", "--aliases", "checkov", "--format", "markdown", cwd=tmp_path).out
    wrong = run_cli("rules", "--aliases", "nothing", cwd=tmp_path)

    assert [line.split()[:3] for line in lines if line.startswith("DL3002")] == [["DL3002", "IMG401", "root-user"]]
    assert any(line.split()[:2] == ["SC1000-SC3999", "SHC101"] for line in lines)
    assert lines == sorted(lines)
    assert {
        "id": "JSONArgsRecommended",
        "rule": "IMG402",
        "name": "shell-form-command",
        "profile": "default",
    } in buildkit
    assert "| CKV_DOCKER_3 | IMG401 [root-user](docs/rules/root-user.md) | default |" in table
    assert wrong.code == 2
