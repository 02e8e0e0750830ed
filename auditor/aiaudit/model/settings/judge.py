"""Which settings the service needs, and whether it notices at startup that one is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from aiaudit.finding import Step
from aiaudit.model.contexts import Reach
from aiaudit.model.evaluate import method_of
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.runners import CACHING
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name, walk
from aiaudit.model.service import Service
from aiaudit.model.settings.anew import is_made_anew
from aiaudit.model.settings.branches import ANSWERS, FALLBACK, FLAG, RAISES, WARNS, swallows
from aiaudit.model.settings.clients import Client, client_of, connects
from aiaudit.model.settings.emptiness import filled
from aiaudit.model.settings.found import Setting
from aiaudit.model.settings.lookups import ANEW, COMPUTED, EMPTY, LITERAL, NONE, SAID_MISSING, Default, Source
from aiaudit.model.settings.purposes import (
    is_checked_in_tokens,
    is_formatted_into_header,
    is_signed_with,
    purpose,
)
from aiaudit.model.settings.reads import Read
from aiaudit.model.settings.servers import asks_for_key
from aiaudit.model.settings.startup import Startup
from aiaudit.model.settings.substitutes import is_replaced
from aiaudit.model.settings.uses import ARGUMENT, COMPARED, MISSING, REFUSED, STORED, Use, is_guarded
from aiaudit.model.settings.ways import (
    ASKED_FOR,
    CONNECTING,
    ONE_OF_MANY,
    chosen_by,
    is_exchanged,
    reason_of,
    stands_in_for_another,
)
from aiaudit.model.settings.words import (
    is_credential,
    is_given_by_platform,
    is_knob,
    is_optional,
    is_provider_key,
    is_signing_secret,
    is_stand_in,
    is_store_address,
    is_taken_for_any,
    may_be_left_out,
)
from aiaudit.model.settings.workers import Workers
from aiaudit.model.values import ClassValue, External, FunctionValue
from aiaudit.sources.python.facts import Expression
from aiaudit.sources.secrets.names import kind_of_name

# Functions that are called by functions that are called where there is a value.
_CALLERS = 3


def settings_of(service: Service) -> list[Setting]:
    """All such settings of a service."""
    return list(judge_of(service).settings())


def judge_of(service: Service) -> Judge:
    """What is known of all settings of a service, found once."""
    return service.part("settings", lambda service: Judge(python_side(service)))


class Judge(Startup):
    """What is needed, and not noticed."""

    def __init__(self, side: PythonSide) -> None:
        super().__init__(side)
        self.implicit = self.implicit_clients()
        self.workers = Workers(side)
        self.set_by_program = {
            store.key[2]
            for store in side.program.element_stores
            if last_name(store.base) == "environ" and store.key is not None and store.key[0] == "const"
        }

    def settings(self) -> Iterable[Setting]:
        said: set[tuple[str, int]] = set()
        for source in self.sources:
            found = self.judge(source)
            if found is not None and (found.span.path, found.span.line) not in said:
                said.add((found.span.path, found.span.line))
                yield found

    # Is it needed?

    def implicit_clients(self) -> dict[str, tuple[list[Call], list[Call]]]:
        """Environment variable -> clients that read it themselves: those whose making at startup fails without it, and
        those that are made in requests or fail there."""
        found: dict[str, tuple[list[Call], list[Call]]] = defaultdict(lambda: ([], []))
        for name, calls in self.side.program.calls_by_name.items():
            for call in calls if name[:1].isupper() or name == "configure" else ():
                self.note_implicit(call, found)
        return found

    def note_implicit(self, call: Call, found: dict[str, tuple[list[Call], list[Call]]]) -> None:
        for client in self.clients_without_key(call):
            early = self.is_early(call.scope) and client.refuses_none
            late = self.contexts.in_request(call.scope) or self.contexts.before_requests(call.scope)
            for variable in client.variables:
                if early:
                    found[variable][0].append(call)
                elif late:
                    found[variable][1].append(call)

    def clients_without_key(self, call: Call) -> Iterable[Client]:
        """The clients that a call makes without a credential: they look for one in the environment."""
        for value in self.side.evaluator.callees(call):
            client = client_of(value.path) if isinstance(value, External) else None
            if client is None or not client.variables:
                continue
            if any(client.parameters.fullmatch(key or "") for key, _ in call.keywords) or call.spreads:
                continue
            if call.arguments and client.parameters.fullmatch("api_key") and call.arguments[0][0] != "const":
                continue
            yield client

    def judge(self, source: Source) -> Setting | None:
        """What is wrong with one setting, None for nothing."""
        default = self.default_of(source)
        if self.is_made_anew(source, default):
            return self.setting(source, Default(ANEW), None, "", tuple(self.uses.get(id(source), ())[:1]))
        if default.kind == COMPUTED or (default.kind == LITERAL and not self.stands_in(source, default)):
            return None
        request = self.contexts.in_request(source.scope) if source.read is not None else None
        early = self.contexts.before_requests(source.scope)
        if source.read is not None and early is None and request is None:
            return None
        if source.read is not None and source.read.is_of_main and source.scope.module.path not in self.contexts.started:
            return None
        late = request if early is None else None
        if any(name in self.checked for name in source.names):
            return self.missed_by_worker(source, default)
        if self.is_assembled(source) or self.is_replaced(source) or stands_in_for_another(source, self.side):
            return None
        if default.kind in (NONE, SAID_MISSING) and any(self.implicit[name][0] for name in source.names):
            return None
        if default.kind == SAID_MISSING:
            if late is None or source.read is None or not self.matters(source) or _expects_none(source.read):
                return None
            keys = [f"${name}" for name in source.names]
            if is_guarded(source.read, keys, frozenset(), self.side.evaluator):
                return None
            return self.setting(source, default, late, "", ())
        return self.need(source, default, late)

    def missed_by_worker(self, source: Source, default: Default) -> Setting | None:
        """A setting that the start of the API checks, and a task uses whose worker is another process: its start runs
        none of the checks."""
        if not self.workers.entries or default.kind not in (NONE, EMPTY) or not is_credential(source.names[0]):
            return None
        if is_optional(source.names[0]) or any(name in self.checked_elsewhere for name in source.names):
            return None
        uses = [use for use in self.uses[id(source)] if use.kind in (ARGUMENT, STORED) and not use.guarded]
        for use in uses:
            task = self.workers.of(use)
            if task is None or not self.counts(use, default) or self.is_reached_with_it(use):
                continue
            if not self.workers.runs_one_of(task, self.checking_scopes(source)):
                return self.setting(source, default, None, purpose(use), (use,), worker=task.scope.qualified_name)
        return None

    def checking_scopes(self, source: Source) -> Iterable[Scope]:
        """Where a start fails without a setting, by whatever it is looked up."""
        for other in self.sources:
            if not set(other.names) & set(source.names):
                continue
            default = self.default_of(other)
            if default.kind == SAID_MISSING and other.read is not None:
                yield other.scope
            for use in self.uses.get(id(other), ()):
                raises = use.kind == MISSING and use.outcome == RAISES and not swallows(use.read.tries)
                if raises or self.stops_start(use, default):  # a worker's own hooks are no start of the API
                    yield use.read.scope
            if other.cls is not None and (default.kind == SAID_MISSING or self.is_validated(other, default)):
                yield from (call.scope for call in self.evaluator.constructions(other.cls))

    def stands_in(self, source: Source, default: Default) -> bool:
        """Whether a default stands for a value that is missing: by itself, or as a key that the provider looks at."""
        if is_stand_in(source.names[-1], default.text):
            return True
        return is_credential(source.names[0]) and is_taken_for_any(default.text) and self.hides_key(source)

    def hides_key(self, source: Source) -> bool:
        """Whether the value of a setting is shown to a server that asks for a real key."""
        return any(self.asks_for_key(use) for use in self.uses.get(id(source), ()))

    def asks_for_key(self, use: Use) -> bool | None:
        return asks_for_key(use, self.evaluator, self.side.program.tree)

    def is_accepted(self, use: Use, default: Default) -> bool:
        """Whether whoever gets a stand-in for a key may do with it: a model server of one's own asks for none."""
        if (use.missing or default.kind) != LITERAL:
            return False
        asks = self.asks_for_key(use)
        return asks is not True if use.missing == LITERAL or is_taken_for_any(default.text) else asks is False

    def is_made_anew(self, source: Source, default: Default) -> bool:
        """Whether a secret that sessions or tokens are signed with is made by each process that starts without it."""
        names = (*source.names, source.field)
        if not any(map(is_signing_secret, names)) or any(name in self.checked for name in source.names):
            return False
        if source.read is not None and self.contexts.before_requests(source.scope) is None:
            return False
        is_used = source.read is not None or bool(self.reads.of(source.field))
        return is_used and is_made_anew(source, default, self.side.evaluator)

    def matters(self, source: Source) -> bool:
        """Whether a look-up that raises in a request is one of the service's own settings."""
        if is_optional(source.name) or source.name in self.set_by_program:
            return False
        return is_credential(source.name) or not (is_knob(source.name) or is_given_by_platform(source.name))

    def need(self, source: Source, default: Default, late: Reach | None) -> Setting | None:
        uses = self.uses[id(source)]
        tests = [use for use in uses if use.kind == MISSING]
        own = [use for use in tests if use.outcome == FLAG or not use.flag]  # a flag says that it may be left out
        outcomes = {use.outcome for use in own if self.is_live(use)}
        consumed = [use for use in uses if use.kind in (ARGUMENT, STORED, COMPARED) and self.is_live(use)]
        plain = [use for use in consumed if not use.guarded and not self.is_reached_with_it(use)]
        plain = [use for use in plain if not is_replaced(use, self.reads) and not self.is_accepted(use, default)]
        answered = [use for use in own if use.outcome in (ANSWERS, RAISES) and self.in_request(use)]
        answered = [use for use in answered if not self.is_second_choice(use, source)]
        if any(use.outcome == FALLBACK and self.is_live(use) for use in tests):
            return None
        is_flagged = FLAG in outcomes or not self.flagged.isdisjoint(source.names)
        credential = is_credential(source.name) or is_credential(source.field)
        if default.kind == LITERAL and source.cls is not None and not uses and is_signing_secret(source.field):
            return self.setting(source, default, late, "whatever is signed", ())
        names = source.names[0]
        signs = default.kind == LITERAL and any(is_signed_with(use) for use in plain)
        wrong = default.kind == NONE and may_be_left_out(names) and any(map(is_formatted_into_header, plain))
        if credential and (is_provider_key(names) or not is_optional(names) or signs or wrong):
            if is_flagged and (not is_provider_key(names) or self.is_one_of_those_asked(source)):
                return None
            if answered and default.kind != LITERAL and not self.is_tool(answered[0]):
                return self.setting(source, default, late, "a request", (answered[0],), answered=True)
            for use in plain:
                if self.counts(use, default):
                    default = Default(LITERAL) if use.missing == LITERAL else default
                    need = purpose(use, is_text=default.kind in (EMPTY, LITERAL))
                    return self.setting(source, default, late, need, (use,))
            for use in uses:
                if self.is_refused_late(use, default):
                    return self.setting(source, default, late, "a request", (use,))
            if WARNS in outcomes and consumed and (late is not None or is_provider_key(names)):
                return self.setting(source, default, late, purpose(consumed[0]), (consumed[0],), warned=True)
            if not consumed and outcomes <= {WARNS} and is_provider_key(names) and source.read is not None:
                for variable in source.names:
                    calls = self.implicit[variable][1] if outcomes or not uses else ()
                    if calls:
                        client, warned = last_name(calls[0].expression[2]), bool(outcomes)
                        return self.setting(source, default, late, client, (), warned=warned)
        if credential or (is_optional(names) and kind_of_name(names) is not None):
            return None
        for use in plain:
            if is_checked_in_tokens(use, self.side.evaluator):
                return self.setting(source, default, late, purpose(use), (use,))
        refused = answered and outcomes == {RAISES} and default.kind != LITERAL and not self.is_tool(answered[0])
        if refused and any(self.is_of_client(use, default) for use in consumed):
            # Whatever its name says: the program itself does not work without it.
            return self.setting(source, default, late, "a request", (answered[0],), answered=True)
        if is_flagged or (is_knob(names) and default.kind != LITERAL):
            return None
        if source.cls is not None and default.kind == NONE and not is_store_address(names):
            return None  # `X: str | None = None` in a settings class says that it is optional
        for use in plain:
            if self.counts(use, default) and (self.is_connection(use, default) or is_store_address(names)):
                return self.setting(source, default, late, purpose(use), (use,))
        return None

    @cached_property
    def flagged(self) -> set[str]:
        """The settings for which the program keeps whether there is a value: they may be left out."""
        return {
            name
            for source in self.sources
            if any(use.outcome == FLAG and self.is_live(use) for use in self.uses.get(id(source), ()))
            for name in source.names
        }

    def is_one_of_those_asked(self, source: Source) -> bool:
        """Whether the same flag tells of several settings in turn: `set_up(key)`, called with each provider's key."""
        asked = {id(use.read.expression) for use in self.uses[id(source)] if use.outcome == FLAG}
        return any(
            use.outcome == FLAG and id(use.read.expression) in asked
            for other in self.sources
            if set(other.names).isdisjoint(source.names)
            for use in self.uses.get(id(other), ())
        )

    def is_exchanged(self, source: Source) -> bool:
        """Whether it goes to another service whose accounts users connect, wherever it is looked up for that."""
        return any(
            is_exchanged((other.scope, *(use.read.scope for use in self.uses.get(id(other), ()))), self.side)
            for other in self.sources
            if not set(other.names).isdisjoint(source.names)
        )

    def is_second_choice(self, use: Use, source: Source) -> bool:
        """Whether a setting is asked for only where another one has no value: `if CONNECTION: ... elif ADDRESS:`."""
        known = self.keys_of_others
        return any(
            known.get(key, {id(source)}) - {id(source)}
            for test, outcome in use.read.conditions
            if not any(key in use.keys for key in filled(test, outcome))
            for key in filled(test, not outcome)
            if key not in use.keys
        )

    @cached_property
    def keys_of_others(self) -> dict[str, set[int]]:
        """What the settings are called in tests: the settings of each such name."""
        found: dict[str, set[int]] = defaultdict(set)
        for source in self.sources:
            for use in self.uses.get(id(source), ()):
                for key in use.keys:
                    found[key].add(id(source))
        return found

    def is_refused_late(self, use: Use, default: Default) -> bool:
        """Whether a request does what raises for None: `Fernet(KEY)`, `KEY.split(",")`."""
        if use.kind != REFUSED or use.guarded or (use.missing or default.kind) != NONE or swallows(use.read.tries):
            return False
        return self.in_request(use) and self.contexts.before_requests(use.read.scope) is None

    def is_live(self, use: Use) -> bool:
        return self.contexts.before_requests(use.read.scope) is not None or self.in_request(use)

    def choice(self, use: Use) -> str:
        """Why not everybody needs a setting that is used where another one chooses it, "" if that is not so."""
        own = chosen_by(use.read, self.evaluator)
        function = next((scope for scope in use.read.scope.within() if isinstance(scope, Function)), None)
        if own or function is None:
            return own
        method = method_of(function)
        owner = method.owner if method is not None else None
        if owner is not None:
            calls = self.evaluator.constructions(owner)
        else:
            calls = [call for call, _, shift in self.evaluator.callers(function) if not shift]
        places = [place for call in calls for place in self.reads.places(call.scope.module, [call.expression]).values()]
        found = [chosen_by(place, self.evaluator) for place in places]
        return found[0] if found and all(found) else ""

    def is_reached_with_it(self, use: Use) -> bool:
        """Whether the function of a use is named only where there is a value: `if KEY: engines.append(search)`, or the
        class that it makes objects of: `client = Search() if KEY else None`."""
        function = next((scope for scope in use.read.scope.within() if isinstance(scope, Function)), None)
        if function is None:
            return False
        method = method_of(function)
        owner = method.owner if method is not None else None
        return self._is_named_with(function, use, _CALLERS) or (
            owner is not None and self._is_named_with(owner, use, _CALLERS)
        )

    def _is_named_with(self, thing: Function | Class, use: Use, depth: int) -> bool:
        if isinstance(thing, Function) and thing.name == "__init__" and thing.owner is not None:
            thing = thing.owner
        decorators = thing.decorators if isinstance(thing, Function) else ()
        if depth == 0 or any(_callee_name(decorator) not in CACHING for decorator in decorators):
            return False  # called by who knows whom
        named = [read for read in self.reads.of(thing.name) if self._is_of(read, thing)]
        return bool(named) and all(
            is_guarded(read, use.keys, use.ignored, self.side.evaluator)
            or (isinstance(read.scope, Function) and self._is_named_with(read.scope, use, depth - 1))
            for read in named
        )

    def _is_of(self, read: Read, thing: Function | Class) -> bool:
        values = self.side.evaluator.evaluate(read.expression, read.scope)
        return any(
            value.cls is thing
            if isinstance(value, ClassValue)
            else isinstance(value, FunctionValue) and value.function is thing
            for value in values
        )

    def in_request(self, use: Use) -> bool:
        return self.contexts.in_request(use.read.scope) is not None

    def is_tool(self, use: Use) -> bool:
        """Whether an agent's tool reports that it is not configured: the agent goes on without it."""
        scope = use.read.scope
        return isinstance(scope, Function) and scope.has_decorator("tool", "function_tool")

    def counts(self, use: Use, default: Default) -> bool:
        """Whether a use needs a real value."""
        if use.kind == STORED:
            return True
        if use.kind == COMPARED:
            return default.kind != NONE or self.in_request(use)
        name = use.call.name if use.call is not None else ""
        if name in _HARMLESS and not (name in _VERBS and use.paths):
            return False
        if default.kind != LITERAL and any(path.startswith(_CARRYING) for path in use.paths):
            return False
        return not any(path.startswith(_HARMLESS_PATHS) for path in use.paths)

    def is_connection(self, use: Use, default: Default) -> bool:
        """Whether a use names what a client connects to or works with."""
        return not (is_knob(use.parameter) and default.kind != LITERAL) and self.is_of_client(use, default)

    def is_of_client(self, use: Use, default: Default) -> bool:
        """Whether a use is an argument of something that connects."""
        if use.kind != ARGUMENT or use.call is None:
            return False
        for path in use.paths:
            entry = self.side.knowledge.find(path)
            if entry is not None and entry.purpose == "http":
                return default.kind != EMPTY or use.segment
            if entry is not None and (entry.cost in ("network-client", "connection-pool") or entry.blocking):
                return True
            if entry is not None and entry.kind == "constructor" and entry.timeout is not None:
                return True  # cheap to make, and waits for what it is told to talk to
            if connects(path) or path.startswith(("boto3.", "aioboto3.")) or client_of(path) is not None:
                return True
        return False

    def setting(
        self,
        source: Source,
        default: Default,
        late: Reach | None,
        need: str,
        uses: tuple[Use, ...],
        *,
        answered: bool = False,
        warned: bool = False,
        worker: str = "",
    ) -> Setting:
        steps: list[Step] = list(late.steps()) if late is not None else []
        reason = CONNECTING if self.is_exchanged(source) else reason_of(late, self.side, answered=answered)
        for use in uses:
            reach = self.contexts.in_request(use.read.scope)
            reason = reason or reason_of(reach, self.side, answered=answered) or self.choice(use)
            if late is None and reach is not None:
                steps.extend(reach.steps())
            steps.append(Step("is tested for here" if answered else "is used here", use.read.span))
        return Setting(
            source.name,
            source.span,
            default.kind,
            default.text,
            source.read is None,
            late,
            answered,
            warned,
            need,
            tuple(steps),
            reason,
            reason in (ONE_OF_MANY, ASKED_FOR, CONNECTING)
            and default.kind in (NONE, EMPTY)
            and default is source.default,
            worker,
        )


