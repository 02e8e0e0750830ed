"""Every client, model, index and engine that the program makes: where, how it is shared, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.model.contexts import Contexts, Reach, is_import
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.evaluation.handing import HANDING_OVER
from aiaudit.model.guards import NONE, Guard, stores_of
from aiaudit.model.knowledge import Entry, Knowledge
from aiaudit.model.scopes import Call, Function, Scope, last_name, walk_all
from aiaudit.model.tenants import belongs_to_caller
from aiaudit.model.texts import is_known_text
from aiaudit.model.values import ClassValue, External, Partial, Value, Values
from aiaudit.model.warming import is_cold, is_filled_early, renewing, second_making
from aiaudit.values import dataclass, replace

if TYPE_CHECKING:
    from aiaudit.model.flow.order import Order
    from aiaudit.model.path_life import PathLife


@dataclass(slots=True, eq=False)
class Known:
    """A call of something that the knowledge describes. `value` is the callee, `entry` what is known of it.

    `handed_by` is the call that hands the callee to a thread, a pool or a task instead of calling it; `call` is then
    the call that will be made there.
    """

    call: Call
    value: External
    entry: Entry
    handed_by: Call | None = None

    @property
    def name(self) -> str:
        """How a message calls it, see `short_name`."""
        return short_name(self.value.path)


@dataclass(slots=True, eq=False)
class Resource(Known):
    """A call that makes a client, model, index or engine, and the contexts in which it runs.

    `guard` tells whether its result is kept and checked for; `per_request` and `first_request` are the shortest chains
    from a request that make it each time, or once and then keep it; `early` a chain from import or startup. What
    `belongs_to_caller` is built with the credentials of who asks, and cannot be shared. `second` is the call with which
    a request makes, and keeps, another object of what startup has made already, this resource in it. `rare`: a call on
    the way from a request takes one of many ways, most of which make nothing like it, or it stands in the branch that
    goes without a pool. `by_key`: what is kept is one for each key that is asked for.
    """

    guard: Guard = NONE
    per_request: Reach | None = None
    first_request: Reach | None = None
    early: Reach | None = None
    second: Call | None = None
    belongs_to_caller: bool = False
    rare: bool = False
    by_key: bool = False

    @property
    def expensive(self) -> bool:
        """Whether making it costs enough to matter in a request."""
        return self.entry.cost != "cheap"


@dataclass(slots=True, eq=False)
class SecondInstance:
    """A call with which a request makes, and keeps, another object of what startup has made already.

    `resources` are the expensive ones that both objects hold, `reach` is the way of the request to the call.
    """

    call: Call
    resources: list[Resource]
    reach: Reach

    @property
    def name(self) -> str:
        """What is made."""
        return self.call.name


# Class names that say nothing without their library.
GENERIC = frozenset(
    (
        "Client",
        "AsyncClient",
        "HttpClient",
        "Session",
        "Index",
        "Agent",
        "Reader",
        "LLM",
        "Pipeline",
        "Router",
        "Cluster",
        "Producer",
        "Consumer",
        "Llama",
        "Redis",
    )
)


# What puts vectors into an index.
FILLING = frozenset(("add", "add_with_ids", "train"))
# What is asked of a trained model, and not of stored data.
INFERRING = ("predict", "predict_proba", "decision_function", "transform", "encode", "kneighbors", "generate")
# What takes a connection out of a pool.
_TAKING = ("getconn", "acquire", "get_connection", "checkout")
# So many functions behind one way of many are not gone through.
_FAR = 200
# Methods that give the object they are called on, with other options.
SAME_OBJECT = frozenset(
    ("with_options", "copy", "bind", "with_config", "with_retry", "with_types", "bind_tools", "with_structured_output")
)
# Methods that move or set a model of torch and give it back.
_MOVING = frozenset(("to", "cuda", "cpu", "half", "float", "bfloat16", "eval", "train"))


def short_name(path: str) -> str:
    """How a message calls something: `genai.Client`, `redis.from_url`, `Redis.get`, `chat.completions.create`, and
    `AutoModel.generate` of what `AutoModel.from_pretrained()` gives."""
    head, called, tail = path.rpartition("()")
    if called:
        names = [name for name in tail.replace("[]", "").split(".") if name]
        if len(names) > 1:
            return ".".join(names)
        while _last(head) in _MOVING:
            head = head.rpartition(".")[0].removesuffix("()")
        maker = _last(head)
        if not maker[:1].isupper() and _last(head.rpartition(".")[0])[:1].isupper():
            maker = _last(head.rpartition(".")[0])  # a method of the class that makes objects of it
        if not names:
            return maker if maker[:1].isupper() else f"{_with_module(head)}()"
        return f"{maker}.{names[0]}" if maker[:1].isupper() else f"{_with_module(head)}().{names[0]}"
    names = path.split(".")
    if names[-1][:1].isupper():
        return ".".join(names[-2:]) if names[-1] in GENERIC else names[-1]
    if len(names) > 1 and names[-2][:1].isupper():
        return ".".join(names[-2:])
    return path if len(names) <= 3 else ".".join(names[-2:])


def _with_module(path: str) -> str:
    """A function of a library's top module with its name, as it is mostly written: `boto3.client`."""
    return path if path.count(".") == 1 and "()" not in path and not path.startswith("builtins.") else _last(path)


