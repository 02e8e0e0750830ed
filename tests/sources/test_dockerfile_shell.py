"""Shell scripts as commands, with places that lead back to the file."""

from __future__ import annotations

import pytest

from aiaudit.sources.dockerfile.facts import Command
from aiaudit.sources.dockerfile.located import Located
from aiaudit.sources.dockerfile.parse import extract
from aiaudit.sources.dockerfile.programs import inline_script, program_index, reads_script
from aiaudit.sources.dockerfile.shell import script_commands


def commands(script: str) -> list[Command]:
    return script_commands(Located.at(script, 1, 1))


def shape(script: str) -> list[tuple[str, str, bool]]:
    """Operator, text and nesting of each command."""
    return [(c.operator, " ".join(word.text for word in c.words), c.nested) for c in commands(script)]


def test_operators_join_commands() -> None:
    assert shape("a && b || c; d | e & f") == [
        ("", "a", False),
        ("&&", "b", False),
        ("||", "c", False),
        (";", "d", False),
        ("|", "e", False),
        ("&", "f", False),
    ]


def test_lines_are_joined_like_semicolons() -> None:
    assert shape("set -e\nmake\n\nmake install") == [
        ("", "set -e", False),
        (";", "make", False),
        (";", "make install", False),
    ]


@pytest.mark.parametrize(
    "script",
    [
        "(pip install x)",
        "if pip install x; then :; fi",
        "if true; then pip install x; else false; fi",
        "for i in 1 2; do pip install x; done",
        "while read l; do pip install x; done",
        "case $a in b) pip install x;; esac",
        "f() { pip install x; }",
        "echo $(pip install x)",
        "echo `pip install x`",
        'echo "a $(pip install x) b"',
        "diff <(pip install x) y",
        "A=$(pip install x) true",
        '[ -n "$(pip install x)" ]',
    ],
)
def test_commands_are_found_wherever_they_are(script: str) -> None:
    found = [(text, nested) for _, text, nested in shape(script) if text.startswith("pip")]
    assert found == [("pip install x", True)]


@pytest.mark.parametrize(
    "script",
    [
        "bash -lc 'pip install x'",
        'sh -c "pip install x"',
        "sudo -E bash -ec 'pip install x'",
        "su app -c 'pip install x'",
        "env A=1 timeout -k 5 60 sh -c 'pip install x'",
        "bash -c \"bash -c 'pip install x'\"",
    ],
)
def test_scripts_of_inner_shells_are_opened_and_as_nested_as_their_shell(script: str) -> None:
    found = [(text, nested) for _, text, nested in shape(script) if text.startswith("pip")]
    assert found == [("pip install x", False)]
    assert ("pip install x", True) in [(text, nested) for _, text, nested in shape(f"if true; then {script}; fi")]


def test_braces_do_not_nest() -> None:
    assert shape("{ a; b; } && c") == [("", "a", False), (";", "b", False), ("&&", "c", False)]


def test_a_long_chain_is_no_deep_one() -> None:
    assert len(commands(" && ".join(["a"] * 5000))) == 5000


def test_words_lose_quotes_and_keep_expansions() -> None:
    [command] = commands('pip install "a b" \'c d\' e\\ f $G "${H}x" "fast"api\'[all]\' "q\\"r"')
    assert command.arguments == ("install", "a b", "c d", "e f", "$G", "${H}x", "fastapi[all]", 'q"r')
    assert command.words[7].raw == "\"fast\"api'[all]'"


def test_assignments_and_redirects() -> None:
    first, second = commands("A=1 B='x y' make all > /dev/null 2>&1; C=3")
    assert [(pair.key, pair.value) for pair in first.assignments] == [("A", "1"), ("B", "x y")]
    assert first.name == "make"
    assert first.redirects == ("> /dev/null", "2>&1")
    assert second.words == ()
    assert [(pair.key, pair.value) for pair in second.assignments] == [("C", "3")]


def test_redirects_belong_to_the_last_command_of_a_line_and_to_all_of_a_group() -> None:
    line = commands("a && b > x")
    assert [command.redirects for command in line] == [(), ("> x",)]
    group = commands("{ a; b; } > x")
    assert [command.redirects for command in group] == [("> x",), ("> x",)]


def test_export_and_test_are_commands() -> None:
    assert shape('export A=1 && [ -f "x y" ] && [[ $a == b ]] && unset A') == [
        ("", "export A=1", False),
        ("&&", "[ -f x y ]", False),
        ("&&", "[[ $a == b ]]", False),
        ("&&", "unset A", False),
    ]


def test_the_name_is_without_folder() -> None:
    [command] = commands("/opt/venv/bin/pip install x")
    assert command.name == "pip"


def test_places_count_characters_not_bytes() -> None:
    text = 'FROM a\nRUN echo "größe 😀" && make\n'
    make = extract(text).instructions[1].commands[1]
    line = text.split("\n")[1]
    assert line[make.extent.column - 1 : make.extent.end_column - 1] == "make"


def test_places_inside_a_quoted_script_over_several_lines() -> None:
    text = 'FROM a\nRUN bash -c "set -e; \\\n  pip install \\"x\\" && \\\n  make"\n'
    lines = text.split("\n")
    found = {c.name: c for c in extract(text).instructions[1].commands}
    assert lines[2][found["pip"].extent.column - 1 :].startswith("pip install")
    assert found["pip"].arguments == ("install", "x")
    assert found["make"].extent[:2] == (4, 3)


def test_places_inside_a_script_in_json_form() -> None:
    text = 'FROM a\nCMD ["sh", "-c", "echo \\"hi\\" && exec uvicorn app:app"]\n'
    found = {c.name: c for c in extract(text).instructions[1].commands}
    line = text.split("\n")[1]
    extent = found["exec"].extent
    assert line[extent.column - 1 : extent.end_column - 1] == "exec uvicorn app:app"
    assert found["echo"].arguments == ("hi",)


def test_a_broken_script_still_shows_its_commands() -> None:
    assert "pip install x" in [text for _, text, _ in shape("pip install x && echo 'open")]


@pytest.mark.parametrize(
    ("words", "program"),
    [
        ("pip install x", "pip"),
        ("sudo -u app -E pip x", "pip"),
        ("env -u A B=1 pip", "pip"),
        ("exec uvicorn a:b", "uvicorn"),
        ("tini -g -- python x", "python"),
        ("/usr/bin/dumb-init -- gosu app python x", "python"),
        ("poetry run uvicorn a:b", "uvicorn"),
        ("uv run --extra gpu --no-sync uvicorn a:b", "uvicorn"),
        ("uv pip install x", "uv"),
        ("poetry install", "poetry"),
        ("conda run -n base --no-capture-output python x", "python"),
        ("timeout -s KILL 30 curl x", "curl"),
        ("xargs -n 1 rm", "rm"),
        ("nice", "nice"),
        ("opentelemetry-instrument --traces_exporter otlp uvicorn a:b", "uvicorn"),
    ],
)
def test_wrappers_are_seen_through(words: str, program: str) -> None:
    split = words.split()
    assert split[program_index(split)] == program


def test_scripts_given_to_shells() -> None:
    assert inline_script(["bash", "-o", "pipefail", "-ec", "x"]) == 4
    assert inline_script(["bash", "script.sh", "-c", "x"]) is None
    assert inline_script(["python", "-c", "x"]) is None
    assert inline_script(["sh", "-c"]) is None
    assert reads_script(["bash", "-s", "--", "x"])
    assert reads_script(["bash"])
    assert not reads_script(["bash", "x.sh"])
