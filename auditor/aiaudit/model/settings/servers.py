"""Whose server a client talks to: the provider's own, which asks for a key, or one that may ask for none."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, last_name, walk
from aiaudit.model.settings.clients import client_of
from aiaudit.model.settings.uses import ARGUMENT, Use
from aiaudit.model.tree import Tree
from aiaudit.model.values import Constant
from aiaudit.patterns import regex
from aiaudit.sources.deploy.environment import EnvironmentFacts
from aiaudit.sources.python.facts import Expression

_ADDRESSES = (
    "base_url", "api_base", "openai_api_base", "anthropic_api_url", "openai_api_url", "endpoint", "server_url",
    "http_options", "http_client", "openai_proxy", "url",
)  # fmt: skip
# Variables that clients read their address from where none is given.
_READ_ADDRESSES = frozenset(
    ("OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL", "GROQ_BASE_URL", "COHERE_BASE_URL", "CO_API_URL")
)
_HOSTED = regex(
    r"^https://([\w-]+\.)*(openai\.com|anthropic\.com|openrouter\.ai|groq\.com|deepseek\.com|together\.(xyz|ai)|mistral\.ai"
    r"|googleapis\.com|x\.ai|perplexity\.ai|aliyuncs\.com|fireworks\.ai|bigmodel\.cn|moonshot\.(cn|ai)|azure\.com"
    r"|nvidia\.com|huggingface\.co|cerebras\.ai|sambanova\.ai|cohere\.(com|ai)|voyageai\.com)([/:]|$)"
)


def asks_for_key(use: Use, evaluator: Evaluator, tree: Tree) -> bool | None:
    """Whether a value is the key that a client shows a server that looks at it; None where it is no client's key.

    A client without an address talks to its provider. One whose address has to be set talks to any server; where it may
    be left out, nothing is known (None).
    """
    if use.kind != ARGUMENT or use.call is None:
        return None
    clients = [client for path in use.paths if (client := client_of(path)) is not None and client.variables]
    if not any(client.parameters.fullmatch(use.parameter) for client in clients):
        return None
    call = use.call
    if any(name is None for name, _ in call.keywords):
        return False
    given = next((value for name in _ADDRESSES if (value := call.keyword(name)) is not None), None)
    if given is None:
        return not _is_address_set(tree)
    addresses = list(_addresses(given, call, evaluator))
    if not addresses and _may_be_left_out(given, call, evaluator):
        return None
    return bool(addresses) and all(_HOSTED.match(address) for address in addresses)


def _may_be_left_out(given: Expression, call: Call, evaluator: Evaluator) -> bool:
    """Whether an address may be None: a setting that says so, or a look-up without a default."""
    written = [given, *(expression for expression, _ in evaluator.definitions(given, call.scope))]
    if any(part[0] == "call" and last_name(part[2]) in ("getenv", "get") for each in written for part in walk(each)):
        return True
    values = evaluator.evaluate(given, call.scope)
    return any(isinstance(value, Constant) and not value.value for value in values)


def _addresses(given: Expression, call: Call, evaluator: Evaluator) -> Iterator[str]:
    """The addresses that are written down, as what is given or as what stands in for it."""
    written = [(given, call.scope), *evaluator.definitions(given, call.scope)]
    for expression, scope in written:
        for value in evaluator.evaluate(expression, scope):
            if isinstance(value, Constant) and isinstance(value.value, str) and "://" in value.value:
                yield value.value
        for part in walk(expression):
            if part[0] == "const" and isinstance(part[2], str) and "://" in part[2]:
                yield part[2]


def _is_address_set(tree: Tree) -> bool:
    """Whether a file of variables, or code, tells clients another address than their provider's."""
    for path in tree.files("environment"):
        facts = tree.facts(path, "environment")
        if isinstance(facts, EnvironmentFacts) and any(entry.name in _READ_ADDRESSES for entry in facts.entries):
            return True
    modules = frozenset((*tree.files("python"), *tree.files("yaml")))
    return any(next(iter(tree.files_with(name, modules)), None) is not None for name in _READ_ADDRESSES)
