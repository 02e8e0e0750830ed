"""What a file is for, from its path."""

from __future__ import annotations

import pytest

from aiaudit.model import places


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("app/main.py", places.CODE),
        ("app/template.py", places.CODE),
        ("app/contest.py", places.CODE),
        ("app/attestation/a.py", places.CODE),
        ("tests/unit/a.py", places.TEST),
        ("app/test_a.py", places.TEST),
        ("app/a_test.py", places.TEST),
        ("web/a.spec.ts", places.TEST),
        ("app/qa/settings.py", places.CODE),
        ("compose.e2e.yaml", places.TEST),
        (".env.test", places.TEST),
        (".env.example", places.EXAMPLE),
        ("dotenv-example", places.EXAMPLE),
        ("env.sample", places.EXAMPLE),
        (".env.gcloud.tmplate", places.EXAMPLE),
        ("config.template.yaml", places.EXAMPLE),
        ("compose_examples/a.yaml", places.EXAMPLE),
        ("example_usage.py", places.EXAMPLE),
        (".github/workflows/a.yml", places.PIPELINE),
        (".gitlab-ci.yml", places.PIPELINE),
        ("charts/api/ci/values.yaml", places.PIPELINE),
        ("README.md", places.DOCUMENT),
        ("docs/a.py", places.DOCUMENT),
        ("a.ipynb", places.NOTEBOOK),
        (".env", places.ENVIRONMENT),
        ("deploy/api.env", places.ENVIRONMENT),
        (".env.production", places.ENVIRONMENT),
        ("fly.toml", places.PLATFORM),
        ("infra/main.tf", places.PLATFORM),
        ("helm/values.yaml", places.PLATFORM),
        ("docker-compose.prod.yml", places.PLATFORM),
        ("db-compose.yaml", places.PLATFORM),
        ("config/app.yaml.md", places.DOCUMENT),
        ("config/default.yaml", places.CODE),
        ("config.default.yaml", places.EXAMPLE),
        ("default.env", places.EXAMPLE),
    ],
)
def test_places(path: str, place: str) -> None:
    """Words in folders and names decide, not substrings."""
    assert places.place_of(path) == place
