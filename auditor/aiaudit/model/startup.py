"""Failures at startup that are swallowed: a try around the making of something that the service cannot do without."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.contexts import Reach
from aiaudit.model.handlers import CALLER_GETS, GOES_ON, Handler, assigned_in, leaves_process, outcome_of
from aiaudit.model.leaving import leaves
from aiaudit.model.program import scope_of_name
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Call, Enclosing, Function, Module, Scope, dotted, last_name, walk
from aiaudit.model.service import Service
from aiaudit.model.stopping import is_at_shutdown
from aiaudit.model.syntax import statements_in
from aiaudit.model.undefined import imported_in, is_bound_once, is_undefined
from aiaudit.model.values import External
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

# Without a cache or a tracer a service works on; without these it does not.
CRITICAL = frozenset(
    (
        "llm",
        "embedding",
        "generation-local",
        "vector",
        "datastore",
        "search",
        "index",
        "retriever",
        "rerank",
        "speech",
        "agent",
        "chain",
    )
)
# Functions that read data which a service works with.
READING = frozenset(
    ("numpy.load", "joblib.load", "pickle.load", "torch.load", "pandas.read_csv", "pandas.read_parquet",
     "pandas.read_pickle", "pandas.read_json", "scipy.sparse.load_npz")
)  # fmt: skip
# Methods that ask whether a server is there.
_ASKING = frozenset(
    ("ping", "heartbeat", "connect", "begin", "server_info", "is_ready", "is_live", "get_collections", "exists",
     "collection_exists", "has_collection", "list_collections", "list_indexes", "has_index")
)  # fmt: skip
# Methods that make ready what was made.
_PREPARING = frozenset(
    ("create_all", "create_collection", "get_collection", "get_or_create_collection", "recreate_collection",
     "create_index", "open", "setup")
)  # fmt: skip
# Calls that make code of the repository part of the service, and those that bring its database up to date.
_JOINING = ("include_router", "register_blueprint")
_MIGRATING = ("alembic.command.upgrade",)
DEPTH = 4
_NOT_INSTALLED = ("ImportError", "ModuleNotFoundError")


@dataclass(frozen=True, slots=True, eq=False)
class SwallowedFailure:
    """An `except` that lets the service go on without `what` its `try` was to make; `made` is where. `optional`: the
    service may well do without: one of several things is missing, a step of work is left out that needs the store, or
    the code is written for its absence."""

    span: Span
    what: str
    made: Span
    reach: Reach
    outcome: str
    optional: bool = False


def swallowed_failures(service: Service) -> list[SwallowedFailure]:
    """All of them, one a handler."""
    side = python_side(service)
    making = _Making(side)
    found: list[SwallowedFailure] = []
    for module in side.program.modules:
        found.extend(swallowed_imports(module, side))
        for scope in module.scopes:
            found.extend(_in_scope(scope, side, making))
    return found


class _Making:
    """What critical things calls make, themselves or through the functions they run."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.models = {id(r.call) for r in side.resources if r.entry.cost == "model-load"}
        critical = [k for k in side.known if _is_critical(k) or id(k.call) in self.models]
        self.calls = {id(known.call): known for known in critical}
        working = [k for k in side.known if k.entry.purpose in CRITICAL and (k.entry.blocking or k.call.awaited)]
        self.working = {id(known.call.scope): known for known in reversed(working)}
        self.working_calls = {id(known.call): known for known in working}
        self.scopes = {id(known.call.scope): known for known in reversed(critical)}
        self.hooks = {id(entry.scope) for entry in side.routing.entries if entry.kind == "startup"}

    def by(self, call: Call, depth: int) -> Known | None:
        """The critical thing that a call makes, at most so many calls deep."""
        known = self.calls.get(id(call))
        if known is not None or depth == 0:
            return known
        for edge in self.side.contexts.edges(call.scope):
            if edge.call is not call or not isinstance(edge.target, Function):
                continue
            found = self.scopes.get(id(edge.target)) or self._inside(edge.target, depth - 1)
            if found is not None:
                return found
        return None

    def reached_by(self, call: Call) -> Known | None:
        """What a call of a startup hook leads to: the first critical thing that is made, or else worked with: all of a
        hook's work is starting."""
        worked_with: Known | None = None
        seen: set[int] = set()
        queue = [edge.target for edge in self.side.contexts.edges(call.scope) if edge.call is call]
        for scope in queue:  # grows while it is walked
            if id(scope) in self.scopes:
                return self.scopes[id(scope)]
            worked_with = worked_with or self.working.get(id(scope))
            seen.add(id(scope))
            queue.extend(
                edge.target
                for edge in self.side.contexts.edges(scope)
                if edge.call is not None and not edge.deferred and id(edge.target) not in seen
            )
        return worked_with or self.working_calls.get(id(call))

    def is_used_in(self, block: Enclosing, scope: Scope, is_start: bool) -> bool:
        """Whether the try also works with what it makes: then it guards one request's work, not a start.

        To ask a server whether it is there, and to make its collections, is no work yet.
        """
        return any(
            known.entry.kind == "call"
            and not _is_initialisation(known)
            and (known.entry.mode != "none" or known.entry.generates)
            and not (is_start and (known.call.name in _ASKING or _makes_ready(known)))
            and any(link.node is block.node for link in known.call.around)
            for known in self.side.known
            if known.call.scope is scope
        )

    def is_for_others(self, block: Enclosing, scope: Scope) -> bool:
        """Whether what a `try` makes leaves its function, which otherwise works with it and answers for that."""
        made = {
            id(call.expression)
            for call in scope.calls
            if id(call) in self.calls and any(link.node is block.node for link in call.around)
        }
        return leaves(made, scope)

    def replaces(self, handler: tuple[object, ...], block: Enclosing, scope: Scope) -> bool:
        """Whether a handler puts what was there before, another such thing, or the name of another way in the place of
        what the `try` was to make."""
        made = {place for place, value in assigned_in(block.node[2]) if value[0] in ("call", "await")}
        for place, value in assigned_in(handler[2]):  # type: ignore[arg-type]
            if place not in made:
                continue
            if value[0] in ("name", "attr") or (value[0] == "const" and isinstance(value[2], str) and value[2]):
                return True
            calls = [part for part in walk(value) if part[0] == "call"] if value[0] == "call" else []
            if any(self.by(self.side.evaluator.call_of(part, scope), 1) is not None for part in calls):
                return True
        return False

    def _inside(self, function: Function, depth: int) -> Known | None:
        for inner in function.calls:
            found = self.by(inner, depth)
            if found is not None:
                return found
        return None


