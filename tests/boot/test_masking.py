"""Secrets in what programs print."""

from __future__ import annotations

from aiaudit.boot.masking import masked, secret_values

_KEY = "sk-proj-Zk3Qm8vT1pXr7LdW0aYbN4cH9sFgJ2eUoViKtRqB6wM5yPxT3BlbkFJ1c2D8nQ"


def test_known_values_and_the_forms_of_credentials_are_masked() -> None:
    text = f"#9 0.1 {_KEY}\npostgresql://u:hunter22x@db/x\nENV RANKING_TOKEN=jBHTxUI36Aih8XbAOOW8nzy9rI9v4FRX\nof mine!"
    shown = masked(text, ["mine!", "of"])
    assert not [value for value in (_KEY, "hunter22x", "jBHTxUI36Aih8Xb", "mine!") if value in shown]
    assert shown.startswith("#9 0.1 sk-p… (70 characters)\n")
    assert "of " in shown


def test_secret_values_are_told_by_names_and_addresses() -> None:
    pairs = (("OPENAI_API_KEY", "a1"), ("INDEX", "https://u:p@host/simple"), ("VERSION", "3.11"))
    assert secret_values(pairs) == ("a1", "https://u:p@host/simple")
