"""What a file is for, told from its path: shipped code, a test, a document, an example to copy, a pipeline ..."""

from __future__ import annotations

import re
from functools import lru_cache

TEST, DOCUMENT, EXAMPLE, PIPELINE, NOTEBOOK = "test", "document", "example", "pipeline", "notebook"
PLATFORM, ENVIRONMENT, CODE = "platform", "environment", "code"

_TEST_FOLDERS = frozenset(
    ["test", "tests", "testing", "testdata", "test_data", "test-data", "__tests__", "__mocks__", "spec", "specs", "e2e", "fixtures", "mocks", "cypress", "playwright", "integration_tests", "unit_tests", "benchmark", "benchmarks", "evals"]
)
_TEST_NAME = re.compile(
    r"test_.*|.*_tests?\.\w+|.*\.(?:test|spec|e2e|stories)\.\w+|conftest\.py|tests?\.py|(?:pytest|tox)\.ini"
    r"|\.env\.(?:test|testing|ci|e2e).*|test\.env|.*compose[._-](?:test|ci|e2e|integration)\w*\.ya?ml|compose\.(?:test|ci)\..*"
)
_DOCUMENT_FOLDERS = frozenset(["docs", "doc", "documentation", "website", "site", "blog", "wiki", "man", "changelog", "changelogs", "i18n", "locales", "locale"])
_DOCUMENT_NAME = re.compile(r".*\.(?:md|mdx|rst|adoc|txt|tex|org|html?|po|pdf)|readme.*|changelog.*|license.*")
_EXAMPLE_FOLDERS = frozenset(["example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials", "cookbook", "cookbooks", "playground"])
_EXAMPLE_NAME = re.compile(
    r"(?:.*[._-])?(?:examples?|samples?|templates?|tmpl(?:ate)?|tpl|dist|default|skeleton|stub|copy)(?:[._-].*)?"
)
_PIPELINE = re.compile(
    r"(?:^|/)\.(?:github|circleci|gitea|forgejo|buildkite|woodpecker)/|(?:^|/)(?:\.gitlab-ci[^/]*|bitbucket-pipelines|"
    r"azure-pipelines[^/]*|\.travis|appveyor|\.drone|\.pre-commit-config)\.ya?ml$|(?:^|/)Jenkinsfile[^/]*$"
)
_PLATFORM = re.compile(
    r"fly(?:\.[\w-]+)?\.toml|render\.ya?ml|railway\.(?:json|toml)|vercel\.json|netlify\.toml|serverless\.(?:ya?ml|json)"
    r"|app(?:engine)?(?:[._-]\w+)?\.yaml|app\.json|samconfig\.toml|cloudbuild[\w.-]*\.ya?ml|apprunner\.ya?ml|heroku\.yml"
    r"|(?:task|container)[-_]?def[\w-]*\.json|[\w-]*task-definition[\w-]*\.json|zeabur\.(?:json|ya?ml)|koyeb\.ya?ml"
    r"|captain-definition|wrangler\.(?:toml|jsonc?)|amplify\.yml|[\w.-]+\.(?:tf|tfvars|bicep|hcl)|(?:docker-)?stack[\w.-]*\.ya?ml"
    r"|procfile|skaffold\.ya?ml|cog\.yaml|modal\.toml|values[\w.-]*\.ya?ml|dockerrun\.aws\.json|copilot.*manifest\.ya?ml"
    r"|(?:docker-)?compose[\w.-]*\.ya?ml|[\w.-]*[._-](?:docker-)?compose\.ya?ml"
)
_ENVIRONMENT = re.compile(r"\.env(?:\..*)?|.+\.env|\.flaskenv|\.envrc")


@lru_cache(maxsize=4096)
def place_of(path: str) -> str:
    """One of the constants above; CODE where nothing else fits."""
    *folders, name = path.lower().split("/")
    if path.endswith(".ipynb"):
        return NOTEBOOK
    if _TEST_NAME.fullmatch(name) or _TEST_FOLDERS.intersection(folders):
        return TEST
    if _is_example(name) or _EXAMPLE_FOLDERS.intersection(folders):
        return EXAMPLE
    if _PIPELINE.search(path):
        return PIPELINE
    if _ENVIRONMENT.fullmatch(name):
        return ENVIRONMENT
    if _DOCUMENT_NAME.fullmatch(name) or _DOCUMENT_FOLDERS.intersection(folders):
        return DOCUMENT
    return PLATFORM if _PLATFORM.fullmatch(name) else CODE


def _is_example(name: str) -> bool:
    """`.env.example`, `env.sample`, `config.template.yaml`, `dotenv-example`; a program called template.py is none."""
    if name.endswith((".py", ".js", ".ts", ".tsx", ".go", ".java")) or name in ("template.yaml", "template.yml"):
        return False
    return bool(_EXAMPLE_NAME.fullmatch(name.strip("._-")))
