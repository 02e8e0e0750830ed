"""What ShellCheck says about the shell scripts of images."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.service import Service
from aiaudit.span import Extent, Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class ShellRemark:
    """One remark: `code` is ShellCheck's id ("SC2086"), `level` its "error", "warning", "info" or "style"."""

    span: Span
    code: str
    level: str
    message: str

    @property
    def path(self) -> str:
        """The file that holds the script."""
        return self.span.path


def shell_remarks(service: Service) -> Iterator[ShellRemark]:
    """All remarks on RUN scripts, file by file."""
    from aiaudit.model.image.references import dockerfile_paths

    for path in dockerfile_paths(service):
        facts = service.tree.facts(path, "shellcheck")
        if facts is None:
            continue
        for code, level, message, *place in facts[1]:
            yield ShellRemark(Span.at(path, Extent(*place)), f"SC{code}", level, message)
