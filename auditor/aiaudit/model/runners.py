"""Decorators and calls that run a function later, once, elsewhere, or never, by the last name of the callee."""

from __future__ import annotations

CACHING = (
    "lru_cache",
    "cache",
    "cached_property",
    "alru_cache",
    "cached",
    "cache_resource",
    "singleton",
    "memoize",
    "once",
)
# Calls that run a function elsewhere than in the calling event loop: last name of the callee.
OFFLOADING = frozenset(
    (
        "to_thread",
        "run_in_threadpool",
        "run_sync",
        "run_in_executor",
        "submit",
        "Thread",
        "Process",
        "add_task",
        "asyncify",
        "sync_to_async",
        "make_async",
        "apply_async",
        "map_async",
        "Timer",
        "delay",
        "send_task",
        "enqueue",
    )
)
# Those that leave a coroutine to the event loop: a thread only makes it, whoever awaits it runs it there.
AWAITING = frozenset(
    ("to_thread", "run_in_threadpool", "run_sync", "run_in_executor", "add_task", "asyncify", "sync_to_async",
     "make_async")
)  # fmt: skip
# Calls that leave a coroutine to a task of the event loop and do not wait for it.
TASK_STARTERS = frozenset(("create_task", "ensure_future", "start_soon", "run_coroutine_threadsafe"))
# Names of calls that start something which goes on beside their caller.
STARTERS = TASK_STARTERS | {"start", "spawn", "add_task", "add_job"}
# Calls that start an event loop for a coroutine and wait for it, and the modules that they come from.
LOOP_STARTERS = frozenset(("run", "run_until_complete"))
LOOP_MODULES = ("asyncio.", "uvloop.")
# Calls that run a function handed to them on the spot, in this thread or another; Django's lazy object does it once.
PROMPT = OFFLOADING | frozenset(
    (
        "SimpleLazyObject",
        "run",
        "map",
        "filter",
        "sorted",
        "gather",
        "run_until_complete",
        "call_soon",
        "reduce",
        "starmap",
        "max",
        "min",
        "create_task",
        "ensure_future",
        "start_soon",
        "run_coroutine_threadsafe",
        "wait_for",
        "retry",
        "call",
        "apply",
    )
)
# Calls that file a function away for a moment that has its own entry, or for none of the service's.
FILING = frozenset(
    (
        "Depends",
        "Security",
        "Provide",
        "register",
        "signal",
        "add_signal_handler",
        "add_event_handler",
        "patch",
        "wraps",
        "signature",
        "getsource",
        "getfile",
        "getmodule",
        "iscoroutinefunction",
        "get_type_hints",
        "set_defaults",
        "Field",
        "field",
        "PrivateAttr",
        "ContextVar",
    )
)
# Functions of Python itself that call what they are given; the others only look at it, hold it, or call a `key`.
CALLING_BUILTINS = frozenset(("builtins.map", "builtins.filter"))
# Parameters that take what runs once before the first request, and what runs after the last one or elsewhere.
STARTING_KEYWORDS = frozenset(("initializer", "lifespan", "on_startup"))
CLOSING_KEYWORDS = frozenset(("on_shutdown", "dependencies", "exception_handlers"))
# Libraries that run what they are given from time to time, whether requests come or not.
CLOCKS = (
    "apscheduler.",
    "schedule.",
    "aiocron.",
    "rocketry.",
    "threading.Timer",
    "asyncio.get_event_loop().call_",
    "asyncio.get_running_loop().call_",
)
# Libraries whose chains, agents and graphs run what they are given where somebody runs them.
RUN_BY_REQUESTS = ("langchain", "langgraph", "llama_index.", "haystack.", "crewai.", "agents.", "pydantic_ai.")
