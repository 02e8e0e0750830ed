"""Dummies: unique, in shape, never anybody's value."""

from __future__ import annotations

import base64
import os
from typing import Any, Literal

import pytest
from pydantic import (
    AmqpDsn,
    DirectoryPath,
    FilePath,
    HttpUrl,
    MongoDsn,
    PostgresDsn,
    RedisDsn,
    TypeAdapter,
    ValidationError,
)

from aiaudit.boot.dummies import dummies, dummy, invalid, secrets
from aiaudit.boot.record import Kind, Variable
from aiaudit.sources.secrets.shapes import shape_of_value

BASE = "http://127.0.0.1:4010/v1"


def secret(name: str, provider: str = "", least: int = 0) -> Variable:
    """A variable that holds a secret."""
    return Variable(name, Kind.SECRET, provider=provider, least=least)


@pytest.mark.parametrize(
    "provider",
    ["openai", "anthropic", "google", "huggingface", "groq", "xai", "openrouter", "replicate", "tavily", "perplexity",
     "voyage", "llamacloud", "aws", "slack"],
)  # fmt: skip
def test_keys_have_their_providers_shape(provider: str) -> None:
    """What looks for keys takes a dummy for one of this provider."""
    shape = shape_of_value(dummy(secret("THE_KEY", provider), "n1"))

    assert shape is not None
    assert shape.id == provider


def test_values_differ_by_variable_and_run_and_can_be_repeated() -> None:
    """A canary tells which variable of which run came out."""
    variables = [secret("A_KEY", "openai"), secret("B_KEY", "openai")]

    first, second = dummies(variables, "one"), dummies(variables, "two")

    assert len({*first.values(), *second.values()}) == 4
    assert dummies(variables, "one") == first


def test_nothing_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is set here is not used."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    before = dict(os.environ)

    assert "sk-of-the-user" not in dummies([secret("OPENAI_API_KEY", "openai")], "n").values()
    assert dict(os.environ) == before


def test_length() -> None:
    """A value is as long as its reader wants it, beyond what the shape has."""
    assert len(dummy(secret("A_KEY", "tavily", least=120), "n")) == 120


def test_fernet() -> None:
    """A key for encryption decodes to 32 bytes."""
    assert len(base64.urlsafe_b64decode(dummy(secret("FERNET_KEY", "fernet"), "n"))) == 32


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (Variable("LIMIT", Kind.INTEGER), "10"),
        (Variable("LIMIT", Kind.INTEGER, least=50), "50"),
        (Variable("POSTGRES_PORT", Kind.INTEGER), "5432"),
        (Variable("TEMPERATURE", Kind.NUMBER), "0.5"),
        (Variable("VERBOSE", Kind.BOOLEAN), "false"),
        (Variable("MODE", Kind.CHOICE, choices=("fast", "good")), "fast"),
        (Variable("DATA_DIR", Kind.PATH), "/tmp"),
        (Variable("ADMIN_EMAIL", Kind.EMAIL), "aiaudit@example.com"),
        (Variable("STATUS_URL", Kind.URL), "https://status-url.aiaudit.invalid"),
        (Variable("DB_HOST", Kind.TEXT), "db-host.aiaudit.invalid"),
        (Variable("CHAT_MODEL", Kind.TEXT), "gpt-4o-mini"),
        (Variable("ORIGINS", Kind.TEXT, provider="list"), '["origins"]'),
        (Variable("BUCKET_NAME", Kind.TEXT), "aiaudit-bucket-name"),
    ],
)
def test_typed_values(variable: Variable, expected: str) -> None:
    """Each kind has a value that its reader takes."""
    assert dummy(variable, "n") == expected


def test_only_required_variables_and_addresses_of_the_stub_are_set() -> None:
    """The rest keeps its default; without a stub addresses do so too."""
    openai = Variable("OPENAI_BASE_URL", Kind.URL, False, provider="openai")
    anthropic = Variable("ANTHROPIC_BASE_URL", Kind.URL, False, provider="anthropic")
    other = Variable("CACHE_URL", Kind.URL, False, provider="redis")

    assert dummies([openai, anthropic, other], "n", BASE) == {
        "OPENAI_BASE_URL": BASE,
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:4010",
    }
    assert dummies([openai, anthropic, other], "n") == {}


def test_secrets_are_what_nobody_may_see() -> None:
    """Keys whole, of addresses the password alone."""
    variables = [secret("A_KEY", "openai"), Variable("DATABASE_URL", Kind.URL, provider="postgresql")]
    variables += [Variable("STATUS_URL", Kind.URL), Variable("MODE", Kind.TEXT)]
    values = dummies(variables, "n")

    found = secrets(variables, values)

    assert set(found) == {"A_KEY", "DATABASE_URL"}
    assert (
        values["DATABASE_URL"]
        == f"postgresql://aiaudit:{found['DATABASE_URL']}@database-url.aiaudit.invalid:5432/aiaudit"
    )
    assert found["A_KEY"] == values["A_KEY"]


def test_invalid_values() -> None:
    """Typed variables have one, free text has none."""
    assert invalid(Variable("N", Kind.INTEGER)) == "abc"
    assert all(invalid(Variable("X", kind)) is not None for kind in Kind if kind.is_typed)
    assert all(invalid(Variable("X", kind)) is None for kind in Kind if not kind.is_typed)


@pytest.mark.parametrize(
    ("variable", "kind"),
    [
        (Variable("A_URL", Kind.URL), HttpUrl),
        (Variable("A_URL", Kind.URL, provider="postgresql"), PostgresDsn),
        (Variable("A_URL", Kind.URL, provider="postgresql+asyncpg"), PostgresDsn),
        (Variable("A_URL", Kind.URL, provider="redis"), RedisDsn),
        (Variable("A_URL", Kind.URL, provider="mongodb"), MongoDsn),
        (Variable("A_URL", Kind.URL, provider="amqp"), AmqpDsn),
        (Variable("N", Kind.INTEGER), int),
        (Variable("N", Kind.NUMBER), float),
        (Variable("N", Kind.BOOLEAN), bool),
        (Variable("N", Kind.CHOICE, choices=("a", "b")), Literal["a", "b"]),
        (Variable("N", Kind.PATH), DirectoryPath),
        (Variable("N", Kind.PATH, provider="file"), FilePath),
    ],
)
def test_types_take_their_values_and_refuse_invalid_ones(variable: Variable, kind: Any) -> None:
    """As pydantic reads them from an environment."""
    adapter = TypeAdapter(kind)
    adapter.validate_python(dummy(variable, "n"))

    wrong = invalid(variable)
    if wrong is not None:
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
