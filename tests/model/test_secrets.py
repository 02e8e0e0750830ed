"""One `Secret` a place: which class wins, how severe, how sure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from aiaudit.kinds import kinds_of
from aiaudit.model.secrets import (
    COMMITTED,
    DEFAULT,
    DEPLOY,
    EMPTY,
    HARDCODED,
    IMAGE,
    KEY,
    LINK,
    EnvironmentFile,
    Secret,
)
from aiaudit.model.service import Service
from aiaudit.patterns import occurs
from aiaudit.sources.extractors import EXTRACTORS
from aiaudit.words import Words, lines_of

KEY_VALUE = "sk-proj-Vb71nRwQz0LtXy9sKdPa4GhJ2mCeUf6oTi8N-r5BxW_qEl3ZcHvS"
RANDOM = "9f3Kd72LmQ0xZtVb58RnWy1cHs64JpGe"
PASSWORD = "h7Kq2mXw9Rt4"
COMPOSE = "services: {a: {image: b, environment: {X_SECRET: VALUE}}}"


class MemoryTree:
    """A tree of texts."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def files(self, kind: str | None = None) -> Sequence[str]:
        """All paths, or those of a kind."""
        return [path for path in sorted(self._files) if kind is None or kind in kinds_of(path)]

    def ignored_files(self) -> Iterable[str]:
        """None."""
        return ()

    def exists(self, path: str) -> bool:
        """Whether it is there."""
        return path in self._files

    def text(self, path: str) -> str:
        """The text."""
        return self._files.get(path, "")

    def mentions(self, path: str, sought: re.Pattern[str] | tuple[str, ...]) -> bool:
        """Whether the text has it."""
        return occurs(self.text(path), sought)

    def files_with(self, word: str, among: frozenset[str]) -> Iterable[str]:
        """Those that have the word."""
        return Words(self.text).files_with(word, among)

    def lines_with(self, path: str, word: str) -> Sequence[int]:
        """Where they have it."""
        return lines_of(word, self.text(path))

    def facts(self, path: str, extractor: str) -> Any:
        """Extracted anew."""
        return EXTRACTORS[extractor].extract(self._files[path], path)

    def warn(self, path: str, message: str) -> None:
        raise AssertionError(message)

    def problem(self, path: str, message: str) -> None:
        """Nothing may go wrong here."""
        raise AssertionError(f"{path}: {message}")


def secrets(files: dict[str, str]) -> list[Secret]:
    """The secrets of a tree."""
    return list(Service(MemoryTree(files)).subjects(Secret))


def only(path: str, text: str) -> Secret:
    """The one secret of one file."""
    (secret,) = secrets({path: text})
    return secret


