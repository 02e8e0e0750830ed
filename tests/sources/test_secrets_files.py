"""Every other kind of file: YAML, JSON, .env, settings, scripts, Dockerfiles, programs, prose."""

from __future__ import annotations

import base64

import pytest

from aiaudit.sources.secrets import SecretFact, extract
from aiaudit.sources.secrets.formats import format_of

RANDOM = "9f3Kd72LmQ0xZtVb58RnWy1cHs64JpGe"
PASSWORD = "h7Kq2mXw9Rt4"


def found(text: str, path: str) -> list[SecretFact]:
    """The facts of a text."""
    facts = extract(text, path)
    assert facts.problems == ()
    assert RANDOM not in repr(facts)
    return list(facts.secrets)


def named(text: str, path: str) -> list[tuple[str, int]]:
    """Name and line of each fact."""
    return [(fact.name, fact.extent.line) for fact in found(text, path)]


def test_compose() -> None:
    """Map form, list form, defaults, URLs, options; passed-through and interpolated variables are fine."""
    text = f"""\
services:
  api:
    command: ["serve", "--admin-token", "{RANDOM}", "--max-tokens", "4096"]
    environment:
      SERVICE_API_KEY: {RANDOM}
      OTHER_TOKEN: ${{OTHER_TOKEN}}
      NEEDED_TOKEN: ${{NEEDED_TOKEN:?is not set}}
      DATABASE_URL: postgresql://${{PGUSER:-bob}}:${{PGPASSWORD:-{PASSWORD}}}@db/x
  db:
    environment:
      - POSTGRES_PASSWORD=postgres
      - REDIS_PASSWORD
      - NOTHING_TOKEN=
"""
    assert named(text, "compose.yaml") == [
        ("admin-token", 3), ("SERVICE_API_KEY", 5), ("DATABASE_URL", 8), ("POSTGRES_PASSWORD", 11),
    ]  # fmt: skip
    assert found(text, "compose.yaml")[1].keys == ("services", "api", "environment", "SERVICE_API_KEY")


def test_kubernetes() -> None:
    """Name and value in two keys, ConfigMaps, Secrets in base64."""
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    text = f"""\
kind: Pod
spec:
  containers:
    - env:
        - name: JWT_SECRET
          value: {RANDOM}
        - name: OTHER_SECRET
          valueFrom: {{secretKeyRef: {{name: api-secrets, key: other_secret}}}}
---
kind: ConfigMap
data: {{SMTP_PASSWORD: {PASSWORD}}}
---
kind: Secret
data:
  DB_PASSWORD: {encoded}
"""
    facts = found(text, "k8s/api.yml")
    assert named(text, "k8s/api.yml") == [("JWT_SECRET", 6), ("SMTP_PASSWORD", 11), ("DB_PASSWORD", 15)]
    assert facts[2].length == len(PASSWORD)


def test_templates_are_read_by_lines() -> None:
    """A Helm template is no YAML; literals in it are found, expressions are not."""
    text = f'{{{{- if .Values.db }}}}\npassword: {{{{ .Values.db.password }}}}\napi_token: "{RANDOM}"\n{{{{- end }}}}\n'
    assert named(text, "templates/secret.yaml") == [("api_token", 3)]


def test_aliases_are_reported_once() -> None:
    """A shared block of variables is one place."""
    text = f"x-env: &env\n  API_TOKEN: {RANDOM}\nservices:\n  a: {{environment: *env}}\n  b: {{environment: *env}}\n"
    assert named(text, "compose.yaml") == [("API_TOKEN", 2)]


def test_json() -> None:
    """Keys, pairs, and a request's body inside a string."""
    text = f"""\
{{"api_token": "{RANDOM}",
 "environment": [{{"name": "OTHER_TOKEN", "value": "{RANDOM}"}}],
 "run": "curl -d '{{\\"user\\":\\"bob\\",\\"password\\":\\"{PASSWORD}\\"}}' https://x.test",
 "password": "Passwords must match",
 "auth_token": null}}
"""
    assert named(text, "task.json") == [("api_token", 1), ("OTHER_TOKEN", 2), ("password", 3)]


