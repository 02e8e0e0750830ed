"""How a text is read for credentials, told from its path."""

from __future__ import annotations

import re

from aiaudit.patterns import regex

PYTHON, YAML, JSON, ENVIRONMENT = "python", "yaml", "json", "environment"
DOCKERFILE, SHELL, SETTINGS, PROGRAM, PROSE, DATA = "dockerfile", "shell", "settings", "program", "prose", "data"

_SUFFIXES = {
    PYTHON: "py pyi pyw",
    YAML: "yml yaml",
    JSON: "json json5 jsonc tfstate",
    SHELL: "sh bash zsh ksh fish bat cmd mk service",
    SETTINGS: "toml ini cfg conf config properties npmrc pypirc netrc tfvars hcl desktop editorconfig",
    PROGRAM: "js jsx mjs cjs ts tsx mts cts go java kt kts scala rb php cs rs swift c h cc cpp hpp lua pl r jl ex exs"
    " dart ps1 tf ipynb vue svelte astro gradle groovy sql graphql bicep xml plist html htm jinja j2 tmpl tpl",
    PROSE: "md mdx rst txt adoc tex org log pdf po pot srt vtt",
    DATA: "csv tsv jsonl ndjson lock map svg geojson parquet pkl bin npy sum min patch diff snap ics css scss sass less"
    " woff woff2 ttf eot bib",
}
_BY_SUFFIX = {suffix: kind for kind, row in _SUFFIXES.items() for suffix in row.split()}
_BY_NAME = {
    "makefile": SHELL, "gnumakefile": SHELL, "justfile": SHELL, "procfile": SHELL, "entrypoint": SHELL,
    "package-lock.json": DATA, "pipfile.lock": DATA, "pnpm-lock.yaml": DATA, "composer.lock": DATA, "yarn.lock": DATA,
    "bun.lockb": DATA, "pipfile": SETTINGS, ".npmrc": SETTINGS, ".pypirc": SETTINGS, ".netrc": SETTINGS,
    ".git-credentials": SETTINGS, "pip.conf": SETTINGS, "credentials": SETTINGS, ".flaskenv": ENVIRONMENT,
    ".envrc": SHELL, "tiltfile": PYTHON, "jenkinsfile": PROGRAM,
}  # fmt: skip
_DOCKERFILE = regex(r"(?:docker|container)file(?:[._-].*)?|.+\.(?:docker|container)file", re.IGNORECASE)
_ENVIRONMENT = regex(
    r"\.env(?:[._-].*)?|.+\.env|(?:dot)?env[._-](?:example|sample|template|dist|local|dev|prod|test).*|.+\.env[._-].*",
    re.IGNORECASE,
)


def format_of(path: str) -> str:
    """One of the formats above; texts of unknown kind are read like settings without bare values (PROGRAM)."""
    name = path.rpartition("/")[2].lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    suffix = name.rpartition(".")[2] if "." in name else ""
    if name.endswith((".min.js", ".min.css", ".bundle.js", "-lock.json")):
        return DATA
    if _ENVIRONMENT.fullmatch(name) and suffix not in ("py", "js", "ts", "sh", "json", "yml", "yaml", "md"):
        return ENVIRONMENT
    if _DOCKERFILE.fullmatch(name) and suffix not in ("md", "txt", "py", "sh", "yml", "yaml", "json"):
        return DOCKERFILE
    for marker in (".example", ".sample", ".template", ".dist", ".tmpl", ".tpl", ".j2", ".orig", ".bak"):
        if name.endswith(marker) and "." in name.removesuffix(marker):
            return format_of(name.removesuffix(marker))
    return _BY_SUFFIX.get(suffix, PROGRAM)
