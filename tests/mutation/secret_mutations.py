"""Credentials where none belong; every value is made up when the test runs."""

from __future__ import annotations

from tests.mutation.mutation import Edit, Expected, Mutation, made_up, mutation

_CONFIG = "app/core/config.py"
_SETTINGS = "settings = Settings()\n"


def _constant(line: str) -> Edit:
    return (_CONFIG, _SETTINGS, f"{_SETTINGS}{line}\n")


MUTATIONS = (
    mutation("KEY101", _CONFIG, "FALLBACK", _constant(f'FALLBACK = "sk-proj-{made_up(48)}"')),
    mutation("KEY102", _CONFIG, "admin_password", _constant(f'admin_password = "{made_up(24)}"')),
    mutation("KEY103", _CONFIG, "OPENAI_API_KEY =", _constant('OPENAI_API_KEY = "sk-xxxx"')),
    Mutation(
        "KEY104",  # what callers' keys are compared with may then be missing, too
        (Expected("ENV102", _CONFIG, "service_api_key"), Expected("KEY104", _CONFIG, "service_api_key")),
        (
            (
                _CONFIG,
                'service_api_key: SecretStr = Field(validation_alias="SERVICE_API_KEY", min_length=16)',
                f'service_api_key: SecretStr = SecretStr("{made_up(24)}")',
            ),
        ),
    ),
    mutation(
        "KEY105", _CONFIG, "openai_base_url", (_CONFIG, "https://api.openai", f"https://proxy:{made_up(16)}@api.openai")
    ),
    mutation(
        "KEY106",
        "Dockerfile",
        "SERVICE_API_KEY",
        ("Dockerfile", "    PYTHONUNBUFFERED=1\n", f"    PYTHONUNBUFFERED=1 \\\n    SERVICE_API_KEY={made_up(24)}\n"),
    ),
    mutation(
        "KEY107",
        "compose.yaml",
        "SERVICE_API_KEY",
        ("compose.yaml", "${SERVICE_API_KEY:?is what callers must present}", made_up(24)),
    ),
    mutation(
        "KEY108",
        ".env",
        "SERVICE_API_KEY",
        (".gitignore", ".env\n", ""),
        files={".env": f"SERVICE_API_KEY={made_up(24)}\n"},
    ),
    mutation(
        "KEY203",
        "app/core/startup.py",
        "logger.info",
        (
            "app/core/startup.py",
            'logger.info("ready with %d handbook sections", len(index))',
            'logger.info("ready with %s", settings.service_api_key.get_secret_value())',
        ),
    ),
    mutation(
        "KEY201",
        "Dockerfile",
        "COPY .env",
        ("Dockerfile", "COPY --from=builder /srv /srv\n", "COPY --from=builder /srv /srv\nCOPY .env ./\n"),
        (".dockerignore", "!app\n", "!app\n!.env\n"),
        files={".env": f"SERVICE_API_KEY={made_up(24)}\n"},
    ),
)
