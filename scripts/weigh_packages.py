"""Weigh packages: what installing one brings, by wheel size and unpacked size, without downloading the wheels.

    python scripts/weigh_packages.py torch sentence-transformers > weights.jsonl

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


def main() -> int:
    """Weigh the packages named on the command line."""
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
