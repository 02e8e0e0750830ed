"""The state of a Streamlit session: `st.session_state["turns"]` is `st.session_state.turns`, and read as that."""

from __future__ import annotations

from typing import Any

from aiaudit.model.scopes import last_name

# How a file that takes entries of the state by their keys says so.
BY_KEY = ("session_state[",)
_STATE = "session_state"


def with_attributes(facts: Any) -> Any:
    """Statements or expressions with the entries of the state that constant keys name as attributes of it."""
    if not isinstance(facts, tuple):
        return facts
    found = tuple(map(with_attributes, facts))
    if len(found) == 4 and found[0] == "sub" and found[2][0] in ("name", "attr") and last_name(found[2]) == _STATE:
        key = found[3]
        if key[0] == "const" and isinstance(key[2], str) and key[2].isidentifier():
            return ("attr", found[1], found[2], key[2])
    return found
