"""Instructions, their parts and their places, as BuildKit sees them."""

from __future__ import annotations

import pytest

from aiaudit.sources.dockerfile.facts import DockerfileFacts, Instruction
from aiaudit.sources.dockerfile.parse import extract
from aiaudit.span import Extent


def only(text: str) -> Instruction:
    """The last instruction of a text."""
    return extract(text).instructions[-1]


def cut(text: str, extent: Extent) -> str:
    """What stands at an extent of one line."""
    assert extent.line == extent.end_line
    return text.split("\n")[extent.line - 1][extent.column - 1 : extent.end_column - 1]


def messages(facts: DockerfileFacts) -> list[str]:
    return [problem.message for problem in facts.problems]


def test_stages_hold_their_instructions_and_the_preamble_the_rest() -> None:
    facts = extract("ARG TAG=3.12\nFROM python:${TAG} AS Build\nRUN make\nFROM build\nUSER 1000\n")
    assert [i.keyword for i in facts.preamble] == ["ARG"]
    assert [(stage.index, stage.base, stage.name) for stage in facts.stages] == [
        (0, "python:${TAG}", "build"),
        (1, "build", None),
    ]
    assert [i.keyword for i in facts.stages[0].instructions] == ["FROM", "RUN"]
    assert facts.stages[1].start.extent == Extent(4, 1, 4, 11)


def test_spans_survive_continuations_comments_and_blank_lines() -> None:
    text = "FROM a\nRUN apt-get update \\\n\n   # why\n  && apt-get install -y \\\n\tcurl\n"
    run = only(text)
    assert run.extent == Extent(2, 1, 6, 6)
    assert run.script == "apt-get update   && apt-get install -y \tcurl"
    update, install = run.commands
    assert cut(text, update.extent) == "apt-get update"
    assert install.extent == Extent(5, 6, 6, 6)
    assert [cut(text, word.extent) for word in install.words] == ["apt-get", "install", "-y", "curl"]
    assert [comment.text for comment in extract(text).comments] == ["why"]


def test_a_keyword_may_be_split_over_lines() -> None:
    facts = extract("FR\\\nOM alpine AS \\\n b\n")
    assert facts.stages[0].base == "alpine"
    assert facts.stages[0].name == "b"


def test_flags_lose_their_quotes_and_keep_their_place() -> None:
    text = 'FROM a\nCOPY --from=build --link --chown="app:app" x\\ y /z\n'
    copy = only(text)
    assert [(flag.name, flag.value) for flag in copy.flags] == [("from", "build"), ("link", None), ("chown", "app:app")]
    assert [cut(text, flag.extent) for flag in copy.flags] == ["--from=build", "--link", '--chown="app:app"']
    assert copy.flag("link") == ""
    assert copy.flag("chmod") is None
    assert [word.raw for word in copy.words] == ["x\\", "y", "/z"]


def test_repeated_flags_keep_all_values() -> None:
    run = only("FROM a\nRUN --mount=type=cache,target=/c --mount=type=bind,target=/b true\n")
    assert run.flag_values("mount") == ("type=cache,target=/c", "type=bind,target=/b")
    assert run.flag("mount") == "type=cache,target=/c"


def test_double_dash_ends_the_flags() -> None:
    copy = only("FROM a\nCOPY -- --odd /x\n")
    assert [word.text for word in copy.words] == ["--odd", "/x"]
    assert copy.flags == ()


@pytest.mark.parametrize(
    ("arguments", "exec_form", "words"),
    [
        ('["a", "b c"]', True, ["a", "b c"]),
        ('[ "a"\t,"\\u00e9\\n" ]  ', True, ["a", "é\n"]),
        ('["\\ud83d\\ude00"]', True, ["😀"]),
        ("[]", True, []),
        ("['a', 'b']", False, []),
        ('["a"] && b', False, []),
        ("[NaN]", False, []),
    ],
)
def test_json_form(arguments: str, exec_form: bool, words: list[str]) -> None:
    command = only(f"FROM a\nCMD {arguments}\n")
    assert command.exec_form is exec_form
    assert [word.text for word in command.words] == words
    assert bool(command.script) is not exec_form


