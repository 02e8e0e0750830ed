"""One walk a model call, and all that is read from it."""

from __future__ import annotations

from aiaudit.model.flow.flows import Flow, compared, flow_of
from aiaudit.model.flow.histories import GrowingConversation, Histories
from aiaudit.model.flow.idle import Idle
from aiaudit.model.flow.limits import BodyLimits
from aiaudit.model.flow.sinks import model_calls, wraps_itself
from aiaudit.model.flow.targets import ModelCall
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.walk import Walker
from aiaudit.model.python import python_side
from aiaudit.model.scopes import Function
from aiaudit.model.service import Service
from aiaudit.values import dataclass, field


@dataclass(slots=True, eq=False)
class Analysis:
    """What the walks of a service found."""

    flows: list[Flow] = field(default_factory=list)
    histories: list[GrowingConversation] = field(default_factory=list)


def flows_of(service: Service) -> list[Flow]:
    """One flow a model call that unbounded request text reaches."""
    return _analysis_of(service).flows


def histories_of(service: Service) -> list[GrowingConversation]:
    """The growing conversations, one a place."""
    return _analysis_of(service).histories


def tools_of(service: Service) -> Tools:
    """The shared answers about one program."""
    return service.part("flow tools", lambda s: Tools.of(python_side(s)))


def _analysis_of(service: Service) -> Analysis:
    return service.part("flow", lambda s: _analyse(tools_of(s)))


def _analyse(tools: Tools) -> Analysis:
    walker, histories = Walker(tools), Histories(tools)
    found = Analysis()
    idle = Idle(tools)
    calls = [c for c in model_calls(tools) if _serves(c, tools) and not idle.holds(c.call.scope)]
    limits = BodyLimits(tools)
    places = {id(call.call) for call in calls}
    grown: dict[object, GrowingConversation] = {}
    for call in calls:
        if _is_wrapped(call, places, tools):
            continue
        walk = walker.walk(list(call.starts))
        flow = flow_of(call, walk, limits, tools)
        if flow is not None:
            found.flows.append(flow)
        for history in histories.of_walk(call, walk):
            grown.setdefault(history.span, history)
    for history in (*histories.sent_to_services(), *histories.of_objects()):
        grown.setdefault(history.span, history)
    found.flows = compared(found.flows)
    found.histories = list(grown.values())
    return found


def _serves(call: ModelCall, tools: Tools) -> bool:
    """Whether a call belongs to the service, and to more than its start: it stands in a module that the service
    imports, by name or in a way that only running it shows."""
    scope, contexts = call.call.scope, tools.side.contexts
    is_live = scope.module.path in tools.side.routing.live or contexts.in_request(scope) is not None
    return is_live and not contexts.is_over_before_requests(scope)


def _is_wrapped(call: ModelCall, places: set[int], tools: Tools) -> bool:
    """Whether the call is a method's call of its base class, and the calls of the method are looked at themselves."""
    scope = call.call.scope
    if not wraps_itself(call.call) or not isinstance(scope, Function):
        return False
    return any(id(caller.call) in places for caller in tools.callers(scope))
