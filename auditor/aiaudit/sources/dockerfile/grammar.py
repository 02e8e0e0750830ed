"""The grammar of tree-sitter-bash, and what a script needs before it is given to it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from aiaudit.sources.dockerfile.located import Located

if TYPE_CHECKING:
    from tree_sitter import Parser


@functools.cache
def parser() -> Parser:
    """The parser, made once."""
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def document_behind_program(script: Located) -> Located:
    """`<<EOF bash -e` as `bash <<EOF -e`, which means the same: the grammar knows no other order."""
    line = script.text.partition("\n")[0]
    if not line.startswith("<<"):
        return script
    name = len(line) - len(line[2:].lstrip("- \t"))
    end = name + len(line[name:].split(maxsplit=1)[0]) if line[name:].strip() else len(line)
    program = len(line) - len(line[end:].lstrip())
    if program >= len(line):
        return script
    behind = program + len(line[program:].split(maxsplit=1)[0])
    blank = Located.at(" ", *script.position(0))
    parts = [script.slice(program, behind), blank, script.slice(0, end), script.slice(behind, len(script.text))]
    return Located.join([part for part in parts if part.text])


def character_indexes(text: str) -> list[int]:
    """For each byte of the encoded text the index of its character."""
    indexes: list[int] = []
    for index, char in enumerate(text):
        indexes.extend([index] * len(char.encode("utf-8", "surrogatepass")))
    indexes.append(len(text))
    return indexes
