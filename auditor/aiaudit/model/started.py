"""Scripts that deploy files start: by a Dockerfile, a compose file, a Procfile, a shell script or another script."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from aiaudit.model.compose import ComposeService, read_compose
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program, module_calls
from aiaudit.model.scopes import Call, walk
from aiaudit.model.values import Constant
from aiaudit.sources.deploy.yaml import YamlFacts
from aiaudit.sources.dockerfile.facts import Command, DockerfileFacts
from aiaudit.sources.python.facts import Expression

# Calls that start another process.
_STARTING = frozenset(
    ("run", "Popen", "call", "check_call", "check_output", "system", "popen", "create_subprocess_exec",
     "create_subprocess_shell", "execv", "execvp", "execl", "execlp", "spawnv", "startfile")
)  # fmt: skip
_PROCFILE = "Procfile"


def started_scripts(program: Program, evaluator: Evaluator) -> frozenset[str]:
    """The files of all of them, those included that these start themselves."""
    found: dict[str, None] = {}
    for folder, command in _commands(program):
        found.update(dict.fromkeys(filter(program.holds, _files_of(folder, command, program))))
    queue = list(found)
    for path in queue:  # grows while it is walked
        for other in _started_by(path, program, evaluator):
            if other not in found and program.holds(other):
                found[other] = None
                queue.append(other)
    return frozenset(found)


def _commands(program: Program) -> Iterator[tuple[str, Command]]:
    """Every command that a deploy file runs, with the folder of the repository that its files come from."""
    from aiaudit.model.image.commands import commands_in

    tree = program.tree
    for path in tree.files("dockerfile"):
        facts = tree.facts(path, "dockerfile")
        for instruction in facts.instructions if isinstance(facts, DockerfileFacts) else ():
            if instruction.keyword in ("CMD", "ENTRYPOINT"):
                yield from _opened(posixpath.dirname(path), instruction.commands, program)
    for path in tree.files("yaml"):
        facts = tree.facts(path, "yaml") if tree.mentions(path, ("services:",)) else None
        composed = read_compose(path, facts) if isinstance(facts, YamlFacts) else None
        for service in composed.services if composed is not None else ():
            folder = _context(path, service)
            for written in service.command if len(service.command) == 1 else (" ".join(service.command),):
                yield from _opened(folder, commands_in(written), program)
    for path in tree.files():
        if posixpath.basename(path) == _PROCFILE:
            for line in tree.text(path).splitlines():
                yield from _opened(posixpath.dirname(path), commands_in(line.partition(":")[2].strip()), program)


def _context(path: str, service: ComposeService) -> str:
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), service.context or "."))
    return "" if folder in (".", "/") or folder.startswith("..") else folder


def _opened(folder: str, commands: Iterable[Command], program: Program) -> Iterator[tuple[str, Command]]:
    """Commands without wrappers; those of the repository's shell scripts as if they stood there themselves."""
    from aiaudit.model.image.commands import commands_in, is_shell, unwrapped

    for command in commands:
        plain = unwrapped(command)
        words = [word.text for word in plain.words]
        if is_shell(plain) and "-c" in words[1:-1]:
            yield from _opened(folder, commands_in(words[words.index("-c") + 1]), program)
            continue
        for path in _shell_scripts(folder, words, program):
            yield from ((folder, unwrapped(inner)) for inner in commands_in(program.tree.text(path)))
        yield folder, plain


def _shell_scripts(folder: str, words: list[str], program: Program) -> Iterator[str]:
    """The repository's shell script that a command runs, itself or by a shell."""
    script = next((word for word in words[:2] if word.endswith((".sh", ".bash"))), None)
    if script is not None:
        yield from _found(folder, script, program.tree.files())


def entry_scripts(program: Program) -> frozenset[str]:
    """The shell scripts that containers of the repository start with."""
    from aiaudit.model.image.commands import unwrapped

    found: set[str] = set()
    for path in program.tree.files("dockerfile"):
        facts = program.tree.facts(path, "dockerfile")
        for instruction in facts.instructions if isinstance(facts, DockerfileFacts) else ():
            for command in instruction.commands if instruction.keyword in ("CMD", "ENTRYPOINT") else ():
                words = [word.text for word in unwrapped(command).words]
                found.update(_shell_scripts(posixpath.dirname(path), words, program))
    return frozenset(found)


def _files_of(folder: str, command: Command, program: Program) -> Iterator[str]:
    """The files of the repository that a command runs."""
    from aiaudit.model.image.programs import server_of

    server = server_of(command, None, {}) if command.words else None
    if server is None:
        return
    if server.kind == "script":
        yield from _found(folder, server.target.partition(" ")[0], program.paths)
    elif server.module:
        place = server.module.replace(".", "/")
        for name in (f"{place}.py", f"{place}/__main__.py", f"{place}/__init__.py"):
            yield from _found(folder, name, program.paths)


def _found(folder: str, written: str, paths: Iterable[str]) -> Iterator[str]:
    """The file that a path inside of an image, or relative to a script, means: the first folders may differ there."""
    parts = [part for part in written.split("/") if part not in ("", ".", "..") and "$" not in part]
    known = paths if isinstance(paths, (set, frozenset)) else set(paths)
    for first in range(len(parts)):
        name = posixpath.join(folder, *parts[first:])
        if name in known:
            yield name
            return
    ends = f"/{posixpath.join(*parts)}" if parts else ""
    matches = [path for path in known if ends and f"/{path}".endswith(ends)]
    if len(matches) == 1:
        yield matches[0]


def _started_by(path: str, program: Program, evaluator: Evaluator) -> Iterator[str]:
    """`subprocess.run([sys.executable, "ui.py"])`: the scripts that a script names to calls that start something."""
    module = program.load(path)
    for call in module_calls(module) if module is not None else ():
        for argument in call.arguments[:1] if call.name in _STARTING else ():
            for text in _texts(argument, call, evaluator):
                for word in text.split():
                    if word.endswith(".py"):
                        yield from _found(posixpath.dirname(path), word, program.paths)


def _texts(argument: Expression, call: Call, evaluator: Evaluator) -> Iterator[str]:
    """The texts in an argument, written out or under a name."""
    for part in walk(argument):
        values = evaluator.evaluate(part, call.scope) if part[0] in ("const", "name") else ()
        yield from (value.value for value in values if isinstance(value, Constant) and isinstance(value.value, str))