def test_words_of_a_json_form_have_places() -> None:
    text = 'FROM a\nENTRYPOINT ["python", \\\n  "-m", "app"]\n'
    entrypoint = only(text)
    assert [cut(text, word.extent) for word in entrypoint.words] == ['"python"', '"-m"', '"app"']
    assert [word.text for word in entrypoint.commands[0].words] == ["python", "-m", "app"]
    assert entrypoint.commands[0].extent == Extent(2, 14, 3, 13)


def test_pairs_in_both_forms() -> None:
    text = "FROM a\nENV A=\"b c\" D=e\\ f \\\n  G='$H' I=\n"
    env = only(text)
    assert [(pair.key, pair.value, pair.raw) for pair in env.pairs] == [
        ("A", "b c", '"b c"'),
        ("D", "e f", "e\\ f"),
        ("G", "$H", "'$H'"),
        ("I", "", ""),
    ]
    assert cut(text, env.pairs[2].extent) == "G='$H'"
    old = only('FROM a\nENV KEY  some "quoted" words\n')
    assert [(pair.key, pair.value) for pair in old.pairs] == [("KEY", "some quoted words")]
    label = only('FROM a\nLABEL "com.example.a"=1 b.c="x=y"\n')
    assert [(pair.key, pair.value) for pair in label.pairs] == [("com.example.a", "1"), ("b.c", "x=y")]


def test_arguments_without_default_have_no_value() -> None:
    arg = only('FROM a\nARG A B=1 C=""\n')
    assert [(pair.key, pair.value) for pair in arg.pairs] == [("A", None), ("B", "1"), ("C", "")]


def test_heredocs_do_not_leak_instructions() -> None:
    text = "FROM a\nRUN <<EOF\napt-get update\nUSER root\nEOF\nUSER app\n"
    facts = extract(text)
    assert [i.keyword for i in facts.instructions] == ["FROM", "RUN", "USER"]
    run = facts.instructions[1]
    assert run.extent == Extent(2, 1, 5, 4)
    document = run.heredocs[0]
    assert (document.name, document.expand, document.body) == ("EOF", True, "apt-get update\nUSER root\n")
    assert document.extent == Extent(3, 1, 5, 1)
    assert [cut(text, command.extent) for command in run.commands] == ["apt-get update", "USER root"]


def test_several_heredocs_quoted_and_with_tabs() -> None:
    text = "FROM a\nCOPY <<one <<-'two' /x/\n1 $A\none\n\t2\n\ttwo\n"
    copy = only(text)
    assert [(d.name, d.expand, d.chomp, d.body) for d in copy.heredocs] == [
        ("one", True, False, "1 $A\n"),
        ("two", False, True, "\t2\n"),
    ]
    assert copy.words[-1].text == "/x/"
    assert copy.commands == ()


def test_what_looks_like_a_heredoc_and_is_none() -> None:
    facts = extract('FROM a\nRUN echo $((1<<2)) && cat <<<word\nRUN ["cat", "<<EOF"]\nENV X=<<EOF\nUSER app\n')
    assert [i.keyword for i in facts.instructions] == ["FROM", "RUN", "RUN", "ENV", "USER"]
    assert facts.problems == ()


def test_heredoc_behind_onbuild_and_flags() -> None:
    facts = extract("FROM a\nONBUILD RUN --network=none <<EOF\nmake\nEOF\nUSER app\n")
    onbuild = facts.instructions[1]
    assert onbuild.trigger is not None
    assert onbuild.trigger.keyword == "RUN"
    assert onbuild.trigger.flag("network") == "none"
    assert [command.name for command in onbuild.trigger.commands] == ["make"]


