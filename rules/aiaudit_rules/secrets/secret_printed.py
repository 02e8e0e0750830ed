"""A secret is printed or logged.

## What it does
Flags `print` and calls of a logger in code that runs which show a credential: a variable or attribute that was looked
up under a secret's name, a field of the settings that is plain text, `get_secret_value()`, the settings as a whole
(where a credential in them is plain text), the whole environment, the address of a database, in which its password
stands. Parts (`key[:4]`, `url.split("@")[1]`), lengths, tests (`bool(key)`), hashes and values of type `SecretStr` are
left alone. A credential that only its name gives away has medium confidence, and so has a database's address.

## Why is this bad
Logs go to the platform, to collectors and tickets, are read by more people than the secret store and are kept for
months. A key that has been logged has to be changed like one that has been committed.

## Example
```python
import logging
import os

from fastapi import FastAPI

SEARCH_API_KEY = os.environ["SEARCH_API_KEY"]
logging.info("search is set up with %s", SEARCH_API_KEY)
app = FastAPI()
```

## Use instead
```python
import logging
import os

from fastapi import FastAPI

SEARCH_API_KEY = os.environ["SEARCH_API_KEY"]
logging.info("search is set up with a key of %d characters", len(SEARCH_API_KEY))
app = FastAPI()
```

## References
- https://cwe.mitre.org/data/definitions/532.html
- https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.printed import PrintedSecret
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="KEY203",
    name="secret-printed",
    summary="A secret is printed or logged",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(PrintedSecret)
def secret_printed(printed: PrintedSecret) -> Iterator[Finding]:
    """One finding a call."""
    yield rule.at(
        printed.span,
        f"{printed.how} {printed.what}",
        help="leave it out, or show its length; keep credentials in SecretStr, which masks itself",
        trace=[*([printed.made] if printed.made is not None else []), Step(f"{printed.how} it", printed.span)],
        confidence=printed.confidence,
    )
