"""Shell scripts as simple commands, read with the grammar of tree-sitter-bash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiaudit.sources.dockerfile.facts import Command, Pair, Word
from aiaudit.sources.dockerfile.grammar import character_indexes, document_behind_program, parser
from aiaudit.sources.dockerfile.located import Located
from aiaudit.sources.dockerfile.programs import inline_script, reads_script
from aiaudit.sources.dockerfile.quoting import segments, unquoted

if TYPE_CHECKING:
    from tree_sitter import Node

_OPERATORS = (
    {"|&": "|"}
    | dict.fromkeys(("\n", ";;", ";&", ";;&"), ";")
    | {joins: joins for joins in ("&&", "||", "|", ";", "&")}
)
_SAME_LEVEL = frozenset({"program", "pipeline", "compound_statement", "negated_command"})
_REDIRECTS = frozenset({"file_redirect", "herestring_redirect"})
_TEST_OPERANDS = frozenset({"unary_expression", "binary_expression", "negated_expression", "parenthesized_expression"})
_LINE = frozenset({"command", "list", "pipeline", "negated_command", "declaration_command", "test_command"})
_DEEPEST = 120
_LONGEST = 400_000
_MOST_DOCUMENTS = 100


def script_commands(script: Located, *, nested: bool = False, depth: int = 0) -> list[Command]:
    """The simple commands of a script in the order in which they run, those of substitutions before their user."""
    if depth > 5 or len(script.text) > _LONGEST or _opens_too_many(script.text):
        return []
    reader = _Reader(document_behind_program(script), depth)
    reader.visit(parser().parse(reader.data).root_node, "", nested)
    return reader.commands


def _opens_too_many(text: str) -> bool:
    """Whether a line opens more here-documents than the grammar gets through in a time that is worth it."""
    return text.count("<<") > _MOST_DOCUMENTS and any(line.count("<<") > _MOST_DOCUMENTS for line in text.split("\n"))


def argument_commands(words: list[Located], raws: list[str]) -> list[Command]:
    """The command of a JSON form, and those of a script that it gives to a shell."""
    if not words or not words[0].text:
        return []
    made = tuple(Word(word.text, raw, word.extent(0, len(word.text))) for word, raw in zip(words, raws, strict=True))
    extent = made[0].extent._replace(end_line=made[-1].extent.end_line, end_column=made[-1].extent.end_column)
    commands = [Command(made, (), "", False, (), extent)]
    script = inline_script([word.text for word in words])
    if script is not None:
        commands += script_commands(words[script], depth=1)
    return commands


class _Reader:
    """Collects the commands of one script."""

    def __init__(self, script: Located, depth: int) -> None:
        self.script = script
        self.text = script.text
        self.depth = depth
        self.level = 0
        self.commands: list[Command] = []
        self.may_substitute = "$(" in self.text or "`" in self.text or "<(" in self.text
        self.data = self.text.encode("utf-8", "surrogatepass")
        self.characters: list[int] | None = None
        if len(self.data) != len(self.text):
            self.characters = character_indexes(self.text)

    def span(self, node: Node) -> tuple[int, int]:
        """First character and end of a node."""
        if self.characters is None:
            return node.start_byte, node.end_byte
        return self.characters[node.start_byte], self.characters[node.end_byte]

    def visit(self, node: Node, operator: str, nested: bool) -> None:
        """Add the commands of a node; `operator` joins its first one to what was before."""
        kind = node.type
        if kind == "command":
            self._command(node, operator, nested)
        elif kind == "list":
            self._list(node, operator, nested)
        elif kind == "redirected_statement":
            self._redirected(node, operator, nested)
        elif kind in ("declaration_command", "unset_command"):
            self._emit([self.span(child) for child in node.children], [], operator, nested, node)
        elif kind == "test_command":
            self._test(node, operator, nested)
        elif kind in ("variable_assignment", "variable_assignments"):
            self._assignments(node, operator, nested)
        elif kind != "comment" and self.level < _DEEPEST:
            self.level += 1
            self._sequence(node.children, operator, nested or kind not in _SAME_LEVEL)
            self.level -= 1

    def _sequence(self, children: list[Node], operator: str, nested: bool) -> None:
        for child in children:
            joins = _OPERATORS.get(child.type)
            if joins is not None:
                operator = joins
            elif child.is_named:
                before = len(self.commands)
                self.visit(child, operator, nested)
                if len(self.commands) > before:
                    operator = ";"

    def _list(self, node: Node, operator: str, nested: bool) -> None:
        # a && b && c leans to the left: walked without recursion, chains are long
        pending: list[list[Node]] = []
        while node.type == "list":
            children = node.children
            pending.append(children[1:])
            node = children[0]
        self.visit(node, operator, nested)
        for children in reversed(pending):
            self._sequence(children, ";", nested)

    def _substitutions(self, node: Node) -> None:
        """Commands inside `$(...)`, backquotes and `<(...)` of a word."""
        if not self.may_substitute or node.child_count == 0:
            return
        if node.type in ("command_substitution", "process_substitution"):
            self.visit(node, ";", True)
            return
        if self.level < _DEEPEST:
            self.level += 1
            for child in node.children:
                self._substitutions(child)
            self.level -= 1

    def _command(self, node: Node, operator: str, nested: bool) -> None:
        spans: list[tuple[int, int]] = []
        assignments: list[Node] = []
        redirects: list[str] = []
        for child in node.children:
            kind = child.type
            if kind == "variable_assignment":
                assignments.append(child)
            elif kind in _REDIRECTS:
                redirects.append(self._raw(child))
            else:
                self._add_word(spans, self.span(child))
            self._substitutions(child)
        self._emit(spans, assignments, operator, nested, node, tuple(redirects))

    def _add_word(self, spans: list[tuple[int, int]], span: tuple[int, int]) -> None:
        """Add a word, or lengthen the last one: the grammar splits words at quoted blanks."""
        if spans:
            end = spans[-1][1]
            gap = self.text[end : span[0]]
            if not gap or (gap[0] == "\\" and gap[1:2] != "\n"):
                spans[-1] = (spans[-1][0], span[1])
                return
        spans.append(span)

    def _test(self, node: Node, operator: str, nested: bool) -> None:
        spans: list[tuple[int, int]] = []

        def collect(parent: Node) -> None:
            for child in parent.children:
                if child.type in _TEST_OPERANDS and self.level < _DEEPEST:
                    self.level += 1
                    collect(child)
                    self.level -= 1
                else:
                    spans.append(self.span(child))
                    self._substitutions(child)

        collect(node)
        self._emit(spans, [], operator, nested, node)

    def _assignments(self, node: Node, operator: str, nested: bool) -> None:
        found = [node] if node.type == "variable_assignment" else node.children
        for child in found:
            self._substitutions(child)
        self._emit([], [child for child in found if child.type == "variable_assignment"], operator, nested, node)

    def _redirected(self, node: Node, operator: str, nested: bool) -> None:
        children = node.children
        before = len(self.commands)
        body = next((child for child in children if child.type not in _REDIRECTS | {"heredoc_redirect"}), None)
        if body is not None:
            self.visit(body, operator, nested)
        redirects: list[str] = []
        documents: list[Node] = []
        for child in children:
            if child.type == "heredoc_redirect":
                documents.append(child)
                redirects += [self._raw(part) for part in child.children if part.type in _REDIRECTS]
            elif child.type in _REDIRECTS:
                redirects.append(self._raw(child))
                self._substitutions(child)
        own = slice(len(self.commands) - 1, None) if body is not None and body.type in _LINE else slice(before, None)
        if len(self.commands) > before:
            self.commands[own] = [_with_redirects(command, redirects) for command in self.commands[own]]
        user = self.commands[-1] if len(self.commands) > before else None
        for document in documents:
            self._document(document, user, nested)

    def _document(self, node: Node, user: Command | None, nested: bool) -> None:
        """A here-document: what follows it on its line, and its body if a shell reads it."""
        operator = ";"
        for child in node.children:
            kind = child.type
            if kind == "heredoc_body":
                if user is not None and reads_script([word.text for word in user.words]):
                    body = self.script.slice(*self.span(child))
                    self.commands += script_commands(body, nested=nested, depth=self.depth + 1)
                else:
                    self._substitutions(child)
            elif kind in _OPERATORS:
                operator = _OPERATORS[kind]
            elif child.is_named and kind not in _REDIRECTS and kind not in ("heredoc_start", "heredoc_end"):
                self.visit(child, operator, nested)

    def _emit(
        self,
        spans: list[tuple[int, int]],
        assignments: list[Node],
        operator: str,
        nested: bool,
        node: Node,
        redirects: tuple[str, ...] = (),
    ) -> None:
        words = tuple(self._word(start, end) for start, end in spans)
        pairs = tuple(self._pair(child) for child in assignments)
        extent = self.script.extent(*self.span(node))
        self.commands.append(Command(words, pairs, operator, nested, redirects, extent))
        if len(words) < 2:
            return
        script = inline_script([word.text for word in words])
        if script is not None and self.depth < 5:
            start, end = spans[script]
            inner = self.script.segments(start, segments(self.text[start:end]))
            self.commands += script_commands(inner, nested=nested, depth=self.depth + 1)

    def _word(self, start: int, end: int) -> Word:
        raw = self.text[start:end]
        return Word(unquoted(raw), raw, self.script.extent(start, end))

    def _pair(self, node: Node) -> Pair:
        start, end = self.span(node)
        key, _, raw = self.text[start:end].partition("=")
        return Pair(key, unquoted(raw), self.script.extent(start, end), raw)

    def _raw(self, node: Node) -> str:
        return self.text[slice(*self.span(node))]


def _with_redirects(command: Command, redirects: list[str]) -> Command:
    return Command(
        command.words,
        command.assignments,
        command.operator,
        command.nested,
        command.redirects + tuple(redirects),
        command.extent,
    )
