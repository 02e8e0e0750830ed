"""Start a rule: its module, its fixtures and its line in the changelog, ready to be filled in.

python scripts/new_rule.py PACK ID NAME "what it reports"
python scripts/new_rule.py image IMG106 ownership-copied-in-second-layer "a layer only changes owners"
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

MODULE = '''"""{Summary}.

## What it does

Reports ...

## Why is this bad

...

## Example

```dockerfile
FROM python:3.12.7-slim
```

## Use instead

```dockerfile
FROM python:3.12.7-slim
```

## References

- ...
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.service import Service
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="{id}",
    name="{name}",
    summary="{summary}",
    severity=MEDIUM,
    since="{version}",
)


@rule.check(Service)
def {function}(service: Service) -> Iterator[Finding]:
    """Say what is looked at; ask for the narrowest subject there is."""
    yield from ()
'''


def main(arguments: list[str]) -> int:
    """Write the three places that a rule touches; the tests say what is still missing."""
    if len(arguments) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    pack, rule_id, name, summary = arguments
    if not re.fullmatch(r"[A-Z]{3}[1-9]\d{2}", rule_id) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", name):
        print("an id is three capitals and a number of three digits, a name is in-kebab-case", file=sys.stderr)
        return 2
    function = name.replace("-", "_")
    module = PROJECT / "rules" / "aiaudit_rules" / pack / f"{function}.py"
    if not module.parent.is_dir() or module.exists():
        print(f"{module}: " + ("is there already" if module.exists() else "there is no such pack"), file=sys.stderr)
        return 2
    values = {"id": rule_id, "name": name, "summary": summary, "function": function, "version": _version()}
    module.write_text(MODULE.format(Summary=summary[:1].upper() + summary[1:], **values), "utf-8")
    for case in ("bad", "good"):
        folder = PROJECT / "fixtures" / "rules" / pack / function / case
        folder.mkdir(parents=True, exist_ok=True)
    _announce(f"- `{rule_id} {name}`: {summary}")
    print(f"{module.relative_to(PROJECT)}\nfixtures/rules/{pack}/{function}/bad, good\nCHANGELOG.md")
    return 0


def _version() -> str:
    text = (PROJECT / "auditor" / "aiaudit" / "__init__.py").read_text("utf-8")
    return re.findall(r'__version__ = "(.+?)"', text)[0]


def _announce(line: str) -> None:
    """Put the rule's line in its place among the newest release's rules."""
    path = PROJECT / "CHANGELOG.md"
    lines = path.read_text("utf-8").split("\n")
    start = lines.index("### Rules") + 1
    end = start
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith("- `")):
        end += 1
    listed = sorted([line, *(entry for entry in lines[start:end] if entry.strip())])
    path.write_text("\n".join([*lines[:start], "", *listed, "", *lines[end:]]), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
