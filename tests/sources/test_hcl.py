"""HCL files as blocks; any text is read to its end or to a problem."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiaudit.sources.deploy.hcl import Block, extract

PIECES = st.sampled_from(
    [
        'target "a" {\n',
        "}\n",
        "x = ",
        '"b ${c("d}")}"',
        "[",
        "]",
        "{",
        ",",
        "<<E\n",
        "E\n",
        "/*",
        "*/",
        "# c\n",
        "for k in x",
        "(",
        ")",
        '"',
        "\\",
        "\n",
        "?",
        ":",
        "é\udc80",
    ]
)


def test_blocks_attributes_and_comments() -> None:
    """Strings, lists, objects and here-documents are read; an expression is passed over."""
    found = extract(
        """// a bake file
variable "TAG" { default = "latest" }
target "app" { # two labels are possible
  context = "./svc"
  dockerfile = "docker/${TAG}.Dockerfile"
  args = { A = "1", "B": upper("}"), (key) = "x" }
  platforms = [
    "linux/amd64", /* and */ "linux/arm64",
  ]
  tags = TAG == "x" ? ["a"] : ["b", "}"]
  inline = <<-EOT
    FROM x
  EOT
  inner "x" y { z = [for p in q : p] }
}
"""
    )
    [variable, target] = found.blocks

    assert found.problems == ()
    assert variable == Block("variable", ("TAG",), (("default", "latest"),), (), 2)
    assert (target.labels, target.line, target.text("context"), target.text("tags")) == (("app",), 3, "./svc", "")
    assert dict(target.attributes) == {
        "context": "./svc",
        "dockerfile": "docker/${TAG}.Dockerfile",
        "args": {"A": "1", "B": None, "": "x"},
        "platforms": ["linux/amd64", "linux/arm64"],
        "tags": None,
        "inline": "    FROM x\n",
    }
    assert target.blocks == (Block("inner", ("x", "y"), (("z", None),), (), 14),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a "b" {\n', 2),
        ('\na = "x\n', 2),
        ("a = [1\nb", 2),
        ("/* x", 1),
        ("a = <<E\nx", 2),
        ("a = (", 1),
        ("{", 1),
        ("a " + "{ b " * 60, 1),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int) -> None:
    """What came before stays."""
    found = extract('first "x" {}\n' + text)

    assert [block.labels for block in found.blocks] == [("x",)]
    assert [problem.extent.line for problem in found.problems] == [line + 1]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=25).map("".join)))
def test_any_text(text: str) -> None:
    """Never a crash."""
    assert extract(text) == extract(text)


@pytest.mark.parametrize(
    "text", ["a = 1 " + "/*" * 200_000, "a = " + "[" * 200_000, 'a = "' + "${" * 200_000, "a = <<E\n" * 50_000]
)
def test_cost_grows_with_the_length(text: str) -> None:
    """Hostile files end soon."""
    started = time.perf_counter()
    extract(text)

    assert time.perf_counter() - started < 5