def _is_critical(known: Known) -> bool:
    """Whether a call makes what a service cannot do without."""
    return known.entry.purpose in CRITICAL and _is_initialisation(known)


def _is_initialisation(known: Known) -> bool:
    """A construction, or the kind of call that prepares a store."""
    if known.entry.kind != "call":
        return known.entry.cost != "cheap" or known.entry.purpose in ("llm", "agent", "chain")
    return known.entry.path.rpartition(".")[2] in _PREPARING


def _makes_ready(known: Known) -> bool:
    """Whether a call makes a collection of a vector store: `client.collections.create("Recipe")`."""
    return known.entry.purpose == "vector" and last_name(known.call.expression[2]) == "create"


def _is_work(known: Known) -> bool:
    """Whether it is a request's own work: to look at a store's collection, or to index what the request brings."""
    return known.entry.kind == "call" or known.call.name.startswith(("from_", "afrom_"))


def _in_scope(scope: Scope, side: PythonSide, making: _Making) -> Iterator[SwallowedFailure]:
    early = side.contexts.before_requests(scope)
    reach = early or side.contexts.in_request(scope)
    if reach is None:
        return
    seen: set[int] = set()
    is_hook = id(scope) in making.hooks
    is_start = is_hook or side.contexts.in_request(scope) is None
    for call in scope.calls:
        block = _try_around(call)
        if block is None or id(block.node) in seen or is_at_shutdown(call.span, reach):
            continue
        # Only all of a hook's work is starting; elsewhere the thing must be made here, or by what is called here.
        known = making.by(call, DEPTH if is_hook else int(early is not None or scope.name == "__init__"))
        if known is None and is_hook:
            known = making.reached_by(call)
        if known is not None and not is_hook and making.is_used_in(block, scope, is_start):
            continue
        if known is not None and early is None and _is_work(known):
            continue
        if known is not None and not is_start and known.entry.purpose not in CRITICAL:
            known = None  # a stored model that one request needs is that request's work
        what = known.name if known is not None else _reading(call, side) or _joining(call, side) if is_start else None
        if what is None and is_hook and is_undefined(call.expression[2], scope):
            what = f"{call.name}(), which is defined nowhere,"
        if what is None:
            continue
        seen.add(id(block.node))
        if _is_asked_for(scope, side):
            continue
        # A service that trains its model itself has none at first; another one is nothing without its file.
        needs_file = known is not None and id(known.call) in making.models and not _is_filled_later(block, scope, side)
        for handler in block.node[3]:
            if making.replaces(handler, block, scope):
                continue
            is_needed = known is not None and _is_needed_setting(handler, block, scope, side)
            outcome = outcome_of((None, *handler[1:]) if is_needed else handler, needs_file)
            if outcome is None or (outcome.startswith(GOES_ON) and _is_shortcut(block)):
                continue
            if early is not None or not outcome.startswith(CALLER_GETS) or making.is_for_others(block, scope):
                made = known.call.span if known is not None else call.span
                optional = _is_optional(known, handler, block)
                yield SwallowedFailure(_place(handler, scope), what, made, reach, outcome, optional)


