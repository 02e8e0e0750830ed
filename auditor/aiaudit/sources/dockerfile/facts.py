"""What one Dockerfile says, with exact spans. Values only; `parse.py` makes them."""

from __future__ import annotations

from aiaudit.sources.dockerfile.keywords import KEYWORDS
from aiaudit.span import Extent
from aiaudit.values import dataclass

PLACEHOLDERS = ("{{", "{%", "<%", "@@")
"""What begins a placeholder in the common template languages."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as the builder sees it: `text` without quotes and escapes (variables unexpanded), `raw` as written."""

    text: str
    raw: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class Flag:
    """An instruction flag such as `--from=builder`; `value` is None for a bare `--link`."""

    name: str
    value: str | None
    extent: Extent


@dataclass(frozen=True, slots=True)
class Pair:
    """One `key=value` of ARG, ENV or LABEL; an ARG without default has value None.

    `raw` is the value as written: variables are to be expanded in it, not in `value`, which has lost its quotes.
    """

    key: str
    value: str | None
    extent: Extent
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A here-document: its body, whether variables expand in it, and the body's place.

    `chomp` is true for `<<-`, which drops the tabs that begin a line; `body` still has them.
    """

    name: str
    body: str
    expand: bool
    extent: Extent
    chomp: bool = False
    descriptor: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command of a shell script.

    `words` are the command's words after assignments (first is the program); `assignments` are `NAME=value` prefixes;
    `operator` is what joins it to the previous command: "", "&&", "||", ";", "|", "&".
    `nested` is true inside a subshell, substitution, function, condition or loop; the script of a `sh -c` is as nested
    as its shell. A word that holds an expansion keeps it as written.
    """

    words: tuple[Word, ...]
    assignments: tuple[Pair, ...]
    operator: str
    nested: bool
    redirects: tuple[str, ...]
    extent: Extent

    @property
    def name(self) -> str:
        """The program, without its folder."""
        return self.words[0].text.rsplit("/", 1)[-1] if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after the program."""
        return tuple(word.text for word in self.words[1:])


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. `keyword` is upper case; `words` are its arguments after the flags.

    RUN, CMD, ENTRYPOINT (and HEALTHCHECK's CMD): `exec_form` tells JSON form, whose strings are `words`; in shell form
    `script` is what the shell gets, line continuations resolved and here-documents filled in. `commands` is what runs,
    in either form, scripts given to `sh -c` opened; empty where the shell is not of the Bourne family. `interpreter` is
    the program that a here-document run as a file names in its first line. HEALTHCHECK's first word is CMD or NONE.
    USER, WORKDIR, STOPSIGNAL and MAINTAINER have one word, whatever blanks it holds. `raw` is the text of the file
    from the first to the last line. `trigger` is ONBUILD's inner instruction.
    """

    keyword: str
    extent: Extent
    raw: str
    flags: tuple[Flag, ...] = ()
    words: tuple[Word, ...] = ()
    pairs: tuple[Pair, ...] = ()
    exec_form: bool = False
    script: str = ""
    commands: tuple[Command, ...] = ()
    heredocs: tuple[Heredoc, ...] = ()
    trigger: Instruction | None = None
    interpreter: str = ""

    def flag(self, name: str) -> str | None:
        """The first value of a flag, "" for a bare one, None if absent."""
        for flag in self.flags:
            if flag.name == name:
                return flag.value or ""
        return None

    def flag_values(self, name: str) -> tuple[str, ...]:
        """All values of a flag that may be given several times (`--mount`)."""
        return tuple(flag.value or "" for flag in self.flags if flag.name == name)


@dataclass(frozen=True, slots=True)
class StageFacts:
    """A build stage: its FROM and what follows.

    `base` is FROM's image as written, `name` the alias after AS in lower case, as the builder compares it.
    """

    index: int
    base: str
    name: str | None
    platform: str | None
    instructions: tuple[Instruction, ...]

    @property
    def start(self) -> Instruction:
        """The FROM instruction."""
        return self.instructions[0]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment line, `#` left out."""

    text: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the file that BuildKit would refuse, or that could not be read.

    `fatal` ones stop its parser; the others make the build refuse an instruction. `kind` names those that rules of
    their own are about: "heredoc" (not closed, so that the rest of the file is in it), "stage" (an instruction ahead
    of the first FROM), "trigger" (what ONBUILD may not hold).
    """

    message: str
    extent: Extent
    fatal: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class DockerfileFacts:
    """A parsed Dockerfile. `directives` are the parser's, such as ("syntax", "docker/dockerfile:1").

    `preamble` holds what comes before the first FROM: ARGs, and in a file without FROM all of its instructions.
    """

    directives: tuple[tuple[str, str], ...]
    escape: str
    preamble: tuple[Instruction, ...]
    stages: tuple[StageFacts, ...]
    comments: tuple[Comment, ...]
    problems: tuple[Problem, ...]

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """All instructions in file order."""
        return self.preamble + tuple(i for stage in self.stages for i in stage.instructions)

    @property
    def is_template(self) -> bool:
        """Whether the file is a template that another program makes the Dockerfile of."""
        if any(instruction.raw.lstrip().startswith(PLACEHOLDERS) for instruction in self.instructions):
            return True
        return any(mark in stage.base for stage in self.stages for mark in PLACEHOLDERS)

    @property
    def is_other_language(self) -> bool:
        """Whether most of the file is nothing that a Dockerfile could hold."""
        known = [instruction.keyword in KEYWORDS for instruction in self.instructions]
        return 2 * sum(known) < len(known)

    @property
    def unread(self) -> Problem | None:
        """Why part of the file could not be looked at; None where every instruction was, even one that is refused."""
        if not self.problems:
            return None
        if self.is_template or self.is_other_language or not self.instructions:
            return self.problems[0]
        return next((problem for problem in self.problems if problem.kind == "heredoc"), None)
