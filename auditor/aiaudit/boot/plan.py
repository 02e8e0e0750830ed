"""The plan of a boot: what the static model, the image and the configuration say of a service, put together."""

from __future__ import annotations

from collections.abc import Iterable

from aiaudit.boot.configuration import BootConfiguration
from aiaudit.boot.planning import deployment
from aiaudit.boot.planning.deployment import Check, checks_in
from aiaudit.boot.planning.endpoints import health_endpoints, model_endpoints
from aiaudit.boot.planning.overrides import set_by_image, with_user_words
from aiaudit.boot.planning.servers import modules_of, serving
from aiaudit.boot.planning.variables import variables_of
from aiaudit.boot.record import Budgets, Companion, Endpoint, ImageFacts, Plan, Purpose, Variable
from aiaudit.model.image import Image, images
from aiaudit.model.python import resources_of
from aiaudit.model.service import Service
from aiaudit.settings import UsageError
from aiaudit.span import Span

# Seconds to get ready for a service that loads a model first.
_WITH_MODEL = 600.0


def plan_for(
    service: Service | None, facts: ImageFacts | None, configuration: BootConfiguration, dockerfile: str = ""
) -> Plan:
    """What to boot, and how. Without a service only the image speaks; without an image only the sources.

    `dockerfile` chooses one of several; a name that is none of them is a `UsageError`.
    """
    image = image_of(service, dockerfile) if service is not None else None
    files = modules_of(image) if image is not None else None
    variables = variables_of(service, files) if service is not None else ()
    variables = with_user_words(
        set_by_image(variables, _environment(image, facts)), configuration.required, configuration.optional
    )
    told = serving(image, facts, [variable.name for variable in variables])
    variables = tuple(variable for variable in variables if variable.name != told.port_variable)
    limit = deployment.memory(image) if image is not None else None
    return Plan(
        root=service.tree.root if service is not None else "",
        image=(facts.tags or (facts.id,))[0] if facts is not None else "",
        dockerfile=image.path if image is not None else "",
        start=Span.at(image.path, image.command.instruction.extent) if image is not None and image.command else None,
        command=configuration.command,
        server=told.program,
        workers=told.workers,
        reloads=told.reloads,
        ports=tuple(dict.fromkeys((*((configuration.port,) if configuration.port else ()), *told.ports))),
        port_variable=told.port_variable,
        variables=variables,
        endpoints=tuple(_endpoints(service, image, facts, files, configuration, variables)),
        environment=configuration.environment,
        companions=_companions(configuration),
        memory=configuration.memory or (int(limit.amount) if limit is not None else 0),
        memory_span=limit.span if limit is not None and not configuration.memory else None,
        stop_seconds=deployment.stop_seconds(image) if image is not None else 0.0,
        budgets=_budgets(configuration, service is not None and _loads_model(service, files)),
        skip=configuration.skip,
        platform=configuration.platform,
    )


def _environment(image: Image | None, facts: ImageFacts | None) -> dict[str, str]:
    """What the image itself sets: as the engine says, else as the Dockerfile does."""
    if facts is not None:
        return dict(facts.environment)
    return {name: value for name, value in image.final.environment.items() if "$" not in value} if image else {}


def image_of(service: Service, dockerfile: str = "") -> Image | None:
    """The image to boot: the named one, else the first that starts a server, else the first; None without any."""
    found = [image for image in images(service) if not image.is_embedded]
    if dockerfile:
        chosen = next((image for image in found if image.path == dockerfile), None)
        if chosen is None:
            known = ", ".join(image.path for image in found) or "none"
            raise UsageError(f"{dockerfile} is no Dockerfile of this service; there are: {known}")
        return chosen
    shipped = [image for image in found if not image.is_for_development]
    return min(shipped or found, key=_rank, default=None)


def _rank(image: Image) -> tuple[bool, bool, int, str]:
    """Images that start a server first, then those called plainly, those nearest to the root, and by path."""
    folder, _, name = image.path.rpartition("/")
    return (
        not image.servers,
        name not in ("Dockerfile", "Containerfile"),
        folder.count("/") + bool(folder),
        image.path,
    )


def _endpoints(
    service: Service | None,
    image: Image | None,
    facts: ImageFacts | None,
    files: frozenset[str] | None,
    configuration: BootConfiguration,
    variables: Iterable[Variable],
) -> list[Endpoint]:
    """Routes of health and of models; a health path of the configuration is the only one that counts."""
    asked: list[Endpoint] = []
    if configuration.health:
        asked.append(Endpoint("GET", configuration.health, Purpose.HEALTH, span=Span.whole_file("")))
    else:
        asked.extend(health_endpoints(service, files, _checks(image, facts)))
    if service is not None:
        asked.extend(model_endpoints(service, files, variables))
    return asked


def _checks(image: Image | None, facts: ImageFacts | None) -> list[Check]:
    if image is not None:
        return list(deployment.checks(image))
    return list(checks_in(" ".join(facts.health), Span.whole_file(""))) if facts is not None else []


def _companions(configuration: BootConfiguration) -> tuple[Companion, ...]:
    return tuple(
        Companion(name, one.image, tuple(one.env.items()), one.command, one.port or 0)
        for name, one in configuration.services.items()
    )


def _budgets(configuration: BootConfiguration, loads_model: bool) -> Budgets:
    """The budgets of the configuration, the usual ones where it is silent; what loads a model has more time."""
    told = {name: value for name, value in configuration.budgets if value is not None}
    return Budgets(**{"ready": _WITH_MODEL, **told} if loads_model else told)


def _loads_model(service: Service, files: frozenset[str] | None) -> bool:
    """Whether the start reads the weights of a model."""
    return any(
        resource.entry.cost == "model-load"
        and resource.early is not None
        and (files is None or resource.call.scope.module.path in files)
        for resource in resources_of(service)
    )