def _last(path: str) -> str:
    """The last name of a path, calls and subscripts left out."""
    return path.replace("()", "").replace("[]", "").rpartition(".")[2]


def known_calls(evaluator: Evaluator, knowledge: Knowledge, contexts: Contexts) -> Iterator[Known]:
    """All calls that the knowledge describes; branches that never run in the service are left out."""
    from aiaudit.model.flow.order import Order  # whose package is built upon this module

    order = Order()
    for module in evaluator.program.modules:
        for scope in module.scopes:
            for call in scope.calls if contexts.is_reached(scope) else ():
                found = known_callees(call, evaluator, knowledge, order)
                for handed in evaluator.handing.handed_over(call) if call.name in HANDING_OVER else ():
                    for known in known_callees(handed, evaluator, knowledge, order):
                        known.handed_by = call
                        found.append(known)
                if found and contexts.runs(call):
                    yield from found


def known_callees(call: Call, evaluator: Evaluator, knowledge: Knowledge, order: Order) -> list[Known]:
    """What the knowledge says of the things that a call may call, once for each purpose.

    Where the same call may be a library's synchronous or asynchronous one, `await` tells.
    """
    callees = _callees(call, evaluator, order)
    if not callees:
        return []
    found: dict[tuple[str, str, str], Known] = {}
    for value in callees:
        made = call
        while isinstance(value, Partial):
            made, value = evaluator.handing.applied(value.call, made), value.function
        for external in outside(value, evaluator):
            entry = knowledge.find(external.path)
            if entry is None:
                continue
            if _is_given_pool(made, entry, evaluator, knowledge):
                loads = entry.cost == "model-load"
                entry = replace(entry, cost="cheap", timeout=None, blocking=entry.blocking and not loads)
            elif entry.kind == "constructor" and _is_in_memory(made):
                entry = replace(entry, cost="cheap", timeout=None, blocking=False)
            named = _named(made, entry, evaluator, knowledge)
            if named is not None:
                found.setdefault((named.dist, named.purpose, named.kind), Known(made, External(named.path), named))
            key = (entry.dist, entry.purpose, entry.kind)
            other = found.get(key)
            fits = (entry.mode == "async") is call.awaited
            if other is None or (fits and (other.entry.mode == "async") is not call.awaited):
                found[key] = Known(made, external, entry)
    return list(found.values())


