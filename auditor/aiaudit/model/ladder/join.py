"""Joins what waits inside requests with what ends them from outside."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.ladder.gunicorn import gunicorn_rungs
from aiaudit.model.ladder.nginx import nginx_rungs
from aiaudit.model.ladder.platforms import platform_rungs
from aiaudit.model.ladder.requests import request_waits
from aiaudit.model.ladder.served import served_applications
from aiaudit.model.ladder.values import InvertedLadder, RequestWait, Rung
from aiaudit.model.service import Service

# A limit of two minutes or more was chosen for long answers: what a library waits by default is then the code's affair.
GENEROUS = 120.0


def inverted_ladders(service: Service) -> list[InvertedLadder]:
    """Each rung that is shorter than a wait inside it, with the longest such wait."""
    return list(_join(service))


def _join(service: Service) -> Iterator[InvertedLadder]:
    applications = served_applications(service)
    rungs = [
        *gunicorn_rungs(service, applications),
        *nginx_rungs(service, applications),
        *platform_rungs(service, applications),
    ]
    waits = request_waits(service) if rungs else []
    for rung in _distinct(rungs):
        longer = sorted(_longer(rung, waits), key=lambda wait: (-wait.seconds, not wait.is_set, wait.call.span))
        if longer:
            yield InvertedLadder(rung, longer[0], len(longer) - 1)


def _longer(rung: Rung, waits: list[RequestWait]) -> Iterator[RequestWait]:
    for wait in waits:
        if wait.seconds <= rung.seconds or (rung.only_blocking and not wait.blocks):
            continue
        if wait.reach.entry.scope.module.path not in rung.modules or not rung.serves(wait.path):
            continue
        if wait.is_set or rung.seconds < GENEROUS:
            yield wait


def _distinct(rungs: list[Rung]) -> Iterator[Rung]:
    """Each place once: two services may be built from one image."""
    seen: set[object] = set()
    for rung in rungs:
        if rung.span not in seen:
            seen.add(rung.span)
            yield rung
