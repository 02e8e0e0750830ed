"""The facts of a module: extents that cut out the right text, and no text that breaks the extractor."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiaudit.sources.python.extract import extract


def nodes(part: Any) -> Iterator[tuple[Any, ...]]:
    """All nodes in some facts."""
    if not isinstance(part, tuple) or not part:
        return
    if isinstance(part[0], str) and len(part) > 1 and isinstance(part[1], tuple) and len(part[1]) == 4:
        yield part
    for inner in part:
        yield from nodes(inner)


def text_at(text: str, at: tuple[int, int, int, int]) -> str:
    """What an extent covers."""
    lines = text.split("\n")
    line, column, end_line, end_column = at
    if line == end_line:
        return lines[line - 1][column - 1 : end_column - 1]
    middle = lines[line : end_line - 1]
    return "\n".join([lines[line - 1][column - 1 :], *middle, lines[end_line - 1][: end_column - 1]])


def first(text: str, tag: str) -> tuple[Any, ...]:
    """The first node of a kind."""
    problem, body = extract(text)
    assert problem is None
    return next(node for node in nodes(body) if node[0] == tag)


@pytest.mark.parametrize(
    ("text", "tag", "covered"),
    [
        ("x = f(a, b)  # c\n", "call", "f(a, b)"),
        ("x = f(\n    a,\n)\n", "call", "f(\n    a,\n)"),
        ("x = 'ä', f(é)\n", "call", "f(é)"),
        ("x = '日本語', f(b, '語')\n", "call", "f(b, '語')"),
        ("'\U0001f600'; x = y.z\n", "attr", "y.z"),
        ("\ufeffx = y.z\n", "attr", "y.z"),
        ("x = '''ä\nö''', y.z\n", "attr", "y.z"),
        ("\u00e4 = 1\n\fx = y.z\n", "attr", "y.z"),
        ("if a:\n\tx = y.z\n", "attr", "y.z"),
        ("x = f'ü{y.z}'\n", "attr", "y.z"),
        ("a = 'ä'\x0c\nb = 'ö\u2028', y.z\n", "attr", "y.z"),
    ],
)
def test_extents(text: str, tag: str, covered: str) -> None:
    """Extents count characters from 1, the end exclusive; bytes and byte order marks do not count."""
    assert text_at(text.removeprefix("\ufeff"), first(text, tag)[1]) == covered


def test_names_of_definitions() -> None:
    """A definition knows where its name stands, behind decorators."""
    text = "@decorated\nasync def fetch(): ...\n\n\n@other\nclass Thing: ...\n\n\ndef plain(): ...\n"

    names = [text_at(text, node[-1]) for node in extract(text)[1]]

    assert names == ["fetch", "Thing", "plain"]


def test_string_annotations() -> None:
    """An annotation in a string is the expression in it, at the place of the string."""
    text = "def f(x: 'list[Item]') -> 'Answer | None': ...\ny: 'a b' = 1\n"
    definition, assignment = extract(text)[1]

    annotation = definition[3][0][2]
    assert annotation[0] == "sub"
    assert text_at(text, annotation[1]) == "'list[Item]'"
    assert definition[4][0] == "bin"
    assert assignment[3][0] == "const"


def test_string_annotations_inside_others() -> None:
    """A string that is part of an annotation stays a string: it may be a literal."""
    annotation = extract("x: Literal['a', 'b'] = 'a'\n")[1][0][3]

    assert [part[2] for part in annotation[3][2]] == ["a", "b"]


def test_parameters() -> None:
    """Each parameter with its kind and default."""
    definition = extract("def f(a, /, b=1, *c, d, e=2, **g): ...\n")[1][0]

    found = [(name, kind, default and default[2]) for name, kind, _, default, _ in definition[3]]

    assert found == [
        ("a", "positional", None),
        ("b", "any", 1),
        ("c", "variadic", None),
        ("d", "keyword", None),
        ("e", "keyword", 2),
        ("g", "keywords", None),
    ]


def test_generators() -> None:
    """A yield of an inner function makes no generator of the outer one."""
    text = "def a():\n    def b(): yield\n    return b\n\n\ndef c():\n    if x:\n        yield 1\n"
    outer, generator = extract(text)[1]

    assert (outer[8], generator[8]) == (False, True)


def test_interpolated_strings() -> None:
    """Literal parts and fields in their order; neighbours are one part."""
    parts = first("x = 'a' f'b{c}' 'd' f'{e!r:>{w}}'\n", "fstr")[2]

    assert [part[2] for part in parts] == ["ab", "c", "d", "e"]


@pytest.mark.parametrize(
    ("text", "line"),
    [("x = 1\ny = (\n", 2), ("x = 1\n\ndef f(:\n", 3), ("a\nb\0c\n", 2), ("if a:\n\tb\n  c\n", 3), ("'\n", 1)],
)
def test_problems(text: str, line: int) -> None:
    """A text that is no Python gives where and why, and no statement."""
    problem, body = extract(text)

    assert problem is not None
    assert problem[0]
    assert problem[1] == line
    assert body == ()


def test_undecodable_bytes() -> None:
    """Bytes of another encoding in a string or comment leave the rest readable, columns included."""
    text = b"x = '\xe4\xf6', y.z  # \xfc\n".decode("utf-8", "surrogateescape")

    assert first(text, "attr")[1] == (1, 11, 1, 14)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 150 + "1" + ")" * 150,
        "x = " + "+".join(["a"] * 700),
        "x = " + " and ".join(["a"] * 5000),
        "x = [" + ", ".join(["{'a': [1]}"] * 5000) + "]",
        "".join("    " * i + "if a:\n" for i in range(90)) + "    " * 90 + "b\n",
        "if a:\n    b\n" + "elif c:\n    d\n" * 700,
        "x = a" + ".b()" * 700,
    ],
)
def test_deep_nesting(text: str) -> None:
    """Long chains and deep blocks that Python itself accepts are read."""
    assert extract(text)[0] is None


@pytest.mark.parametrize("text", ["x = " + "not " * 100_000 + "a", "x = " + "(" * 5000, "x = a" + ".b" * 200_000])
def test_too_deep_nesting(text: str) -> None:
    """Beyond that, a problem: never a crash."""
    problem, body = extract(text)

    assert problem is not None
    assert body == ()


def test_facts_are_plain() -> None:
    """Facts survive `marshal`, whose tuples are all that the store keeps."""
    facts = extract("x: int = 1j\n\n\nclass A(B, m=c):\n    def f(self, *a): return ..., b'x', 1.5, None, True\n")

    assert marshal.loads(marshal.dumps(facts)) == facts


FRAGMENTS = st.sampled_from(
    [
        "x",
        "=",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        ".",
        "'",
        '"',
        "'''",
        "f'",
        "f'{",
        "t'",
        "\\",
        "\n",
        "    ",
        "\t",
        "# ",
        "def f",
        "class A",
        "type X",
        "except ",
        "try:",
        "*",
        "**",
        "lambda",
        "await ",
        "yield ",
        "match a:\n",
        "case _:",
        "@",
        "ä",
        "\U0001f600",
        "\udc80",
        "\ufeff",
        "\r\n",
        "\f",
        "\0",
        "1",
        "0x",
        "1e",
        "...",
        "if ",
        "else ",
        "for ",
        "in ",
        "import ",
        "from ",
        "lazy ",
        ":=",
        "->",
        "async ",
        "print ",
        "return",
        "\u2028",
        ";",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=40).map("".join)))
def test_any_text(text: str) -> None:
    """Any text gives facts or a problem."""
    problem, body = extract(text)

    assert (problem is None) or (body == () and problem[1] >= 1)
    assert isinstance(body, tuple)


@settings(max_examples=150, deadline=None)
@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Any bytes as well."""
    extract(data.decode("utf-8", "surrogateescape"))


def test_annotations_as_strings_are_read_at_any_depth() -> None:
    text = 'def f(a: "Message | None", b: list["Message"], c: dict[str, "Message"], d: Literal["Message"]): ...\n'
    parameters = extract(text)[1][0][3]
    a, b, c, d = (parameter[2] for parameter in parameters)
    assert (a[0], a[3][0], a[3][2]) == ("bin", "name", "Message")
    assert (b[3][0], b[3][2]) == ("name", "Message")
    assert [part[0] for part in c[3][2]] == ["name", "name"]
    assert (d[3][0], d[3][2]) == ("const", "Message")
