"""What a COPY takes along beside the service: repository history, local settings, environments, weights, data."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache

from aiaudit.model.image.context import Context, normal
from aiaudit.model.image.values import Copy, Image, Layer, Stage
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.sources.deploy.environment import EnvironmentEntry, EnvironmentFacts, extract
from aiaudit.values import dataclass

HISTORY, SETTINGS, CREDENTIALS, ENVIRONMENT, WEIGHTS, DATABASE = (
    "history", "settings", "credentials", "environment", "weights", "database",
)  # fmt: skip
CARRIED, LOCAL, EXPECTED = "carried", "local", "expected"

_EXAMPLE = regex(r"(?:^|[._-])(?:example|sample|template|tmpl\w*|dist|defaults?|schema|test|ci|enc)(?:[._-]|$)")
_ENVIRONMENT_FILE = regex(r"\.env(?:\..+)?|.+\.env")
_CREDENTIALS = regex(
    r"(?:id_(?:rsa|dsa|ecdsa|ed25519)|.*service[_-]?account.*\.json|.*credentials?\.json|client_secret.*\.json|\.netrc"
    r"|\.pypirc|kubeconfig|.*\.(?:pem|p12|pfx|jks|keystore))",
    re.IGNORECASE,
)
_WEIGHTS = regex(r".*\.(?:safetensors|gguf|ggml|pt|pth|ckpt|onnx|h5|tflite|joblib|faiss)", re.IGNORECASE)
_DATABASES = regex(r".*\.(?:sqlite3?|db|duckdb|dump|parquet)", re.IGNORECASE)
_SETTINGS_USED = regex(r"(?<![\w*])\.env(?![\w.])|dotenv|\benv_file\b")
_VIRTUAL = {".venv", "venv", "env", ".env", "virtualenv", "node_modules", ".tox", ".conda"}
_IGNORED_SETTINGS = regex(r"^[ \t]*(?:\*\*/|/)?(?:\*?\.env(?:[.*].*)?|\*\.env)[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Content:
    """Something that gets into the image. `origin` tells whether git carries it, it lies on this disk, or is expected.

    Expected is what the repository says people have: an .env file that .gitignore names or that has an example.
    """

    path: str
    kind: str
    origin: str

    @property
    def text(self) -> str:
        """As a message names it."""
        return f"a local {self.path}" if self.origin == EXPECTED and self.kind == SETTINGS else self.path


@cache  # asked again for every Dockerfile that is built from the same context
def is_environment_file(path: str) -> bool:
    """Whether a file holds settings of an environment, and is no example of such."""
    name = posixpath.basename(path)
    return bool(_ENVIRONMENT_FILE.fullmatch(name)) and not _EXAMPLE.search(name.lower())


def whole_context_copies(image: Image) -> Iterator[tuple[Stage, Layer, Copy]]:
    """The copies of the whole context in the stages that a build of the image runs."""
    for stage in image.used:
        for layer in stage.layers:
            if layer.copy is not None and layer.copy.is_whole_context:
                yield stage, layer, layer.copy


def contents(image: Image) -> tuple[Content, ...]:
    """What of note a copy of the whole context brings, .dockerignore applied."""
    context = image.context
    found = [*_history(context), *_committed(context), *_local(context), *_expected(context)]
    unique: dict[str, Content] = {}
    for content in found:
        unique.setdefault(content.path, content)
    return tuple(unique.values())


def environment_files(image: Image, copy: Copy) -> Iterator[Content]:
    """Environment files that one copy brings into the image."""
    context = image.context
    for path in copy.files:
        if is_environment_file(path):
            yield Content(path, SETTINGS, CARRIED)
    prefixes = [normal(source) for source in copy.sources]
    for content in (*_local(context), *_expected(context)):
        if content.kind == SETTINGS and any(_covers(prefix, content.path, content.origin) for prefix in prefixes):
            yield Content(context.repository_path(content.path), SETTINGS, content.origin)
    for source in copy.missing:
        if is_environment_file(source) and not context.matcher.ignores(normal(source)):
            yield Content(context.repository_path(normal(source)), SETTINGS, LOCAL)


def secret_names(image: Image, path: str) -> tuple[str, ...]:
    """The names in an environment file that stand for secrets; () where the file cannot be read."""
    return tuple(entry.name for entry in _entries(image, path) if entry.value and _is_secret(entry.name, entry.value))


def is_harmless(image: Image, path: str) -> bool:
    """Whether an environment file can be read, one that git ignores included, and holds no secret."""
    return bool(_entries(image, path)) and not secret_names(image, path)


def _entries(image: Image, path: str) -> tuple[EnvironmentEntry, ...]:
    tree = image.service.tree
    if path in tree.ignored_files():  # git does not carry the file, but it lies on this disk
        return extract(tree.text(path)).entries
    facts = tree.facts(path, "environment")
    return facts.entries if isinstance(facts, EnvironmentFacts) else ()


def _is_secret(name: str, value: str) -> bool:
    """A secret's name; an address is one where credentials stand in it, and what asks to be replaced is none yet."""
    from aiaudit.sources.secrets.names import is_secret_name
    from aiaudit.sources.secrets.values import is_placeholder

    return is_secret_name(name) and ("://" not in value or "@" in value) and not is_placeholder(value)


