"""Effective time-outs: what bounds each wait on a server path: call, client, transport or library."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from aiaudit.finding import Step
from aiaudit.model.addresses import is_in_address
from aiaudit.model.arguments import Argument, argument_of
from aiaudit.model.brought import brought, is_told_to_wait
from aiaudit.model.contexts import Reach
from aiaudit.model.deadlines import Deadlines
from aiaudit.model.drivers import Drivers
from aiaudit.model.dumped import spreads_a_body
from aiaudit.model.forgotten import Forgotten
from aiaudit.model.knowledge.schema import Entry, TimeoutParameter
from aiaudit.model.left_out import LeftOut
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.resources import SAME_OBJECT, Known, origins
from aiaudit.model.scopes import Call, Function, Store, walk_all
from aiaudit.model.seconds import Seconds
from aiaudit.model.service import Service
from aiaudit.model.values import ClassValue, External, Instance
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

# What a request may reasonably be made to wait: five minutes count as for ever.
ABSURD = 300.0
# Methods of clients that wait for nothing.
QUIET = frozenset(("close", "aclose", "with_raw_response", "get_name")) | SAME_OBJECT
# How databases call the time-out of a statement.
STATEMENT_TIMEOUTS = ("statement_timeout", "max_execution_time", "max_statement_time", "LOCK_TIMEOUT")
# Methods of sessions that send.
SENDING = ("request", "send", "get", "post")
# Objects that wait for nothing before somebody asks them.
ASKED = ("llm", "embedding", "agent", "chain")
# Transports of HTTP clients, which wait as long as their client says.
_TRANSPORTS = frozenset(
    f"{library}.{name}()" for library in ("httpx", "httpx2") for name in ("HTTPTransport", "AsyncHTTPTransport")
)
# What a call says of its time-out: the state as in `Wait`, seconds, and the argument that says so.
Setting = tuple[str, "float | None", "Argument | None"]


@dataclass(frozen=True, slots=True, eq=False)
class Wait:
    """A wait on a server path: a call, or a client whose calls wait.

    `state`: "default" (nobody sets a time-out; `seconds` is the library's longest wait, infinite where it has none),
    "disabled" (set to None or 0, at `setting`), "ignored" (`setting` is one that the library drops; `seconds` as for
    "default"), "set" (`seconds` where known). `place` is where to point at, `driver` what waits inside an engine;
    `forgotten`: nothing ever uses the client.
    """

    known: Known
    reach: Reach
    state: str
    seconds: float | None
    setting: Argument | None
    attempts: int = 1
    given_at: Span | None = None
    driver: Entry | None = None
    forgotten: bool = False

    @property
    def place(self) -> Span:
        """Where the time-out is set, or ought to be."""
        return self.given_at or self.known.call.span

    @property
    def entry(self) -> Entry:
        return self.known.entry

    @property
    def trace(self) -> tuple[Step, ...]:
        """From the entry to the wait."""
        return (*self.reach.steps(), Step(self.known.name, self.known.call.span))


def waits(service: Service) -> list[Wait]:
    """All waits whose time-out is known to be missing, disabled or set."""
    return list(TimeoutReader(python_side(service)).read())


class TimeoutReader:
    """Answers what bounds the waits of a program."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.forgotten = Forgotten(side.program)
        self.evaluator = side.evaluator
        self.numbers = Seconds(side.evaluator)
        self.drivers = Drivers(side.evaluator, side.knowledge)
        self.deadlines = Deadlines(side.evaluator, side.contexts, side.routing)
        self.left_out = LeftOut(side.evaluator, side.contexts)
        self.known_of: dict[int, list[Known]] = defaultdict(list)
        for known in side.known:
            self.known_of[id(known.call)].append(known)

    def read(self) -> Iterator[Wait]:
        for known in self.side.known:
            if known.entry.timeout is None:
                continue
            reach = self.side.contexts.reached_at_all(known.call.scope)
            if reach is None:
                continue
            if known.entry.kind != "call":
                if answers_for_timeout(known) and not self.belongs_to_client(known):
                    yield from self.of_client(known, reach)
            elif answers_alone(known) and not self.belongs_to_client(known):
                yield from self.of_call(known, reach)
            else:
                yield from self.switched_off(known, reach)
        yield from self.ignored_attributes()

    def belongs_to_client(self, known: Known) -> bool:
        """Whether the client that something was called on answers for the time-out: its handles are not told again."""
        for origin in origins(known.value):
            if any(answers_for_timeout(maker) for maker in self.makers.get(id(origin), ())):
                return True
        return False

    @cached_property
    def makers(self) -> dict[int, list[Known]]:
        """Call -> the known constructions at it."""
        index: dict[int, list[Known]] = defaultdict(list)
        for known in self.side.known:
            if known.entry.kind != "call":
                index[id(known.call)].append(known)
        return index

    def of_client(self, known: Known, reach: Reach) -> Iterator[Wait]:
        state, seconds, setting = self.setting(known)
        if state == "hidden":
            return
        if state in ("default", "disabled"):
            uses = [use for use in self.side.uses.get(id(known.call), ()) if use.name not in QUIET]
            uses = [use for use in uses if self.side.contexts.is_reached(use.scope)] or uses
            if uses and all(self.is_bounded(use) for use in uses):
                return
        elif state == "set":
            yield from self.set_by_some(known, reach)
        driver = self.driver(known) if state == "default" else None
        forgotten = known.entry.purpose in ASKED and self.forgotten.holds(known.call)
        yield Wait(known, reach, state, seconds, setting, self.attempts(known), driver=driver, forgotten=forgotten)

    def of_call(self, known: Known, reach: Reach) -> Iterator[Wait]:
        state, seconds, setting = self.setting(known)
        if state == "hidden" or (state == "default" and (self.is_wrapped(known) or self.deadlines.bound(known.call))):
            return
        if state == "set":
            yield from self.set_by_some(known, reach)
        yield Wait(known, reach, state, seconds, setting, self.attempts(known))

    def set_by_some(self, known: Known, reach: Reach) -> Iterator[Wait]:
        """A call whose time-out comes from the callers of its function, some of whom give none."""
        names = tuple(p.name for p in self.bounding(known) if "." not in p.name)
        without = self.left_out.reach(known.call, names)
        if without is None or self.deadlines.bound(known.call):
            return
        is_none = any(name in names for name, _ in known.call.keywords)
        state, seconds = ("disabled", math.inf) if is_none else ("default", self.default(known))
        yield Wait(known, without, state, seconds, None, self.attempts(known))

    def switched_off(self, known: Known, reach: Reach) -> Iterator[Wait]:
        """A call that takes away the time-out which its client has."""
        if known.entry.mode == "none" or not any(self.is_given_none(known, p) for p in self.bounding(known)):
            return
        state, seconds, setting = self.setting(known)
        if state != "disabled" or self.deadlines.bound(known.call) or self.is_wrapped(known):
            return
        for maker in (maker for origin in origins(known.value) for maker in self.makers.get(id(origin), ())):
            had = self.setting(maker)
            if had[0] != "set" and (had[1] is None or had[1] >= ABSURD):
                return  # told where the client is made
        yield Wait(known, reach, state, seconds, setting, self.attempts(known))

    def is_given_none(self, known: Known, parameter: TimeoutParameter) -> bool:
        """Whether a call is given a time-out by name which is none."""
        name = parameter.name.partition(".")[0]
        return parameter.at != "constructor" and known.call.keyword(name) is not None

    def bounding(self, known: Known) -> list[TimeoutParameter]:
        """The parameters that bound the wait for an answer."""
        timeout = known.entry.timeout
        return [p for p in timeout.parameters if p.covers not in ("connect", "checkout")] if timeout is not None else []

    def is_bounded(self, use: Call) -> bool:
        """Whether a call on a client sets its own time-out or stands under a deadline."""
        for known in self.known_of.get(id(use), ()):
            if known.entry.timeout is not None and self.setting(known)[0] in ("set", "hidden"):
                return True
        if _is_given(use.keyword("timeout")) or self.deadlines.bound(use):
            return True
        return any(_is_given(options.keyword("timeout")) for options in self.options_of(use))

    def options_of(self, use: Call) -> Iterator[Call]:
        """The calls that gave a client other options on the way to a use, the last one first:
        `client.with_options(timeout=5).chat.completions.create(...)`."""
        for value in self.evaluator.evaluate(use.expression[2], use.scope):
            if isinstance(value, External):
                yield from (origin for origin in origins(value) if origin.name in SAME_OBJECT)

    def setting_of(self, use: Call, client: Known) -> Setting:
        """What a client says of the time-out of a call on it: as it was made, or as its options were changed since."""
        setting = self.setting(client)
        given = next((options for options in self.options_of(use) if _is_given(options.keyword("timeout"))), None)
        parameter = next((p for p in self.bounding(client) if p.name == "timeout"), None)
        if given is None:
            return setting
        if parameter is None:
            return "set", None, None
        found = argument_of(given, "timeout", self.evaluator)
        seconds = self.numbers.of(found, parameter)
        return "set", None if seconds is None else seconds * self.attempts(client, given), found

    def setting(self, known: Known) -> Setting:
        """What a call itself says about its time-out."""
        timeout = known.entry.timeout
        if timeout is None:
            return "hidden", None, None
        hidden = False
        disabled: Argument | None = None
        for parameter in self.bounding(known):
            found = argument_of(known.call, parameter.name, self.evaluator, parameter.position)
            if found.state == "given" and not (found.is_none and timeout.none_is_default):
                seconds = self.numbers.of(found, parameter)
                if seconds == 0 or seconds == math.inf:
                    disabled = found
                    continue
                return "set", self.worst(known, seconds), found
            hidden = hidden or found.state == "hidden"
        hidden = hidden and not spreads_a_body(known.call, self.evaluator)
        if is_in_address(known, self.evaluator):
            return "set", None, None
        if disabled is not None:
            return "disabled", math.inf, disabled
        for name in timeout.ignored:
            found = argument_of(known.call, name, self.evaluator)
            if found.state == "given" and not found.is_none:
                return "ignored", self.default(known), found
        carried = self.carried(known) or self.assigned(known) or self.of_module(known) or self.brought_along(known)
        if carried is not None:
            return carried
        return ("hidden", None, None) if hidden else ("default", self.default(known), None)

    def carried(self, known: Known) -> Setting | None:
        """What a time-out comes to that an HTTP client brings in which is passed to the constructor."""
        timeout = known.entry.timeout
        if timeout is None or timeout.client_parameter is None:
            return None
        found = argument_of(known.call, timeout.client_parameter, self.evaluator)
        if found.state == "hidden":
            return None if spreads_a_body(known.call, self.evaluator) else ("hidden", None, None)
        if found.state == "absent" or found.is_none or _only_carries(found):
            return None
        made = (m for v in found.values if isinstance(v, External) for m in self.makers.get(id(v.origin), ()))
        client = next((maker for maker in made if maker.entry.timeout is not None), None)
        if client is None:
            return "set", None, found
        state, seconds, given = self.setting(client)
        usual = client.entry.timeout.default if client.entry.timeout is not None else None
        if timeout.client_timeout == "dropped" or (timeout.client_timeout == "default-dropped" and seconds == usual):
            waits_for = self.default(known) if timeout.client_default is None else timeout.client_default
            return ("ignored", waits_for, given) if state == "set" else ("default", waits_for, None)
        if state == "disabled":
            return "hidden", None, None  # told where the HTTP client is made
        return "set", self.worst(known, seconds), found

    def brought_along(self, known: Known) -> Setting | None:
        """What a time-out comes to that a client has inside of the model or agent which is passed."""
        if known.entry.purpose != "agent":
            return None
        if is_told_to_wait(known, self.evaluator, self.makers):
            return "set", None, None
        clients = list(brought(known, self.evaluator, self.makers))
        if any(client.entry.purpose not in ASKED for client in clients):
            return None
        settings = [self.setting(client) for client in clients]
        if any(state != "set" for state, _, _ in settings):
            return "hidden", None, None  # told where the client is made
        return max(settings, key=lambda setting: setting[1] or 0.0) if settings else None

    def of_module(self, known: Known) -> Setting | None:
        """What an attribute of the library's module says that holds for all its calls."""
        for path in known.entry.timeout.attributes if known.entry.timeout is not None else ():
            module, _, attribute = path.rpartition(".")
            for store in self.stores(attribute):
                holders = self.evaluator.evaluate(store.base, store.scope)
                if not any(isinstance(holder, External) and holder.path == module for holder in holders):
                    continue
                given = Argument("given", store.value, store.scope, self.evaluator.evaluate(store.value, store.scope))
                return "set", self.worst(known, given.number), given
        for path in known.entry.timeout.set_by if known.entry.timeout is not None else ():
            for call in self.side.program.calls_by_name.get(path.rpartition(".")[2], ()):
                if any(isinstance(v, External) and v.path == path for v in self.evaluator.callees(call)):
                    given = argument_of(call, "timeout", self.evaluator, 0)
                    if given.state == "given" and not given.is_none:
                        return "set", self.worst(known, given.number), given
        return None

    def assigned(self, known: Known) -> Setting | None:
        """What the client's own attribute is set to once it is made: `client.timeout = 20`."""
        for parameter in self.bounding(known) if known.entry.kind != "call" else ():
            for store in self.stores(parameter.name) if parameter.at != "call" else ():
                if not self.is_kept_on(store, known.call):
                    continue
                values = self.evaluator.evaluate(store.value, store.scope)
                given = Argument("given", store.value, store.scope, values)
                seconds = self.numbers.of(given, parameter)
                if seconds != math.inf:
                    return "set", self.worst(known, seconds), given
        return None

    def is_wrapped(self, known: Known) -> bool:
        """Whether the program puts its own sending into a session: an adapter of its own, or another `request`, also
        that of a class of its own."""
        for origin in origins(known.value):
            for use in self.side.uses.get(id(origin), ()):
                if use.name == "mount" and len(use.arguments) > 1:
                    adapters = self.evaluator.evaluate(use.arguments[1], use.scope)
                    if any(isinstance(adapter, Instance) for adapter in adapters):
                        return True
            if any(self.is_kept_on(store, origin) for name in SENDING for store in self.stores(name)):
                return True
            for made in self.evaluator.callees(origin):
                classes = self.evaluator.lineage(made.cls)[0] if isinstance(made, ClassValue) else ()
                if any(_speaks_of_timeout(cls.method(name)) for cls in classes for name in SENDING):
                    return True
        return False

    def stores(self, attribute: str) -> list[Store]:
        """The assignments to an attribute of that name, of whatever object."""
        return self.side.program.stores_by_attribute.get(attribute, [])

    def is_kept_on(self, store: Store, origin: Call) -> bool:
        """Whether an attribute is set on what a call made."""
        values = self.evaluator.evaluate(store.base, store.scope)
        return any(isinstance(value, External) and value.origin is origin for value in values)

    def ignored_attributes(self) -> Iterator[Wait]:
        """`session.timeout = 5`, which nobody reads."""
        for known in self.side.known:
            timeout = known.entry.timeout
            for name in timeout.ignored if timeout is not None and known.entry.kind != "call" else ():
                for store in self.stores(name):
                    reach = self.side.contexts.reached_at_all(store.scope)
                    if reach is None or store.value is None or not self.is_kept_on(store, known.call):
                        continue
                    given = Argument(
                        "given", store.value, store.scope, self.evaluator.evaluate(store.value, store.scope)
                    )
                    place = Span.at(store.scope.module.path, store.statement[1])
                    yield Wait(known, reach, "ignored", timeout.longest if timeout else None, given, given_at=place)

    def driver(self, known: Known) -> Entry | None:
        """What waits inside an engine for a database, unless the database itself is told when to give up."""
        found = self.drivers.driver(known)
        return None if found is None or self.is_told_to_give_up else found

    @cached_property
    def is_told_to_give_up(self) -> bool:
        """Whether anything sets the time-out of statements by its name, in SQL, in the server's options, in a hook."""
        tree = self.side.program.tree
        paths = (path for kind in ("python", "yaml") for path in tree.files(kind))
        return any(tree.mentions(path, STATEMENT_TIMEOUTS) for path in paths)

    def default(self, known: Known) -> float | None:
        """The library's longest wait, with the retries that the call asks for."""
        timeout = known.entry.timeout
        driver = self.driver(known) if timeout is not None and timeout.drivers else None
        timeout = driver.timeout if driver is not None else timeout
        if timeout is None:
            return None
        if self.retries(known) is None or timeout.default is None or timeout.unbounded:
            return timeout.longest
        return timeout.default * self.attempts(known)

    def attempts(self, known: Known, options: Call | None = None) -> int:
        """How often a call that times out is tried: the first time and its retries, which later options may change."""
        timeout = known.entry.timeout
        if timeout is None or not timeout.is_retried:
            return 1
        changed = self.retries(known, options) if options is not None else None
        retries = changed if changed is not None else self.retries(known)
        return 1 + (retries if retries is not None else timeout.retries or 0)

    def worst(self, known: Known, seconds: float | None) -> float | None:
        """A set time-out times the attempts."""
        return None if seconds is None else seconds * self.attempts(known)

    def retries(self, known: Known, options: Call | None = None) -> int | None:
        """The number of retries that the call (or one that changes its options) asks for, None where it does not
        say."""
        timeout = known.entry.timeout
        if timeout is None or timeout.retries_parameter is None:
            return None
        number = argument_of(options or known.call, timeout.retries_parameter, self.evaluator).number
        return int(number) if number is not None else None


def _only_carries(given: Argument) -> bool:
    """Whether what is passed sends requests as it is told, and has no time-out of its own: a transport of httpx."""
    return bool(given.values) and all(isinstance(v, External) and v.path in _TRANSPORTS for v in given.values)


def _speaks_of_timeout(method: Function | None) -> bool:
    """Whether a method gives a time-out on: `kwargs.setdefault("timeout", 5)`, `super().request(..., timeout=5)`."""
    return method is not None and any(
        (node[0] == "const" and node[2] == "timeout")
        or (node[0] == "call" and any(key == "timeout" for key, _ in node[4]))
        for node in walk_all(method.body)
    )


def _is_given(timeout: Expression | None) -> bool:
    return timeout is not None and not (timeout[0] == "const" and timeout[2] is None)


def answers_alone(call: Known) -> bool:
    """Whether a call's time-out is its own affair. That of an object's method may have been set where the object was
    made, which is not known here, unless only the call can set it, or it is called on the library's module; and some
    methods wait for nothing."""
    timeout = call.entry.timeout
    if timeout is not None and timeout.attributes and "()" not in call.value.path:
        return call.entry.mode != "none"
    if timeout is None or call.entry.constructor is None:
        return timeout is not None
    parameters = timeout.parameters if call.entry.mode != "none" else ()
    return bool(parameters) and all(parameter.at == "call" for parameter in parameters)


def answers_for_timeout(maker: Known) -> bool:
    """Whether the time-out can be set where the object is made; otherwise each call on it answers for its own."""
    timeout = maker.entry.timeout
    if timeout is None:
        return False
    parameters = [p for p in timeout.parameters if p.covers not in ("connect", "checkout")]
    return not parameters or any(parameter.at != "call" for parameter in parameters)


def describe(seconds: float | None) -> str:
    """`for ever`, `up to 1800 s`, or `without a known limit`."""
    if seconds is None:
        return "without a known limit"
    return "for ever" if math.isinf(seconds) else f"up to {seconds:.0f} s"
