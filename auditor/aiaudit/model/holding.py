"""What kind of thing is kept: a connection, a model, or what collects the state of requests."""

from __future__ import annotations

from aiaudit.model.checkpoints import IN_MEMORY_SAVERS, checkpointers
from aiaudit.model.evaluate import class_of
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import origins
from aiaudit.model.scopes import Call, Scope
from aiaudit.model.tenants import comes_from_request
from aiaudit.model.values import CONTAINERS, External, Instance, Literal, Value
from aiaudit.sources.python.facts import Expression

# Objects that belong to a connection or to this process's event loop: no other process could use them.
_BOUND = ("asyncio.", "threading.", "concurrent.futures.", "multiprocessing.", "websockets.")
# What classes of libraries are called whose objects talk to a server.
_CLIENT = "Client"
_MEMORIES = ("History", "Memory", "Saver", "MemoryStore")
# What names a conversation that the provider keeps: made again, it is another one, without a word of the first.
_CONVERSATIONS = (".threads.create()", ".conversations.create()")
_STATEFUL = ("memory", "agent", "chain")
# Their graphs and agents keep nothing between two runs but what a checkpointer saves.
_GRAPH_DISTS = ("langgraph", "langgraph-prebuilt")
# Indexes that live in this process, unless they are told a place on a disk or elsewhere; and what makes one of data.
IN_MEMORY = (
    "InMemoryVectorStore",
    "DocArrayInMemorySearch",
    "InMemoryDocumentStore",
    "EphemeralClient",
    "FAISS",
    "SimpleVectorStore",
)
_LIBRARIES = ("faiss.Index", "faiss.read_index", "faiss.index_factory", "hnswlib.Index", "annoy.AnnoyIndex")
# Where LlamaIndex is told to keep an index, which is in this process otherwise.
_KEPT_IN = ("storage_context", "vector_store")
_FROM_DATA = ("from_documents", "from_texts", "afrom_documents", "afrom_texts", "from_embeddings")


class Holding:
    """Answers about values that something lasting holds."""

    def __init__(self, side: PythonSide) -> None:
        self.knowledge = side.knowledge
        self.evaluator = side.evaluator
        self.contexts = side.contexts
        costly = [resource for resource in side.resources if resource.expensive]
        self.making = {id(resource.call) for resource in costly}
        self.makers = {id(cls) for resource in costly if (cls := class_of(resource.call.scope)) is not None}

    def is_bound(self, value: Expression | None, scope: Scope) -> bool:
        """Whether a value is a connection, a task or a lock."""
        return any(
            isinstance(found, External) and (found.path.startswith(_BOUND) or "WebSocket" in found.path)
            for found in self._possible(value, scope)
        )

    def is_resource(self, value: Expression | None, scope: Scope) -> bool:
        """Whether a value is a model or a client, or an object that makes such: kept, it is a cache of them."""
        return any(map(self._is_resource, self._possible(value, scope)))

    def holds_state(self, value: Expression | None, scope: Scope) -> bool:
        """Whether what is kept for each key collects what requests bring, rather than being computed from the key.

        Where one branch makes an object around a model, the objects of the other branches are of its kind, though
        their library is not known.
        """
        possible = self._possible(value, scope)
        if any(isinstance(found, Instance) and self._remembers(found) for found in possible):
            return True
        if any(map(self._is_resource, possible)):
            possible = [found for found in possible if not isinstance(found, Instance)]
        return any(map(self._is_stateful, possible))

    def _keeps_threads(self, graph: Call) -> bool:
        """Whether a graph saves its threads in a memory of its own, made with it."""
        return any(
            saver.path in IN_MEMORY_SAVERS
            and saver.origin is not None
            and self.contexts.before_requests(saver.origin.scope) is None
            for saver in checkpointers(graph, self.evaluator)
        )

    def _possible(self, value: Expression | None, scope: Scope) -> list[Value]:
        """What a value, or a part of a tuple, may be."""
        parts = () if value is None else value[2] if value[0] == "tuple" else (value,)
        return [found for part in parts for found in self.evaluator.evaluate(part, scope)]

    def _is_resource(self, value: Value) -> bool:
        if isinstance(value, External):
            is_client = value.path.endswith(_CLIENT + "()")
            return value.origin is not None and (is_client or id(value.origin) in self.making)
        if not isinstance(value, Instance):
            return False
        outside = self.evaluator.lineage(value.cls)[1]
        return self._makes_resources(value) or any(path.endswith(_CLIENT) for path in outside)

    def _is_stateful(self, value: Value) -> bool:
        if isinstance(value, Literal):
            return value.expression[0] in ("list", "dict", "set") and not value.expression[2]
        if isinstance(value, External):
            if value.path in CONTAINERS or any(name in value.path for name in _CONVERSATIONS):
                return True
            owner, _, made_by = value.path.removesuffix("()").rpartition(".")
            if made_by in _FROM_DATA and owner.rpartition(".")[2] in IN_MEMORY:
                return True
            entry = self.knowledge.maker(self.knowledge.find(value.path.removesuffix("()")))
            last = value.path.removesuffix("()").rpartition(".")[2]
            if entry is not None and entry.dist in _GRAPH_DISTS:
                return value.origin is not None and self._keeps_threads(value.origin)
            if entry is not None and (entry.purpose in _STATEFUL or entry.default("keeps_every_turn") is True):
                return True
            return last.endswith(_MEMORIES)
        if isinstance(value, Instance):
            return not self._makes_resources(value) and any(
                store.value is not None and comes_from_request(store.value, method, self.evaluator, self.contexts)
                for method in value.cls.functions
                if method.name != "__init__"
                for store in method.stores
                if store.attribute is None
            )
        return False

    def _remembers(self, value: Instance) -> bool:
        """Whether an object makes itself a memory for what is said, whatever else it makes."""
        return any(
            isinstance(held, External) and held.path.removesuffix("()").endswith(_MEMORIES)
            for method in value.cls.functions
            for store in method.stores
            if store.attribute is not None and store.value is not None
            for held in self.evaluator.evaluate(store.value, method)
        )

    def _makes_resources(self, value: Instance) -> bool:
        heirs = self.evaluator.subclasses(value.cls)
        return any(id(cls) in self.makers for cls in (*self.evaluator.lineage(value.cls)[0], *heirs))


def is_index_in_memory(value: External) -> bool:
    """Whether a value is an index, or a part of one, that only this process has."""
    names = value.path.replace("()", "").split(".")
    if value.path.startswith(_LIBRARIES) or any(name in IN_MEMORY for name in names):
        return True
    for maker in origins(value):
        given = [*maker.arguments, *(item for _, item in maker.keywords)]
        if value.path.startswith("chromadb.Client()") and maker.name == "Client":
            return not given  # with settings it may be one on disk, or on a server
        if value.path.startswith("qdrant_client.QdrantClient()") and maker.name == "QdrantClient":
            return any(item[0] == "const" and item[2] == ":memory:" for item in given)
        if (
            "VectorStoreIndex" in names
            and names[0] == "llama_index"
            and maker.name in ("VectorStoreIndex", *_FROM_DATA)
        ):
            return all(maker.keyword(name) is None for name in _KEPT_IN) and not maker.spreads
    return False
