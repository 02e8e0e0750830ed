"""Measure the bars: ratios of CPU time in paired runs, median of five.

python benchmarks/run.py                      # generated corpora of 10,000 and 100,000 lines, 360 Dockerfiles
python benchmarks/run.py --large              # also growth and memory, up to 730,000 lines
python benchmarks/run.py --python DIR ...     # real code instead: each folder is a corpus (its *.py files alone)
python benchmarks/run.py --dockerfiles DIR    # real Dockerfiles instead
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks import corpus, peers  # noqa: E402
from benchmarks.measure import Cost, ratio, run  # noqa: E402

COMMENT, FUNCTION = "# {}\n", "\n\ndef added_{}() -> int:\n    return 1\n"


@dataclass(frozen=True)
class Row:
    """One measured bar."""

    what: str
    value: float
    bar: float
    detail: str = ""

    def __str__(self) -> str:
        verdict = "ok" if self.value <= self.bar else "MISSED"
        return f"| {self.what} | {self.value:.2f} | <= {self.bar:g} | {verdict} | {self.detail} |"


class Bench:
    """The tools and where they run."""

    def __init__(self, folder: Path, environments: Path, rounds: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.ours = peers.install_ourselves(environments, PROJECT)
        self.bins = {tool: peers.environment_of(tool, environments) for tool in peers.PACKAGES}
        self.cache = {"XDG_CACHE_HOME": str(folder / "cache")}
        (folder / "semgrep.yml").write_text(peers.SEMGREP_RULES)

    def aiaudit(self, tree: Path, *options: str) -> Cost:
        """One audit; findings and unparsable files are no failure here."""
        cost = run([str(self.ours / "aiaudit"), "check", ".", *options], tree, self.cache)
        return Cost(cost.cpu, cost.peak, 0 if cost.code == 3 else cost.code)

    def cold(self, tree: Path) -> Cost:
        """An audit that keeps and knows nothing."""
        return self.aiaudit(tree, "--no-cache")

    def ruff(self, tree: Path) -> Cost:
        """ruff with its default rules and no cache."""
        return run([str(self.bins["ruff"] / "ruff"), "check", "--no-cache", "--isolated", "--quiet", "."], tree)

    def bandit(self, tree: Path) -> Cost:
        """bandit over the tree."""
        return run([str(self.bins["bandit"] / "bandit"), "-q", "-r", "."], tree)

    def semgrep(self, tree: Path) -> Cost:
        """semgrep with ten local rules."""
        command = [str(self.bins["semgrep"] / "semgrep"), "scan", "--metrics=off", "--disable-version-check", "--quiet"]
        path = f"{self.bins['semgrep']}:/usr/bin:/bin"
        return run([*command, "--config", str(self.folder / "semgrep.yml"), "."], tree, {"PATH": path})

    def hadolint(self, tree: Path) -> Cost:
        """hadolint over all Dockerfiles in one call."""
        files = sorted(path.name for path in tree.iterdir())
        return run([str(self.bins["hadolint"] / "hadolint"), "--no-fail", *files], tree)

    def tally(self, tree: Path) -> Cost:
        """tally over all Dockerfiles in one call; what it finds is no failure here."""
        files = sorted(path.name for path in tree.iterdir())
        cost = run([str(self.bins["tally"] / "tally"), "lint", *files], tree)
        return Cost(cost.cpu, cost.peak, 0)

    def checkov(self, tree: Path) -> Cost:
        """checkov's Dockerfile framework over the folder, without its network."""
        options = ["--framework", "dockerfile", "--quiet", "--compact", "--soft-fail", "--skip-download"]
        return run([str(self.bins["checkov"] / "checkov"), "-d", ".", *options], tree)

    def changed(self, tree: Path, edit: str) -> Cost:
        """An audit after something was added to one file, in the application where there is a folder of that name."""
        files = sorted(tree.rglob("*.py"))
        files = [path for path in files if "app" in path.parts and path.stat().st_size] or files
        victim = files[len(files) // 2]
        victim.write_text(victim.read_text() + edit.format(time.time_ns()))
        time.sleep(0.05)
        return self.aiaudit(tree)

    def settle(self, tree: Path) -> None:
        """Make sure that facts and outcome are stored."""
        for _ in range(3):
            time.sleep(0.05)
            self.aiaudit(tree)

    def compare(self, what: str, subject: object, baseline: object, bar: float) -> Row:
        """One ratio as a row."""
        value, first, second = ratio(subject, baseline, self.rounds)  # type: ignore[arg-type]
        return Row(what, value, bar, f"{first:.3f} s / {second:.3f} s")


def start_up(bench: Bench) -> Iterator[Row]:
    """The cost of saying hello."""
    python, aiaudit = str(bench.ours / "python"), str(bench.ours / "aiaudit")
    yield bench.compare(
        "`aiaudit --version` / `python -c pass`",
        lambda: run([aiaudit, "--version"], bench.folder),
        lambda: run([python, "-c", "pass"], bench.folder),
        2.5,
    )


def python_rows(bench: Bench, tree: Path) -> Iterator[Row]:
    """Everything that is measured over one corpus of Python."""
    lines = corpus.lines_in(tree)
    size = f"{lines:,} lines"
    yield bench.compare(f"cold / ruff --no-cache, {size}", lambda: bench.cold(tree), lambda: bench.ruff(tree), 10)
    yield bench.compare(f"cold / bandit -r, {size}", lambda: bench.cold(tree), lambda: bench.bandit(tree), 0.4)
    if lines >= 40_000:
        yield bench.compare(
            f"cold / semgrep with ten rules, {size}", lambda: bench.cold(tree), lambda: bench.semgrep(tree), 0.6
        )
    bench.settle(tree)
    yield bench.compare(
        f"nothing changed / cold ruff, {size}", lambda: bench.aiaudit(tree), lambda: bench.ruff(tree), 1.5
    )
    if lines >= 40_000:
        for what, edit in (("a comment", COMMENT), ("a function", FUNCTION)):
            bench.settle(tree)
            yield bench.compare(
                f"one file changed by {what} / cold ruff, {size}",
                lambda edit=edit: bench.changed(tree, edit),  # type: ignore[misc]
                lambda: bench.ruff(tree),
                2.5,
            )


def docker_rows(bench: Bench, tree: Path) -> Iterator[Row]:
    """All Dockerfiles in one call."""
    count = len(list(tree.iterdir()))
    for peer in (bench.hadolint, bench.tally, bench.checkov):
        what = f"{count} Dockerfiles, cold / {peer.__name__}"
        yield bench.compare(what, lambda: bench.cold(tree), lambda peer=peer: peer(tree), 0.25)  # type: ignore[misc]
    bench.settle(tree)
    yield bench.compare(
        f"{count} Dockerfiles, nothing changed / hadolint",
        lambda: bench.aiaudit(tree),
        lambda: bench.hadolint(tree),
        0.1,
    )


def growth_rows(bench: Bench, trees: list[Path]) -> Iterator[Row]:
    """Peak memory of the largest corpus, and the exponent of time over lines."""
    sizes = sorted((corpus.lines_in(tree), tree) for tree in trees)
    costs = [(lines, min((bench.cold(tree) for _ in range(2)), key=lambda cost: cost.cpu)) for lines, tree in sizes]
    (small, cheap), (large, dear) = costs[0], costs[-1]
    yield Row(f"peak memory at {large:,} lines, MiB", dear.peak, 400)
    exponent = math.log(dear.cpu / cheap.cpu) / math.log(large / small)
    yield Row(f"growth, {small:,} to {large:,} lines", exponent, 1.1, f"{cheap.cpu:.2f} s to {dear.cpu:.2f} s")


def main() -> int:
    """Print the table; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--dockerfiles", type=Path, metavar="DIR")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--environments", type=Path, default=PROJECT / ".bench")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aiaudit-bench-") as name:
        folder = Path(name)
        bench = Bench(folder, arguments.environments, arguments.rounds)
        rows: list[Row] = []
        for row in _rows(bench, folder, arguments):
            rows.append(row)
            print(row, file=sys.stderr, flush=True)
    print("| what | ratio | bar | | CPU |\n|---|---|---|---|---|")
    print("\n".join(str(row) for row in rows))
    return 1 if any(row.value > row.bar for row in rows) else 0


def _rows(bench: Bench, folder: Path, arguments: argparse.Namespace) -> Iterator[Row]:
    yield from start_up(bench)
    if arguments.python:
        trees = [corpus.copy_python(source, folder / f"given_{n}") for n, source in enumerate(arguments.python)]
    else:
        trees = [corpus.generate_python(folder / f"generated_{size}", size) for size in (10_000, 100_000)]
    for tree in trees:
        yield from python_rows(bench, tree)
    if arguments.dockerfiles:
        images = folder / "dockerfiles"
        images.mkdir()
        for number, path in enumerate(sorted(arguments.dockerfiles.rglob("*ockerfile*"))):
            if path.is_file():
                shutil.copy(path, images / f"Dockerfile.{number}")
    else:
        images = corpus.generate_dockerfiles(folder / "dockerfiles")
    yield from docker_rows(bench, images)
    if arguments.large:
        sizes = (30_000, 730_000)
        yield from growth_rows(bench, [corpus.generate_python(folder / f"growth_{size}", size) for size in sizes])


if __name__ == "__main__":
    raise SystemExit(main())