def test_heredoc_with_carriage_returns_keeps_its_body_and_gives_clean_commands() -> None:
    run = only("FROM a\r\nRUN <<EOF\r\nmake all\r\nEOF\r\n")
    assert run.heredocs[0].body == "make all\r\n"
    assert run.commands[0].arguments == ("all",)


def test_an_interpreter_is_no_shell() -> None:
    run = only("FROM a\nRUN <<EOF\n#!/usr/bin/env -S python3 -u\nimport os\nEOF\n")
    assert run.interpreter == "python3"
    assert run.commands == ()
    shell = only("FROM a\nRUN <<EOF\n#!/bin/bash -e\nmake\nEOF\n")
    assert shell.interpreter == "bash"
    assert [command.name for command in shell.commands] == ["make"]


@pytest.mark.parametrize("line", ["RUN bash -e <<EOF", "RUN <<EOF sh"])
def test_a_shell_that_reads_a_heredoc_runs_it(line: str) -> None:
    text = f"FROM a\n{line}\npip install x\nEOF\n"
    names = [command.name for command in only(text).commands]
    assert names[-1] == "pip"


def test_a_heredoc_for_another_program_is_data() -> None:
    run = only("FROM a\nRUN cat <<EOF > /x && chmod +x /x\npip install y\nEOF\n")
    assert [command.name for command in run.commands] == ["cat", "chmod"]
    assert run.commands[0].redirects == ("> /x",)


def test_directives_decide_the_escape() -> None:
    facts = extract("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nCOPY x c:\\\nRUN a `\n b\n")
    assert facts.directives == (("syntax", "docker/dockerfile:1"), ("escape", "`"))
    assert facts.escape == "`"
    assert [i.keyword for i in facts.instructions] == ["FROM", "COPY", "RUN"]
    late = extract("# a comment\n# escape=`\nFROM a\nRUN b \\\n c\n")
    assert late.escape == "\\"
    assert len(late.instructions) == 2


def test_healthcheck_in_its_forms() -> None:
    shell = only("FROM a\nHEALTHCHECK --interval=5s CMD curl -f http://x || exit 1\n")
    assert [word.text for word in shell.words] == ["CMD"]
    assert [command.name for command in shell.commands] == ["curl", "exit"]
    plain = only('FROM a\nHEALTHCHECK CMD ["curl", "x"]\n')
    assert [word.text for word in plain.words] == ["CMD", "curl", "x"]
    assert plain.exec_form
    none = only("FROM a\nHEALTHCHECK NONE\n")
    assert [word.text for word in none.words] == ["NONE"]


def test_instructions_of_one_word_keep_their_blanks() -> None:
    text = "FROM a\nWORKDIR /my folder \n"
    workdir = only(text)
    assert [word.text for word in workdir.words] == ["/my folder"]
    assert cut(text, workdir.words[0].extent) == "/my folder"


@pytest.mark.parametrize(
    "text",
    [
        "FROM mcr.microsoft.com/windows/servercore\nRUN dir c:\\x && del y\n",
        'FROM a\nSHELL ["powershell", "-Command"]\nRUN Get-Item x | Remove-Item\n',
        "FROM mcr.microsoft.com/windows/nanoserver AS base\nFROM base\nRUN dir\n",
    ],
)
def test_scripts_of_other_shells_are_not_read(text: str) -> None:
    assert only(text).commands == ()


