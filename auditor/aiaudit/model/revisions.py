"""Models of the Hugging Face hub that are fetched by name alone, in the service's code and in its images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aiaudit.model.arguments import argument_of
from aiaudit.model.image.commands import names_in, options
from aiaudit.model.image.values import Download, Image
from aiaudit.model.scopes import last_name
from aiaudit.model.service import Service
from aiaudit.model.values import Constant
from aiaudit.patterns import regex
from aiaudit.span import Extent, Span
from aiaudit.values import dataclass

# Callables that take a model's name and a revision: the last parts of their paths, and the argument with the name.
_FETCHING = {
    "from_pretrained": "pretrained_model_name_or_path",
    "snapshot_download": "repo_id",
    "hf_hub_download": "repo_id",
    "SentenceTransformer": "model_name_or_path",
    "CrossEncoder": "model_name",
}
_LIBRARIES = ("transformers.", "huggingface_hub.", "sentence_transformers.", "diffusers.", "peft.", "optimum.")
_HUB_NAME = regex(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# Models that the hub and sentence-transformers know without an account.
_SHORT_NAME = regex(
    r"(?:all|multi-qa|paraphrase|msmarco|distiluse|gtr-t5|sentence-t5|clip-ViT|LaBSE|allenai)-[\w.-]+"
    r"|(?:distil)?gpt2(?:-\w+)?|(?:distil|al)?(?:ro)?bert(?:a)?-(?:base|large)[\w-]*|t5-(?:small|base|large)"
)
# First parts of names that are folders of a project rather than accounts of the hub.
_FOLDERS = names_in(
    "app artifacts assets cache checkpoints ckpt data weights local model models model_cache output outputs"
    " pretrained resources saved_model saved_models src storage tmp trained"
)
_VALUES = names_in("--local-dir --cache-dir --include --exclude --repo-type --token --max-workers --revision")


@dataclass(frozen=True, slots=True)
class FloatingModel:
    """A model that is fetched without a revision: `name` on the hub, the call or command, and where else it is."""

    name: str
    call: str
    span: Span
    others: tuple[Span, ...] = ()


def floating_models(service: Service) -> tuple[FloatingModel, ...]:
    """Each model once, at the first place that fetches it; a place that fetches several stands for all of them."""
    found: dict[str, list[FloatingModel]] = {}
    for model in (*_in_images(service), *_in_code(service)):
        found.setdefault(model.name, []).append(model)
    places = {models[0].span: models for models in reversed(list(found.values()))}
    return tuple(_merged(models) for models in reversed(list(places.values())))


def _merged(models: list[FloatingModel]) -> FloatingModel:
    spans = list(dict.fromkeys(model.span for model in models))
    return FloatingModel(models[0].name, models[0].call, spans[0], tuple(spans[1:]))


def _in_code(service: Service) -> Iterator[FloatingModel]:
    from aiaudit.model.python import python_side

    side = python_side(service)
    for known in side.known:
        name = known.call.name
        if name not in _FETCHING or not known.value.path.startswith(_LIBRARIES):
            continue
        if argument_of(known.call, "revision", side.evaluator).state != "absent":
            continue
        if argument_of(known.call, "local_files_only", side.evaluator).state != "absent":
            continue
        given = argument_of(known.call, _FETCHING[name], side.evaluator, 0)
        value = given.values[0] if len(given.values) == 1 else None
        if isinstance(value, Constant) and isinstance(value.value, str) and _is_on_hub(value.value, service):
            yield FloatingModel(value.value, known.name, known.call.span)


def _is_on_hub(name: str, service: Service) -> bool:
    """Whether a name means a model of the hub, and no folder of the repository or of the image."""
    if not _HUB_NAME.fullmatch(name):
        return bool(_SHORT_NAME.fullmatch(name)) and not service.tree.exists(name)
    return name.partition("/")[0].lower() not in _FOLDERS and not service.tree.exists(name)


def _in_images(service: Service) -> Iterator[FloatingModel]:
    from aiaudit.model.subjects import provide

    for image in provide(service, "Image"):
        for stage in image.used:
            for layer in stage.layers:
                for download in layer.downloads:
                    yield from _fetched(download, image)


def _fetched(download: Download, image: Image) -> Iterator[FloatingModel]:
    command, service = download.command, image.service
    if command.name in ("hf", "huggingface-cli"):
        given = options(command.words[1:], _VALUES)
        names = [word.text for word in given.positionals[1:2] if _is_on_hub(word.text, service)]
        if names and not given.has("--revision"):
            yield FloatingModel(names[0], f"{command.name} download", image.span(command.extent))
        return
    if download.script:
        facts = service.tree.facts(download.script, "python")
        for name, call, extent in _calls(facts[1], service) if facts is not None and not facts[0] else ():
            yield FloatingModel(name, call, Span.at(download.script, extent))
        return
    for word, text in zip(command.words, command.arguments, strict=False):
        if word.text == "-c":
            from aiaudit.sources.python.extract import extract

            for name, call, _ in _calls(extract(text)[1], service):
                yield FloatingModel(name, call, image.span(command.extent))


def _calls(body: Iterable[Any], service: Service) -> Iterator[tuple[str, str, Extent]]:
    """Calls of a script that fetch a model which they name: the model, the callable, the place."""
    constants = {
        statement[2][0][2]: statement[3][2]
        for statement in body
        if statement[0] == "assign" and statement[2][0][0] == "name" and statement[3][0] == "const"
    }
    for call in _walk(tuple(body)):
        name = last_name(call[2])
        keywords = {key: value for key, value in call[4] if key}
        if name not in _FETCHING or "revision" in keywords or None in (key for key, _ in call[4]):
            continue
        given = keywords.get(_FETCHING[name]) or next(iter(call[3]), None)
        value = given[2] if given and given[0] == "const" else constants.get(given[2]) if given else None
        if isinstance(value, str) and _is_on_hub(value, service):
            yield value, name, Extent(*call[1])


def _walk(node: Any) -> Iterator[Any]:
    """Every call in a piece of syntax."""
    if isinstance(node, tuple) and node:
        if node[0] == "call":
            yield node
        for part in node:
            yield from _walk(part)
