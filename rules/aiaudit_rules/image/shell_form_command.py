"""The server is a child of a shell that does not pass signals on.

## What it does
Flags the command that the image starts (CMD, or ENTRYPOINT) when a shell stays in front of the program: shell form,
or JSON form that calls `sh -c` itself, without `exec` before the last program.

Not flagged: `exec program ...`; an init that signals the whole group (`tini -g`, `dumb-init`); a SHELL instruction
with bash or another shell of one's own. Where `/bin/sh` of the base image is bash (Red Hat and its relatives) or
busybox (Alpine), which give their place to the last command, shell form has low severity and `sh -c` in JSON form is
fine. Images of Windows have neither that shell nor that signal.

## Why is this bad
Process 1 is then `/bin/sh`. dash, the `/bin/sh` of Debian and Ubuntu, neither handles SIGTERM nor passes it on, so
`docker stop` and every rolling update wait for the grace period (10 s, 30 s in Kubernetes) and then kill the server
in the middle of its answers: streams break, and shutdown code never runs.

## Example
```dockerfile
FROM python:3.13-slim
USER 1000
CMD uvicorn app.main:app --host 0.0.0.0 --port $PORT
```

## Use instead
```dockerfile
FROM python:3.13-slim
USER 1000
CMD ["sh", "-c", "exec uvicorn app.main:app --host 0.0.0.0 --port $PORT"]
```

Without variables, name the program and its arguments: `CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]`.

## References
- https://docs.docker.com/reference/build-checks/json-args-recommended/
- https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiaudit.finding import Confidence, Finding, Severity
from aiaudit.model.image import Image
from aiaudit.model.image.origins import ASH, BASH, default_shell
from aiaudit.rule import MEDIUM, Rule
from aiaudit.sources.dockerfile.facts import Command, Instruction
from aiaudit.sources.dockerfile.programs import SHELLS, base_name, inline_script, program_index
from aiaudit.span import Extent
from aiaudit_rules.image.hygiene import arguments_of, is_beside_the_service, is_malformed_json

rule = Rule(
    id="IMG402",
    name="shell-form-command",
    summary="The server is a child of a shell that does not pass signals on",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3025", "JSONArgsRecommended", "b86987e1", "prefer-json-notation", "ID.20012"),
)

_DEFAULT_SHELL = ("/bin/sh", "-c")
_GROUP_SIGNALS = frozenset({"dumb-init", "catatonit", "s6-svscan", "runsvdir", "supervisord", "circusd", "pm2-runtime"})


@rule.check(Image)
def shell_form_command(image: Image) -> Iterator[Finding]:
    """The instruction that starts the server."""
    stage, started = image.final, image.command
    if stage.is_windows or is_beside_the_service(image) or started is None or is_malformed_json(started.instruction):
        return
    if stage.entrypoint is not None and _signals_group(stage.entrypoint):
        return
    instruction = started.instruction
    if instruction.exec_form:
        yield from _in_json_form(image, instruction)
    elif instruction.script.strip() and stage.shell == _DEFAULT_SHELL and not _replaces_shell(instruction.commands):
        ignored = stage.command if instruction is stage.entrypoint else None
        gives_way = default_shell(stage) in (ASH, BASH)
        program = _program(instruction.commands)
        if gives_way:
            effect = f"{program} gets signals only because this image's /bin/sh gives way to it"
        else:
            effect = f"/bin/sh stands before {program} and does not pass on SIGTERM"
        yield rule.at(
            image.span(arguments_of(instruction)),
            f"{instruction.keyword} in shell form: {effect}"
            + (f"; CMD in line {ignored.extent.line} is ignored" if ignored else ""),
            help=_remedy(instruction),
            severity=Severity.LOW if gives_way else None,
        )


def _in_json_form(image: Image, instruction: Instruction) -> Iterator[Finding]:
    """`["sh", "-c", "server ..."]`: the same thing in other clothes."""
    words = [word.text for word in instruction.words]
    script = inline_script(words)
    if script is None or base_name(words[program_index(words)]) not in SHELLS - {"bash", "zsh", "ksh", "mksh"}:
        return
    inner = [command for command in instruction.commands if _is_inside(command, instruction.words[script].extent)]
    if not inner or _replaces_shell(inner) or default_shell(image.final) in (ASH, BASH):
        return
    yield rule.at(
        image.span(instruction.words[script].extent),
        f"`{words[program_index(words)]} -c` stands before {_program(inner)} and does not pass on SIGTERM",
        help=f"write `exec` before the last program: {_with_exec(inner)}",
        confidence=Confidence.MEDIUM,
    )


def _is_inside(command: Command, extent: Extent) -> bool:
    return extent[:2] <= command.extent[:2] and command.extent[2:] <= extent[2:]


def _signals_group(entrypoint: Instruction) -> bool:
    """Whether an init of the image signals every process of the group."""
    if not entrypoint.exec_form or not entrypoint.words:
        return False
    words = [word.text for word in entrypoint.words]
    if base_name(words[0]) in ("tini", "tini-static"):
        return "-g" in words or "-vg" in words
    return base_name(words[0]) in _GROUP_SIGNALS


def _replaces_shell(commands: Sequence[Command]) -> bool:
    """Whether the shell gives its place to the program: `exec` with one, at the end or in a branch."""
    return any(command.name == "exec" and len(command.words) > 1 for command in commands)


def _program(commands: Sequence[Command]) -> str:
    named = [command for command in commands if command.words]
    return named[-1].name if named else "the program"


def _remedy(instruction: Instruction) -> str:
    commands = instruction.commands
    if len(commands) == 1 and _is_plain(commands[0]):
        words = _as_json([word.text for word in commands[0].words])
        return f"name the program and its arguments: {instruction.keyword} {words}"
    return (
        f"keep the shell and let it hand over to the server: {instruction.keyword} {_json_shell(commands, instruction)}"
    )


def _is_plain(command: Command) -> bool:
    """Whether a command means the same without a shell."""
    words = [word.raw for word in command.words]
    return not command.assignments and not command.redirects and not any(set("$`*?~{[") & set(word) for word in words)


def _json_shell(commands: Sequence[Command], instruction: Instruction) -> str:
    if len(commands) == 1 and not commands[0].assignments:
        return _as_json(["sh", "-c", f"exec {instruction.script.strip()}"])
    return '["sh", "-c", "... && exec ..."]'


def _with_exec(commands: Sequence[Command]) -> str:
    last = [command for command in commands if command.words][-1:]
    return f"exec {last[0].words[0].raw} ..." if last else "exec ..."


def _as_json(words: list[str]) -> str:
    import json  # here, as hardly any audit has something to write in it

    return json.dumps(words, ensure_ascii=False)