def _is_optional(known: Known | None, handler: Handler, block: Enclosing) -> bool:
    """Whether a service may well do without what fails: one of many items of a loop, a query rather than the making of
    something, or what another handler of the same `try` says is not installed."""
    if known is None:
        return False
    if any(link.kind == "for" for link in block.outer or ()):
        return True
    is_query = known.entry.kind == "call" and not _is_initialisation(known)
    others = (other[0] for other in block.node[3] if other is not handler and other[0] is not None)
    return is_query or any(last_name(part) in _NOT_INSTALLED for kind in others for part in walk(kind))


def _is_asked_for(scope: Scope, side: PythonSide) -> bool:
    """Whether every caller of a function asks whether it got anything from it, and raises or exits otherwise."""
    callers = side.evaluator.callers(scope) if isinstance(scope, Function) else []
    return bool(callers) and all(_refuses_nothing(call) for call, _, _ in callers)


def _refuses_nothing(call: Call) -> bool:
    """`model = load()`, and then `if model is None: raise ...`; or `if not load(): raise ...`."""
    names = {dotted(target) for target in call.statement[2]} if call.statement[0] == "assign" else set()
    return any(
        statement[0] == "if"
        and any(
            _asks_for_nothing(part, names) or (part[0] == "unary" and part[2] == "Not" and part[3] is call.expression)
            for part in walk(statement[2])
        )
        and any(inner[0] == "raise" or leaves_process(inner) for inner in statement[3])
        for statement in statements_in(call.scope.body)
    )


def _asks_for_nothing(test: Expression, names: set[str | None]) -> bool:
    """`name is None` or `not name`."""
    if test[0] == "unary" and test[2] == "Not":
        return test[3][0] in ("name", "attr") and dotted(test[3]) in names
    if test[0] != "cmp" or test[3] not in (("Is",), ("Eq",)) or test[4][0][0] != "const" or test[4][0][2] is not None:
        return False
    return test[2][0] in ("name", "attr") and dotted(test[2]) in names


def swallowed_imports(module: Module, side: PythonSide) -> Iterator[SwallowedFailure]:
    """Imports whose failure is passed over, of names that requests or startup use all the same: NameError then."""
    reach = side.contexts.before_requests(module)
    for statement in module.body if reach is not None else ():
        if statement[0] != "try" or not all(part[0] in ("import", "from") for part in statement[2]):
            continue
        names = [name for name in imported_in(statement[2]) if is_bound_once(name, module, statement)]
        for handler in statement[3]:
            if not _passes_over_import(handler):
                continue
            for name in names:
                use = _use_of(name, module, side)
                if use is not None and reach is not None:
                    outcome = f"{name} is used all the same"
                    yield SwallowedFailure(_place(handler, module), f"the import of {name}", use, reach, outcome)
                    break


def _passes_over_import(handler: Handler) -> bool:
    """Whether a handler passes without a word: it says nothing, sets no flag and takes no other thing in its place."""
    kind, _, body, _ = handler
    kinds = [] if kind is None else [last_name(k) for k in (kind[2] if kind[0] == "tuple" else (kind,))]
    if not all(name in ("ImportError", "ModuleNotFoundError", "Exception") for name in kinds):
        return False
    return all(statement[0] == "pass" for statement in body)


