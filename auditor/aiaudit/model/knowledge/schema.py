"""What an entry of the knowledge says: plain values, read from the data files by `build` and looked up by `load`."""

from __future__ import annotations

import math
from typing import Literal

from aiaudit.values import dataclass

Kind = Literal["constructor", "factory", "loader", "call"]
Purpose = Literal[
    "llm", "embedding", "generation-local", "speech", "image", "rerank", "vector", "datastore", "cache", "queue",
    "http", "storage", "search", "agent", "chain", "memory", "retriever", "tokenizer", "framework", "server",
    "settings", "index", "other",
]  # fmt: skip
Cost = Literal["network-client", "connection-pool", "model-load", "index-load", "data-load", "cheap"]
Mode = Literal["sync", "async", "both", "none"]
Where = Literal["constructor", "call", "both"]
Covers = Literal["request", "total", "connect", "read", "checkout"]
ClientTimeout = Literal["kept", "dropped", "default-dropped"]
Semantics = Literal["per-read", "total", "per-operation", "connect", "checkout", "unknown"]
Cap = Literal["none", "model", "required", "unknown"]
Verified = Literal["source+runtime", "source", "documentation"]
Scalar = str | int | float | bool

INFINITE = math.inf
# `returns` of class methods that give an object of the class they are called on.
OWNER = "owner"


