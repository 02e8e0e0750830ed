"""Base images under the names of the public ones: pulled where a registry answers, else made from Debian packages."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tests.docker.commands import LABEL, Unavailable, demand, install
from tests.docker.engine import Engine

SLIM = ("python:3.11-slim-bookworm", "python:3.11-slim")
FULL = ("python:3.11-bookworm", "python:3.11")

_PACKAGES = ("python3", "python3-pip", "python3-venv", "ca-certificates", "netbase", "tzdata")
_TOOLS = "build-essential git curl python3-dev"
_UNNEEDED = ("var/cache/apt", "var/lib/apt/lists", "var/log", "usr/share/doc", "usr/share/man", "usr/share/locale")
_AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
INDEX_SETTINGS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "UV_DEFAULT_INDEX", "UV_INDEX")


def ensure(engine: Engine, *tags: str) -> None:
    """Make sure that the engine has these images."""
    for tag in tags:
        if engine.has_image(tag) or engine.try_docker("pull", "--quiet", tag, seconds=180).returncode == 0:
            continue
        if not engine.is_private:
            raise Unavailable(f"{tag} cannot be pulled, and a shared engine gets no look-alike under a public name")
        _make(engine, tag)


def build_values() -> dict[str, str]:
    """This machine's package index and proxies, as build arguments."""
    proxies = [name for name in os.environ if name.upper() in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")]
    return {name: os.environ[name] for name in (*INDEX_SETTINGS, *proxies) if os.environ.get(name)}


def build_arguments() -> list[str]:
    """Options of `docker build` that hand them to the build, and to it alone."""
    return [f"--build-arg={name}" for name in build_values()]


def _make(engine: Engine, tag: str) -> None:
    if tag in SLIM:
        _import_slim(engine)
    elif tag in FULL:
        ensure(engine, SLIM[0])
        _build_full(engine)
    else:
        raise Unavailable(f"{tag} cannot be pulled, and nobody described how to make it")


def _import_slim(engine: Engine) -> None:
    """Debian with its Python laid out like the official image: `python` and `pip` in /usr/local/bin."""
    if os.geteuid() != 0:
        raise Unavailable("only root can make a base image with debootstrap")
    install("debootstrap", "debootstrap")
    with tempfile.TemporaryDirectory(prefix="aiaudit-base-") as folder:
        root = Path(folder) / "root"
        packages = ",".join(_PACKAGES)
        demand("debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", str(root), seconds=900)
        _lay_out(root)
        archive = Path(folder) / "root.tar"
        demand("tar", "-C", str(root), "--numeric-owner", "--one-file-system", "-cf", str(archive), ".", seconds=300)
        changes = [f"LABEL {LABEL}=base", 'CMD ["python3"]', *_environment(root)]
        changes += [f"ONBUILD ARG {name}" for name in INDEX_SETTINGS]  # settings reach the build, and no layer
        options = [word for change in changes for word in ("--change", change)]
        engine.docker("import", *options, str(archive), SLIM[0], seconds=300)
    for alias in SLIM[1:]:
        engine.docker("tag", SLIM[0], alias)


def _lay_out(root: Path) -> None:
    for name in _UNNEEDED:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir(parents=True)
    (root / "usr/lib/python3.11/EXTERNALLY-MANAGED").unlink(missing_ok=True)
    for name, target in (("python", "python3.11"), ("python3", "python3.11"), ("pip", "pip3"), ("pip3", "pip3")):
        link = root / "usr/local/bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(f"/usr/bin/{target}")
    own = next((os.environ[n] for n in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE") if os.environ.get(n)), None)
    if own and Path(own).is_file():
        shutil.copyfile(own, root / _AUTHORITIES)  # an inspecting proxy's authority must be known inside as well


def _environment(root: Path) -> list[str]:
    names = ("SSL_CERT_FILE", "PIP_CERT") if (root / _AUTHORITIES).is_file() else ()
    path = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    return [f"ENV PATH={path}", "ENV LANG=C.UTF-8", *(f"ENV {name}=/{_AUTHORITIES}" for name in names)]


def _build_full(engine: Engine) -> None:
    """The slim image with a compiler and headers, as the full official one has them."""
    with tempfile.TemporaryDirectory(prefix="aiaudit-base-") as folder:
        install_tools = f"apt-get update -qq && apt-get install -qq -y --no-install-recommends {_TOOLS}"
        lines = (f"FROM {SLIM[0]}", f"RUN {install_tools} && rm -rf /var/lib/apt/lists/*")
        (Path(folder) / "Dockerfile").write_text("\n".join(lines) + "\n")
        tags = [word for tag in FULL for word in ("--tag", tag)]
        options = ("--network", "host", "--label", f"{LABEL}=base", *tags, *build_arguments())
        engine.docker("build", *options, folder, seconds=900)