def test_a_shell_of_the_bourne_family_is_read() -> None:
    run = only('FROM a\nSHELL ["conda", "run", "-n", "x", "/bin/bash", "-c"]\nRUN pip install y\n')
    assert run.commands[0].name == "pip"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file with no instructions"),
        ("# only\n", "file with no instructions"),
        ("FROM a\nRUN <<EOF\nx\n", "unterminated heredoc"),
        ("FROM a\nENV X\n", "ENV must have two arguments"),
        ("FROM a\nENV X=1 Y\n", 'Syntax error - can\'t find = in "Y". Must be of the form: name=value'),
        ('FROM a\nCMD ["x", 1]\n', "when using JSON array syntax, arrays must be comprised of strings only"),
        ("# escape=x\nFROM a\n", "invalid escape token 'x' does not match ` or \\"),
    ],
)
def test_what_the_parser_stops_at_is_fatal(text: str, message: str) -> None:
    problems = extract(text).problems
    assert [problem.message for problem in problems if problem.fatal] == [message]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("CPOY a b", "unknown instruction: CPOY (did you mean COPY?)"),
        ("{% if x %}", "unknown instruction: {%"),
        (
            "COPY a",
            "COPY requires at least two arguments, but only one was provided. Destination could not be determined",
        ),
        ("COPY --form=x a b", "unknown flag: --form"),
        ("COPY --from=x --from=y a b", "duplicate flag specified: --from"),
        ("COPY --from a b", "missing a value on flag: --from"),
        ("COPY --link=maybe a b", "expecting boolean value for flag --link, not: maybe"),
        ("RUN --network=some true", 'invalid network mode "some"'),
        ("RUN --mount=from=$X,target=/x true", "'from' doesn't support variable expansion, define alias stage instead"),
        ("FROM a b", "FROM requires either one or three arguments"),
        ("FROM a AS 1x", 'invalid name for build stage: "1x", name can\'t start with a number or contain symbols'),
        ("SHELL bash -c", "SHELL requires the arguments to be in JSON form"),
        ("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"),
        ("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"),
        ("HEALTHCHECK --interval=5 CMD true", 'time: invalid duration "5"'),
        ("USER", "USER requires exactly one argument"),
        ("EXPOSE", "EXPOSE requires at least one argument"),
    ],
)
def test_what_the_build_refuses_is_told_and_reading_goes_on(line: str, message: str) -> None:
    facts = extract(f"FROM base\n{line}\nUSER app\n")
    assert messages(facts) == [message]
    assert not facts.problems[0].fatal
    assert facts.problems[0].extent.line == 2
    assert facts.instructions[-1].keyword == "USER"


def test_a_file_without_a_stage_is_read_all_the_same() -> None:
    facts = extract("ARG A=1\nRUN make\nUSER app\n")
    assert messages(facts) == ["no build stage in current context"]
    assert facts.problems[0].extent.line == 2
    assert [i.keyword for i in facts.preamble] == ["ARG", "RUN", "USER"]


def test_another_frontend_may_know_other_instructions() -> None:
    facts = extract("# syntax=example.com/frontend:1\nFROM a\nINCLUDE x\nCOPY --odd a b\n")
    assert facts.problems == ()
    own = extract("# syntax=docker/dockerfile:1\nFROM a\nINCLUDE x\n")
    assert messages(own) == ["unknown instruction: INCLUDE"]


def test_escapes_at_the_end_of_the_file_and_doubled_ones() -> None:
    facts = extract("FROM a\nRUN echo x\\\\\nRUN y \\")
    assert [i.keyword for i in facts.instructions] == ["FROM", "RUN", "RUN"]
    assert facts.instructions[2].script == "y"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM a\nRUN <<EOF\nmake\n", "unterminated heredoc"),
        ("{% if gpu %}\nFROM a\n{% endif %}\n", "unknown instruction"),
        ("FROM {{ base }}:{{ tag }} AS {{ name }}\nRUN make\n", "FROM requires"),
        ("package main\nimport fmt\nenv := 1\nfunc run\n", "unknown instruction"),
        ("", "file with no instructions"),
        ("FROM a\nRUM make\n", None),
        ('FROM a\nCMD ["a", 1]\n', None),
        ("LABEL a=b\nFROM a\n", None),
        ("FROM a\n", None),
    ],
)
def test_a_refused_instruction_hides_nothing_and_other_languages_do(text: str, reason: str | None) -> None:
    """Part of the file is unread only where it could not be looked at."""
    unread = extract(text).unread

    assert (unread is None) if reason is None else (unread is not None and reason in unread.message)
