"""Environment files as python-dotenv and Compose read them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aiaudit.sources.deploy.environment import EnvironmentFacts, extract
from aiaudit.span import Extent


def values(text: str) -> list[tuple[str, str | None]]:
    """Names and values."""
    facts = extract(text)
    assert facts.problems == ()
    return [(entry.name, entry.value) for entry in facts.entries]


def test_values() -> None:
    """Export, quotes, comments, empty values, names alone, either line end."""
    text = "# a comment\n\nexport A=1 # one\nB='x # y'\nC=\"a\\nb\"\r\nD\nE=\nF=a#b\nG = spaced\n"
    assert values(text) == [
        ("A", "1"), ("B", "x # y"), ("C", "a\nb"), ("D", None), ("E", ""), ("F", "a#b"), ("G", "spaced"),
    ]  # fmt: skip


def test_values_over_several_lines() -> None:
    """Quotes span lines; the next entry is found again."""
    text = 'KEY="-----BEGIN\nabc\n-----END"\nNEXT=1\n'
    facts = extract(text)
    assert facts.entries[0].value == "-----BEGIN\nabc\n-----END"
    assert facts.entries[0].place == Extent(1, 6, 3, 9)
    assert facts.entries[1].extent == Extent(4, 1, 4, 7)


def test_interpolation() -> None:
    """Single quotes switch it off."""
    facts = extract("A=${B:-x}\nC='${B}'\nD=\"$B\"\n")
    assert [entry.interpolated for entry in facts.entries] == [True, False, True]


def test_places() -> None:
    """The entry and its value, without quotes."""
    (entry,) = extract("export TOKEN='abc'\n").entries
    assert entry.extent == Extent(1, 8, 1, 19)
    assert entry.place == Extent(1, 15, 1, 18)


def test_the_last_entry_wins_and_oddities_are_problems() -> None:
    """A repeated name, a line that is nothing, a quote that is never closed."""
    facts = extract('A=1\nA=2\n???\nB="open\nC=3\n')
    found = facts.get("A")
    assert found is not None
    assert found.value == "2"
    assert [problem.extent.line for problem in facts.problems] == [3]
    assert [(entry.name, entry.value) for entry in facts.entries[2:]] == [("B", '"open'), ("C", "3")]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="AB=\"'\\\n\r #$\x00é:{}", max_size=60))
def test_any_text(text: str) -> None:
    """Every line is an entry, a part of one, a comment or a problem; nothing raises."""
    facts = extract(text)
    assert isinstance(facts, EnvironmentFacts)
    lines = text.count("\n") + 1
    for entry in facts.entries:
        assert entry.name
        assert 1 <= entry.extent.line <= entry.place.end_line <= lines
