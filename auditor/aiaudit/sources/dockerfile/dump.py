"""The facts of a Dockerfile as plain JSON values, as `inspect` prints them."""

from __future__ import annotations

from typing import Any

from aiaudit.sources.dockerfile.facts import (
    Command,
    Comment,
    DockerfileFacts,
    Flag,
    Heredoc,
    Instruction,
    Pair,
    Problem,
    StageFacts,
    Word,
)
from aiaudit.span import Extent


def dump(facts: DockerfileFacts) -> dict[str, Any]:
    """All facts; `error` is what the parser stops at, `problems` also holds what the build refuses."""
    return {
        "error": next((problem.message for problem in facts.problems if problem.fatal), None),
        "escape": facts.escape,
        "directives": [{"name": name, "value": value} for name, value in facts.directives],
        "instructions": [_instruction(instruction) for instruction in facts.instructions],
        "stages": [_stage(stage) for stage in facts.stages],
        "comments": [_comment(comment) for comment in facts.comments],
        "problems": [_problem(problem) for problem in facts.problems],
    }


def _span(extent: Extent) -> dict[str, Any]:
    return {
        "start": {"line": extent.line, "column": extent.column},
        "end": {"line": extent.end_line, "column": extent.end_column},
    }


def _instruction(instruction: Instruction) -> dict[str, Any]:
    inner = instruction.trigger
    carrier = inner or instruction
    return {
        "cmd": instruction.keyword,
        "start": instruction.extent.line,
        "end": instruction.extent.end_line,
        "span": _span(instruction.extent),
        "flags": [_written_flag(flag) for flag in instruction.flags],
        "json": instruction.exec_form,
        "args": _arguments(carrier),
        "heredocs": [_heredoc(document) for document in carrier.heredocs],
        "flag_spans": [_span(flag.extent) for flag in instruction.flags],
        "words": [_word(word) for word in instruction.words],
        "pairs": [_pair(pair) for pair in instruction.pairs],
        "script": instruction.script,
        "interpreter": instruction.interpreter,
        "commands": [_command(command) for command in instruction.commands],
        "sub": inner.keyword if inner else None,
        "trigger": _instruction(inner) if inner else None,
    }


def _arguments(instruction: Instruction) -> list[str]:
    """The arguments in the order in which they are written."""
    if instruction.pairs:
        return [pair.key if pair.value is None else f"{pair.key}={pair.raw}" for pair in instruction.pairs]
    words = [word.text if instruction.exec_form else word.raw for word in instruction.words]
    return [*words, instruction.script] if instruction.script else words


def _written_flag(flag: Flag) -> str:
    return f"--{flag.name}" if flag.value is None else f"--{flag.name}={flag.value}"


def _word(word: Word) -> dict[str, Any]:
    return {"text": word.text, "raw": word.raw, "span": _span(word.extent)}


def _pair(pair: Pair) -> dict[str, Any]:
    return {"key": pair.key, "value": pair.value, "raw": pair.raw, "span": _span(pair.extent)}


def _heredoc(document: Heredoc) -> dict[str, Any]:
    return {
        "name": document.name,
        "expand": document.expand,
        "chomp": document.chomp,
        "fd": document.descriptor,
        "content": document.body,
        "span": _span(document.extent),
    }


def _command(command: Command) -> dict[str, Any]:
    return {
        "words": [_word(word) for word in command.words],
        "assignments": [_pair(pair) for pair in command.assignments],
        "operator": command.operator,
        "nested": command.nested,
        "redirects": list(command.redirects),
        "span": _span(command.extent),
    }


def _stage(stage: StageFacts) -> dict[str, Any]:
    return {
        "index": stage.index,
        "base": stage.base,
        "name": stage.name,
        "platform": stage.platform,
        "start": stage.start.extent.line,
        "end": stage.instructions[-1].extent.end_line,
    }


def _comment(comment: Comment) -> dict[str, Any]:
    return {"text": comment.text, "span": _span(comment.extent)}


def _problem(problem: Problem) -> dict[str, Any]:
    return {"message": problem.message, "fatal": problem.fatal, "span": _span(problem.extent)}
