"""Calls of code outside the program on the way back: libraries that pass text on, files, pages and splitters."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.flow import transfer
from aiaudit.model.flow.picking import is_first_of
from aiaudit.model.flow.places import ANY, FETCHED, FILE, ONE, Path, Place, Result, element_of, is_unknown, marks
from aiaudit.model.flow.sources import GLOBAL_REQUESTS
from aiaudit.model.flow.words import is_label_name, words
from aiaudit.model.knowledge import Knowledge
from aiaudit.model.scopes import Call, last_name
from aiaudit.sources.python.facts import Expression
from aiaudit.values import replace

# Calls of models, stores and other services give something of their own back, not the text that they got.
OWN_ANSWER = words(
    "llm embedding generation-local speech image rerank vector datastore cache queue search agent chain memory "
    "retriever storage http index"
)
# Functions that give back what they get in the same shape.
_SAME_SHAPE = words(
    "list tuple set frozenset sorted reversed iter next loads load dict deepcopy copy cast filter "
    "jsonable_encoder asdict model_dump model_copy to_dict as_dict aiter anext shield wait_for create_task "
    "ensure_future partial defaultdict deque replace evolve nullcontext closing chain islice cycle OrderedDict "
    "namedtuple SimpleNamespace"
)
_PATH_ARGUMENTS = words(
    "file_path path file filename input_files input_file stream filepath web_path web_paths urls url "
    "filepath_or_buffer input_dir files source"
)

_CHOOSING = frozenset(("builtins.max", "builtins.min"))

# What hangs on request objects that a module imports is a value, though nothing shows where it was made.
_OF_REQUESTS = tuple(f"{request}." for request in sorted(GLOBAL_REQUESTS))


def outside(dotted: str, result: Result, knowledge: Knowledge) -> Iterator[Place]:
    """Where the text in the result of an outside call may come from."""
    kind = transfer.outside(dotted)
    if kind != transfer.PASS and _is_method_of_value(dotted, result):
        yield from _put_in(result)
    if kind == transfer.FETCH:
        yield from _fetched(dotted, result)
        return
    entry = knowledge.find(dotted)
    if entry is not None and entry.kind == "call" and entry.purpose in OWN_ANSWER and kind != transfer.CUT:
        return
    if kind == transfer.READ:
        yield from _read(dotted, result)
    elif kind == transfer.PASS:
        yield from _passed(dotted, result)
    elif kind == transfer.CUT:
        if _is_of_piece(dotted, result):
            yield result.give(result.call.expression[2][2], result.path)
        else:
            yield from cut(result)
    elif kind == transfer.STOP and dotted in _CHOOSING:
        yield from _chosen(result)
    elif kind == transfer.STOP:
        yield from _other(dotted, result)


def _is_method_of_value(dotted: str, result: Result) -> bool:
    """Whether a method is called on something that code outside gave: the text of a file, an entry, a setting."""
    is_value = "()" in dotted or "[]" in dotted or dotted.startswith(_OF_REQUESTS)
    return is_value and result.call.expression[2][0] == "attr"


def _put_in(result: Result) -> Iterator[Place]:
    """What a template takes in, wherever the template itself comes from: `path.read_text().format(question=text)`."""
    if FILE in result.path or FETCHED in result.path:
        return
    if result.call.name in transfer.FILLING_METHODS:
        yield from everything(result, ())
    elif result.call.name == "replace" and len(result.call.arguments) > 1:
        yield result.give(result.call.arguments[1], ())


def _fetched(dotted: str, result: Result) -> Iterator[Place]:
    call = result.call
    function = call.expression[2]
    if "()" in dotted and function[0] == "attr" and not dotted.endswith((".get", ".goto", ".urlopen")):
        yield result.give(function[2], result.path)
        return
    named = next((value for key, value in call.keywords if key in _PATH_ARGUMENTS), None)
    address = named if named is not None else call.arguments[0] if call.arguments else None
    if address is not None:
        yield result.give(address, (FETCHED,))


def _read(dotted: str, result: Result) -> Iterator[Place]:
    call = result.call
    function = call.expression[2]
    if "()" in dotted and function[0] == "attr":
        yield result.give(function[2], (FILE,) if dotted.startswith("pathlib") else result.path)
        return
    named = next((value for key, value in call.keywords if key in _PATH_ARGUMENTS), None)
    given = named if named is not None else call.arguments[0] if call.arguments else None
    if given is not None:
        yield result.give(given, (FILE,))


def _passed(dotted: str, result: Result) -> Iterator[Place]:
    call = result.call
    function, name = call.expression[2], call.name
    if name in ("BytesIO", "StringIO"):
        result = replace(result, path=())
    if dotted in ("builtins.enumerate", "builtins.zip", "asyncio.gather", "builtins.map"):
        yield from _iterated(dotted, result)
        return
    if function[0] == "attr" and "()" in dotted:
        yield result.give(function[2], result.path)
        if name in ("items", "values", "keys") or not (call.arguments or call.keywords):
            return
    if dotted == "builtins.dict" and len(result.path) > 1 and (values := _zipped_values(call)) is not None:
        yield result.give(values, (ONE, *result.path[1:]))
    elif name[:1].isupper() or name == "dict":
        yield from carried(result)
    elif name in _SAME_SHAPE:
        yield from _changed(result)
        for argument in call.arguments:
            if name in ("next", "anext"):
                step = result.give(argument, (ONE, *result.path))
                yield replace(step, few=True) if is_first_of(argument, call.scope) else step
            else:
                yield result.give(argument, result.path)
    else:
        yield from everything(result, marks(result.path))


def _changed(result: Result) -> Iterator[Place]:
    """What a copy has instead: `replace(turn, text=text)`, `turn.model_copy(update={"text": text})`."""
    for key, given in result.call.keywords:
        if key == "update":
            yield result.give(given, result.path)
        elif key is not None and result.path[:1] == (key,):
            yield result.give(given, result.path[1:])


def _zipped_values(call: Call) -> Expression | None:
    """The values of `dict(zip(keys, values))`."""
    pairs = call.arguments[0] if len(call.arguments) == 1 and not call.keywords else None
    if pairs is None or pairs[0] != "call" or pairs[2][0] != "name" or pairs[2][2] != "zip" or len(pairs[3]) != 2:
        return None
    values: Expression = pairs[3][1]
    return values if values[0] != "star" else None


def _iterated(dotted: str, result: Result) -> Iterator[Place]:
    """Functions that give tuples of elements: `for index, item in enumerate(items)`."""
    call, path = result.call, result.path
    if dotted == "asyncio.gather":
        yield from _gathered(result)
        return
    arguments = call.arguments[1:] if dotted == "builtins.map" else call.arguments
    if len(path) > 1 and isinstance(path[1], int) and dotted != "builtins.map":
        position = path[1] - 1 if dotted == "builtins.enumerate" else path[1]
        arguments = arguments[position : position + 1] if position >= 0 else ()
        path = (path[0], *path[2:])
    for argument in arguments:
        yield result.give(argument, path if dotted != "builtins.map" else marks(path))


def _gathered(result: Result) -> Iterator[Place]:
    path, chosen = result.path, result.call.arguments
    if path and isinstance(path[0], int) and path[0] < len(chosen):
        chosen = chosen[path[0] : path[0] + 1]
    below = element_of(path)
    for argument in chosen:
        if argument[0] == "star":
            yield result.give(argument[2], path)
        elif below is not None:
            yield result.give(argument, below)


def carried(result: Result) -> Iterator[Place]:
    """An object of an outside class holds what its constructor got."""
    call, path = result.call, result.path
    first = path[0] if path else None
    if not isinstance(first, str) or is_unknown(first) or first in (FILE, FETCHED):
        yield from everything(result, marks(path), labels=False)
        return
    given = call.keyword(first)
    if given is not None:
        yield result.give(given, path[1:])
        return
    for argument in call.arguments:
        yield result.give(argument, path[1:])
    for key, spread in call.keywords:
        if key is None:
            yield result.give(spread, path)


def everything(result: Result, path: Path, labels: bool = True) -> Iterator[Place]:
    """All arguments of a call, without what is a label by its name where `labels` is false."""
    for argument in result.call.arguments:
        yield result.give(argument[2] if argument[0] == "star" else argument, path)
    for key, value in result.call.keywords:
        if labels or not is_label_name(key):
            yield result.give(value, path)


def cut(result: Result) -> Iterator[Place]:
    """A splitter: the same text, piece after piece. Of a few pieces, each of them short, nothing is long."""
    if result.few:
        return
    name = result.call.name
    documents = "document" in name or "node" in name or name == "run"
    below = (ANY, "page_content") if documents and "page_content" in result.path else ()
    yield from everything(replace(result, cut=True), (*below, *marks(result.path)), labels=False)


def _is_of_piece(dotted: str, result: Result) -> bool:
    """Whether a method is called on what a splitter gave, not on the splitter: `split_text(text)[0].strip()`."""
    function = result.call.expression[2]
    on_answer = dotted.count("()") > 1 or "[]" in dotted
    return on_answer and function[0] == "attr" and function[3] in transfer.TEXT_METHODS


def _chosen(result: Result) -> Iterator[Place]:
    """One of several texts: `max(texts, key=len)`. Without a key they are numbers, as a rule."""
    call = result.call
    if call.keyword("key") is None:
        return
    single = len(call.arguments) == 1
    for argument in call.arguments:
        step = result.give(argument, (ONE, *result.path) if single else result.path)
        yield replace(step, few=True) if single else step


def _other(dotted: str, result: Result) -> Iterator[Place]:
    function = result.call.expression[2]
    name = last_name(function)
    if transfer.carries(name):
        yield from carried(result)
    elif name in transfer.TOKENIZING:
        yield from everything(result, marks(result.path))
    elif _is_method_of_value(dotted, result) and name in transfer.TEXT_METHODS:
        yield result.give(function[2], result.path)
    elif "()" not in dotted and not dotted.startswith("builtins."):
        yield from _by_name(name, result)


def unknown(name: str, result: Result) -> Iterator[Place]:
    """Where the text in the result of a call may come from when nothing is known of what is called."""
    function = result.call.expression[2]
    if function[0] == "attr":
        if name in transfer.TEXT_METHODS:
            yield result.give(function[2], result.path)
        if name in transfer.BUILDING_METHODS:
            yield from everything(result, marks(result.path))
            return
        if name in transfer.TEXT_METHODS:
            return
    if transfer.carries(name):
        yield from carried(result)
    else:
        yield from _by_name(name, result)


def _by_name(name: str, result: Result) -> Iterator[Place]:
    kind = transfer.unknown(name)
    if kind == transfer.PASS:
        yield from everything(result, marks(result.path))
    elif kind == transfer.CUT:
        yield from cut(result)
