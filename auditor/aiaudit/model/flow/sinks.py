"""Calls that carry text to a model: what the knowledge says takes a prompt, raw requests to model servers, and calls
whose names leave no doubt where nothing is known of the object."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.evaluation.handing import HANDING_OVER
from aiaudit.model.flow import transfer
from aiaudit.model.flow.calls import truncates
from aiaudit.model.flow.listed import LAST_NAMES, OPEN_ENDS, by_name, by_path, dotted_names, may_be_listed
from aiaudit.model.flow.places import ANY, Path, Place
from aiaudit.model.flow.servers import raw_request
from aiaudit.model.flow.targets import ModelCall
from aiaudit.model.flow.templates import templates_of
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.words import is_label_name, words
from aiaudit.model.http_requests import BUILDING, SENDING
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Call, Scope, last_name, walk
from aiaudit.model.values import External, FunctionValue, Value
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression
from aiaudit.values import replace

PURPOSES = words("llm embedding generation-local speech agent chain rerank retriever vector search")
_NO_TEXT = words("file audio image images audio_path input_audio query_vector vector")
_ADDING = words(
    "add_documents add_texts aadd_documents aadd_texts from_documents from_texts afrom_documents afrom_texts "
    "insert_nodes insert ainsert refresh_ref_docs"
)
# Stores that embed the texts they are given; a plain database of vectors takes vectors.
_EMBEDDING_STORES = ("langchain", "llama_index")
_RUNNING = words("invoke ainvoke stream astream astream_events predict apredict run arun acall query aquery chat achat")
_ASKING = words("query aquery")
_RUNNABLE = regex(
    r"(^|_)(llm|llms|chain|chains|agent|chat_model|model|graph|qa|query_engine|chat_engine|executor|rag_chain|runnable|"
    r"assistant|pipeline|chatbot|conversation)\d?$",
    re.IGNORECASE,
)
# Names of calls that may carry text to a model whatever they call; the others must be known to call something.
TELLING = frozenset(("generate",)).union(HANDING_OVER, SENDING, BUILDING, _ADDING, _RUNNING, LAST_NAMES)


def model_calls(tools: Tools) -> Iterator[ModelCall]:
    """All calls of the program that carry text to a model, each once."""
    done: set[int] = set()
    callees = tools.evaluator.callees
    may_be = may_be_listed(tools.side.program)
    for known in tools.side.known:
        call = known.handed_by or known.call
        if id(call) not in done and _takes_prompt(known, tools):
            starts = (*_prompt_places(known), *templates_of(known, tools.evaluator))
            if starts:
                done.add(id(call))
                yield ModelCall(call, _name(known), known.entry.purpose, starts, known)
    for module in tools.side.program.modules:
        for scope in module.scopes:
            for call in scope.calls:
                if id(call) in done:
                    continue
                # Of calls of all other names the path must tell, which is not asked where no path can.
                if call.name not in TELLING and not ((may_be or call.name.startswith(OPEN_ENDS)) and callees(call)):
                    continue
                found = _unlisted(call, tools)  # few are, so that it is not asked of all whether they run
                if found is not None and tools.side.contexts.runs(call):
                    yield found


def _takes_prompt(known: Known, tools: Tools) -> bool:
    entry = known.entry
    name = known.call.name
    if entry.purpose in ("vector", "index") and name in _ADDING:
        return entry.path.startswith(_EMBEDDING_STORES)
    if name.lower().endswith("tokenizer"):
        return (
            False  # counts or cuts; where the evaluator mistakes one half of `model, tokenizer = load()` for the other
        )
    if entry.purpose not in PURPOSES or not entry.prompt or entry.kind != "call":
        return False
    if entry.path.startswith("transformers.") and any(truncates(made) for made in (known.call, known.value.origin)):
        return False  # a pipeline whose tokenizer cuts
    if transfer.cuts_outside(entry.path):
        return False  # splitters that compare sentences by their embeddings
    # A graph that the program puts together itself calls its models in its nodes: those calls are the ones to name.
    return not (tools.nodes() and known.call.expression[2][0] == "attr" and tools.starts_graph(known.call))


def _name(known: Known) -> str:
    """What the program calls it where the library's name is only that of the loader: `model(...)`."""
    function = known.call.expression[2]
    maker = known.value.path.removesuffix("()").rpartition(".")[2]
    if maker.startswith("from_") and not last_name(function).startswith("from_"):
        return ".".join(dotted_names(function)[-2:]) or known.name
    return known.name


def _prompt_places(known: Known) -> Iterator[Place]:
    call, entry = known.call, known.entry
    if entry.purpose in ("vector", "index") and call.name in _ADDING:
        yield from _added(call, entry.path)
        return
    seen: set[int] = set()
    for argument in entry.prompt:
        if argument.name in _NO_TEXT:
            continue
        if argument.name == "*":
            yield from _everything(call, seen)
            continue
        if argument.name == "self":
            if call.expression[2][0] == "attr":
                yield Place(call.expression[2][2], call.scope)  # what it was made of: a crew of its tasks
            continue
        given = call.argument(argument.name, argument.position)
        if given is not None and id(given) not in seen:
            seen.add(id(given))
            yield Place(given, call.scope)
        elif given is None:
            for key, spread in call.keywords:
                if key is None:
                    yield Place(spread, call.scope, (argument.name,))