@pytest.mark.parametrize(
    ("path", "text", "place", "severity", "confidence"),
    [
        ("app/a.py", f'OPENAI_API_KEY = "{KEY_VALUE}"', KEY, "critical", "high"),
        ("app/a.py", f"# was {KEY_VALUE}", KEY, "critical", "medium"),
        ("README.md", f"use {KEY_VALUE}", KEY, "critical", "medium"),
        ("tests/test_a.py", f'x = "{KEY_VALUE}"', KEY, "critical", "low"),
        (".env.example", f"OPENAI_API_KEY={KEY_VALUE}", KEY, "critical", "medium"),
        ("app/a.py", f'os.getenv("OPENAI_API_KEY", "{KEY_VALUE}")', DEFAULT, "critical", "high"),
        ("app/a.py", f'os.getenv("JWT_SECRET", "{RANDOM}")', DEFAULT, "high", "high"),
        ("app/a.py", 'os.getenv("POSTGRES_PASSWORD", "postgres")', DEFAULT, "medium", "high"),
        ("app/a.py", 'os.getenv("JWT_SECRET", "change-me")', DEFAULT, "high", "high"),
        ("app/a.py", 'os.getenv("OPENAI_API_KEY", "your-key")', EMPTY, "medium", "high"),
        ("app/a.py", 'k = os.getenv("JWT_SECRET") or "change-me"', DEFAULT, "high", "high"),
        ("app/a.py", 'k = os.environ.get("POSTGRES_PASSWORD") or "postgres"', DEFAULT, "medium", "high"),
        ("app/a.py", f'c = AzureKeyCredential("{RANDOM}")', HARDCODED, "high", "high"),
        ("app/a.py", f'c = cohere.Client("{RANDOM}")', HARDCODED, "high", "high"),
        ("app/a.py", 'c = TavilyClient("your-api-key")', EMPTY, "medium", "high"),
        ("app/a.py", f'jwt.decode(token, key="{RANDOM}")', HARDCODED, "high", "high"),
        ("app/a.py", 'DB_PASSWORD = "secret123"', HARDCODED, "medium", "high"),
        ("app/a.py", 'DB_PASSWORD = "mysecretpassword"', HARDCODED, "medium", "high"),
        ("app/a.py", f'os.getenv("DATABASE_URL", "postgres://u:{PASSWORD}@h/x")', DEFAULT, "high", "high"),
        ("app/a.py", f'url = "postgres://u:{PASSWORD}@h/x"', LINK, "high", "high"),
        ("app/a.py", 'url = "postgres://u:postgres@h/x"', LINK, "medium", "high"),
        ("app/a.py", f'JWT_SECRET = "{RANDOM}"', HARDCODED, "high", "high"),
        ("app/a.py", 'JWT_SECRET = "secret"', HARDCODED, "medium", "high"),
        ("app/a.py", 'OPENAI_API_KEY = "sk-xxxx"', EMPTY, "medium", "high"),
        ("config.toml", 'api_key = "your-api-key"', EMPTY, "low", "medium"),
        ("Dockerfile", f"FROM x\nENV OPENAI_API_KEY={KEY_VALUE}\n", IMAGE, "critical", "high"),
        ("Dockerfile", "FROM x\nENV DB_PASSWORD=postgres\n", IMAGE, "medium", "medium"),
        ("Dockerfile", "FROM x\nENV OPENAI_API_KEY=changeme\n", EMPTY, "medium", "high"),
        (
            "compose.yaml",
            f"services: {{a: {{image: b, environment: {{K_TOKEN: {RANDOM}}}}}}}",
            DEPLOY,
            "critical",
            "high",
        ),
        ("compose.yaml", COMPOSE.replace("VALUE", "secret"), DEPLOY, "medium", "medium"),
        ("compose.yaml", COMPOSE.replace("VALUE", "changeme"), EMPTY, "medium", "high"),
        ("compose.dev.yaml", COMPOSE.replace("VALUE", "changeme"), EMPTY, "medium", "medium"),
        ("compose.devices.yaml", COMPOSE.replace("VALUE", "changeme"), EMPTY, "medium", "high"),
        ("certs/localhost-key.pem", KEY_VALUE, KEY, "critical", "medium"),
        ("certs/host-key.pem", KEY_VALUE, KEY, "critical", "high"),
        ("k.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {DB_PASSWORD: postgres}\n", DEPLOY, "high", "medium"),
        ("fly.toml", f'[env]\nX_TOKEN = "{RANDOM}"\n', DEPLOY, "critical", "high"),
        (".env", f"X_TOKEN={RANDOM}\n", COMMITTED, "high", "high"),
        (".github/workflows/a.yml", f"env: {{X_TOKEN: {RANDOM}}}\n", HARDCODED, "high", "medium"),
    ],
)
def test_classes(path: str, text: str, place: str, severity: str, confidence: str) -> None:
    """The place decides first, then the value; severity and confidence follow from both."""
    secret = only(path, text)
    assert (secret.place, secret.severity.value, secret.confidence.value) == (place, severity, confidence)
    assert secret.title
    assert KEY_VALUE not in repr(secret)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".env.example", "OPENAI_API_KEY=sk-your-key\nPOSTGRES_PASSWORD=postgres\n"),
        ("config.sample.toml", f'api_token = "{RANDOM}"\n'),
        ("tests/test_a.py", f'API_TOKEN = "{RANDOM}"\n'),
        ("docs/conf.py", f'API_TOKEN = "{RANDOM}"\n'),
        ("notebooks/a.ipynb", f'{{"source": ["api_token = \\"{RANDOM}\\""]}}\n'),
        (".github/workflows/a.yml", "env: {POSTGRES_PASSWORD: postgres, OPENAI_API_KEY: test_key}\n"),
        ("compose.test.yaml", "services: {a: {image: b, environment: {DB_PASSWORD: postgres}}}\n"),
        ("app/a.py", 'labels = {"password1": "Password", "password2": "password"}\n'),
        ("locales/en.json", '{"password": "Password"}\n'),
        ("app/a.py", 'index = pinecone.Index("products")\nkey = os.getenv("SORT_KEY") or "created_at"\n'),
        ("app/a.py", 'c = AzureKeyCredential(key)\nfield = form["password"] or "password1"\n'),
        ("Dockerfile", "FROM x\nRUN SECRET_KEY=dummy python manage.py collectstatic\n"),
    ],
)
def test_left_alone(path: str, text: str) -> None:
    """Examples, tests, documents, pipelines, translations, one command's dummy."""
    assert secrets({path: text}) == []


