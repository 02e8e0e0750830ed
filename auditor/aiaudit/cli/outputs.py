"""What commands share that write reports: `--output FORMAT=FILE`, and the messages on stderr."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from aiaudit.results import Diagnostic
from aiaudit.settings import UsageError


def wanted(text: str, formats: Sequence[str]) -> tuple[str, str]:
    """Format and file of `FORMAT=FILE`."""
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise UsageError(f"--output {text}: write FORMAT=FILE")
    if name not in formats:
        raise UsageError(f"--output {text}: {name!r} is none of {', '.join(formats)}")
    return name, path


def replace_file(path: str, data: bytes) -> None:
    """Put a report in place at once: a reader never sees half of it."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as stream:
            stream.write(data)
        os.replace(temporary, path)
    except OSError as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise UsageError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def incomplete(what: str, diagnostics: Iterable[Diagnostic]) -> list[str]:
    """The last line on stderr, where there is an error: why something was not looked at."""
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.level == "error"]
    if not errors:
        return []
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return [f"aiaudit: incomplete {what}: {_place(errors[0].path, errors[0].line)}{errors[0].message}{more}"]


def told(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """One line a diagnostic; the same message about many files is said once."""
    by_message: dict[tuple[str, str], list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        by_message.setdefault((diagnostic.level, diagnostic.message), []).append(diagnostic)
    return [
        f"{level}: {_place(same[0].path, same[0].line)}{message}"
        + (f" (and {len(same) - 1} more file{'s' * (len(same) > 2)})" if len(same) > 1 else "")
        for (level, message), same in by_message.items()
    ]


def _place(path: str, line: int) -> str:
    if not path:
        return ""
    return f"{path}:{line}: " if line else f"{path}: "
