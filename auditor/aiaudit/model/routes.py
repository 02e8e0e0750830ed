"""What frameworks call: routes, applications, and where execution enters."""

from __future__ import annotations

from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.span import Span
from aiaudit.values import dataclass, field

# The label of a function that is a middleware: Starlette and Sanic call even a plain one on the event loop.
MIDDLEWARE = "every request (middleware)"


@dataclass(slots=True, eq=False)
class Route:
    """A function that answers requests. `kind`: "http", "websocket", "event" (called by other means); `label` such as
    `POST /chat`; `decorator` is the call that registers it; `mounted` are the calls that made the router or application
    it is registered with, and all that those are mounted in."""

    label: str
    handler: Function
    span: Span
    kind: str = "http"
    framework: str = ""
    methods: tuple[str, ...] = ()
    decorator: Call | None = None
    dependencies: tuple[Function, ...] = ()
    mounted: tuple[Call, ...] = ()


@dataclass(slots=True, eq=False)
class Application:
    """A web application object: the call that makes it."""

    framework: str
    call: Call


@dataclass(slots=True, eq=False)
class Entry:
    """A scope where execution enters: `kind` is "import", "startup", "request" or "task"; "tool" where models have it
    called and no other entry may lead to it.

    `registered`: startup hands the function to a library, which calls it while requests are served; `by` says what
    kind of library, where that tells when: "clock" for one that does so from time to time, "run" for one whose chains,
    agents and graphs do so when a request runs them. `apart`: each request runs it in a thread with an event loop of
    its own, as Flask does with asynchronous views. `cold`: the process is started for the first request that it
    answers.
    """

    kind: str
    scope: Scope
    label: str
    span: Span
    registered: bool = False
    apart: bool = False
    cold: bool = False
    by: str = ""

    @property
    def is_aside(self) -> bool:
        """Whether a library runs it at times of its own, of which nothing says that a request is waiting then."""
        return self.registered and self.by != "run"


@dataclass(slots=True, eq=False)
class Routing:
    """All that the frameworks call."""

    routes: list[Route] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    is_anchored: bool = False  # whether there is an application, or something else that surely runs
    started: frozenset[str] = frozenset()
    _owners: dict[tuple[int, int], list[Application]] = field(default_factory=dict)

    def owners(self, route: Route) -> list[Application]:
        """The applications that a route is registered with, itself or through routers; [] where that is not known."""
        key = (id(route), len(self.applications))  # more of them may be found yet
        known = self._owners.get(key)
        if known is None:
            known = [application for application in self.applications if application.call in route.mounted]
            self._owners[key] = known
        return known
