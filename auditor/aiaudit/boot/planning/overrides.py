"""What image and configuration change about the variables that the code reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiaudit.boot.dummies import STUBBED
from aiaudit.boot.planning.kinds import look_of_name
from aiaudit.boot.record import Kind, Variable
from aiaudit.values import replace


def set_by_image(variables: Iterable[Variable], environment: Mapping[str, str]) -> tuple[Variable, ...]:
    """The variables when the image sets some itself: those are not required any more. Secrets and addresses of stores
    are, so that nothing of the image's own is used in a boot."""
    return tuple(
        replace(variable, required=False, default=environment[variable.name])
        if environment.get(variable.name) and not _is_confidential(variable)
        else variable
        for variable in variables
    )


def _is_confidential(variable: Variable) -> bool:
    return variable.kind is Kind.SECRET or (variable.kind is Kind.URL and variable.provider not in ("", *STUBBED))


def with_user_words(
    variables: Iterable[Variable], required: Iterable[str], optional: Iterable[str]
) -> tuple[Variable, ...]:
    """The variables after what the configuration adds to the required ones and takes away from them."""
    names, freed = dict.fromkeys(required), set(optional)
    found: list[Variable] = []
    for variable in variables:
        demanded = variable.name in names or (variable.required and variable.name not in freed)
        found.append(replace(variable, required=demanded))
    known = {variable.name for variable in found}
    for name in names:
        if name not in known:
            look = look_of_name(name)
            found.append(Variable(name, look.kind, True, provider=look.provider))
    return tuple(sorted(found, key=lambda variable: not variable.required))