def _callees(call: Call, evaluator: Evaluator, order: Order) -> Values:
    """What a call may call; of a variable that its function sets again and again, what that holds there."""
    callee, values = call.expression[2], evaluator.of_libraries(call)
    if callee[0] != "name" or len(values) < 2 or len(call.scope.bindings.get(callee[2], ())) < 2:
        return values
    reaching = order.reaching(call.scope, call.scope, callee[2], callee[1])
    there = {value for binding in reaching for value in evaluator.binding(binding)}
    return tuple(value for value in values if value in there) or values


def _named(call: Call, entry: Entry, evaluator: Evaluator, knowledge: Knowledge) -> Entry | None:
    """What makes the model that a call is given by its name: `create_agent("openai:gpt-4.1")`."""
    if entry.named_by is None or not entry.wraps:
        return None
    given = call.argument(entry.wraps[0].name, entry.wraps[0].position)
    return knowledge.find(entry.named_by) if is_known_text(given, call.scope, evaluator) else None


def _is_in_memory(call: Call) -> bool:
    """A store that lives in the process: `QdrantClient(":memory:")`, `connect(database=":memory:")`."""
    return any(
        given[0] == "const" and given[2] == ":memory:" for given in (*call.arguments, *(v for _, v in call.keywords))
    )


def _is_given_pool(call: Call, entry: Entry, evaluator: Evaluator, knowledge: Knowledge) -> bool:
    """Whether a call passes the client, pool or model that it is to work on, instead of having one made."""
    name = entry.pool_parameter
    if name is None:
        return False
    position = next((wrapped.position for wrapped in entry.wraps if wrapped.name == name), None)
    given = call.argument(name, position)
    if given is None or (given[0] == "const" and given[2] is None):
        return False
    if entry.cost != "model-load":
        return True
    # What takes a model takes its name or path as well, and loads it then.
    return any(_is_loaded(value, evaluator, knowledge) for value in evaluator.evaluate(given, call.scope))


def _is_loaded(value: Value, evaluator: Evaluator, knowledge: Knowledge) -> bool:
    """Whether a value is a model that a call has loaded."""
    if not isinstance(value, External) or not value.made:
        return False
    callees = (callee for origin in origins(value) for callee in evaluator.callees(origin))
    entries = (knowledge.find(callee.path) for callee in callees if isinstance(callee, External))
    return any(entry is not None and entry.cost == "model-load" for entry in entries)


def uses_by_maker(evaluator: Evaluator) -> dict[int, list[Call]]:
    """Call -> the calls made on what it made, directly or through attributes."""
    found: dict[int, list[Call]] = defaultdict(list)
    for module in evaluator.program.modules:
        for scope in module.scopes:
            for call in scope.calls:
                for value in evaluator.evaluate(call.expression[2], scope):
                    if isinstance(value, External) and "[]" not in value.path:  # an element is no longer the client
                        for origin in _called_on(value):
                            found[id(origin)].append(call)
    for calls in list(found.values()):
        seen = set(map(id, calls))
        for call in calls:  # grows while it is walked: what is called on the same object with other options
            for further in found.get(id(call), ()) if call.name in SAME_OBJECT else ():
                if id(further) not in seen:
                    seen.add(id(further))
                    calls.append(further)
    return found


def _called_on(value: External) -> Iterator[Call]:
    """The call that made what a method is called on, and those before it that gave the same object: an answer's own
    methods are no uses of the client."""
    for origin in origins(value):
        yield origin
        if origin.name not in SAME_OBJECT:
            return


def outside(value: Value, evaluator: Evaluator) -> Iterator[External]:
    """The outside callables that calling a value comes down to: itself, or the bases of a class of the repository."""
    if isinstance(value, External):
        yield value
    elif isinstance(value, Partial):
        yield from outside(value.function, evaluator)
    elif isinstance(value, ClassValue):
        for path in evaluator.lineage(value.cls)[1]:
            yield External(path)