def _added(call: Call, entry: str) -> Iterator[Place]:
    """The texts that a vector store is given to embed; `entry` is the path of what is known of it."""
    path: Path = (ANY, "page_content") if "documents" in call.name and entry.startswith("langchain") else ()
    given = call.argument("documents", 0) or call.keyword("texts") or call.keyword("nodes")
    if given is not None:
        yield Place(given, call.scope, path)


def _everything(call: Call, seen: set[int]) -> Iterator[Place]:
    for given in call.arguments:
        if id(given) not in seen:
            yield Place(given[2] if given[0] == "star" else given, call.scope)
    for key, value in call.keywords:
        if id(value) not in seen and not is_label_name(key):
            yield Place(value, call.scope)


# Calls that the knowledge does not list


def _unlisted(call: Call, tools: Tools) -> ModelCall | None:
    function = call.expression[2]
    name = call.name
    for handed in tools.evaluator.handing.handed_over(call) if name in HANDING_OVER else ():
        found = _unlisted(handed, tools)
        return None if found is None else replace(found, call=call)
    if name in SENDING or name in BUILDING:
        return raw_request(call, tools)
    if function[0] != "attr":
        return by_path(call, function, tools.evaluator)
    if name in _ADDING and _is_library(function, call.scope, tools.evaluator):
        starts = list(_added(call, "langchain"))
        return ModelCall(call, name, "vector", tuple(starts)) if starts else None
    if not _is_unknown(call, tools) or tools.evaluator.runs(call):
        return None  # what a library's method runs of the program is looked at there
    listed = by_path(call, function, tools.evaluator) or by_name(call, function)
    if listed is not None:
        return listed
    if name == "generate":
        starts = [place for place in _everything_places(call) if _is_tokenized(place)]
        return ModelCall(call, "generate", "generation-local", tuple(starts)) if starts else None
    if name not in _RUNNING:
        return None
    owner = last_name(function[2]) or _made_by(function[2])
    given = call.argument("input", 0)
    if name in _ASKING and owner.lower().endswith("graph"):
        return None  # of a database
    is_run = _RUNNABLE.search(owner) or any(_is_of_model(v, tools) for v in tools.evaluator.callees(call))
    if is_run and given is not None and not tools.starts_graph(call):
        return ModelCall(call, f"{owner}.{name}", "chain", (Place(given, call.scope),))
    return None


def _is_library(function: Expression, scope: Scope, evaluator: Evaluator) -> bool:
    values = evaluator.evaluate(function, scope)
    return any(isinstance(v, External) and v.path.startswith(("langchain", "llama_index")) for v in values)


def _everything_places(call: Call) -> Iterator[Place]:
    for given in call.arguments[:1]:
        yield Place(given, call.scope)
    for key, value in call.keywords:
        if key is None or key in ("input_ids", "inputs"):
            yield Place(value, call.scope)


def _made_by(expression: Expression) -> str:
    """`get_llm().invoke`: the name of what makes the object."""
    return last_name(expression[2]) if expression[0] == "call" else ""


def wraps_itself(call: Call) -> bool:
    """Whether a method calls the same method of its base class: its own callers are the calls to look at."""
    function = call.expression[2]
    if function[0] != "attr" or function[2][0] != "call" or last_name(function[2][2]) != "super":
        return False
    return bool(call.scope.name == function[3])


def _is_unknown(call: Call, tools: Tools) -> bool:
    """Whether the object that a method is called on is not known to be something else."""
    for value in tools.evaluator.callees(call):
        if type(value) is not External and not _is_of_model(value, tools):
            return False
    return True


def _is_of_model(value: Value, tools: Tools) -> bool:
    """Whether a method of the program is that of a library's model, done in another way: it is asked all the same."""
    owner = value.function.owner if isinstance(value, FunctionValue) else None
    bases = tools.evaluator.lineage(owner)[1] if owner is not None else ()
    entries = (tools.knowledge.find(base) for base in bases if base.startswith("langchain"))
    return any(entry is not None and entry.purpose in ("llm", "embedding") for entry in entries)


def _is_tokenized(place: Place) -> bool:
    """Whether a value comes out of a tokenizer in the same function."""
    expressions = [place.expression]
    if place.expression[0] == "name":
        bindings = place.scope.bindings.get(place.expression[2], ())
        expressions = [binding.expression for binding in bindings if binding.expression is not None]
    return any(
        part[0] in ("name", "attr") and "tokenizer" in last_name(part).lower()
        for expression in expressions
        for part in walk(expression)
    )