def test_environment_file() -> None:
    """Quotes, export, comments and interpolation as in python-dotenv."""
    text = f"""\
# OLD_TOKEN={RANDOM}
export API_TOKEN='{RANDOM}' # comment
OTHER_TOKEN="${{API_TOKEN}}"
EMPTY_TOKEN=
DATABASE_URL=postgresql://bob:{PASSWORD}@db/x
NEXTAUTH_SECRET="secret"
MAX_TOKENS=4096
"""
    facts = found(text, ".env")
    assert [(fact.name, fact.kind) for fact in facts] == [
        ("API_TOKEN", "generic"), ("DATABASE_URL", "generic"), ("NEXTAUTH_SECRET", "default-password"),
    ]  # fmt: skip
    assert (facts[0].extent.line, facts[0].extent.column) == (2, 19)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app.ini", f"[db]\npassword = {PASSWORD}\n"),
        ("app.toml", f'[db]\npassword = "{PASSWORD}"\n'),
        ("app.properties", f"db.password={PASSWORD}\n".replace("db.", "a=1\ndb.")),
        ("run.sh", f"set -e\nexport PGPASSWORD={PASSWORD}\n"),
        ("run.sh", f"set -e\nmysql --password={PASSWORD}\n"),
        ("run.sh", f"set -e\nmysql --password {PASSWORD}\n"),
        ("Makefile", f"all:\n\tPGPASSWORD={PASSWORD} psql\n"),
        ("Dockerfile", f"FROM x\nENV DB_PASSWORD={PASSWORD}\n"),
        ("Dockerfile", f"FROM x\nENV DB_PASSWORD {PASSWORD}\n"),
        ("Dockerfile", f"FROM x\nENV A=1 DB_PASSWORD='{PASSWORD}' \\\n    B=2\n"),
        ("Dockerfile", "FROM x\nENV OPENAI_API_KEY=sk-your-key-here PYTHONUNBUFFERED=1\n"),
        ("Dockerfile", f"FROM x\nARG DB_PASSWORD={PASSWORD}\n"),
        ("web.ts", f"//\nconst dbPassword: string = '{PASSWORD}';\n"),
        ("web.js", f"//\nlogin({{password: '{PASSWORD}'}});\n"),
        ("main.tf", f'resource {{\n  password = "{PASSWORD}"\n'),
        (".npmrc", f"a=b\n//registry.test/:_authToken={RANDOM}\n"),
    ],
)
def test_other_formats(path: str, text: str) -> None:
    """One secret, on the second line."""
    assert [fact.extent.line for fact in found(text, path)] == [2]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("run.sh", 'PASSWORD=$1\nTOKEN=$(cat /run/secrets/x)\nKEY="${API_KEY}"\n'),
        ("run.sh", "echo 'usage: OPENAI_API_KEY=sk-xxx run.sh'\n# API_TOKEN=9f3Kd72LmQ0xZtVb58Rn\n"),
        ("run.sh", """B=$(python3 -c 'import os; print({"password": os.environ["PASSWORD"]})')\n"""),
        ("run.sh", "python - <<'X'\napi_key = load_api_key(args)\nrun(api_key=api_key)\nX\n"),
        ("Dockerfile", "FROM x\nARG API_TOKEN\nENV A_TOKEN=${API_TOKEN} MAX_TOKENS=4096\n"),
        ("Dockerfile", "FROM x\nRUN --mount=type=secret,id=api_token,env=API_TOKEN run\n"),
        ("main.tf", "  password = var.db_password\n"),
        ("app.ini", "; password = h7Kq2mXw9Rt4\ncredential.helper=manager\n"),
        ("web.ts", "const token: string = getToken();\nconst apiKey = process.env.API_KEY;\n"),
        ("web.ts", "type Props = { password: string; apiKey?: 'none' };\n"),
        ("README.md", "export API_TOKEN=9f3Kd72LmQ0xZtVb58RnWy1cHs64JpGe\n"),
        ("uv.lock", 'token = "9f3Kd72LmQ0xZtVb58RnWy1cHs64JpGe"\n'),
        ("openapi.yaml", "example:\n  api_token: 9f3Kd72LmQ0xZtVb58RnWy1cHs64JpGe\n"),
        ("values.yaml", "secretName: api-secrets\nexistingSecret: api\nsecretKey: api_token\n"),
        ("cloudbuild.yaml", "args: ['--update-secrets=JWT_SECRET=jwt-secret:latest,API_TOKEN=api:latest']\n"),
    ],
)
def test_nothing_there(path: str, text: str) -> None:
    """References, usage texts, comments, types, documents, lock files, names of secrets."""
    assert found(text, path) == []


def test_allow_marks() -> None:
    """Marks of gitleaks and detect-secrets, on the line or for the next one."""
    text = f"""\
A_TOKEN = "{RANDOM}"  # gitleaks:allow
B_TOKEN = "{RANDOM}"  # pragma: allowlist secret
# pragma: allowlist nextline secret
C_TOKEN = "{RANDOM}"
D_TOKEN = "{RANDOM}"
"""
    assert [fact.allowed for fact in found(text, "a.py")] == [True, True, True, False]


def test_equal_values_have_equal_fingerprints() -> None:
    """So that a copy of a value can be told, without keeping the value."""
    first, second = found(f"A_TOKEN={RANDOM}\nB_TOKEN={RANDOM}\n", ".env")
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != found(f"A_TOKEN={RANDOM[::-1]}\n", ".env")[0].fingerprint


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/b.py", "python"), (".env", "environment"), ("api.env", "environment"), (".env.example", "environment"),
        ("dotenv-example", "environment"), ("Dockerfile.gpu", "dockerfile"), ("compose.yml", "yaml"),
        ("package-lock.json", "data"), ("app.min.js", "data"), ("README.md", "prose"),
        ("config.toml.example", "settings"),
        ("x.ipynb", "program"), ("Makefile", "shell"), ("unknown", "program"), ("env.py", "python"),
    ],
)  # fmt: skip
def test_formats(path: str, kind: str) -> None:
    """How a file is read follows from its name."""
    assert format_of(path) == kind