def resources(known: list[Known], contexts: Contexts) -> list[Resource]:
    """The constructions among the known calls, with their lives."""
    from aiaudit.model.flow.order import Order  # the package of flows needs what stands here
    from aiaudit.model.path_life import PathLife

    filled = _filled_indexes(known)
    models = _models(known, contexts.evaluator)
    paths = PathLife(contexts, Order())
    found = [_resource(_as_built(k, filled, models, paths), contexts) for k in known if k.entry.kind != "call"]
    alternatives = Alternatives(found, contexts)
    for resource in found:
        reach = resource.per_request or resource.first_request
        resource.rare = reach is not None and any(map(alternatives.is_rare, reach.chain()))
        resource.rare = resource.rare or (reach is not None and _is_instead_of_pool(resource))
    return found


def _is_instead_of_pool(resource: Resource) -> bool:
    """Whether the other branch takes a connection out of a pool: this one is for those who have switched that off."""
    arms = (link.node[3 if not link.branch else 4] for link in resource.call.around if link.kind == "if")
    return resource.entry.purpose == "datastore" and any(
        part[0] == "call" and last_name(part[2]) in _TAKING for arm in arms for part in walk_all(arm)
    )


class Alternatives:
    """Calls that take one of many ways: whether most of those make something that costs."""

    def __init__(self, found: list[Resource], contexts: Contexts) -> None:
        self.contexts = contexts
        self._making = {id(r.call.scope) for r in found if r.expensive and (r.per_request or r.first_request)}
        self._known: dict[int, bool] = {}

    def is_rare(self, link: Reach) -> bool:
        """Whether a chain goes on by one way of many, and most of the others make nothing."""
        edge = link.edge
        if edge is None or not edge.among or edge.call is None:
            return False
        targets = {id(e.target): e.target for e in self.contexts.edges_of(edge.call) if e.among}
        return 2 * sum(map(self._leads_to_making, targets.values())) < edge.among

    def _leads_to_making(self, start: Scope) -> bool:
        """Whether running something makes what costs; what runs so much that it is not told does so as well."""
        if id(start) not in self._known:
            seen, queue = {id(start)}, [start]
            for scope in queue:  # grows while it is walked
                if id(scope) in self._making or len(queue) > _FAR:
                    break
                for edge in self.contexts.edges(scope):
                    if id(edge.target) not in seen and not is_import(edge) and not edge.deferred:
                        seen.add(id(edge.target))
                        queue.append(edge.target)
            else:
                self._known[id(start)] = False
            self._known.setdefault(id(start), True)
        return self._known[id(start)]


def _as_built(known: Known, filled: set[int], models: set[int], paths: PathLife) -> Known:
    """An index that is filled where it is made costs what goes into it; what was stored may be a model, or a request's
    own work that lies in a temporary file; a model that nobody takes is made for its download, or to see that it can be
    made; data of a hub are no model."""
    if id(known.call) in models:
        return replace(known, entry=replace(known.entry, cost="model-load"))
    if known.entry.cost == "data-load" and any(
        paths.is_of_temporary_file(file, known.call.scope) for file in known.call.arguments[:1]
    ):
        return replace(known, entry=replace(known.entry, cost="cheap"))
    if known.entry.cost == "model-load" and (_is_dropped(known) or _is_of_data(known.call)):
        return replace(known, entry=replace(known.entry, cost="cheap"))
    if known.entry.purpose != "index" or id(known.call) not in filled:
        return known
    return replace(known, entry=replace(known.entry, cost="index-load"))


def _filled_indexes(known: list[Known]) -> set[int]:
    """The calls that make an empty index which the same function fills, to work with it and not to write it down."""
    calls = [k for k in known if k.entry.purpose == "index" and k.entry.kind == "call"]
    writing = {id(k.call.scope) for k in calls if k.call.name.startswith("write")}
    filling = (k for k in calls if k.call.name in FILLING and id(k.call.scope) not in writing)
    return {id(origin) for k in filling for origin in origins(k.value) if origin.scope is k.call.scope}


