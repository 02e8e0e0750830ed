"""What Python code may write when the build runs it: a script of the repository, or code in the Dockerfile itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.image.commands import is_python
from aiaudit.model.image.filesystem import Filesystem, absolute
from aiaudit.model.scopes import walk_all
from aiaudit.model.tree import Tree
from aiaudit.sources.dockerfile.facts import Command, Heredoc


def blur_written(
    command: Command, folder: str | None, files: Filesystem, tree: Tree, heredocs: Iterable[Heredoc] = ()
) -> None:
    """Make every place unknown that a script names as an absolute path, every module that it names, and every file
    that code in the Dockerfile names."""
    if not is_python(command.name):
        return
    named = [text for text in _of_script(command, folder, files, tree) if text.startswith("/") or text.endswith(".py")]
    named += (text for text in _strings_in(given_code(command, heredocs)) if "/" in text or "." in text)
    for text in named:
        written = absolute(text, folder)
        if written is not None:
            files.blur(written)


def _of_script(command: Command, folder: str | None, files: Filesystem, tree: Tree) -> Iterator[str]:
    script = next((word.text for word in command.words[1:] if word.text.endswith(".py")), "")
    place = absolute(script, folder) if script else None
    source = files.source(place) if place is not None else None
    facts = tree.facts(source, "python") if source is not None else None
    yield from _names(facts[1] if facts is not None else ())


def given_code(command: Command, heredocs: Iterable[Heredoc]) -> str:
    """The code that an interpreter is given: after `-c`, or as a here-document where it is given nothing else."""
    words = list(command.arguments)
    if "-c" in words[:-1]:
        return words[words.index("-c") + 1]
    return "" if any(word != "-" for word in words) else "\n".join(heredoc.body for heredoc in heredocs)


def _strings_in(code: str) -> Iterator[str]:
    if code:
        from aiaudit.sources.python.extract import extract

        yield from _names(extract(code)[1])


def _names(statements: Iterable[object]) -> Iterator[str]:
    for node in walk_all(statements):
        text = node[2] if node[0] == "const" and isinstance(node[2], str) else ""
        if len(text) > 1 and not any(sign.isspace() for sign in text):
            yield text
