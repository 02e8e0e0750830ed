"""Programs that the application runs, as its sources say."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aiaudit.model.image.commands import commands_in, names_in, unwrapped
from aiaudit.model.image.needs import compiles_at_run_time, works_with_git

if TYPE_CHECKING:
    from aiaudit.model.image import Image

_RUNNING = names_in(
    "run Popen call check_call check_output getoutput getstatusoutput system popen which create_subprocess_exec"
    " create_subprocess_shell execv execve execvp execvpe spawnv spawnvp run_process open_process"
)
_COMPILERS = ("gcc", "cc", "g++", "c++", "ld", "as", "ar", "make", "ninja", "clang")


def executed(image: Image) -> dict[str, str]:
    """Names of programs and why they are needed: what the image starts, what scripts and Python sources call.

    Programs named by a variable are not seen; booting without them has to show that.
    """
    found: dict[str, str] = {}
    if image.command is not None:
        _note(found, (command.name for command in image.command.commands), image.path)
    if image.final.healthcheck is not None:
        _note(found, (command.name for command in image.final.healthcheck.commands), image.path)
    tree, files = image.service.tree, image.final.files
    for path in sorted({path for path in files.files.values() if path} if files else set()):
        if path.endswith(".py"):
            _note(found, python_programs(tree.text(path)), path)
        elif path.endswith((".sh", ".bash")):
            _note(found, (unwrapped(command).name for command in commands_in(tree.text(path))), path)
    if works_with_git(image):
        found.setdefault("git", "the service works with git repositories")
    if compiles_at_run_time(image):
        found = dict.fromkeys(_COMPILERS, "a dependency compiles while it runs") | found
    return found


def _note(found: dict[str, str], names: Iterable[str], path: str) -> None:
    for name in names:
        if name:
            found.setdefault(name, f"{path} runs {name}")


def python_programs(text: str) -> Iterator[str]:
    """The programs that calls of `subprocess`, `os.system`, `shutil.which` and their like name literally."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in _RUNNING:
            yield from _named(node.args[0])


def _named(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, (ast.List, ast.Tuple)) and argument.elts:
        argument = argument.elts[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value.rpartition("/")[2]
    elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield from _in_command(argument.value)
    elif isinstance(argument, ast.JoinedStr) and argument.values and isinstance(argument.values[0], ast.Constant):
        yield from _in_command(str(argument.values[0].value))


def _in_command(text: str) -> Iterator[str]:
    """The programs of a command line, those behind a pipe or a semicolon too."""
    for part in text.replace("&&", ";").replace("|", ";").split(";"):
        try:
            words = shlex.split(part)
        except ValueError:
            words = part.split()
        if words:
            yield words[0].rpartition("/")[2]
