"""What may join a Python file with others, read from its text alone: a parse costs a hundred times as much.

Too much is no harm here: who asks wants to know which files can have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.patterns import LINE_END, regex

VERSION = 1

# How many dots a name is written with, the name, and what is taken from the module.
ImportFact = tuple[int, str, tuple[str, ...]]
# The parts of a path, "{}" for those that are put in.
PathFact = tuple[str, ...]
# Imports, the paths of routes, those of addresses.
LinkFacts = tuple[tuple[ImportFact, ...], tuple[PathFact, ...], tuple[PathFact, ...]]

# All alternatives begin with a line: any other would be tried at every character.
_REST = r"(?:[^\n#;\\]|\\\r?\n)*"
_IMPORT = regex(
    LINE_END + rf"[ \t]*(?:from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|{_REST})|import[ \t]+({_REST}))"
)
# Calls that are given the name of a module as a text: then any text may be one, to the first part that is put in.
_BY_NAME = ("import_module(", "__import__(", "setdefault(", "include(", "import_string(")
_TEXT = regex(r"[\"'](\.*)([^\W\d][\w.]*)")
_COMMENT = regex(r"#[^\n]*")
_ROUTE = regex(
    r"\b(?:get|post|put|patch|delete|head|options|route|api_route|websocket|add_\w*route|add_url_rule|path|re_path)"
    r"\(\s*(?:path=)?[rf]?[\"']\^?([^\"'\n]*)"
)
_ADDRESS = regex(r"://[^/\"'\s]*/([^\"'\s]+)")
# What sends requests: then any text with a slash may be the end of an address.
_SENDING = ("post(", "request(", "stream(", "send(", "fetch(", "Request(", "urlopen(")
_CLIENTS = ("requests", "httpx", "aiohttp", "urllib", "niquests")
_PATH = regex(r"[\"']([^\"'\s:]*/[^\"'\s]*)[\"']")
_FIELD = regex(r"\{[^}]*\}|<[^>]*>|\(\?P<[^)]*\)")


def extract(text: str) -> LinkFacts:
    """All links of a file, each once."""
    imports = tuple(dict.fromkeys(_imports(text)))
    if "/" not in text:
        return imports, (), ()
    addresses = _ADDRESS.findall(text)
    if any(word in text for word in _CLIENTS) and any(word in text for word in _SENDING):
        addresses += _PATH.findall(text)
    return imports, _paths(_ROUTE.findall(text)), _paths(addresses)


def _imports(text: str) -> Iterator[ImportFact]:
    for dots, module, names, modules in _IMPORT.findall(f"\n{text}"):
        if modules:
            yield from ((0, name, ()) for name in _names(modules))
        else:
            yield len(dots), module, tuple(_names(names))
    if any(name in text for name in _BY_NAME):
        yield from ((len(dots), name.rstrip("."), ()) for dots, name in _TEXT.findall(text))


def _names(written: str) -> Iterator[str]:
    """The names of `a.b as c, d`, also in brackets over several lines."""
    for part in _COMMENT.sub("", written).strip("() \t\r\n").replace("\\", " ").split(","):
        words = part.split()
        if words:
            yield words[0]


def _paths(written: Iterable[str]) -> tuple[PathFact, ...]:
    """Paths in their parts, without those that say nothing."""
    found = (tuple(_FIELD.sub("{}", path).partition("?")[0].strip("/$").split("/")) for path in written)
    return tuple(dict.fromkeys(path for path in found if any(part.strip("{}") for part in path)))
