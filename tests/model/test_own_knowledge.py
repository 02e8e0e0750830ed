"""Users' knowledge files, as docs/knowledge.md describes them: the page's example is carried out."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support import PROJECT, audit_folder, run_cli, write_tree

PAGE = (PROJECT / "docs" / "knowledge.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    """The fenced block of the page behind a mark."""
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```\n<!-- end -->", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def found_with(folder: Path, knowledge: str) -> dict[str, str]:
    """Rule name -> message for the page's program under a knowledge file."""
    write_tree(folder, {"main.py": block("code"), "our-clients.toml": knowledge})
    report = audit_folder(folder, knowledge=(str(folder / "our-clients.toml"),), select=("LIF", "TMO", "PRM1", "PRM2"))
    assert report.diagnostics == ()
    return {reported.finding.name: reported.finding.message for reported in report.findings}


def test_the_example_of_the_page_finds_what_it_says(tmp_path: Path) -> None:
    """Without the file nothing is known of the client, with it all five defects are."""
    found = found_with(tmp_path / "with", block("example"))

    assert set(found) == {
        "client-per-request",
        "blocking-call-in-async-route",
        "llm-without-timeout",
        "unbounded-input",
        "no-output-limit",
    }
    assert "acme-llm 2.1" in found["llm-without-timeout"]
    assert found_with(tmp_path / "without", 'dist = "other"\n') == {}


def test_a_default_of_the_library_is_counted(tmp_path: Path) -> None:
    """A library that waits 20 s and retries twice waits a minute: that is right."""
    bounded = block("example").replace('default = "none"}', "default = 20, retries = 2}", 1)

    assert "llm-without-timeout" not in found_with(tmp_path, bounded)


def test_moved_and_transparent_names_of_a_users_file_count(tmp_path: Path) -> None:
    """A default object behind the module, and an attribute that changes nothing."""
    moved = block("example") + '\n[moved]\n"acme_llm.default" = "acme_llm.Client()"\n'
    moved = 'transparent = ["traced"]\n' + moved
    write_tree(
        tmp_path,
        {
            "main.py": block("code").replace("import Client", "import default").replace("Client()", "default.traced"),
            "our-clients.toml": moved,
        },
    )
    report = audit_folder(tmp_path, knowledge=(str(tmp_path / "our-clients.toml"),), select=("PRM201",))

    assert [reported.finding.name for reported in report.findings] == ["no-output-limit"]


def test_a_mistake_is_a_usage_error_with_its_line(tmp_path: Path) -> None:
    """The command line ends with 2 and says where; a mended file is read again although outcomes are stored."""
    wrong = block("example").replace("timeout =", "timout =")
    folder = write_tree(
        tmp_path / "tree",
        {"main.py": block("code"), "aiaudit.toml": 'knowledge = ["our-clients.toml"]\n', "our-clients.toml": wrong},
    )

    refused = run_cli("check", "--select", "TMO", "--format", "concise", cwd=folder)
    line = wrong.splitlines().index(next(text for text in wrong.splitlines() if text.startswith("timout"))) + 1
    assert (refused.code, refused.out) == (2, "")
    assert f"our-clients.toml:{line}: acme_llm.Client: timout: no such key; did you mean 'timeout'?" in refused.err

    (folder / "our-clients.toml").write_text(block("example"), encoding="utf-8")
    mended = run_cli("check", "--select", "TMO", "--format", "concise", cwd=folder)
    assert mended.code == 1
    assert "TMO102" in mended.out
