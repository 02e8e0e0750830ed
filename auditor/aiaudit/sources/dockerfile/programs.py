"""Programs that start another program: which word of a command is the one that really runs."""

from __future__ import annotations

from collections.abc import Sequence

from aiaudit.values import dataclass

SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"})
"""Shells whose scripts are read."""


@dataclass(frozen=True, slots=True)
class Wrapper:
    """How a program is called that runs the rest of its arguments.

    `valued` are its options that take the next word, `operands` how many words precede the command, `verb` the
    subcommand that makes it run one (`poetry run`).
    """

    valued: frozenset[str] = frozenset()
    operands: int = 0
    verb: str = ""


def _wrapper(valued: str = "", operands: int = 0, verb: str = "") -> Wrapper:
    return Wrapper(frozenset(valued.split()), operands, verb)


WRAPPERS: dict[str, Wrapper] = {
    "busybox": _wrapper(),
    "catatonit": _wrapper(),
    "chpst": _wrapper("-u -U -e -n -d -o -p -f -c -t -P"),
    "chroot": _wrapper(operands=1),
    "chrt": _wrapper(operands=1),
    "command": _wrapper(),
    "conda": _wrapper("-n --name -p --prefix --cwd", verb="run"),
    "ddtrace-run": _wrapper(),
    "doas": _wrapper("-u -C"),
    "doppler": _wrapper("-p --project -c --config -t --token", verb="run"),
    "dumb-init": _wrapper("-r --rewrite"),
    "env": _wrapper("-u --unset -C --chdir"),
    "exec": _wrapper("-a"),
    "fixuid": _wrapper(),
    "gosu": _wrapper(operands=1),
    "hatch": _wrapper("-e --env", verb="run"),
    "infisical": _wrapper("--env --path --projectId --token", verb="run"),
    "ionice": _wrapper("-c --class -n --classdata"),
    "jemalloc.sh": _wrapper(),
    "mamba": _wrapper("-n --name -p --prefix --cwd", verb="run"),
    "micromamba": _wrapper("-n --name -p --prefix --cwd", verb="run"),
    "newrelic-admin": _wrapper(verb="run-program"),
    "nice": _wrapper("-n --adjustment"),
    "nohup": _wrapper(),
    "numactl": _wrapper("-m -N -C"),
    "op": _wrapper("--env-file", verb="run"),
    "opentelemetry-instrument": _wrapper("--traces_exporter --metrics_exporter --logs_exporter --service_name"),
    "pdm": _wrapper("-p --project", verb="run"),
    "pipenv": _wrapper(verb="run"),
    "pixi": _wrapper("-e --environment --manifest-path", verb="run"),
    "poetry": _wrapper("-C --directory -P --project", verb="run"),
    "rye": _wrapper(verb="run"),
    "setpriv": _wrapper("--reuid --regid --groups"),
    "setsid": _wrapper(),
    "stdbuf": _wrapper("-i -o -e --input --output --error"),
    "su-exec": _wrapper(operands=1),
    "sudo": _wrapper("-u --user -g --group -h -p -C -D -R -T -r -t"),
    "time": _wrapper("-f --format -o --output"),
    "timeout": _wrapper("-k --kill-after -s --signal", operands=1),
    "tini": _wrapper("-e -p -l"),
    "tini-static": _wrapper("-e -p -l"),
    "uv": _wrapper("--extra --group --with --package --project --directory -p --python --env-file", verb="run"),
    "xargs": _wrapper("-n -P -I -L -d -a -s -E --max-args --max-procs --replace --delimiter --arg-file"),
    "xvfb-run": _wrapper("-s --server-args -n --server-num -e --error-file -f --auth-file"),
}


def program_index(words: Sequence[str]) -> int:
    """The index of the word that really runs, behind `sudo -E`, `env A=1`, `tini --`, `poetry run` and their like."""
    index = 0
    while index < len(words):
        wrapper = WRAPPERS.get(base_name(words[index]))
        following = None if wrapper is None else _behind(words, index + 1, wrapper)
        if following is None or following >= len(words):
            return index
        index = following
    return 0


def base_name(word: str) -> str:
    """A program without its folder."""
    return word.rsplit("/", 1)[-1]


def inline_script(words: Sequence[str]) -> int | None:
    """The index of the word that a shell runs as a script (`bash -lc "..."`, `su app -c "..."`)."""
    start = program_index(words)
    if start >= len(words):
        return None
    name = base_name(words[start])
    if name in ("su", "runuser"):
        return _after(words, start + 1, ("-c", "--command"))
    if name not in SHELLS:
        return None
    index = start + 1
    while index < len(words) and words[index][:1] in ("-", "+") and len(words[index]) > 1:
        word = words[index]
        if not word.startswith("--") and "c" in word[1:]:
            return index + 1 if index + 1 < len(words) else None
        index += 2 if word in ("-o", "+o", "--rcfile", "--init-file") else 1
    return None


def reads_script(words: Sequence[str]) -> bool:
    """Whether a shell reads its script from standard input."""
    start = program_index(words)
    if start >= len(words) or base_name(words[start]) not in SHELLS:
        return False
    rest = [word for word in words[start + 1 :] if not word.startswith("-") or word in ("-s", "-")]
    return inline_script(words) is None and (not rest or rest[0] in ("-s", "-"))


def _after(words: Sequence[str], start: int, options: tuple[str, ...]) -> int | None:
    for index in range(start, len(words) - 1):
        if words[index] in options:
            return index + 1
    return None


def _behind(words: Sequence[str], index: int, wrapper: Wrapper) -> int | None:
    """Where the wrapped command begins."""
    if wrapper.verb:
        found = _skip_options(words, index, wrapper)
        if found >= len(words) or words[found] != wrapper.verb:
            return None
        index = found + 1
    index = _skip_options(words, index, wrapper)
    for _ in range(wrapper.operands):
        index = _skip_options(words, index + 1, wrapper)
    return index


def _skip_options(words: Sequence[str], index: int, wrapper: Wrapper) -> int:
    while index < len(words):
        word = words[index]
        if word == "--":
            return index + 1
        if word in wrapper.valued:
            index += 2
        elif word.startswith("-") or _is_assignment(word):
            index += 1
        else:
            break
    return index


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()