def _is_dropped(known: Known) -> bool:
    """Whether nobody takes what a call gives; a method may load into the object that it is called on."""
    statement = known.call.statement
    return statement[0] == "expr" and statement[2] is known.call.expression and "()" not in known.value.path


def _is_of_data(call: Call) -> bool:
    """Whether what a call downloads from a hub is no model: `snapshot_download(..., repo_type="dataset")`."""
    kind = call.keyword("repo_type")
    return kind is not None and kind[0] == "const" and kind[2] in ("dataset", "space")


def _models(known: list[Known], evaluator: Evaluator) -> set[int]:
    """The calls that read something stored which is then asked as a model."""
    stored = {id(k.call) for k in known if k.entry.cost == "data-load"}
    asked = (call for name in INFERRING if stored for call in evaluator.program.calls_by_name.get(name, ()))
    return {
        id(origin)
        for call in asked
        for value in evaluator.evaluate(call.expression[2], call.scope)
        if isinstance(value, External)
        for origin in origins(value)
        if id(origin) in stored
    }


def second_instances(found: list[Resource]) -> list[SecondInstance]:
    """The calls that make such objects, each once."""
    made: dict[int, SecondInstance] = {}
    for resource in found:
        reach = resource.first_request
        if resource.second is None or reach is None or not resource.expensive or resource.per_request is not None:
            continue
        known = made.setdefault(id(resource.second), SecondInstance(resource.second, [], reach))
        known.resources.append(resource)
    return list(made.values())


def _resource(known: Known, contexts: Contexts) -> Resource:
    call, scope = known.call, known.call.scope
    guard = contexts.guard(call)
    kept = guard.keeps and not (guard.cls is not None and contexts.is_ephemeral(guard.cls))
    uncached = contexts.making(call)
    cached = contexts.taken(call, contexts.in_request(scope, cached=True))
    first = (cached or uncached) if kept else cached
    if guard.keeps and is_filled_early(call, guard, contexts):
        first = None  # its place is taken before the first request
    if first is not None and (first.entry.cold or first.entry.is_aside or _is_closed_at_once(call)):
        first = None  # the process starts with it, no request waits for it, or what is kept is only what it was asked
    if uncached is not None and uncached.entry.by == "clock":
        uncached = None
    renewed = renewing(call, guard, contexts) if kept else None
    return Resource(
        call,
        known.value,
        known.entry,
        known.handed_by,
        guard,
        per_request=renewed if kept else uncached,
        first_request=first,
        early=None if is_cold(call, guard, contexts) else contexts.before_requests(scope),
        second=second_making(call, guard, first, contexts),
        belongs_to_caller=(uncached or first) is not None and belongs_to_caller(call, contexts.evaluator, contexts),
        by_key=first is not None and _is_by_key(call, first, guard, contexts),
    )


def _is_closed_at_once(made: Call) -> bool:
    """Whether a `with` closes what is made before its function comes back: a guard around it keeps what was fetched
    through it, `if self._keys is None: with Client() as client: self._keys = client.get(url).json()`."""
    return made.entered and isinstance(made.scope, Function) and not made.scope.yields


def _is_by_key(made: Call, reach: Reach, guard: Guard, contexts: Contexts) -> bool:
    """Whether what a request makes and keeps is one of several, each made when its key is asked for first."""
    calls = (link.edge.call for link in reach.chain() if link.edge is not None and link.edge.cached)
    guards = (guard, *(contexts.guard(call) for call in calls if call is not None))
    if any(each.asks_for_an_entry for each in guards):
        return True
    return guard.keeps and any(store.key is not None and store.key[0] != "const" for store in stores_of(made))


def origins(value: External) -> Iterator[Call]:
    """The calls that made a value and the objects it was reached from, innermost object last."""
    link: object = value
    seen: list[Call] = []
    while isinstance(link, External):
        if link.origin is not None and link.origin not in seen:
            seen.append(link.origin)
            yield link.origin
        link = link.base
