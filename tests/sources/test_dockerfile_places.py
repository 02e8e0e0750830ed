"""Every word of a script lies where its extent says: through continuations, comments, here-documents and quotes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aiaudit.sources.dockerfile.facts import Command
from aiaudit.sources.dockerfile.parse import extract, scripts
from aiaudit.span import Extent

WORDS = st.sampled_from(
    ["a", "--flag=1", "$VAR", "${X:-y}", "'q w'", '"d $e f"', "größe", "😀x", "x/y", "\\$z", "\"é\"'u'"]
)
JOINTS = st.sampled_from([" ", "  ", " \\\n  ", " \\\n# note\n", " \\ \n\t", "\\\n  # a\n\n   "])
OPERATORS = st.sampled_from([" && ", "; ", " | ", " \\\n && ", " || \\\n# c\n   "])
COMMANDS = st.lists(st.tuples(JOINTS, WORDS), max_size=4).map(lambda parts: "cmd" + "".join(j + w for j, w in parts))
CHAINS = st.tuples(COMMANDS, st.lists(st.tuples(OPERATORS, COMMANDS), max_size=3)).map(
    lambda parts: parts[0] + "".join(operator + command for operator, command in parts[1])
)
LINES = st.lists(WORDS, max_size=3).map(lambda words: " ".join(["cmd", *words]))


def written(lines: list[str], extent: Extent) -> str:
    """The text of an extent without what joins lines, and without comment lines inside of it."""
    if extent.line == extent.end_line:
        return lines[extent.line - 1][extent.column - 1 : extent.end_column - 1]
    parts = [lines[extent.line - 1][extent.column - 1 :], *lines[extent.line : extent.end_line - 1]]
    parts.append(lines[extent.end_line - 1][: extent.end_column - 1])
    kept = [part for part in parts if not part.lstrip().startswith("#") and part.strip()]
    return "".join(part.rstrip().removesuffix("\\") for part in kept[:-1]) + kept[-1]


def check(text: str, commands: tuple[Command, ...]) -> None:
    lines = text.split("\n")
    for command in commands:
        for word in command.words:
            assert written(lines, word.extent) == word.raw
        assert written(lines, command.extent).split()[0] == command.words[0].raw


@settings(max_examples=300, deadline=None)
@given(
    CHAINS,
    st.sampled_from(["", "# before\n", "\n\n"]),
    st.sampled_from(["RUN ", "  run \t", "RUN --network=none \\\n "]),
)
def test_words_of_continued_lines(chain: str, before: str, start: str) -> None:
    text = f"FROM a\n{before}{start}{chain}\nUSER b\n"
    run = extract(text).instructions[1]

    assert [command.name for command in run.commands] == ["cmd"] * len(run.commands)
    assert run.commands
    check(text, run.commands)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(LINES, min_size=1, max_size=5),
    st.sampled_from(
        ["RUN <<EOF", "RUN <<-EOF", "RUN <<'EOF'", "RUN bash -e <<EOF", "RUN <<EOF bash", "RUN \\\n <<EOF"]
    ),
    st.sampled_from(["", "\t"]),
)
def test_words_of_here_documents(body: list[str], opening: str, tabs: str) -> None:
    indent = tabs if "<<-" in opening else ""
    text = f"FROM a\n{opening}\n" + "".join(f"{indent}{line}\n" for line in body) + "EOF\nUSER b\n"
    run = extract(text).instructions[1]
    named = tuple(command for command in run.commands if command.name == "cmd")

    assert len(named) == len(body)
    check(text, named)


@settings(max_examples=200, deadline=None)
@given(CHAINS)
def test_every_character_of_a_script_knows_its_place(chain: str) -> None:
    text = f"FROM a\nRUN {chain}\n"
    lines = text.split("\n")
    [script] = scripts(text)

    for index, char in enumerate(script.content.text):
        line, column = script.content.position(index)
        assert lines[line - 1][column - 1] == char
