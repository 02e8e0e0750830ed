"""The Python side of a service: each part made once, on first use."""

from __future__ import annotations

from functools import cached_property

from aiaudit.model.contexts import Contexts
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.knowledge import Knowledge
from aiaudit.model.layout import Layout
from aiaudit.model.program import Program, entry_paths
from aiaudit.model.resources import (
    Known,
    Resource,
    SecondInstance,
    known_calls,
    resources,
    second_instances,
    uses_by_maker,
)
from aiaudit.model.routes import Application, Route, Routing
from aiaudit.model.routing import routing
from aiaudit.model.scopes import Call
from aiaudit.model.service import Service
from aiaudit.model.versions import installed_versions
from aiaudit.values import dataclass


@dataclass(eq=False)
class PythonSide:
    """The linked program with its routes, contexts and resources."""

    program: Program
    evaluator: Evaluator
    knowledge: Knowledge
    routing: Routing
    contexts: Contexts
    known: list[Known]
    resources: list[Resource]

    @cached_property
    def uses(self) -> dict[int, list[Call]]:
        """Call -> the calls made on what it made."""
        return uses_by_maker(self.evaluator)


def python_side(service: Service) -> PythonSide:
    """The Python side, linked once."""
    return service.part("python", _link)


def knowledge_of(service: Service) -> Knowledge:
    """What is known of the libraries in the versions that the tree pins."""
    return service.part("knowledge", lambda s: Knowledge(s.knowledge, installed_versions(s.tree)))


def layout_of(service: Service) -> Layout:
    """Where the modules of the tree lie."""
    return service.part("layout", lambda s: Layout(s.tree, knowledge_of(s).modules))


def entries_of(service: Service) -> list[str]:
    """The files with routes, tasks or an application."""
    return service.part("entries", lambda s: entry_paths(s.tree, layout_of(s).paths))


def _link(service: Service) -> PythonSide:
    knowledge = knowledge_of(service)
    program = Program(service.tree, layout_of(service), entries_of(service) if not service.group else (), service.group)
    evaluator = Evaluator(program)
    found = routing(program, evaluator)
    contexts = Contexts(program, evaluator, found)
    known = list(known_calls(evaluator, knowledge, contexts))
    return PythonSide(program, evaluator, knowledge, found, contexts, known, resources(known, contexts))


def resources_of(service: Service) -> list[Resource]:
    """The resources that belong to the service's own code."""
    return python_side(service).resources


def second_instances_of(service: Service) -> list[SecondInstance]:
    """What requests make again though startup has made it."""
    return second_instances(python_side(service).resources)


def routes_of(service: Service) -> list[Route]:
    """The routes."""
    return python_side(service).routing.routes


def applications_of(service: Service) -> list[Application]:
    """The web applications."""
    return python_side(service).routing.applications
