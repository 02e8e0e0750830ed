"""Requirement strings that are read without a grammar say what the grammar says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from aiaudit.sources.manifests.specifiers import _reference, normalized, parse

SPACES = st.sampled_from(("", " "))
CLAUSES = st.builds(
    lambda operator, space, version: operator + space + version,
    st.sampled_from(("==", ">=", "<=", "<", ">", "!=", "~=", "===")),
    SPACES,
    st.sampled_from(("1", "1.0", "1.0.0", "1.0.*", "2.0rc1", "1.0.post1", "1.0+cpu", "1.0.dev3", "v1.0", "1.0-1")),
)  # fmt: skip
TEXTS = st.builds(
    lambda name, extras, space, clauses, end: name + extras + space + ",".join(clauses) + end,
    st.sampled_from(("foo", "Foo_Bar", "a.b-c", "3d", "x-", "-x", "git+https://host/x.git", "dist/*.whl", "./x", "$X")),
    st.sampled_from(("", "[a]", "[b, a]", "[a,a]", "[ a]", "[]", "[A_b]")),
    SPACES,
    st.lists(CLAUSES, max_size=3),
    st.sampled_from(("", " ", ",", ' ; python_version < "3.12"', " @ https://host/x.whl")),
)


@given(TEXTS)
def test_what_needs_no_grammar(text: str) -> None:
    found = parse(text)

    try:
        expected = Pep508(text)
    except InvalidRequirement:
        assert found == _reference(text)
        return
    assert found is not None
    assert (found.name, found.specifier) == (normalized(expected.name), str(expected.specifier))
    assert (found.extras, found.marker) == (tuple(sorted(expected.extras)), str(expected.marker or ""))
    assert found.url == (expected.url or "")
