"""Which boots a plan asks for: the baseline with everything set, and those that differ from it by one thing each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from aiaudit.boot.dummies import invalid
from aiaudit.boot.record import Action, Endpoint, Network, Plan, Purpose, Scenario, Variable
from aiaudit.values import dataclass

BASELINE = "baseline"
# A user that no image knows: what runs as it needs neither root nor an own home.
NOBODY = "65532:65532"
_OTHER_PORT = 18_374
# What a store's address begins with, as far as a service waits for one at its start.
_STORES = ("postgres", "mysql", "mariadb", "redis", "rediss", "mongodb", "amqp", "clickhouse")


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The boots of a plan. `variables` are those about one variable each, in the order missing, empty, invalid: a later
    one is only worth its time where the one before passed. `together` can run beside others, `stops` wait long and do
    nothing meanwhile, `alone` measure time and run when nothing else does. `init` follows a stop that failed.
    `unneeded` holds boots with the reason why they are not made.
    """

    baseline: Scenario
    variables: tuple[tuple[Scenario, ...], ...] = ()
    together: tuple[Scenario, ...] = ()
    stops: tuple[Scenario, ...] = ()
    alone: tuple[Scenario, ...] = ()
    init: Scenario | None = None
    unneeded: tuple[tuple[Scenario, str], ...] = ()

    @property
    def all(self) -> tuple[Scenario, ...]:
        """Every boot that may be made, in the order of a report."""
        about = tuple(scenario for group in self.variables for scenario in group)
        more = (self.init,) if self.init else ()
        return (self.baseline, *self.together, *about, *self.stops, *more, *self.alone)


def scenarios(plan: Plan, values: Mapping[str, str], set_by_image: Iterable[str] = ()) -> Scenarios:
    """The boots of a plan whose variables have these values; what the user skips is not among them.

    A variable in `set_by_image` is set whatever a boot leaves out.
    """
    return _Made(plan, dict(values), frozenset(set_by_image)).all()


def full_environment(plan: Plan, values: Mapping[str, str]) -> dict[str, str]:
    """Everything set: the port, the dummies, and what the user gave in place of them."""
    port = {plan.port_variable: str(plan.ports[0])} if plan.port_variable and plan.ports else {}
    return {**port, **values, **dict(plan.environment)}


def endpoint_for(plan: Plan, purpose: Purpose) -> Endpoint | None:
    """The first route for a purpose."""
    return next((endpoint for endpoint in plan.endpoints if endpoint.purpose is purpose), None)


def model_endpoint(plan: Plan) -> Endpoint | None:
    """The first route that asks a model, one that streams where no other is known."""
    return endpoint_for(plan, Purpose.MODEL) or endpoint_for(plan, Purpose.STREAM)


class _Made:
    def __init__(self, plan: Plan, values: dict[str, str], set_by_image: frozenset[str]) -> None:
        self.plan = plan
        self.full = full_environment(plan, values)
        self.set_by_image = set_by_image

    def all(self) -> Scenarios:
        variables = [variable for variable in self.plan.variables if variable.name in self.full]
        init = self._scenario("init", Action.STOP, init=True)
        groups = [tuple(self._about(variable)) for variable in variables]
        return Scenarios(
            self._scenario(BASELINE, Action.READY),
            variables=tuple(group for group in groups if group),
            together=tuple(filter(self._is_wanted, self._together())),
            stops=tuple(filter(self._is_wanted, self._stops())),
            alone=tuple(filter(self._is_wanted, self._alone())),
            init=init if self._is_wanted(init) else None,
            unneeded=tuple(self._unneeded(variables)),
        )

    def _scenario(
        self, id: str, action: Action, environment: Mapping[str, str] | None = None, **options: object
    ) -> Scenario:
        given = self.full if environment is None else environment
        return Scenario(id, action, tuple(given.items()), **options)  # type: ignore[arg-type]

    def _is_wanted(self, scenario: Scenario) -> bool:
        names = {scenario.id, scenario.family}
        return not names.intersection(self.plan.skip) and (
            not self.plan.only or bool(names.intersection(self.plan.only))
        )

    def _about(self, variable: Variable) -> Iterator[Scenario]:
        name = variable.name
        changes: dict[str, str | None] = {}
        if variable.required and name not in self.set_by_image:
            changes["missing"] = None
        if variable.required:
            changes["empty"] = ""
        wrong = invalid(variable)
        if wrong is not None and (variable.required or variable.span is not None):
            changes["invalid"] = wrong
        for family, value in changes.items():
            environment = {key: old for key, old in self.full.items() if key != name}
            if value is not None:
                environment[name] = value
            scenario = self._scenario(f"{family}:{name}", Action.FAIL, environment, changed=name)
            if self._is_wanted(scenario):
                yield scenario

    def _together(self) -> Iterator[Scenario]:
        plan = self.plan
        if any(variable.required and variable.name in self.full for variable in plan.variables):
            port = {name: value for name, value in self.full.items() if name == plan.port_variable}
            yield self._scenario("no-env", Action.FAIL, port)
        yield self._scenario("hardened", Action.READY, user=NOBODY, read_only=True)
        yield self._scenario("offline", Action.READY, network=Network.NONE)
        if plan.memory:
            yield self._scenario("memory", Action.READY, memory=plan.memory)
        if any(_is_store(value) for value in self.full.values()):
            yield self._scenario("slow-dependency", Action.FAIL, network=Network.BLACKHOLE)
        if plan.port_variable:
            other = {**self.full, plan.port_variable: str(_OTHER_PORT)}
            yield self._scenario("port", Action.READY, other, changed=plan.port_variable)

    def _stops(self) -> Iterator[Scenario]:
        yield self._scenario("stop", Action.STOP)
        if endpoint_for(self.plan, Purpose.STREAM):
            yield self._scenario("stop-stream", Action.STOP_STREAM)

    def _alone(self) -> Iterator[Scenario]:
        yield self._scenario("second-boot", Action.SECOND_BOOT)
        if model_endpoint(self.plan):
            yield self._scenario("first-request", Action.FIRST_REQUEST)

    def _unneeded(self, variables: Iterable[Variable]) -> Iterator[tuple[Scenario, str]]:
        for variable in variables:
            if variable.required and variable.name in self.set_by_image:
                scenario = self._scenario(f"missing:{variable.name}", Action.FAIL, changed=variable.name)
                if self._is_wanted(scenario):
                    yield scenario, f"the image itself sets {variable.name}"


def _is_store(value: str) -> bool:
    scheme, found, _ = value.partition("://")
    return bool(found) and scheme.partition("+")[0].lower().startswith(_STORES)
