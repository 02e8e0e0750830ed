"""Calls that write to the local disk: files, databases in a file, indexes in a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aiaudit.model.arguments import argument_of
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import origins
from aiaudit.model.scopes import Call, Function, last_name, walk
from aiaudit.model.values import Constant, External, Instance, Value
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass

_OPENING = (
    "builtins.open", "io.open", "aiofiles.open", "anyio.open_file", "codecs.open", "gzip.open", "bz2.open", "lzma.open",
    "tarfile.open",
)  # fmt: skip
# Libraries whose objects are paths that open themselves: any other `open` of a library is its own affair.
_PATHS = ("pathlib.", "anyio.Path", "aiopath.", "upath.")
# Functions that write their argument to a path: dotted path -> positions of the path and of what is written.
_WRITING = {
    "shutil.copy": (1, 0), "shutil.copy2": (1, 0), "shutil.copyfile": (1, 0), "shutil.move": (1, 0),
    "shutil.copytree": (1, 0), "numpy.save": (0, 1), "numpy.savez": (0, 1), "joblib.dump": (1, 0),
    "torch.save": (1, 0), "faiss.write_index": (1, 0), "cv2.imwrite": (0, 1), "soundfile.write": (0, 1),
    "torchaudio.save": (0, 1), "imageio.imwrite": (0, 1),
}  # fmt: skip
# Methods that write the object they are called on to the path they get.
_SAVING = frozenset(
    ("save_local", "persist", "to_csv", "to_json", "to_parquet", "to_pickle", "to_excel", "to_feather",
     "stream_to_file", "write_to_file")
)  # fmt: skip
_PATH_METHODS = frozenset(("write_bytes", "write_text"))
_UPLOADS = ("flask.request.files", "quart.request.files", "werkzeug.")
# Pictures, speech and documents, which `save` writes to the path it gets.
_DOCUMENTS = ("PIL.", "gtts.", "edge_tts.", "diffusers.", "docx.", "openpyxl.")
# What gives a path to write to.
_NAMING = ("os.", "pathlib.", "posixpath.", "builtins.str", "tempfile.")
# What a client keeps in a folder, and the parameter that names the folder.
_FOLDERS = {
    "chromadb.PersistentClient": "path", "chromadb.Client": "settings.persist_directory",
    "chromadb.EphemeralClient": "settings.persist_directory", "Chroma": "persist_directory",
    "Chroma.from_documents": "persist_directory", "Chroma.from_texts": "persist_directory",
    "qdrant_client.QdrantClient": "path", "lancedb.connect": "uri",
    "SQLRecordManager": "db_url", "tinydb.TinyDB": "path",
}  # fmt: skip
_NAMES = {"Client": "Chroma", "EphemeralClient": "Chroma", "PersistentClient": "Chroma", "connect": "LanceDB"}
_STORING = frozenset(
    ("add", "upsert", "add_documents", "aadd_documents", "add_texts", "aadd_texts", "insert", "create_table", "index",
     "update", "from_documents", "from_texts")
)  # fmt: skip
_INDEXERS = ("langchain.indexes.index", "langchain_core.indexing.index", "langchain_community.indexes.index")
_REMOTE = regex(
    r"^(s3[an]?|gc?s|az|adl|abfss?|wasbs?|hdfs|webhdfs|dbfs|oss|cos|r2|db|https?|s?ftps?|memory|postgres\w*|mysql\w*)"
    r"(\+\w+)?://",
    re.IGNORECASE,
)
_CHANGING = regex(r"^\s*(INSERT|REPLACE|UPDATE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """A call that writes. `path` is where to (None where the maker says it), `content` what, `maker` the call that
    opened the database or client, `what` its name in words."""

    call: Call
    path: Expression | None
    content: tuple[Expression, ...]
    what: str
    maker: Call | None = None


def is_remote(text: object) -> bool:
    """Whether a path leads to a bucket or a server: `gs://bucket/name`, which pandas and fsspec write to as well."""
    return isinstance(text, str) and _REMOTE.match(text) is not None


def file_writes(function: Function, side: PythonSide) -> Iterator[Writing]:
    """The files that a function writes."""
    for call in function.calls:
        callee = call.expression[2]
        name = last_name(callee)
        if name == "open" or name == "open_file":
            yield from _opened(call, function, side)
        elif name in _PATH_METHODS and callee[0] == "attr" and call.arguments:
            yield Writing(call, callee[2], call.arguments[:1], "a file")
        elif name in _SAVING and callee[0] == "attr":
            path = call.arguments[0] if call.arguments else call.keyword("persist_dir") or call.keyword("folder_path")
            if path is not None:
                yield Writing(call, path, (callee[2],), "an index" if name in ("save_local", "persist") else "a file")
        elif name == "save" and callee[0] == "attr" and call.arguments and _is_of(_UPLOADS, callee[2], call, side):
            yield Writing(call, call.arguments[0], (callee[2],), "an upload")
        elif name == "save" and callee[0] == "attr" and call.arguments and _is_of(_DOCUMENTS, callee[2], call, side):
            if not _is_stream(call.arguments[0], call, side):
                yield Writing(call, call.arguments[0], (callee[2],), "a file")
        else:
            yield from _written(call, side)


def _written(call: Call, side: PythonSide) -> Iterator[Writing]:
    if len(call.arguments) < 2:
        return
    for value in side.evaluator.callees(call):
        if isinstance(value, External) and value.path in _WRITING:
            path, content = _WRITING[value.path]
            what = "an index" if "index" in value.path else "a file"
            yield Writing(call, call.arguments[path], (call.arguments[content],), what)
            return


def _opened(call: Call, function: Function, side: PythonSide) -> Iterator[Writing]:
    callee = call.expression[2]
    values = side.evaluator.evaluate(callee, call.scope)
    is_function = any(isinstance(value, External) and value.path in _OPENING for value in values)
    if not is_function and (callee[0] != "attr" or _is_of_library(values)):
        return
    if call.keyword("fileobj") is not None:
        return  # an archive that is written into a file, or a buffer, opened elsewhere
    mode = call.argument("mode", 1 if is_function else 0)
    if mode is None or mode[0] != "const" or not isinstance(mode[2], str) or not set(mode[2]) & set("wax"):
        return
    path = (
        (call.arguments[0] if call.arguments else call.keyword("file") or call.keyword("name"))
        if is_function
        else callee[2]
    )
    names = _names_of_file(call, function)
    content: list[Expression] = []
    for other in function.calls:
        target = other.expression[2]
        if target[0] == "attr" and target[2][0] == "name" and target[2][2] in names:
            content.extend(other.arguments)
        elif any(argument[0] == "name" and argument[2] in names for argument in other.arguments):
            content.extend(a for a in other.arguments if not (a[0] == "name" and a[2] in names))
    yield Writing(call, path, tuple(content), "a file")


def _is_of_library(values: Iterable[Value]) -> bool:
    """Whether an `open` is known to be that of something else than a path: an archive, an image, a file system."""
    known = list(values)
    return bool(known) and all(isinstance(value, External) and not value.path.startswith(_PATHS) for value in known)


def _names_of_file(call: Call, function: Function) -> set[str]:
    """The names under which a function has an opened file."""
    return {
        name
        for name, bindings in function.bindings.items()
        for binding in bindings
        if binding.expression is not None and any(part is call.expression for part in walk(binding.expression))
    }


def _is_stream(target: Expression, call: Call, side: PythonSide) -> bool:
    """Whether something is written to an answer or a buffer instead of a path."""
    values = side.evaluator.evaluate(target, call.scope)
    return any(isinstance(v, External) and v.made and not v.path.startswith(_NAMING) for v in values)


def _is_of(libraries: tuple[str, ...], receiver: Expression, call: Call, side: PythonSide) -> bool:
    values = side.evaluator.evaluate(receiver, call.scope)
    if any(isinstance(value, Instance) and _has_own(call.name, value, side) for value in values):
        return False  # a row of a database, say, whose `save` is the program's own
    return any(isinstance(value, External) and value.path.startswith(libraries) for value in values)


def _has_own(name: str, value: Instance, side: PythonSide) -> bool:
    return any(cls.method(name) is not None for cls in side.evaluator.lineage(value.cls)[0])


def store_writes(function: Function, side: PythonSide) -> Iterator[Writing]:
    """Writes to indexes and databases that a client keeps in a local folder."""
    for call in function.calls:
        name = call.name
        if name not in _STORING:
            continue
        held = [call.expression[2]]
        for value in side.evaluator.callees(call):
            if isinstance(value, External) and value.path in _INDEXERS:
                held = list(call.arguments[1:2])
            elif isinstance(value, External) and name.startswith("from_"):
                maker = call if _keeps_in_folder(value.path, call, side) else None
                if maker is not None:
                    yield Writing(call, None, call.arguments, value.path.split(".")[-2], maker)
        for expression in held:
            for value in side.evaluator.evaluate(expression, call.scope):
                maker = _folder_maker(value, call, side) if isinstance(value, External) else None
                if maker is not None:
                    yield Writing(call, None, call.arguments, _NAMES.get(maker.name, maker.name), maker)


def _folder_maker(value: External, call: Call, side: PythonSide) -> Call | None:
    """The call that opened the folder which a value works in."""
    path = value.path
    for origin in origins(value):
        if origin is call:
            continue
        for made in side.evaluator.callees(origin):
            if isinstance(made, External) and path.startswith(made.path) and _keeps_in_folder(made.path, origin, side):
                return origin
    return None


def _keeps_in_folder(path: str, call: Call, side: PythonSide) -> bool:
    for suffix, parameter in _FOLDERS.items():
        if path != suffix and not path.endswith(f".{suffix}"):
            continue
        if parameter.startswith("settings."):
            return _is_told_to_persist(call, side)
        positional = 0 if suffix in ("chromadb.PersistentClient", "lancedb.connect", "tinydb.TinyDB") else None
        given = argument_of(call, parameter, side.evaluator, positional)
        if given.state != "given" or given.is_none:
            return suffix == "chromadb.PersistentClient"
        texts = [v.value for v in given.values if isinstance(v, Constant) and isinstance(v.value, str)]
        if suffix == "SQLRecordManager":
            return any(text.startswith("sqlite") and ":memory:" not in text for text in texts)
        return not any(_REMOTE.match(text) for text in texts)
    return False


def _is_told_to_persist(call: Call, side: PythonSide) -> bool:
    """Chroma's `Client(Settings(is_persistent=True))` is one on disk, and in memory unless told so."""
    told = argument_of(call, "settings.is_persistent", side.evaluator, 0)
    kept = argument_of(call, "settings.chroma_db_impl", side.evaluator, 0)  # before 0.4
    return any(isinstance(v, Constant) and v.value is True for v in told.values) or any(
        isinstance(v, Constant) and v.value == "duckdb+parquet" for v in kept.values
    )


def database_writes(function: Function, side: PythonSide) -> Iterator[Writing]:
    """Statements that change a database in a file."""
    for call in function.calls:
        if call.name not in ("execute", "executemany") or not call.arguments:
            continue
        if not any(
            isinstance(value, Constant) and isinstance(value.value, str) and _CHANGING.match(value.value)
            for value in side.evaluator.evaluate(call.arguments[0], call.scope)
        ):
            continue
        for value in side.evaluator.callees(call):
            if isinstance(value, External) and value.path.startswith(("sqlite3.connect()", "aiosqlite.connect()")):
                maker = next((o for o in origins(value) if o.name == "connect"), None)
                if maker is not None and not _is_in_memory(maker, side):
                    yield Writing(call, None, call.arguments[1:], "a SQLite file", maker)


def _is_in_memory(maker: Call, side: PythonSide) -> bool:
    given = argument_of(maker, "database", side.evaluator, 0)
    return any(isinstance(v, Constant) and ":memory:" in str(v.value) for v in given.values)