def test_where_it_stands_is_said() -> None:
    """The service of a compose file, the object of a cluster, the instruction of an image."""
    compose = f"services:\n  api: {{image: a}}\n  db:\n    image: b\n    environment:\n      DB_PASSWORD: {PASSWORD}\n"
    assert only("compose.yaml", compose).where == "service db"
    secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: api}}\nstringData: {{DB_PASSWORD: {PASSWORD}}}\n"
    assert only("k8s/a.yaml", secret).where == "Secret api"
    assert only("Dockerfile", f"FROM x\nARG DB_PASSWORD={PASSWORD}\n").where == "ARG"


def test_base64_in_a_secret_is_no_protection() -> None:
    """The value is judged as what it stands for."""
    encoded = base64.b64encode(b"changeme").decode()
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata: {{API_TOKEN: {encoded}}}\n"
    assert only("k8s/a.yaml", text).place == EMPTY


def test_templates_of_manifests_are_still_searched() -> None:
    """A Helm template is no YAML yet; a literal in it is found all the same, and nothing goes wrong."""
    text = (
        f"apiVersion: v1\nkind: Secret\n{{{{- if .Values.x }}}}\nstringData:\n  API_TOKEN: {RANDOM}\n{{{{- end }}}}\n"
    )
    secret = only("chart/templates/secret.yaml", text)
    assert (secret.place, secret.where) == (DEPLOY, "the template secret.yaml")


def test_an_example_that_repeats_a_live_value() -> None:
    """The value that code falls back to is no example; guessable ones in both are left alone."""
    found = secrets(
        {
            ".env.example": f"ADMIN_PASSWORD={PASSWORD}\nPOSTGRES_PASSWORD=postgres\n",
            "app/a.py": f'os.getenv("ADMIN_PASSWORD", "{PASSWORD}")\nos.getenv("POSTGRES_PASSWORD", "postgres")\n',
        }
    )
    copy = next(secret for secret in found if secret.span.path == ".env.example")
    assert (copy.place, copy.span.line) == (HARDCODED, 1)
    assert copy.related[0].span.path == "app/a.py"
    assert len(found) == 3


def test_environment_files() -> None:
    """One a file with secrets, at the first that is no provider's key; placeholders and accepted ones are none."""
    service = Service(
        MemoryTree(
            {
                ".env": f"LEVEL=info\nA_TOKEN={RANDOM}\nB_PASSWORD=postgres\n",
                "web/.env": 'NEXTAUTH_SECRET="secret"\n',
                "old/.env": "OPENAI_API_KEY=your-key\n",
                "new/.env": f"A_TOKEN={RANDOM} # gitleaks:allow\n",
                "key/.env": f"OPENAI_API_KEY={KEY_VALUE}\n",
                ".env.example": f"OPENAI_API_KEY={KEY_VALUE}\n",
                "tests/.env": f"OPENAI_API_KEY={KEY_VALUE}\n",
            }
        )
    )
    found = list(service.subjects(EnvironmentFile))
    assert [(file.path, file.first.span.line, file.names, file.severity.value) for file in found] == [
        (".env", 2, ("A_TOKEN", "B_PASSWORD"), "high"),
        ("web/.env", 1, ("NEXTAUTH_SECRET",), "medium"),
    ]


def test_accepted_values_are_seen() -> None:
    """A mark of another scanner is a comment that accepts the finding: it is listed as suppressed, not left out."""
    secret = only("app/a.py", f'API_TOKEN = "{RANDOM}"  # gitleaks:allow\n')
    assert (secret.place, secret.fact.allowed) == (HARDCODED, True)


REFUSING = """
from pydantic import model_validator
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    secret_key: str
    environment: str = "production"

    @model_validator(mode="after")
    def enforce(self):
        if self.secret_key {test}:
            if self.environment == "development":
                print("change it")
            else:
                {then}
        return self
"""


@pytest.mark.parametrize(
    ("test", "then", "expected"),
    [
        ('== "changethis"', "raise ValueError", "medium"),
        ('in ("secret", "changethis")', "raise ValueError", "medium"),
        ('== "changethis"', 'print("change it soon")', "high"),
        ('== "changeme"', "raise ValueError", "high"),
    ],
)
def test_placeholders_that_the_settings_refuse(test: str, then: str, expected: str) -> None:
    """A value with which the service only starts in development does no harm where it is deployed."""
    code = REFUSING.format(test=test, then=then)
    found = secrets({".env": "SECRET_KEY=changethis\n", "config.py": code})

    assert [(secret.place, secret.confidence.value) for secret in found] == [(EMPTY, expected)]
