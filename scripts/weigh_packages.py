"""Weigh packages: what installing one brings, by wheel size and unpacked size, without downloading the wheels.

    python scripts/weigh_packages.py torch sentence-transformers > weights.jsonl
    python scripts/weigh_packages.py --tables weights.jsonl          # the measured tables of heavy_packages.toml

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


def tables(lines: list[str], heavy: set[str]) -> None:
    """Print a TOML table for each heavy package and for each weighed package that brings one."""
    weighed = [json.loads(line) for line in lines]
    own = {part[0]: part for item in weighed for part in item["parts"]}
    roots = {canonicalize_name(item["package"]): item["parts"] for item in weighed if "[" not in item["package"]}
    for name in sorted(roots.keys() | (heavy & own.keys())):
        parts = roots.get(name, [])
        present = {part[0]: part for part in parts}
        chains = {other: chain(name, other, present) for other in heavy & present.keys() - {name}}
        brought = {other: path for other, path in chains.items() if path is not None}
        if name not in heavy and not brought:
            continue
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
