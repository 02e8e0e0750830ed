"""What a declared type says of the text in a value: free, bounded, an upload, or no text at all."""

from __future__ import annotations

from aiaudit.span import Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Container:
    """A list of any number of items: the field's name, the class that declares it ("" for a parameter), its place."""

    name: str
    owner: str
    span: Span | None

    @property
    def description(self) -> str:
        """How a message calls it."""
        return f"field `{self.name}` of {self.owner}" if self.owner else f"`{self.name}`"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind`: "text" (any length), "bounded", "upload" (a file of any size) or "none" (no text).

    `field` and `owner` name the field that holds it, where there is one; `declared` is its place; `is_list`: the value
    is a list of texts; `many`: each item is bounded, their number is not. `opened`: the value is a list of any number
    of items; `container` is the outermost field on the way to the text that holds such a list. `way` are the fields
    from the whole value down to the text.
    """

    kind: str
    field: str = ""
    owner: str = ""
    declared: Span | None = None
    is_list: bool = False
    many: bool = False
    opened: bool = False
    container: Container | None = None
    way: tuple[str, ...] = ()


NONE, BOUNDED, TEXT, UPLOAD = Verdict("none"), Verdict("bounded"), Verdict("text"), Verdict("upload")

# Fields that carry what a user writes, the likeliest first: named when a whole body goes into a prompt.
SPOKEN = (
    "prompt", "message", "messages", "question", "query", "q", "input", "text", "content", "contents", "texts",
    "history", "user_input", "user_message", "instruction", "instructions", "system", "context", "document", "body",
    "data",
)  # fmt: skip


def worst(verdicts: list[Verdict], wanted: object = "") -> Verdict:
    """Of several alternatives or fields the one that matters: free text first, then uploads, then bounded ones; of
    those alike the field that is `wanted`, then the one that most likely holds what a user writes."""
    for kind in ("text", "upload"):
        matching = [verdict for verdict in verdicts if verdict.kind == kind]
        if matching:
            return min(matching, key=lambda verdict: (verdict.field != wanted, _rank(verdict.field)))
    many = [verdict for verdict in verdicts if verdict.many]
    if many:
        return many[0]
    return BOUNDED if any(verdict.kind == "bounded" for verdict in verdicts) else NONE


def _rank(field: str) -> int:
    return SPOKEN.index(field) if field in SPOKEN else len(SPOKEN)
