"""Routes that answer with a model for anybody who can reach them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aiaudit.finding import Step
from aiaudit.model.access.evidence import Evidence
from aiaudit.model.access.exposure import published
from aiaudit.model.limits import CostlyApplication, is_in_gateway
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.routes import Route
from aiaudit.model.service import Service
from aiaudit.model.subjects import provide
from aiaudit.patterns import regex
from aiaudit.span import Span
from aiaudit.values import dataclass

# Logins and keys that a proxy, gateway or platform asks for before a request comes in.
_GATEWAY = regex(
    r"^[ \t]*auth_(basic|request|jwt)\b|basic_?auth|forward_?auth|oauth2[-_]proxy|authelia|authentik|pomerium|key-auth"
    r"|jwt_authn|ext_authz|no-allow-unauthenticated|auth-(url|signin|type)\b|authorizer|api_?key_?required|apiKeyRequired"
    r"|authorization(_type)?\s*[=:]\s*\"?(AWS_IAM|JWT|CUSTOM|COGNITO)|authenticate-(oidc|cognito)|validate-jwt"
    r"|RequestAuthentication|AuthorizationPolicy|cloudflare[-_]?access|tailscale|wireguard|iap:|identity[-_]?aware",
    re.IGNORECASE | re.MULTILINE,
)
_GATEWAY_WORDS = (
    "uth", "UTH", "omerium", "OMERIUM", "jwt", "JWT", "Jwt", "equired", "EQUIRED", "loudflare", "LOUDFLARE",
    "ailscale", "AILSCALE", "ireguard", "ireGuard", "IREGUARD", "iap:", "IAP:", "dentity", "DENTITY",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class OpenRoutes:
    """Routes of one application (or one route, where most of it is protected) that reach a model with no login.

    `others` is how many routes of the application do ask who is there; `steps` lead to the model, and to what
    publishes it.
    """

    span: Span
    routes: tuple[Route, ...]
    others: int
    steps: tuple[Step, ...]


def open_routes(service: Service) -> list[OpenRoutes]:
    """All of them, one an application, or one a route where the application asks for a login elsewhere."""
    return list(_find(service))


def _find(service: Service) -> Iterator[OpenRoutes]:
    applications: list[CostlyApplication] = list(provide(service, "CostlyApplication"))
    if not applications or is_in_gateway(service, _GATEWAY, _GATEWAY_WORDS):
        return
    side = python_side(service)
    evidence = Evidence(side)
    place = published(service, side)
    done: set[int] = set()
    for application in applications:
        routes = [route for route in application.routes if not evidence.of(route)]
        guarded = sum(evidence.of(route) for route in _routes_of(application, side))
        if guarded >= len(routes):
            for route in routes:
                if id(route.handler) not in done:
                    done.add(id(route.handler))
                    yield OpenRoutes(route.span, (route,), guarded, (Step(route.label, route.span),))
        elif place is not None:
            yield OpenRoutes(application.span, tuple(routes), guarded, (*application.example, place))


def _routes_of(application: CostlyApplication, side: PythonSide) -> Iterable[Route]:
    """All routes of an application, those that reach no model included."""
    if application.framework == "Django":
        return side.routing.routes
    modules = side.program.closure([application.span.path])

    def belongs(route: Route) -> bool:
        owners = side.routing.owners(route)
        if owners:
            return any(owner.call.span == application.span for owner in owners)
        return route.handler.module.path in modules

    return [route for route in side.routing.routes if belongs(route)]