def reaches_image(image: Image, stage: Stage, copy: Copy) -> bool:
    """Whether what a copy brings is part of the final image: its layer ships, or its files are copied on."""
    if stage in image.shipped:
        return True
    files = image.final.files
    if files is None or not copy.files:
        return False
    wanted = set(copy.files)
    return sum(1 for _ in files.places_of(wanted)) * 2 > len(wanted)


def way_into_image(image: Image, stage: Stage, copy: Copy, path: str) -> tuple[Layer, ...] | None:
    """The copies between stages that carry a file of the context, copied into a stage, on to the final image.

    () where the stage itself ships, None where the file stays behind.
    """
    if stage in image.shipped:
        return ()
    place = _landing(copy, image.context, path)
    if place is None or _is_removed(stage, place):
        return None
    return _carried(image, stage, place, 0)


def _landing(copy: Copy, context: Context, path: str) -> str | None:
    """Where a copy puts a file of the repository, one that git does not carry included."""
    known = next((place for place, source in copy.landings if source == path), None)
    if known is not None or copy.destination is None:
        return known
    prefix = f"{context.folder}/" if context.folder else ""
    below = path.removeprefix(prefix)
    for source in copy.sources:
        name = normal(source)
        if name in ("", "*"):
            return posixpath.join(copy.destination, below)
        if below == name:
            written = copy.instruction.words[-1].text
            is_folder = len(copy.sources) > 1 or written.endswith(("/", "/.")) or written in (".", "..")
            return posixpath.join(copy.destination, posixpath.basename(name)) if is_folder else copy.destination
        if below.startswith(f"{name}/"):
            return posixpath.join(copy.destination, below[len(name) + 1 :])
    return None


def _is_removed(stage: Stage, place: str) -> bool:
    """Whether a command of the stage deletes the file again."""
    name = posixpath.basename(place)
    commands = (c for layer in stage.layers if layer.keyword == "RUN" for c in layer.instruction.commands)
    return any(c.name in ("rm", "unlink", "find", "shred") and any(name in w.text for w in c.words) for c in commands)


def _carried(image: Image, stage: Stage, place: str, depth: int) -> tuple[Layer, ...] | None:
    for target in image.used if depth < 8 else ():
        for layer in target.layers:
            copy = layer.copy
            if copy is None or copy.stage is None or stage not in copy.stage.lineage or copy.destination is None:
                continue
            for source in copy.sources:
                start = posixpath.normpath(f"/{source.lstrip('/')}")
                if place != start and not place.startswith("/" if start == "/" else f"{start}/"):
                    continue
                if target in image.shipped:
                    return (layer,)
                landed = posixpath.normpath(posixpath.join(copy.destination, posixpath.relpath(place, start)))
                further = _carried(image, target, landed, depth + 1)
                if further is not None:
                    return (layer, *further)
    return None


def _covers(prefix: str, path: str, origin: str) -> bool:
    if origin == EXPECTED:
        return prefix == ""
    return prefix in ("", "*", path) or path.startswith(f"{prefix}/")


def _history(context: Context) -> Iterator[Content]:
    if not context.folder and not context.matcher.ignores(".git"):
        yield Content(".git", HISTORY, EXPECTED)


def _committed(context: Context) -> Iterator[Content]:
    for path in context.files:
        kind = _kind(path)
        if kind:
            yield Content(path, kind, CARRIED)


def _local(context: Context) -> Iterator[Content]:
    for path in context.local_files:
        plain = path.rstrip("/")
        if context.matcher.ignores(plain):
            continue
        if path.endswith("/"):
            if posixpath.basename(plain) in _VIRTUAL:
                yield Content(path, ENVIRONMENT, LOCAL)
            elif posixpath.basename(plain) in ("models", "weights", "checkpoints", "model_cache"):
                yield Content(path, WEIGHTS, LOCAL)
            continue
        kind = _kind(plain)
        if kind:
            yield Content(path, kind, LOCAL)


def _expected(context: Context) -> Iterator[Content]:
    """A local .env: .gitignore keeps one out of git, or an example is there to be copied."""
    if context.matcher.ignores(".env"):
        return
    ignored = any(
        _IGNORED_SETTINGS.search(context.tree.text(path))
        for path in {".gitignore", context.repository_path(".gitignore")}
        if context.tree.exists(path)
    )
    examples = any(
        "/" not in path and ".env" in path and _EXAMPLE.search(posixpath.basename(path).lower())
        for path in context.all_files
    )
    if examples or (ignored and not context.folder and _speaks_of_settings(context.tree)):
        yield Content(".env", SETTINGS, EXPECTED)


def _speaks_of_settings(tree: Tree) -> bool:
    """Whether anybody reads or describes a .env: a pattern in .gitignore alone may come from a template."""
    readable = (*(path for path in tree.files() if path.endswith(".md")), *tree.files("yaml"), *tree.files("python"))
    return any(tree.mentions(path, _SETTINGS_USED) for path in readable)


@cache
def _kind(path: str) -> str:
    name = posixpath.basename(path)
    if is_environment_file(path):
        return SETTINGS
    if _CREDENTIALS.fullmatch(name) and not _EXAMPLE.search(name.lower()):
        return CREDENTIALS
    if _WEIGHTS.fullmatch(name):
        return WEIGHTS
    return DATABASE if _DATABASES.fullmatch(name) else ""
