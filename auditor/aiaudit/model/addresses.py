"""Options that stand in the address of a data store: `redis://cache/0?socket_timeout=2`."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.resources import Known
from aiaudit.model.values import Constant
from aiaudit.patterns import regex

STORES = frozenset(("datastore", "cache", "vector", "queue", "search"))
# What stands around the name of an option in an address or in libpq's `name=value` pairs.
_BETWEEN = regex(r"[\s?&;='\"]+")


def is_in_address(known: Known, evaluator: Evaluator) -> bool:
    """Whether a text that a data store's client gets sets one of the client's time-outs."""
    timeout = known.entry.timeout
    if timeout is None or known.entry.purpose not in STORES:
        return False
    bounding = [p.name.rpartition(".")[2] for p in timeout.parameters if p.covers not in ("connect", "checkout")]
    # Of the options that PostgreSQL's clients pass on to the server this one bounds a query.
    names = {"statement_timeout" if name == "options" else name for name in bounding}
    if not names:
        return False
    from urllib.parse import unquote_plus

    texts = (
        value.value
        for given in (*known.call.arguments, *(value for _, value in known.call.keywords))
        for value in evaluator.evaluate(given, known.call.scope)
        if isinstance(value, Constant) and isinstance(value.value, str) and "=" in value.value
    )
    return any(not names.isdisjoint(_BETWEEN.split(unquote_plus(text))) for text in texts)
