"""What is known of a setting that the service needs and whose absence does not stop its start."""

from __future__ import annotations

from aiaudit.finding import Step
from aiaudit.model.contexts import Reach
from aiaudit.model.settings.words import is_credential, is_provider_key, is_store_address
from aiaudit.span import Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A setting that the service needs and whose absence does not stop its start.

    `default` is "none", "empty", "literal" (a stand-in, `text`), "anew" (a random value of each process) or "raises"
    (the lookup itself raises, in a request).
    `is_field`: a field of a settings class; `in_request`: the reach of a lookup that only requests get to; `answered`:
    a request is told that it is missing; `warned`: the log is; `need` is what it is needed for, `steps` the evidence;
    `reason`: why not everybody needs it, if that is so; `left_out`: it says itself that it may be left out, and there
    are many ways to do without; `worker`: the start of the API checks it, that of the process which runs this task does
    not.
    """

    name: str
    span: Span
    default: str
    text: str
    is_field: bool
    in_request: Reach | None
    answered: bool
    warned: bool
    need: str
    steps: tuple[Step, ...]
    reason: str = ""
    left_out: bool = False
    worker: str = ""

    @property
    def of_one(self) -> bool:
        """Whether there are ways to do without it: other ways that a call may go, other ways to sign in."""
        return bool(self.reason)

    @property
    def only_here(self) -> bool:
        """Whether a secret is known to the service and its own stores alone: nobody else refuses a stand-in for it."""
        return (is_credential(self.name) and not is_provider_key(self.name)) or is_store_address(self.name)