def _use_of(name: str, module: Module, side: PythonSide) -> Span | None:
    """A place outside of the `try` that uses a name without asking whether it is there."""
    for scope in module.scopes:
        if isinstance(scope, Module) or not side.contexts.is_reached(scope):
            continue
        for call in scope.calls:
            root = call.expression[2]
            while root[0] == "attr":
                root = root[2]
            if root[0] != "name" or root[2] != name or scope_of_name(scope, name) is not module:
                continue
            if not any(link.kind in ("if", "unless") for link in call.around):
                return call.span
    return None


def _is_needed_setting(handler: Handler, block: Enclosing, scope: Scope, side: PythonSide) -> bool:
    """Whether a handler is for a variable of the environment that is not there, and what the `try` was to make of it is
    used without asking whether it was made: `with suppress(KeyError): client = OpenAI(api_key=environ["KEY"])`."""
    kind = handler[0]
    if kind is None or not any(last_name(part) in ("KeyError", "LookupError") for part in walk(kind)):
        return False
    assigned = list(assigned_in(block.node[2]))
    looks_up = any(
        part[0] == "sub" and last_name(part[2]) == "environ" for _, value in assigned for part in walk(value)
    )
    return looks_up and any(
        scope_of_name(scope, name) is scope.module and _use_of(name, scope.module, side) is not None
        for name, value in assigned
        if value[0] == "call"
    )


def _is_shortcut(block: Enclosing) -> bool:
    """Whether the `try` may leave the function early with nothing left to do: what follows it is the real attempt."""
    return any(statement[0] == "return" and statement[2] is None for statement in statements_in(block.node[2]))


def _place(handler: tuple[object, ...], scope: Scope) -> Span:
    line, column = handler[3][:2]  # type: ignore[index]
    return Span(scope.module.path, line, column, line, column + len("except"))


def _reading(call: Call, side: PythonSide) -> str | None:
    """What a call reads at startup, where only a damaged file can make it fail: its being there was tested before."""
    if not any(link.kind == "if" and link.branch and _tests_for_file(link) for link in call.around):
        return None
    for value in side.evaluator.callees(call):
        if isinstance(value, External) and value.path in READING:
            return value.path
    return None


def _joining(call: Call, side: PythonSide) -> str | None:
    """What a call at startup brings into the service: its routes, or the tables that its code expects."""
    if call.name in _JOINING and call.arguments and not any(link.kind == "for" for link in call.around):
        return f"{call.name}({dotted(call.arguments[0]) or '...'})"
    paths = [value.path for value in side.evaluator.callees(call) if isinstance(value, External)]
    return "the migration of the database" if any(path in _MIGRATING for path in paths) else None


def _is_filled_later(block: Enclosing, scope: Scope, side: PythonSide) -> bool:
    """Whether a request puts something into a variable that a `try` was to fill."""
    for place, _ in assigned_in(block.node[2]):
        owner, _, name = place.rpartition(".")
        stores = side.program.stores_by_attribute.get(name, ()) if owner else ()
        scopes = [store.scope for store in stores]
        scopes += [binding.scope for binding in scope.module.bindings.get(name, ())] if not owner else []
        if any(other is not scope and side.contexts.in_request(other) is not None for other in scopes):
            return True
    return False


def _tests_for_file(link: Enclosing) -> bool:
    return any(last_name(part) in ("exists", "is_file", "isfile") for part in walk(link.node[2]))


def _try_around(call: Call) -> Enclosing | None:
    """The innermost try whose body holds the call, unless a loop tries until it succeeds."""
    found = None
    for link in call.around:
        if link.kind in ("except", "finally"):
            return None
        if link.kind == "try" and found is None:
            found = link
        if found is not None and (link.kind == "while" or (link.kind == "for" and not _is_for_each(link))):
            return None
    return found


def _is_for_each(loop: Enclosing) -> bool:
    """Whether a loop makes something for each item, instead of trying one thing again, or one after the other."""
    if loop.node[3][0] == "call" and last_name(loop.node[3][2]) in ("range", "count"):
        return False
    return not any(statement[0] in ("break", "return") for statement in statements_in(loop.node[4]))
