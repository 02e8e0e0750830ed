"""Where values are bound in YAML and JSON: by key, in `name`/`value` pairs, in `NAME=value` items, inside commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.patterns import regex
from aiaudit.sources.deploy.yaml import MAPPING, SCALAR, SEQUENCE, Node, YamlFacts
from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.collect import Collector
from aiaudit.sources.secrets.embedded import bind_embedded
from aiaudit.sources.secrets.names import word_set
from aiaudit.sources.secrets.values import CONFIG, PROCESS

_ENVIRONMENTS = word_set(
    "environment env env_variables envvars envVars build_args args variables stringData data env_vars"
    " environment_variables"
)
_COMMANDS = word_set("command entrypoint args cmd run script REDIS_ARGS")
_OPTION = regex(r"""(?<![^\s"'])--([A-Za-z][\w\-]{1,60})(?:\s{1,4}|=)["']?([^\s"'`;|&<>()]{3,400})""")
_NAME_KEYS, _VALUE_KEYS = ("name", "key", "Name", "Key"), ("value", "Value")
_ITEM = regex(r"([A-Za-z_\-][\w.\-]{1,80})=(.*)", re.DOTALL)
_EXAMPLES = word_set("example examples description default_description x-oaiMeta summary title help label placeholder")


def bind_documents(collector: Collector, facts: YamlFacts) -> None:
    """Read every binding of the documents."""
    for document in facts.documents:
        secret = document.kind == MAPPING and document.text("kind") == "Secret"
        for node, keys in _walk(document):
            if node.kind == MAPPING:
                _mapping(collector, node, keys, secret=secret)
            elif node.kind == SEQUENCE:
                _sequence(collector, node, keys)


def _walk(root: Node) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Every mapping and sequence once, with the keys that lead to it; examples of schemas are left out."""
    seen: set[int] = set()
    stack: list[tuple[Node, tuple[str, ...]]] = [(root, ())]
    while stack:
        node, keys = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node, keys
        if node.kind == SEQUENCE:
            stack.extend((item, keys) for item in reversed(node.items) if item.kind != SCALAR)
        for key, value in reversed(node.entries):
            if value.kind != SCALAR and key.value not in _EXAMPLES:
                stack.append((value, (*keys, key.value)))


def _mapping(collector: Collector, node: Node, keys: tuple[str, ...], *, secret: bool) -> None:
    use = PROCESS if keys and keys[-1] in _ENVIRONMENTS else CONFIG
    named: dict[str, Node] = {}
    is_off = any(key.value in names.SWITCHES and value.value.lower() == "false" for key, value in node.entries)
    for key, value in node.entries:
        named[key.value] = value
        if value.kind != SCALAR or value.is_null or key.kind != SCALAR or key.value in _EXAMPLES:
            continue
        literal = value.value
        if secret and keys == ("data",):
            literal = _decoded(literal)
        _value(collector, value, literal, key.value, (*keys, key.value), use, is_off=is_off)
    label = next((named[key] for key in _NAME_KEYS if key in named), None)
    pair = next((named[key] for key in _VALUE_KEYS if key in named), None)
    if label is None or pair is None or pair.kind != SCALAR:
        return
    if label.kind == SCALAR and names.is_secret_name(label.value):
        _value(collector, pair, pair.value, label.value, (*keys, label.value), PROCESS)


def _sequence(collector: Collector, node: Node, keys: tuple[str, ...]) -> None:
    previous = ""
    for item in node.items:
        if item.kind != SCALAR:
            previous = ""
            continue
        match = _ITEM.fullmatch(item.value.strip())
        name = match.group(1) if match else ""
        if match and names.is_secret_name(name.lstrip("-")):
            _value(collector, item, match.group(2), name.lstrip("-"), (*keys, name), PROCESS)
        elif previous.startswith("--") and names.is_secret_name(previous.lstrip("-")):
            _value(collector, item, item.value, previous.lstrip("-"), (*keys, previous), PROCESS)
        else:
            literal = match.group(2) if match and "://" in item.value else item.value
            _value(collector, item, literal, name, keys, CONFIG)
        previous = item.value


def _value(
    collector: Collector,
    node: Node,
    literal: str,
    name: str,
    keys: tuple[str, ...],
    use: str,
    *,
    is_off: bool = False,
) -> None:
    """`is_off`: what it is for is switched off beside it, so that what anybody can guess opens nothing."""
    scan = collector.scan
    extent = node.extent
    place = scan.offset(extent.line, extent.column), scan.offset(extent.end_line, extent.end_column)
    if "://" in literal and collector.link(
        literal, place, name, "config", keys=keys, real=is_off or _is_prose(literal)
    ):
        return
    if collector.bind(literal, place, name, "config", use, keys=keys, real=is_off):
        return
    if keys and keys[-1] in _COMMANDS and _option(collector, literal, place, keys):
        return
    if len(literal) > 12:
        bind_embedded(collector, literal, place, keys=keys)


def _option(collector: Collector, command: str, place: tuple[int, int], keys: tuple[str, ...]) -> bool:
    """`redis-server --requirepass secret`: the program really gets it."""
    return any(
        names.is_secret_name(name) and collector.bind(value, place, name, "config", PROCESS, keys=(*keys, name))
        for name, value in _OPTION.findall(command)
    )


def _is_prose(text: str) -> bool:
    """Whether a URL in the text is part of an explanation."""
    return text.count(" ") > 4 and "\n" not in text and "://" in text.partition(" ")[2]


def _decoded(value: str) -> str:
    """What a Secret's base64 stands for; the text itself where it is none."""
    import base64

    try:
        return base64.b64decode("".join(value.split()), validate=True).decode("utf-8").strip()
    except ValueError:
        return value
