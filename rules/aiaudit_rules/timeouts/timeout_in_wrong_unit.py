"""A time-out is written in another unit than the library reads.

## What it does
Flags whole thousands given to parameters that are seconds (`timeout=30000`: 8 hours), and numbers of seconds given to
parameters that are milliseconds (google-genai's `HttpOptions(timeout=30)`: 0.03 s). Whole hours in seconds are taken as
meant, and so are half a second and more for a model and a tenth of a second and more for anything else.

## Why is this bad
Read as seconds, milliseconds are no limit at all: the call waits for hours. Read as milliseconds, seconds are over
before any answer can come: every call fails, or is retried until somebody gives up.

## Example
```python
from fastapi import FastAPI
from google import genai
from google.genai import types

app = FastAPI()
client = genai.Client(http_options=types.HttpOptions(timeout=30))


@app.get("/models")
def models():
    return [model.name for model in client.models.list()]
```

## Use instead
```python
from fastapi import FastAPI
from google import genai
from google.genai import types

app = FastAPI()
client = genai.Client(http_options=types.HttpOptions(timeout=30_000))


@app.get("/models")
def models():
    return [model.name for model in client.models.list()]
```

## References
- https://googleapis.github.io/python-genai/genai.html#genai.types.HttpOptions.timeout
- https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.timeouts import describe
from aiaudit.model.written_timeouts import WrittenTimeout
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.timeouts.shared import MODELS

rule = Rule(
    id="TMO104",
    name="timeout-in-wrong-unit",
    summary="A time-out is written in another unit than the library reads",
    severity=HIGH,
    since="0.1.0",
)

# Below this many milliseconds nobody means milliseconds: a model needs longer to say anything.
SHORTEST_FOR_MODELS, SHORTEST = 500.0, 100.0
HOUR = 3600.0
# From here on there is no doubt: nobody waits for three hours.
SURELY = 10_000.0


@rule.check(WrittenTimeout)
def timeout_in_wrong_unit(written: WrittenTimeout) -> Iterator[Finding]:
    """Thousands of seconds, and a few milliseconds."""
    number, name, what = written.number, written.parameter.name, written.known.name
    if written.parameter.unit == "ms" and 1 <= number < shortest(written):
        yield finding(
            written,
            f"{what} is given {name}={plain(number)}, in milliseconds: it gives up after {plain(number / 1000)} s",
            f"write {name}={plain(number * 1000)} if {plain(number)} s are meant",
        )
    elif written.parameter.unit == "s" and number >= 1000 and number % 1000 == 0 and number % HOUR:
        yield finding(
            written,
            f"{what} is given {name}={plain(number)}, in seconds: it waits {describe(number)}",
            f"write {name}={plain(number / 1000)} if {plain(number)} ms are meant",
        )


def plain(number: float) -> str:
    """A number without an exponent and without zeros at its end."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


def shortest(written: WrittenTimeout) -> float:
    """Milliseconds below which seconds must be meant."""
    return SHORTEST_FOR_MODELS if written.known.entry.purpose in MODELS else SHORTEST


def finding(written: WrittenTimeout, message: str, remedy: str) -> Finding:
    """The finding, less sure where somebody may really want to wait so long."""
    is_doubtful = written.parameter.unit == "s" and written.number < SURELY
    confidence = Confidence.MEDIUM if is_doubtful else Confidence.HIGH
    return rule.at(written.known.call.span, message, help=remedy, trace=written.trace, confidence=confidence)