@dataclass(frozen=True, slots=True)
class TimeoutParameter:
    """A parameter that sets a time-out.

    `name` may be dotted: `config.http_options.timeout` is the key `timeout` of the key or attribute `http_options` of
    what is passed as `config`. `covers` tells which wait it bounds: a `connect` time-out leaves the answer unbounded.
    `position` is that of the argument where it may be given without its name.
    """

    name: str
    unit: Literal["s", "ms"] = "s"
    at: Where = "both"
    covers: Covers = "request"
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long a call may wait, and where that is set.

    `default` and `worst_case` are seconds: `INFINITE` waits for ever, None is unknown. `worst_case` counts the default
    retries and their back-off. `client_parameter` may carry an HTTP client of one of `client_libraries`, whose own
    time-out then counts as `client_timeout` says: "kept", "dropped" (then `client_default` holds, or `default` where
    that is None), or "default-dropped": one that equals the HTTP library's default counts as none. `ignored` are
    parameters and attributes that look like a time-out and bound nothing. `attributes` are those of modules that bound
    all calls, in seconds, such as `litellm.request_timeout`; `set_by` are functions that set one for all calls, such as
    `socket.setdefaulttimeout`. `drivers` pair the scheme of a database's URL with the path of the call that its driver
    connects with, whose default then counts. `none_is_default`: a parameter that is None leaves the default.
    """

    parameters: tuple[TimeoutParameter, ...] = ()
    default: float | None = None
    semantics: Semantics = "unknown"
    retries: int | None = None
    retries_parameter: str | None = None
    worst_case: float | None = None
    client_parameter: str | None = None
    client_libraries: tuple[str, ...] = ()
    client_timeout: ClientTimeout = "kept"
    client_default: float | None = None
    ignored: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    set_by: tuple[str, ...] = ()
    drivers: tuple[tuple[str, str], ...] = ()
    none_is_default: bool = False

    @property
    def unbounded(self) -> bool:
        """Whether it is known that nothing bounds the wait by default."""
        return self.default == INFINITE or self.worst_case == INFINITE

    @property
    def is_retried(self) -> bool:
        """Whether a call that timed out is tried again; some libraries retry other failures alone."""
        return self.worst_case is None or self.default is None or self.worst_case > self.default

    @property
    def longest(self) -> float | None:
        """The longest wait by default, retries counted where their number is known; None where nothing is known."""
        if self.unbounded:
            return INFINITE
        if self.worst_case is not None or self.default is None:
            return self.worst_case
        return self.default * ((self.retries or 0) + 1)


@dataclass(frozen=True, slots=True)
class Output:
    """What bounds the length of a generated answer.

    `default` is the cap in tokens that holds when no parameter is given; `none`: nothing but the provider's maximum,
    `model`: the library fills in or stops at a limit of the model, `required`: the call cannot be made without one.
    `by_call`: each call answers for its own cap, though what costs something to make may set one for all of them.
    """

    parameters: tuple[str, ...] = ()
    at: Where = "call"
    default: int | Cap = "unknown"
    by_call: bool = False

    @property
    def bounded(self) -> bool:
        """Whether an answer is bounded without anybody asking for it."""
        return isinstance(self.default, int) or self.default in ("model", "required")


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter by name and, where it may be given without its name, by its position among the arguments.

    Of prompts, `*` stands for all arguments, and `self` for what the object was made of that the method is called on.
    """

    name: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class LoopCap:
    """How many rounds an agent, a graph or a retry loop may take: `default` INFINITE where nothing stops it.

    `removable`: giving None for the first parameter takes the cap away, instead of leaving the default. `needs`:
    parameters that give it something to go round for; without any of them a run asks once.
    """

    parameters: tuple[str, ...]
    default: float | None = None
    at: Where = "constructor"
    removable: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an object that waits or generates, as constructors and families list it.

    What is None here is as the constructor's entry says. `name` may be dotted; `__call__` is the object called itself.
    `returns` is the dotted path of the object it gives, `self` for the same kind of object. `since` and `until` are
    versions of `dist` (of the entry's, where it is None): `until` is a version known to lack the method.
    """

    name: str
    mode: Mode | None = None
    blocking: bool | None = None
    brief: bool = False
    lazy: bool = False
    generates: bool = False
    kind: Kind = "call"
    purpose: Purpose | None = None
    cost: Cost | None = None
    timeout: Timeout | None = None
    output: Output | None = None
    prompt: tuple[Argument, ...] = ()
    stream_parameter: str | None = None
    stream_twins: tuple[str, ...] = ()
    streams: bool = False
    wraps: tuple[Argument, ...] = ()
    returns: str | None = None
    loop_cap: LoopCap | None = None
    notes: str = ""
    evidence: tuple[str, ...] = ()
    verified: Verified | None = None
    since: str | None = None
    until: str | None = None
    dist: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one callable of a library.

    `path` is the dotted path of the callable; `()` follows what is called, so `openai.OpenAI().chat.completions.create`
    is a method of what `openai.OpenAI` gives. `returns` is the path of the object that calling it gives, where that is
    another than `path()`. `mode` of a constructor is that of the object's methods. `blocking` calls wait for the
    network, a disk or heavy computing in the calling thread; `brief` ones compute in this process without any network,
    mostly for milliseconds; `lazy` ones wait when the items of what they give are taken. `wraps` are the parameters
    that hold an inner resource, whose time-out and cap then count; `named_by` is the path of the call that makes the
    first of them where its name is given instead. `pool_parameter` takes a pool or a loaded model made elsewhere: what
    is built on it is a light handle, and the pool answers for the time-out. For entries derived from a constructor's
    methods, `constructor` is the path of that constructor, where the time-out may have been given. `until` is a version
    of `dist` known to lack it.
    """

    path: str
    dist: str
    version: str
    kind: Kind
    purpose: Purpose
    cost: Cost = "cheap"
    mode: Mode = "none"
    blocking: bool = False
    brief: bool = False
    lazy: bool = False
    generates: bool = False
    also: tuple[str, ...] = ()
    timeout: Timeout | None = None
    output: Output | None = None
    prompt: tuple[Argument, ...] = ()
    stream_parameter: str | None = None
    stream_twins: tuple[str, ...] = ()
    streams: bool = False
    wraps: tuple[Argument, ...] = ()
    returns: str | None = None
    loop_cap: LoopCap | None = None
    pool_parameter: str | None = None
    named_by: str | None = None
    construct_first_milliseconds: float | None = None
    construct_milliseconds: float | None = None
    defaults: tuple[tuple[str, Scalar], ...] = ()
    methods: tuple[Method, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    constructor: str | None = None
    notes: str = ""
    evidence: tuple[str, ...] = ()
    verified: Verified = "documentation"
    since: str | None = None
    until: str | None = None

    @property
    def object_path(self) -> str:
        """The path of what calling it gives."""
        if self.returns == OWNER:
            return f"{self.path.rpartition('.')[0]}()"
        return self.returns or f"{self.path}()"

    @property
    def release(self) -> str:
        """The distribution with the version that the facts are of, for messages."""
        return f"{self.dist} {self.version}".rstrip()

    def default(self, name: str) -> Scalar | None:
        """A default of a setting that has no place of its own here: `entry.default("timeout")` of gunicorn is 30."""
        return dict(self.defaults).get(name)
