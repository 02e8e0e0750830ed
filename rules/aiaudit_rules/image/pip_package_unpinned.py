"""A package is installed by its name alone.

## What it does
Flags packages on the command line of `pip install`, `uv pip install`, `uv tool install`, `uv add`, `pipx install` and
`poetry add` that say no version: `pip install uv`, `pip install fastapi`. Any bound counts as one (`==`, `>=`, `~=`,
`@`), a constraint file or `PIP_CONSTRAINT` does as well, and so does a requirements file in the same command that names
the package. Local files, folders, addresses of archives and git references with a revision are left alone; a git
address without one is flagged. `pip install --upgrade pip` (setuptools, wheel) is left alone: the newest installer is
what it is for.

## Why is this bad
Each build that does not find the layer in its cache takes the newest release: the image that was tested is not the one
that is rebuilt for a fix. A new major version of FastAPI, pydantic or of the installer itself then breaks a deployment
that has not changed a line.

## Example
```dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir fastapi
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir fastapi==0.120.0
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## References
- https://pip.pypa.io/en/stable/topics/repeatable-installs/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Severity, Step
from aiaudit.model.image import Dockerfile, Install, Package
from aiaudit.model.image.commands import names_in
from aiaudit.model.image.usage import Run
from aiaudit.model.packages import required_in_files
from aiaudit.patterns import regex
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG306",
    name="pip-package-unpinned",
    summary="A package is installed by its name alone",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3013", "02d9c71f", "ID.20018"),
)

_TOOLS = names_in("pip pipx poetry")
_ITSELF = names_in("pip setuptools wheel")
_CONSTRAINTS = ("PIP_CONSTRAINT", "UV_CONSTRAINT")
_BOUND = regex(r"[=<>~!@]")
_NEWEST = frozenset(("-U", "--upgrade"))
# With these an install does not leave alone what is there.
_UPGRADING = _NEWEST | {"--force-reinstall", "--ignore-installed", "-I"}


@rule.check(Dockerfile)
def pip_package_unpinned(image: Dockerfile) -> Iterator[Finding]:
    """One finding for each install that names such packages; the same packages are told once in a file."""
    if is_beside_the_service(image):
        return
    told: set[frozenset[str]] = set()
    there: dict[int, set[str]] = {}
    for run in image.usage.runs_in(image.used):
        installed = there.setdefault(id(run.layer.stage), set())
        for install in run.installs:
            loose = _loose(install, run, image)
            if _UPGRADING.isdisjoint(install.flags):
                loose = [package for package in loose if package.name not in installed]
            installed.update(_listed(install, image))
            names = [package.name or package.text for package in loose]
            if not loose or frozenset(names) in told:
                continue
            told.add(frozenset(names))
            yield rule.at(
                image.span(loose[0].extent),
                f"{listed(names, 4)} {'is' if len(set(names)) == 1 else 'are'} installed in whatever version is the"
                " newest on the day of the build",
                help=f"name the version: {names[0]}==<version>",
                related=[Step("and this one", image.span(package.extent)) for package in loose[1:4]],
                severity=Severity.LOW if _ITSELF.issuperset(names) else None,
            )


def _loose(install: Install, run: Run, image: Dockerfile) -> list[Package]:
    """The packages that an install names without any bound."""
    if install.tool not in _TOOLS and not install.tool.startswith("uv "):
        return []
    if install.constraint_files or "--no-index" in install.flags:
        return []
    if any(run.layer.environment.get(name) for name in _CONSTRAINTS):
        return []
    loose = [package for package in install.packages if _is_loose(package)]
    if _NEWEST.intersection(install.flags):  # the newest installer is what is wanted then
        loose = [package for package in loose if package.name not in _ITSELF]
    if not loose or not install.requirement_files:
        return loose
    known = {item.name for item in required_in_files(install, image.service.tree)}
    return [package for package in loose if package.name not in known]


def _listed(install: Install, image: Dockerfile) -> Iterator[str]:
    """What an install takes from requirement files: another one that names it later finds it there, and leaves it."""
    if not {"--target", "-t", "--prefix", "--root"}.intersection(install.flags):
        yield from (item.name for item in required_in_files(install, image.service.tree))


def _is_loose(package: Package) -> bool:
    text = package.text
    if "://" in text:
        # An address of an archive is one file; one of a repository is one only with a revision.
        return text.startswith(("git+", "hg+", "svn+")) and "@" not in text.partition("://")[2].partition("/")[2]
    if "$" in text or "`" in text:
        return False  # a variable may hold the version
    if "/" in text or text.endswith((".whl", ".tar.gz", ".zip")):
        return False
    return not package.specifier and not _BOUND.search(text)
