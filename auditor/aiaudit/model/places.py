"""What a file is for, told from its path: shipped code, a test, a document, an example to copy, a pipeline ..."""

from __future__ import annotations

from functools import lru_cache

from aiaudit.patterns import regex

TEST, DOCUMENT, EXAMPLE, PIPELINE, NOTEBOOK = "test", "document", "example", "pipeline", "notebook"
PLATFORM, ENVIRONMENT, CODE = "platform", "environment", "code"

_SPLIT = regex(r"[._\s-]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEST_WORDS = _words(
    "test tests testing testdata testcases spec specs e2e fixture fixtures mock mocks cypress playwright benchmark"
    " benchmarks evals"
)
_TEST_PROGRAM = regex(
    r"test_.*|.*[._-](?:tests?|spec|e2e|stories|mock)\.\w+|conftest\.py|tests?\.py|(?:pytest|tox)\.ini"
)
_TEST_FILE_WORDS = _words("test tests testing e2e ci integration")
_DOCUMENT_FOLDERS = _words("docs doc documentation website site blog wiki man changelog changelogs i18n locales locale")
_DOCUMENT_NAME = regex(r".*\.(?:md|mdx|rst|adoc|txt|tex|org|html?|po|pdf)|readme.*|changelog.*|license.*")
_EXAMPLE_WORDS = _words(
    "example examples sample samples demo demos tutorial tutorials cookbook cookbooks playground quickstart quickstarts"
)
_EXAMPLE_NAME = regex(
    r"(?:.*[._-])?(?:examples?|samples?|templates?|tmpl(?:ate)?|tpl|dist|default|skeleton|stub|copy)(?:[._-].*)?"
)
# Templates of serverless functions, and what layered settings start from.
_SHIPPED = _words("template.yaml template.yml default.yaml default.yml default.toml default.json default.ini")
_PROGRAMS = (".py", ".js", ".mjs", ".ts", ".tsx", ".jsx", ".go", ".java", ".rs", ".rb", ".php")
_PIPELINE = regex(
    r"(?:^|/)(?:ci|\.(?:github|circleci|gitea|forgejo|buildkite|woodpecker))/|(?:^|/)(?:\.gitlab-ci[^/]*|bitbucket-pipelines|"
    r"azure-pipelines[^/]*|\.travis|appveyor|\.drone|\.pre-commit-config)\.ya?ml$|(?:^|/)Jenkinsfile[^/]*$"
)
_PLATFORM = regex(
    r"fly(?:\.[\w-]+)?\.toml|render\.ya?ml|railway\.(?:json|toml)|vercel\.json|netlify\.toml|serverless\.(?:ya?ml|json)"
    r"|app(?:engine)?(?:[._-]\w+)?\.yaml|app\.json|samconfig\.toml|cloudbuild[\w.-]*\.ya?ml|apprunner\.ya?ml|heroku\.yml"
    r"|(?:task|container)[-_]?def[\w-]*\.json|[\w-]*task-definition[\w-]*\.json|zeabur\.(?:json|ya?ml)|koyeb\.ya?ml"
    r"|captain-definition|wrangler\.(?:toml|jsonc?)|amplify\.yml|[\w.-]+\.(?:tf|tfvars|bicep|hcl)|(?:docker-)?stack[\w.-]*\.ya?ml"
    r"|procfile|skaffold\.ya?ml|cog\.yaml|modal\.toml|values[\w.-]*\.ya?ml|dockerrun\.aws\.json|copilot.*manifest\.ya?ml"
    r"|(?:docker-)?compose[\w.-]*\.ya?ml|[\w.-]*[._-](?:docker-)?compose\.ya?ml"
)
_ENVIRONMENT = regex(r"\.env(?:\..*)?|.+\.env|\.flaskenv|\.envrc")


@lru_cache(maxsize=4096)
def place_of(path: str) -> str:
    """One of the constants above; CODE where nothing else fits."""
    *folders, name = path.lower().split("/")
    folder_words = {word for folder in folders for word in _SPLIT.split(folder)}
    if path.endswith(".ipynb"):
        return NOTEBOOK
    if folder_words & _TEST_WORDS:
        return TEST
    if _PIPELINE.search(path):
        return PIPELINE
    if _is_test(name):
        return TEST
    if folder_words & _EXAMPLE_WORDS or _is_example(name):
        return EXAMPLE
    if _ENVIRONMENT.fullmatch(name):
        return ENVIRONMENT
    if _DOCUMENT_NAME.fullmatch(name) or _DOCUMENT_FOLDERS.intersection(folders):
        return DOCUMENT
    return PLATFORM if _PLATFORM.fullmatch(name) else CODE


def _is_test(name: str) -> bool:
    """Programs by the usual patterns; for settings and deploy files a word will do: `compose.e2e.yaml`, `.env.test`."""
    if _TEST_PROGRAM.fullmatch(name):
        return True
    return not name.endswith(_PROGRAMS) and bool(_TEST_FILE_WORDS.intersection(_SPLIT.split(name)))


def _is_example(name: str) -> bool:
    """`.env.example`, `env.sample`, `config.template.yaml`, `dotenv-example`; a program called template.py is none, nor
    is `config/default.yaml`."""
    if name.endswith(_PROGRAMS):
        words = _SPLIT.split(name.rpartition(".")[0])
        return bool({words[0], words[-1]} & {"example", "examples", "sample", "demo", "quickstart"})
    if name in _SHIPPED:
        return False
    return bool(_EXAMPLE_NAME.fullmatch(name.strip("._-")))