_HARMLESS = frozenset(
    ("get", "append", "add", "add_argument", "set", "bool", "join", "format", "replace", "update", "setdefault",
     "TemplateResponse", "getLogger", "mask", "startswith", "endswith", "bind", "Info", "set_tag", "Option", "Argument")
)  # fmt: skip
_VERBS = ("get", "set", "update", "bind")
_HARMLESS_PATHS = (
    "builtins.", "logging.", "loguru.", "structlog.", "pathlib.", "os.path.", "rich.", "click.", "re.",
    "sqlalchemy.text", "sqlalchemy.sql.text",
    # Tracers switch themselves off where they are told nothing.
    "langfuse.", "langsmith.", "sentry_sdk.", "opik.", "posthog.", "agentops.", "traceloop.", "logfire.", "lunary.",
    "opentelemetry.", "ddtrace.", "newrelic.",
)  # fmt: skip
# What classes of the program derive from that only carry their fields: who reads those is who needs a value.
_CARRYING = ("pydantic.", "pydantic_settings.", "typing.", "typing_extensions.", "msgspec.")


def _callee_name(decorator: Expression) -> str:
    return last_name(decorator[2] if decorator[0] == "call" else decorator)


def _expects_none(read: Read) -> bool:
    """Whether a look-up that raises stands in a `try` for just that: `except KeyError`."""
    return any(
        last_name(part) == "KeyError"
        for statement in read.tries
        for kind, _, _, _ in statement[3]
        if kind is not None
        for part in walk(kind)
    )
