"""Which lines of a failed start name a variable, as real servers and libraries write them."""

from __future__ import annotations

import pytest

from aiaudit.boot.learning import learn
from aiaudit.boot.naming import naming
from aiaudit.boot.record import Kind, Variable
from aiaudit.boot.tracebacks import tracebacks

KEY = Variable("OPENAI_API_KEY", Kind.SECRET, provider="openai", spoken=("openai_api_key",))
URL = Variable("DATABASE_URL", Kind.URL, provider="postgresql", spoken=("database_url",))
NESTED = Variable("APP_LLM__API_KEY", Kind.SECRET, spoken=("llm.api_key",))
MODEL = Variable("MODEL", spoken=("model",))

_TRACE = 'Traceback (most recent call last):\n  File "/srv/app.py", line 4, in <module>\n    {source}\n{message}\n'
_PYDANTIC = (
    "pydantic_core._pydantic_core.ValidationError: {count} validation error{s} for Settings\n{name}\n"
    "  Field required [type=missing, input_value={{'openai_api_key': 'sk-x', 'other': 1}}, input_type=dict]\n"
    "    For further information visit https://errors.pydantic.dev/2.14/v/missing"
)

_JSON = (
    """{"level": "error", "exception": "Traceback (most recent call last):"""
    r"""\n  File \"a\"\nKeyError: 'OPENAI_API_KEY'"}"""
)
_GROUP = "  + Exception Group Traceback (most recent call last):\n  |   File 'a'\n  | ExceptionGroup: OPENAI_API_KEY\n"


def trace(message: str, source: str = "start()") -> str:
    return _TRACE.format(source=source, message=message)


def pydantic(name: str) -> str:
    return trace(_PYDANTIC.format(count=1, s="", name=name))


@pytest.mark.parametrize(
    ("variable", "log"),
    [
        (KEY, trace("KeyError: 'OPENAI_API_KEY'", 'key = os.environ["OPENAI_API_KEY"]')),
        (KEY, pydantic("openai_api_key")),
        (KEY, pydantic("OPENAI_API_KEY")),
        (NESTED, pydantic("llm.api_key")),
        (NESTED, pydantic("APP_LLM__API_KEY")),
        (MODEL, pydantic("model")),
        (MODEL, trace("KeyError: 'MODEL'")),
        (
            KEY,
            trace(
                "openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or "
                "by setting the OPENAI_API_KEY environment variable"
            ),
        ),
        (KEY, "OPENAI_API_KEY is required\n"),
        (KEY, "entrypoint.sh: line 3: OPENAI_API_KEY: parameter not set\n"),
        (KEY, trace("AssertionError", 'assert os.getenv("OPENAI_API_KEY")')),
        (KEY, "ERROR:    " + trace("RuntimeError: set openai-api-key") + "ERROR:    Application startup failed.\n"),
        (KEY, _JSON),
        (KEY, _GROUP),
        (KEY, "[2026-01-01 00:00:00] [7] [ERROR] Exception in worker process\n" + trace("KeyError: 'OPENAI_API_KEY'")
              + "[2026-01-01 00:00:00] [7] [INFO] Worker exiting (pid: 7)\n"),
    ],
)  # fmt: skip
def test_a_failure_names_the_variable(variable: Variable, log: str) -> None:
    found = naming(variable, (KEY, URL, NESTED, MODEL), log, failed=True)
    assert found.named is not None
    text = log.splitlines()[found.named.line - 1]
    assert found.named.text in text.replace("\\n", "\n") or found.named.text in text


@pytest.mark.parametrize(
    ("variable", "log"),
    [
        (KEY, trace("RuntimeError: bad configuration")),
        (KEY, pydantic("database_url")),
        (KEY, trace("KeyError: 'AZURE_OPENAI_API_KEY'")),
        (KEY, trace("KeyError: 'DATABASE_URL'", 'url, key = os.environ["DATABASE_URL"], os.environ["OPENAI_API_KEY"]')),
        (KEY, "Loaded OPENAI_API_KEY=None\n" + trace("RuntimeError: failed")),
        (KEY, "OPENAI_API_KEY is required\n" + "later\n" * 60),
        (MODEL, trace("RuntimeError: the model could not be loaded")),
        (
            Variable("GOOGLE_API_KEY", Kind.SECRET),
            trace("ValueError: No API key was provided. Please pass a valid one"),
        ),
    ],
)
def test_a_failure_does_not_name_it(variable: Variable, log: str) -> None:
    assert naming(variable, (KEY, URL, MODEL), log, failed=True).named is None


def test_without_a_failure_only_errors_name_it() -> None:
    assert naming(KEY, (), "INFO OPENAI_API_KEY is used\n", failed=False).named is None
    assert naming(KEY, (), "ERROR OPENAI_API_KEY is missing, LLM disabled\n", failed=False).named is not None


def test_what_is_named_instead_and_what_a_library_means() -> None:
    assert naming(KEY, (KEY, URL), pydantic("database_url"), failed=True).others == ("DATABASE_URL",)
    google = Variable("GEMINI_API_KEY", Kind.SECRET)
    assert naming(google, (), trace("ValueError: No API key was provided."), failed=True).generic


def test_the_same_failure_of_two_workers_has_one_shape() -> None:
    first = trace("RuntimeError: worker 12 at 0x7f01 failed")
    second = trace("RuntimeError: worker 15 at 0x7f9a failed")
    assert len({failure.shape for failure in tracebacks(first + second)}) == 1
    assert len({failure.shape for failure in tracebacks(first + trace("ValueError: other"))}) == 2


def test_missing_variables_are_learned_with_what_they_look_like() -> None:
    log = (
        trace("KeyError: 'JWT_SECRET'")
        + "ERROR: the environment variable REDIS_URL must be set\n"
        + pydantic("api_port")
    )
    learned = {variable.name: variable.kind for variable in learn(log, (KEY,))}
    assert learned == {"JWT_SECRET": Kind.SECRET, "REDIS_URL": Kind.URL, "API_PORT": Kind.INTEGER}


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        ("Input should be a valid integer, unable to parse string as an integer [type=int_parsing]", Kind.INTEGER),
        ("Input should be a valid boolean, unable to interpret input [type=bool_parsing]", Kind.BOOLEAN),
        ("Input should be a valid URL, relative URL without a base [type=url_parsing]", Kind.URL),
        ("Input should be 'dev', 'stage' or 'prod' [type=literal_error]", Kind.CHOICE),
        ("String should have at least 40 characters [type=string_too_short]", Kind.TEXT),
    ],
)
def test_a_dummy_of_the_wrong_kind_is_corrected(problem: str, kind: Kind) -> None:
    log = trace(f"pydantic_core.ValidationError: 1 validation error for Settings\nthing\n  {problem}")
    [learned] = learn(log, (Variable("APP_THING", spoken=("thing",)),))
    assert (learned.name, learned.kind) == ("APP_THING", kind)
    if kind is Kind.CHOICE:
        assert learned.choices == ("dev", "stage", "prod")
    if kind is Kind.TEXT:
        assert learned.least == 40


def test_ordinary_errors_teach_nothing() -> None:
    log = (
        trace("ConnectionError: HTTP_PROXY refused") + "ERROR: job FAILED_FAST after 3 s\n" + trace("KeyError: 'name'")
    )
    assert learn(log, (KEY,)) == ()
