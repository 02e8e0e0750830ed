"""Weigh packages: what installing one brings, by wheel size and unpacked size, without downloading the wheels.

    python scripts/weigh_packages.py torch sentence-transformers > weights.jsonl
    python scripts/weigh_packages.py --tables weights.jsonl          # the measured tables of heavy_packages.toml
    python scripts/weigh_packages.py --libraries opencv-python       # shared libraries that a wheel does not bring

pip resolves each package for this interpreter and platform (`--dry-run --only-binary=:all:`); the size of every wheel
in the answer is what the index serves, its unpacked size the sum in the archive's directory, which pip's lazy reader
fetches.
One JSON line a package: what was resolved, and for each distribution its version, bytes and requirements.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import tomllib
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pip._internal.network.lazy_wheel import LazyZipOverHTTP
from pip._internal.network.session import PipSession

# Libraries of glibc and GCC that every manylinux platform has.
PROMISED = (
    "libc.so", "libm.so", "libpthread.so", "libdl.so", "librt.so", "libutil.so", "ld-linux", "libgcc_s.so",
    "libstdc++.so", "libresolv.so", "libnsl.so",
)  # fmt: skip


def resolved(package: str) -> list[dict[str, Any]]:
    """pip's resolution of one requirement into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        command += ["--only-binary=:all:", "--report", str(report), package]
        environment = {key: value for key, value in os.environ.items() if key != "PIP_FIND_LINKS"}
        subprocess.run(command, check=True, env=environment | {"PIP_CONFIG_FILE": os.devnull}, timeout=500)
        return list(json.loads(report.read_text())["install"])


def sizes(url: str, session: PipSession, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Bytes of the wheel and of its unpacked files."""
    if url not in known:
        archive = LazyZipOverHTTP(url, session)
        with zipfile.ZipFile(archive) as wheel:  # type: ignore[arg-type]
            known[url] = (archive._length, sum(entry.file_size for entry in wheel.infolist()))
    return known[url]


def libraries(package: str) -> list[str]:
    """Shared libraries that the files of a wheel need and that neither it nor its platform tag promises."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", folder]
        environment = {key: value for key, value in os.environ.items() if key != "PIP_FIND_LINKS"}
        subprocess.run([*command, package], check=True, env=environment, timeout=500)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        objects = [path for path in Path(folder).rglob("*") if ".so" in path.name and path.is_file()]
        needed: set[str] = set()
        for path in objects:
            told = subprocess.run(["readelf", "-d", str(path)], capture_output=True, text=True, check=True).stdout
            needed.update(line.rpartition("[")[2].rstrip("]") for line in told.splitlines() if "(NEEDED)" in line)
        return sorted(name for name in needed - {path.name for path in objects} if not name.startswith(PROMISED))


def versions(weighed: list[dict[str, Any]]) -> None:
    """Print the tables of packages that were weighed in a certain version (`torch==2.9.1`)."""
    found: dict[str, list[str]] = {}
    for item in weighed:
        name, pinned, version = item["package"].partition("==")
        if pinned:
            own = next(part for part in item["parts"] if part[0] == canonicalize_name(name))
            totals = [sum(part[place] for part in item["parts"]) for place in (2, 3)]
            numbers = f"wheel = {own[2]}, unpacked = {own[3]}, wheel_total = {totals[0]}, unpacked_total = {totals[1]}"
            found.setdefault(own[0], []).append(f'"{version}" = {{{numbers}}}')
    for name, rows in sorted(found.items()):
        print(f'[versions."{name}"]', *rows, "", sep="\n")


def tables(lines: list[str], heavy: set[str]) -> None:
    """Print a TOML table for each weighed package and for each heavy one among what it brings."""
    everything = [json.loads(line) for line in lines]
    versions(everything)
    weighed = [item for item in everything if "==" not in item["package"]]
    own = {part[0]: part for item in weighed for part in item["parts"]}
    roots = {canonicalize_name(item["package"]): item["parts"] for item in weighed if "[" not in item["package"]}
    for name in sorted(roots.keys() | (heavy & own.keys())):
        parts = roots.get(name, [])
        present = {part[0]: part for part in parts}
        chains = {other: chain(name, other, present) for other in heavy & present.keys() - {name}}
        brought = {other: path for other, path in chains.items() if path is not None}
        _, version, wheel, unpacked, _ = own[name]
        print(f'[packages."{name}"]\nversion = "{version}"\nwheel = {wheel}\nunpacked = {unpacked}')
        if parts:
            print(f"wheel_total = {sum(p[2] for p in parts)}\nunpacked_total = {sum(p[3] for p in parts)}")
        if brought:
            print("brings = {" + ", ".join(f'"{k}" = {json.dumps(v)}' for k, v in sorted(brought.items())) + "}")
        print()


def chain(start: str, goal: str, parts: dict[str, Any], extras: bool = False) -> list[str] | None:
    """The names between a package and one that it brings, by the shortest way through the requirements.

    Requirements of extras are followed only where nothing else leads there: pip's resolution tells what applies.
    """
    queue = [[start]]
    seen = {start}
    for path in queue:  # grows while it is walked
        for text in parts[path[-1]][4] if path[-1] in parts else ():
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            if name in seen or name not in parts:
                continue
            if not extras and requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            if name == goal:
                return path[1:]
            seen.add(name)
            queue.append([*path, name])
    return None if extras else chain(start, goal, parts, extras=True)


def main() -> int:
    """Weigh the packages named on the command line, or print what was weighed as tables."""
    if sys.argv[1:2] == ["--tables"]:
        data = Path(__file__).parent.parent / "auditor/aiaudit/model/heavy_packages.toml"
        heavy = tomllib.loads(data.read_text())["heavy"]
        tables(Path(sys.argv[2]).read_text().splitlines(), set(heavy))
        return 0
    if sys.argv[1:2] == ["--libraries"]:
        for package in sys.argv[2:]:
            print(package, *libraries(package), flush=True)
        return 0
    session = PipSession(retries=3)
    known: dict[str, tuple[int, int]] = {}
    failures = 0
    for package in sys.argv[1:]:
        try:
            parts = []
            for item in resolved(package):
                wheel, unpacked = sizes(item["download_info"]["url"], session, known)
                metadata = item["metadata"]
                requires = metadata.get("requires_dist", [])
                name = canonicalize_name(metadata["name"])
                parts.append([name, metadata["version"], wheel, unpacked, requires])
            print(json.dumps({"package": package, "parts": parts}), flush=True)
        except (subprocess.SubprocessError, OSError, zipfile.BadZipFile) as error:
            failures += 1
            print(f"{package}: {error}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
