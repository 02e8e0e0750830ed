"""Server processes of the repository's own application."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from aiaudit.kinds import may_state_images
from aiaudit.model.service import Service
from aiaudit.values import dataclass

if TYPE_CHECKING:
    from aiaudit.model.image.filesystem import Filesystem
    from aiaudit.model.image.values import Server


@dataclass(frozen=True, slots=True, eq=False)
class ServedApplication:
    """A server process and the application in it.

    `path` is the module that the server imports, `modules` all files behind it. `names` are the compose services that
    run it, `port` where it listens ("" where not known). `environment` are the variables that it gets for sure, `root`
    the folder of the repository that its working folder is, `files` what is known of its image.
    """

    server: Server
    path: str
    modules: frozenset[str]
    names: tuple[str, ...]
    environment: Mapping[str, str]
    root: str
    files: Filesystem | None = None

    @property
    def port(self) -> str:
        """Where it listens."""
        return self.server.port


def served_applications(service: Service) -> list[ServedApplication]:
    """All of them, found once."""
    return service.part("served applications", _find)


def _find(service: Service) -> list[ServedApplication]:
    if not _may_be_served(tuple(service.tree.files())):
        return []  # no image, no compose file, no Procfile: what reads them need not be loaded
    from aiaudit.model.ladder.programs import Finder

    return list(Finder(service).find())


@lru_cache(maxsize=2)
def _may_be_served(paths: tuple[str, ...]) -> bool:
    """Whether any of these files may start a server; asked for each service of a repository."""
    return may_state_images(paths) or any(path.rpartition("/")[2] == "Procfile" for path in paths)
