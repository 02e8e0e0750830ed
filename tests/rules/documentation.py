"""Reads a rule's docstring: its sections and the files in its code blocks."""

from __future__ import annotations

import re

REQUIRED = ("What it does", "Why is this bad", "Example", "Use instead", "References")
ORDER = ("What it does", "Why is this bad", "Example", "Use instead", "Fix safety", "Options", "References")

_DEFAULT_FILES = {
    "python": "app/main.py",
    "dockerfile": "Dockerfile",
    "dockerignore": ".dockerignore",
    "dotenv": ".env",
    "yaml": "compose.yaml",
    "toml": "pyproject.toml",
    "json": "boot.json",
    "text": "requirements.txt",
}
_BLOCK = re.compile(r"^(?P<fence>`{3,})(?P<language>\w*)\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)


def sections(docs: str) -> dict[str, str]:
    """Headed sections in their order."""
    parts = re.split(r"^## (.+)$", docs, flags=re.MULTILINE)
    return {title.strip(): body.strip("\n") for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def files_in(section: str) -> dict[str, str]:
    """The files that a section's code blocks show; `# file: name` on the first line names one."""
    found: dict[str, str] = {}
    for match in _BLOCK.finditer(section):
        name, body = _DEFAULT_FILES.get(match["language"], ""), match["body"]
        first, _, rest = body.partition("\n")
        if first.startswith("# file:"):
            name, body = first.removeprefix("# file:").strip(), rest
        assert name, f"a code block of language {match['language']!r} needs `# file: name` on its first line"
        assert name not in found, f"two code blocks for {name}"
        found[name] = body
    return found
