"""What packages weigh, and what it costs to install them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiaudit.model.image.values import Image, Install
from aiaudit.model.packages import Brought, applies, heavy, in_force, locked, required
from aiaudit.model.tables import table
from aiaudit.model.tree import Tree
from aiaudit.values import dataclass

# What only comes along with a framework, as the build that its index has.
COMPANIONS = ("nvidia-", "triton", "cuda-")


@dataclass(frozen=True, slots=True)
class Weight:
    """Measured bytes: the package's own wheel and unpacked files, and the totals with all that comes along.

    `version` is the one that was measured.
    """

    wheel: int
    unpacked: int
    wheel_total: int
    unpacked_total: int
    version: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """What repeating an install costs.

    `packages` are those that it brings by the lock, or that it asks for. `download` is in bytes: what the lock file
    says where `is_exact`, otherwise what was measured of the heaviest package alone, named in `heaviest`; 0 if unknown.
    """

    packages: int
    download: int
    is_exact: bool
    heaviest: str = ""


def weight(name: str, cpu_only: bool = False, version: str | None = None) -> Weight | None:
    """What was measured of a package: of this version, or of the closest one below it; None where nothing was."""
    data = table("heavy_packages")
    if cpu_only:
        entry = data["cpu"].get(name)
        return _weight(entry, entry["version"]) if entry else None
    newest = data["packages"].get(name)
    rows = dict(data["versions"].get(name, {}))
    if newest is not None:
        rows[newest["version"]] = newest
    chosen = _closest(rows, version) if version else (newest or {}).get("version")
    return _weight(rows[chosen], chosen) if chosen is not None else None


def weight_of(brought: Brought) -> Weight | None:
    """What was measured of a package that an install brings; None where nobody knows which build comes."""
    return None if brought.is_elsewhere else weight(brought.name, brought.is_cpu_only, brought.version)


def _weight(entry: Mapping[str, Any], version: str) -> Weight:
    wheel, unpacked = entry["wheel"], entry["unpacked"]
    return Weight(wheel, unpacked, entry.get("wheel_total", wheel), entry.get("unpacked_total", unpacked), version)


def _closest(rows: Mapping[str, Any], version: str) -> str | None:
    """The measured version that is closest below, or the lowest one."""
    known = sorted(rows, key=_numbers)
    below = [row for row in known if _numbers(row) <= _numbers(version)]
    return below[-1] if below else (known[0] if known else None)


def _numbers(version: str) -> tuple[int, ...]:
    release = version.partition("+")[0].split(".")
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in release)


def price(install: Install, image: Image) -> Price:
    """What an install costs each time: exact from a lock file that tells sizes, else by what is known."""
    tree = image.service.tree
    asked = {item.name: item.version for item in required(install, image) if applies(item.marker)}
    lock = in_force(install, tree)
    names = locked(install, image) if lock is not None else frozenset(asked)
    sizes = _sizes(tree, lock[0]) if lock is not None else {}
    if sizes and names and all(name in sizes for name in names):
        return Price(len(names), sum(sizes[name] for name in names), True)
    brought = list(heavy(install, image))
    brought = [found for found in brought if not found.name.startswith(COMPANIONS)] or brought
    if any(found.is_elsewhere for found in brought):
        return Price(len(names), 0, False)  # whichever build it is, the rest weighs little beside it
    known = [(found.name, weight_of(found)) for found in brought]
    known += [(name, weight(name, version=version)) for name, version in asked.items() if not brought]
    weighed = [(found.wheel_total, name) for name, found in known if found is not None]
    download, heaviest = max(weighed, default=(0, ""))
    return Price(len(names), download, False, heaviest)


def _sizes(tree: Tree, path: str) -> dict[str, int]:
    """Bytes to download by package, as uv.lock tells them; {} where a lock tells none. Local packages weigh nothing."""
    from aiaudit.sources.manifests.places import load

    if not path.endswith("uv.lock"):
        return {}
    document, _, _ = load(tree.text(path))
    entries = document.get("package")
    found: dict[str, int] = {}
    for entry in entries if isinstance(entries, list) else ():
        size = _size(entry)
        if size is not None:
            found[str(entry.get("name", ""))] = size
    return found


def _size(entry: Mapping[str, Any]) -> int | None:
    """The size of the file that an x86-64 Linux would take."""
    if any(key in entry.get("source", {}) for key in ("editable", "virtual", "directory", "path", "workspace")):
        return 0
    wheels = [wheel for wheel in entry.get("wheels", ()) if isinstance(wheel, Mapping)]
    chosen = next(_fitting(wheels), None) or entry.get("sdist")
    size = chosen.get("size") if isinstance(chosen, Mapping) else None
    return size if isinstance(size, int) else None


def _fitting(wheels: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Wheels for Linux on x86-64, plain CPython before musl and free-threaded builds; then those for any platform."""
    names = [(wheel, str(wheel.get("url", "")).rpartition("/")[2]) for wheel in wheels]
    linux = [(w, n) for w, n in names if "linux" in n and "x86_64" in n and "musllinux" not in n]
    yield from (wheel for wheel, name in linux if "t-manylinux" not in name and "-pp" not in name)
    yield from (wheel for wheel, name in names if name.endswith("-none-any.whl"))
