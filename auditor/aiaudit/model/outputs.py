"""Bounds on generated output: for each generation, what caps its length, at the call or at the model object."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.arguments import Argument, argument_of, first_given
from aiaudit.model.asking import ASKING
from aiaudit.model.contexts import Reach
from aiaudit.model.forgotten import Forgotten
from aiaudit.model.knowledge.schema import Output
from aiaudit.model.left_out import LeftOut
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.raw_generations import raw_generations
from aiaudit.model.resources import Known, origins
from aiaudit.model.scopes import Call, last_name
from aiaudit.model.service import Service
from aiaudit.model.sometimes import is_given_sometimes
from aiaudit.model.values import External, Literal
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass, replace

# Arguments whose entries go to the API as they are, and what the API calls the cap.
_WAYS = ("extra_body", "model_kwargs")
_CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
# What a generation may be asked for besides text: pictures are of one size, however long the model could write.
_NOTHING: frozenset[str] = frozenset()
_PICTURES = frozenset(("image",))


@dataclass(frozen=True, slots=True, eq=False)
class UncappedOutput:
    """A generation (or the model object that makes it) whose output nothing bounds; `parameters` would.

    `source` is the library, with its version, or the API that was found to have no cap of its own; `sometimes`: a
    condition sets one, and otherwise there is none; `draws`: it asks for pictures along with the text; `guessed`: only
    what is sent tells that a model is asked.
    """

    call: Call
    name: str
    reach: Reach
    parameters: tuple[str, ...]
    source: str
    sometimes: bool = False
    draws: bool = False
    guessed: bool = False

    @property
    def trace(self) -> tuple[Step, ...]:
        """From the entry to the generation."""
        return (*self.reach.steps(), Step(self.name, self.call.span))


def uncapped_outputs(service: Service) -> list[UncappedOutput]:
    """All of them."""
    side = python_side(service)
    return [*_uncapped(side), *_uncapped_requests(side)]


def _uncapped_requests(side: PythonSide) -> Iterator[UncappedOutput]:
    for raw in raw_generations(side.program, side.evaluator):
        reach = _reach(raw.call, side)
        if reach is not None and not raw.is_capped:
            guessed = raw.api.is_guessed
            yield UncappedOutput(raw.call, raw.name, reach, raw.api.caps, raw.api.name, guessed=guessed)


def _reach(call: Call, side: PythonSide) -> Reach | None:
    return side.contexts.in_request(call.scope) or side.contexts.before_requests(call.scope)


def _uncapped(side: PythonSide) -> Iterator[UncappedOutput]:
    forgotten = Forgotten(side.program)
    left_out = LeftOut(side.evaluator, side.contexts, lambda call: _reach(call, side))
    makers = {id(known.call): maker for known in side.known if (maker := _as_maker(known, side)) is not None}
    for known in side.known:
        output = known.entry.output
        if output is None or output.bounded or not output.parameters:
            continue
        reach = _reach(known.call, side)
        drawn = _drawn(known.call, output, side) if reach is not None else _NOTHING
        if reach is None or drawn == _PICTURES:
            continue
        if known.entry.kind != "call":
            asked = not forgotten.holds(known.call)
            if asked and answers_for_output(known) and _is_absent(_cap(known, output, side)):
                yield _of(known, reach, output)
        elif known.entry.generates and _answers_alone(known, makers) and not _is_maker_in_charge(known, makers, side):
            names = tuple(name for name in output.parameters if "." not in name)
            is_absent = _is_absent(_cap(known, output, side))
            without = reach if is_absent else left_out.reach(known.call, names)
            if without is not None:
                yield replace(_of(known, without, output), draws=drawn > _PICTURES)
            elif is_given_sometimes(known.call, (*output.parameters, *_CAPS), side.evaluator):
                yield replace(_of(known, reach, output), sometimes=True)


def _drawn(call: Call, output: Output, side: PythonSide) -> frozenset[str]:
    """What a call asks for by name, where pictures are among it."""
    options = {name.rpartition(".")[0] for name in output.parameters if "." in name}
    for way in options:
        asked = argument_of(call, f"{way}.response_modalities", side.evaluator)
        for value in asked.values:
            parts = (
                value.expression[2] if isinstance(value, Literal) and value.expression[0] in ("list", "tuple") else ()
            )
            names = frozenset(map(_named, parts))
            if names >= _PICTURES:
                return names
    return _NOTHING


def _named(part: Expression) -> str:
    """A modality, written as a text or as the member of an enumeration."""
    return (str(part[2]) if part[0] == "const" else last_name(part)).lower()


def _as_maker(known: Known, side: PythonSide) -> Known | None:
    """A construction, or a call that makes an object of a class that is known: `client.chats.create()`."""
    maker = side.knowledge.maker(known.entry)
    if maker is known.entry or maker is None:
        return known if known.entry.kind != "call" else None
    return replace(known, entry=maker)


def _of(known: Known, reach: Reach, output: Output) -> UncappedOutput:
    return UncappedOutput(known.call, known.name, reach, output.parameters, known.entry.release)


def _answers_alone(known: Known, makers: dict[int, Known]) -> bool:
    """Whether it is known who made the object that a method is called on, where that one may have set the cap."""
    output = known.entry.output
    if known.entry.constructor is None or output is None or output.at == "call":
        return True
    return any(id(origin) in makers for origin in origins(known.value))


def answers_for_output(maker: Known) -> bool:
    """Whether the cap belongs to the object that makes the generations (a framework's model) rather than to each call
    (an SDK's client, or a light handle that both may set)."""
    output = maker.entry.output
    if output is None or output.by_call:
        return False
    return output.at == "constructor" or (output.at == "both" and maker.entry.cost != "cheap")


def _cap(known: Known, output: Output, side: PythonSide) -> Argument:
    """The cap that a call sets: by a parameter, in what it passes on to the API as it is, or as an option that is bound
    to what it makes."""
    found = first_given(known.call, output.parameters, side.evaluator)
    names = [name for name in output.parameters if "." not in name]
    if not _is_absent(found) or not names:
        return found
    names = list(dict.fromkeys((*names, *_CAPS)))
    passed = first_given(known.call, tuple(f"{way}.{name}" for way in _WAYS for name in names), side.evaluator)
    if not _is_absent(passed) or known.entry.kind == "call":
        return passed if not _is_absent(passed) else found
    asked: list[Argument] = []
    bound: list[Argument] = []
    for use in side.uses.get(id(known.call), ()):
        if use.name in ASKING:
            asked.append(_with_bound(use, tuple(names), side))
        elif use.name == "bind":
            bound.append(first_given(use, tuple(names), side.evaluator))
    if any(map(_is_absent, asked)):
        return found
    return next((cap for cap in (*asked, *bound) if not _is_absent(cap)), found)


def _with_bound(use: Call, names: tuple[str, ...], side: PythonSide) -> Argument:
    """The cap of one question: given with it, or bound before to what it is put to."""
    found = first_given(use, names, side.evaluator)
    for value in side.evaluator.evaluate(use.expression[2], use.scope) if _is_absent(found) else ():
        for origin in origins(value) if isinstance(value, External) else ():
            cap = first_given(origin, names, side.evaluator) if origin.name == "bind" else found
            if not _is_absent(cap):
                return cap
    return found


def _is_absent(found: Argument) -> bool:
    return found.state == "absent" or (found.state == "given" and found.is_none)


def _is_maker_in_charge(known: Known, makers: dict[int, Known], side: PythonSide) -> bool:
    """Whether the object that the call is made on, or given, caps the output or answers for it itself."""
    for origin in (*origins(known.value), *_wrapped(known, side)):
        maker = makers.get(id(origin))
        if maker is None or maker is known or maker.entry.output is None:
            continue
        if answers_for_output(maker) or maker.entry.output.bounded:
            return True
        if not _is_absent(_cap(maker, maker.entry.output, side)):
            return True
    return False


def _wrapped(known: Known, side: PythonSide) -> Iterator[Call]:
    """What made the agents and models that a call is given: `Runner.run(agent, ...)`."""
    for argument in known.entry.wraps:
        given = argument_of(known.call, argument.name, side.evaluator, argument.position)
        for value in given.values:
            if isinstance(value, External) and value.origin is not None:
                yield value.origin
