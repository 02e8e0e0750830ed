"""nginx in front of the application: how long a location waits for it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from functools import partial

from aiaudit.model.ladder.limits import duration, limits
from aiaudit.model.ladder.locations import serves
from aiaudit.model.ladder.served import ServedApplication
from aiaudit.model.ladder.values import Rung
from aiaudit.model.places import DOCUMENT, EXAMPLE, PIPELINE, TEST, place_of
from aiaudit.model.service import Service
from aiaudit.sources.deploy.nginx import Directive, NginxFacts
from aiaudit.span import Span
from aiaudit.values import dataclass

_FORWARDING = {"proxy_pass": "proxy_read_timeout", "uwsgi_pass": "uwsgi_read_timeout", "grpc_pass": "grpc_read_timeout"}
_HERE = ("localhost", "127.0.0.1", "0.0.0.0", "[::1]", "::1", "host.docker.internal")
_OTHER_PLACES = (TEST, DOCUMENT, EXAMPLE, PIPELINE)


@dataclass(frozen=True, slots=True)
class _Forwarding:
    """One `proxy_pass` and the blocks around it, the outermost first."""

    directive: Directive
    around: tuple[Directive, ...]

    @property
    def location(self) -> Directive | None:
        """The innermost location that it stands in."""
        return next((block for block in reversed(self.around) if block.name == "location"), None)

    def setting(self, name: str) -> Directive | None:
        """The directive that is in force: that of the innermost block which has one."""
        return next((found for block in reversed(self.around) if (found := block.own(name)) is not None), None)


def nginx_rungs(service: Service, applications: list[ServedApplication]) -> Iterator[Rung]:
    """The read time-outs of locations that forward to an application of the repository."""
    for path in service.tree.files("nginx"):
        facts = service.tree.facts(path, "nginx")
        # The folder tells what it is for: default.conf is a usual name.
        place = place_of(posixpath.join(posixpath.dirname(path), "nginx.conf"))
        if not isinstance(facts, NginxFacts) or place in _OTHER_PLACES:
            continue
        whole = Directive("", (), facts.directives[0].extent, facts.directives, True) if facts.directives else None
        found = [(f, _behind(f, whole, applications)) for f in _forwardings(whole, ())] if whole is not None else []
        for forwarding, application in found:
            if application is not None:
                same = [other for other, behind in found if behind is application]
                yield from _rung(path, forwarding, application, same)


def _forwardings(block: Directive, around: tuple[Directive, ...]) -> Iterator[_Forwarding]:
    for inner in block.block:
        if inner.name in _FORWARDING:
            yield _Forwarding(inner, (*around, block))
        elif inner.has_block and inner.name != "upstream":
            yield from _forwardings(inner, (*around, block))


def _behind(
    forwarding: _Forwarding, whole: Directive | None, applications: Sequence[ServedApplication]
) -> ServedApplication | None:
    """The application that is forwarded to: a compose service by its name, or the only one on that port here."""
    target = forwarding.directive.first
    if target.startswith("$"):
        setters = [d for block in forwarding.around for d in block.block if d.name == "set" and d.first == target]
        target = setters[-1].arguments[-1] if setters and len(setters[-1].arguments) > 1 else ""
    places = [_place(target)]
    for upstream in _upstreams(whole):
        if upstream.first == places[0][0]:
            places = [_place(server.first) for server in upstream.block if server.name == "server"]
    for host, port in places:
        named = [application for application in applications if host in application.names]
        here = [application for application in applications if host in _HERE and port and application.port == port]
        if named or len({application.path for application in here}) == 1:
            return (named or here)[0]
    return None


def _upstreams(block: Directive | None) -> Iterator[Directive]:
    for inner in block.block if block is not None else ():
        if inner.name == "upstream":
            yield inner
        elif inner.name == "http":
            yield from _upstreams(inner)


def _place(target: str) -> tuple[str, str]:
    """Host and port of `http://api:8000/path`, `api:8000` or `api`."""
    from urllib.parse import urlsplit

    rest = target if "://" in target else f"//{target}"
    try:
        parts = urlsplit(rest)
        return parts.hostname or "", str(parts.port or "")
    except ValueError:
        return "", ""


def _rung(
    path: str, forwarding: _Forwarding, application: ServedApplication, same: Sequence[_Forwarding]
) -> Iterator[Rung]:
    """The rung of one location; `same` are all that forward to the application."""
    name = _FORWARDING[forwarding.directive.name]
    given = forwarding.setting(name)
    seconds = limits()["nginx"].seconds if given is None else duration(given.first)
    if seconds is None:
        return
    location = forwarding.location
    if location is None:
        return
    server = next((block for block in reversed(forwarding.around) if block.name == "server"), forwarding.around[0])
    locations = tuple(block for block in server.block if block.name == "location")
    own = tuple(other.location for other in same if other.location in locations and other.location is not None)
    yield Rung(
        f"nginx's {name} of location {' '.join(location.arguments)}",
        seconds,
        "the default of nginx" if given is None else f"{name} {given.first} in {posixpath.basename(path)}",
        "the client gets a 504 while the code still waits",
        f"set {name} above it there, or shorten what the code waits for",
        Span.at(path, (given or forwarding.directive).extent),
        application.modules,
        serves=partial(serves, location, forwarding.directive.first, locations, own),
    )
