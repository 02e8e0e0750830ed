"""Model weights that a command of a RUN fetches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.image.commands import is_python, names_in
from aiaudit.model.image.filesystem import Filesystem, absolute
from aiaudit.model.image.generated import given_code
from aiaudit.model.image.values import Download
from aiaudit.model.syntax import statements_in
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import Command, Heredoc, Instruction, Word
from aiaudit.values import replace

# Calls that fetch weights or data when their argument is not a local folder.
_CALL = regex(
    r"\b(?:(?P<call>snapshot_download|hf_hub_download|from_pretrained|load_dataset|SentenceTransformer|CrossEncoder"
    r"|INSTRUCTOR|FlagModel|BGEM3FlagModel|TextEmbedding|SparseTextEmbedding|WhisperModel|load_faster_whisper|Ranker"
    r"|HuggingFaceEmbeddings?|HuggingFaceEmbedding|HuggingFaceBgeEmbeddings|FastEmbedEmbeddings?|TTS|AutoModel"
    r"|DocumentConverter|RapidOCR|EasyOCR|download_models?|load_whisper)\s*\("
    r"|(?P<dotted>whisper\.load_model|nltk\.download|spacy\.cli\.download|easyocr\.Reader|torch\.hub\.load|stanza\.download"
    r"|transformers\.pipeline|tiktoken\.(?:get_encoding|encoding_for_model)|hub\.load|gdown\.download|ultralytics\.YOLO"
    r"|kagglehub\.\w+_download|open_clip\.create_model\w*|clip\.load|timm\.create_model|pooch\.retrieve)\s*\("
    r"|(?P<pipeline>\bpipeline\s*\(\s*[\"']|\bYOLO\s*\(\s*[\"']))"
)
_COMMANDS = {
    "huggingface-cli": ("download",),
    "hf": ("download",),
    "spacy": ("download",),
    "ollama": ("pull",),
    "docling-tools": ("models",),
    "playwright": ("install",),
    "gdown": (),
    "argospm": ("install",),
    "instructlab": ("download",),
}
_TOOL_RUNNERS = (("uvx",), ("uv", "tool", "run"), ("pipx", "run"))
_TOOL_VALUES = names_in("--from --with --python -p --index --index-url --spec --with-editable -w --with-requirements")
_MODULES = {"spacy": "download", "nltk.downloader": "", "spacy.cli": "download", "playwright": "install"}


def download(
    command: Command, folder: str | None, files: Filesystem, tree: Tree, heredocs: Iterable[Heredoc] = ()
) -> Download | None:
    """The download that a command makes, if it makes one; `heredocs` are those of its instruction.

    Of a script of the repository that fetches nothing itself but may lead to what does, `what` is empty.
    """
    command = _tool(command)
    name, words = command.name, [word.text for word in command.words[1:]]
    if name in _COMMANDS:
        verbs = _COMMANDS[name]
        return Download(command, _shown(command)) if not verbs or (words[:1] and words[0] in verbs) else None
    if name in ("curl", "wget") and any("huggingface.co" in word for word in words):
        return Download(command, f"{name} from huggingface.co")
    if name == "git" and "clone" in words and any("huggingface.co" in word for word in words):
        return Download(command, "git clone from huggingface.co")
    if not is_python(name):
        return None
    code = given_code(command, heredocs)
    if code:
        what = fetching_call(code)
        return Download(command, what, needed=tuple(_needed(code, folder, files))) if what else None
    return _python(command, words, folder, files, tree)


def download_of_program(instruction: Instruction) -> Download | None:
    """The download that a RUN makes whose here-document is a program: `#!/usr/bin/env python3` in its first line."""
    if not is_python(instruction.interpreter):
        return None
    what = fetching_call("\n".join(document.body for document in instruction.heredocs))
    word = Word(instruction.interpreter, instruction.interpreter, instruction.extent)
    command = Command((word,), (), "", False, (), instruction.extent)
    return Download(command, what) if what else None


def _tool(command: Command) -> Command:
    """The command that `uvx`, `uv tool run` or `pipx run` fetches and runs: `uvx --from huggingface_hub hf ...`."""
    runner = next((words for words in _TOOL_RUNNERS if _texts(command)[: len(words)] == words), None)
    if runner is None:
        return command
    words = list(command.words[len(runner) :])
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option in _TOOL_VALUES and words:
            words.pop(0)
    return replace(command, words=tuple(words)) if words else command


def _texts(command: Command) -> tuple[str, ...]:
    return (command.name, *command.arguments)


def _python(command: Command, words: list[str], folder: str | None, files: Filesystem, tree: Tree) -> Download | None:
    while words and words[0].startswith("-") and words[0] not in ("-m", "-"):
        words = words[1:]
    if len(words) < 1:
        return None
    if words[0] == "-m" and len(words) > 1:
        verb = _MODULES.get(words[1])
        if verb is not None and (not verb or verb in words[2:]):
            return Download(command, _shown(command))
        return _script(command, _module_file(words[1], folder, files), tree)
    place = absolute(words[0], folder)
    return _script(command, files.source(place) if place else None, tree)


def _script(command: Command, path: str | None, tree: Tree) -> Download | None:
    return Download(command, fetching_call(tree.text(path)) or "", path) if path else None


def _module_file(module: str, folder: str | None, files: Filesystem) -> str | None:
    base = absolute(module.replace(".", "/"), folder)
    if base is None:
        return None
    return files.source(f"{base}.py") or files.source(f"{base}/__main__.py")


def _needed(code: str, folder: str | None, files: Filesystem) -> Iterator[str]:
    """The repository files that code imports from the folder it runs in, the packages around them first."""
    from aiaudit.sources.python.extract import extract

    for statement in statements_in(extract(code)[1]):
        if statement[0] == "import":
            named = [name for name, _ in statement[2]]
        elif statement[0] == "from":
            named = [statement[3], *(f"{statement[3]}.{name}" for name, _ in statement[4])]
        else:
            continue
        for name in named:
            parts = name.split(".")
            for length in range(1, len(parts) + 1):
                base = absolute("/".join(parts[:length]), folder)
                found = (files.source(f"{base}{end}") for end in (".py", "/__init__.py"))
                yield from (path for path in found if path is not None)


def fetching_call(text: str) -> str | None:
    """The first call in a Python text that fetches weights."""
    match = _CALL.search(text)
    if not match:
        return None
    if match["pipeline"]:
        return match["pipeline"].partition("(")[0].strip()
    return match["call"] or match["dotted"]


def _shown(command: Command) -> str:
    text = " ".join(word.text for word in command.words)
    return text if len(text) <= 60 else f"{text[:57]}..."
