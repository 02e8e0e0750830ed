"""YAML with places: nodes, documents, anchors, merges, tags, templates, bounds."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from aiaudit.sources.deploy.yaml import MAPPING, SCALAR, SEQUENCE, Node, YamlFacts, extract
from aiaudit.span import Extent


def only(text: str) -> Node:
    """The one document of a text that is well-formed."""
    facts = extract(text)
    assert facts.problems == ()
    (document,) = facts.documents
    return document


def test_places_of_keys_and_values() -> None:
    """Lines and columns from 1, end exclusive, in characters."""
    document = only('größe:\n  name: "x y"\n  list: [1, zwei]\n')
    key, value = document.entries[0]

    assert key.extent == Extent(1, 1, 1, 6)
    assert value.kind == MAPPING
    found = value.entry("name")
    assert found is not None
    assert found[1].extent == Extent(2, 9, 2, 14)
    assert (found[1].value, found[1].style) == ("x y", '"')
    items = value.get("list")
    assert items is not None
    assert [item.value for item in items.items] == ["1", "zwei"]
    assert items.extent == Extent(3, 9, 3, 18)
    assert value.extent == Extent(2, 3, 3, 18)


def test_several_documents_and_block_scalars() -> None:
    """Every document is read, literal blocks keep their lines."""
    facts = extract("---\na: 1\n---\nb: |\n  one\n  two\n...\n")
    assert [document.kind for document in facts.documents] == [MAPPING, MAPPING]
    assert facts.documents[1].text("b") == "one\ntwo\n"
    block = facts.documents[1].get("b")
    assert block is not None
    assert (block.style, block.extent.line) == ("|", 4)


def test_anchors_aliases_and_merges() -> None:
    """An alias is the node it names; merged entries yield to own ones."""
    document = only("base: &base {a: 1, b: 2}\nuse:\n  <<: *base\n  b: 3\nlist:\n  <<: [*base, {c: 4}]\n")
    use = document.get("use")
    assert use is not None
    assert {key.value: value.value for key, value in use.pairs()} == {"a": "1", "b": "3"}
    assert document.text("list", "c") == "4"
    assert document.text("list", "a") == "1"


def test_tags_and_nulls() -> None:
    """Tags stay as written; an empty value is null, an empty string is none."""
    document = only("a: !Ref Name\nb:\nc: ''\nd: ~\n")
    tagged = document.get("a")
    assert tagged is not None
    assert (tagged.tag, tagged.value) == ("!Ref", "Name")
    nulls = [value.is_null for _, value in document.pairs()]
    assert nulls == [False, True, False, True]


def test_json_is_yaml() -> None:
    """With tabs and escapes."""
    document = only('{\n\t"a": ["b\\/c", {"d": null}]\n}')
    listed = document.get("a")
    assert listed is not None
    assert listed.kind == SEQUENCE
    assert listed.items[0].value == "b/c"


def test_an_error_keeps_what_came_before() -> None:
    """The first document stays, the problem has a place."""
    facts = extract("a: 1\n---\nb: [1\nc: 2\n")
    assert [document.text("a") for document in facts.documents] == ["1"]
    assert facts.problems[0].extent.line >= 3
    assert facts.problems[0].message


def test_templates() -> None:
    """Helm and Jinja are problems or flags, no exceptions; GitHub's expressions are plain text."""
    helm = extract("{{- if .Values.x }}\na: {{ .Values.a }}\n{{- end }}\n")
    assert helm.templated
    assert "template" in helm.problems[0].message
    assert extract("a: '{{ x }}'\n").templated
    assert extract("a: {% if x %}b{% endif %}\n").templated
    workflow = extract("a: ${{ secrets.X }}\n")
    assert not workflow.templated
    assert workflow.problems == ()


def test_a_billion_laughs() -> None:
    """Aliases that multiply are stopped by a bound, at once."""
    rows = ["a: &a [" + ",".join("x" * 9) + "]"]
    rows += [f"{chr(97 + n)}: &{chr(97 + n)} [{','.join(['*' + chr(96 + n)] * 9)}]" for n in range(1, 12)]
    started = time.process_time()
    facts = extract("\n".join(rows))
    assert time.process_time() - started < 1
    assert "aliases" in facts.problems[0].message


def test_depth_and_unknown_aliases() -> None:
    """Bounds and errors are data."""
    assert "deep" in extract("[" * 200 + "]" * 200).problems[0].message
    assert "alias" in extract("a: *nowhere\n").problems[0].message
    assert extract("") == YamlFacts()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["a: ", "- ", "&x ", "*x", "<<: ", "\n", "  ", "{", "}", "[", "]", "|\n", '"', "'", "---\n"]
            ),
            st.text(max_size=6),
        ),
        max_size=30,
    ).map("".join)
)
def test_any_text(text: str) -> None:
    """Facts or a problem; every scalar lies in the text."""
    facts = extract(text)
    lines = text.count("\n") + text.count("\r") + 1
    stack = list(facts.documents)
    while stack:
        node = stack.pop()
        assert 1 <= node.extent.line <= node.extent.end_line <= lines + 1
        assert node.kind in (SCALAR, MAPPING, SEQUENCE)
        list(node.pairs())
        stack.extend(child for pair in node.entries for child in pair)
        stack.extend(node.items)
