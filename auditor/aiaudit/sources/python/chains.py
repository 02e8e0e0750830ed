"""How deep a text nests, measured before it is given to a parser that recurses without a check of its own."""

from __future__ import annotations

import re

from aiaudit.patterns import regex

_TOKEN = regex(
    r"""(?P<string>'''.*?'''|\"{3}.*?\"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|\#[^\n]*|\\\n"""
    r"""|(?P<open>[\[({])|(?P<close>[\])}])|(?P<comma>,)|(?P<end>\n)|\w+|[^\s\w]""",
    re.DOTALL,
)


def is_entangled(text: str, nesting: int, chain: int) -> bool:
    """Whether brackets nest deeper than `nesting` or more than `chain` operands and operators follow each other."""
    lengths = [0]  # of the chain since the last comma, for each open bracket
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            lengths.append(0)
        elif kind == "close":
            if len(lengths) > 1:
                lengths.pop()
            lengths[-1] += 1
        elif kind == "comma" or (kind == "end" and len(lengths) == 1):
            lengths[-1] = 0
        elif kind != "end":
            lengths[-1] += 1
        if len(lengths) > nesting or lengths[-1] > chain:
            return True
    return False
