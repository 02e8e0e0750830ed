"""Names that tell what a value is for: labels and identifiers carry no text worth bounding."""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression

_IDENTIFIER = regex(
    r"(^|_)(id|ids|uid|uuid|guid|slug|key|token|secret|password|passwd|email|phone|authorization|signature|hash|digest)$",
    re.IGNORECASE,
)


_CONVERSATION = regex(
    r"messages?$|history|conversation|chats?$|turns|dialog|discussion|memory|transcript|utterance"
    r"|chat_?(content|entry|entrie|log|record|line|item|text)s?$",
    re.IGNORECASE,
)


def speaks_of_conversation(name: str) -> bool:
    """Whether a list or table holds the turns of a conversation, by its name."""
    return _CONVERSATION.search(name) is not None


_TURNS = regex(r"messages$|histor(y|ies)|conversations?$|chats$|turns|dialog(ue)?s?$", re.IGNORECASE)


def names_turns(name: str) -> bool:
    """Whether an entry that nobody declares holds turns, by its name: a `message` or a `memory` may be a text."""
    return _TURNS.search(name) is not None


def words(text: str) -> frozenset[str]:
    """A set of names written as one text."""
    return frozenset(text.split())


# How names of labels end: in one of these words, or in two.
_LABELS = words(
    "id ids uid uuid role model metadata meta type kind name configurable config temperature top_k top_p k stream "
    "thread session created updated timestamp index filter filters where callbacks headers url source filename "
    "max_tokens seed stop voice status score tag tags page date time mime_type key api_key "
    "extra_info response_format namespace collection tenant email hash digest version media_type"
)


def is_identifier(name: str) -> bool:
    """Whether a field is an identifier or a credential by its name: looked up or compared, and short."""
    return _IDENTIFIER.search(name) is not None


def is_label(key: Expression | None) -> bool:
    """Whether what stands under a key is a label rather than text."""
    return key is not None and key[0] == "const" and isinstance(key[2], str) and is_label_name(key[2])


def is_label_name(name: str | None) -> bool:
    """The same for the name of an argument."""
    parts = name.lower().split("_") if name is not None else [""]
    return parts[-1] in _LABELS or "_".join(parts[-2:]) in _LABELS
