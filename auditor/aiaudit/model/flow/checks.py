"""Checks in functions: after which statements, and in which branches, a value is known to be bounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.answers import Answers
from aiaudit.model.flow.keys import key_of, root_of
from aiaudit.model.flow.order import Address, Order, is_before
from aiaudit.model.flow.places import ANY, ONE, Path
from aiaudit.model.flow.sizes import EACH, Bound, Definitions, bounded_if, counted, in_each, limited_if, sizes
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name, walk
from aiaudit.model.values import FunctionValue, functions_in
from aiaudit.sources.python.facts import At, Expression, Statement
from aiaudit.values import dataclass, replace

# What APIs of models call the text that they are sent: who checks that, and hands on the body, has checked the body.
_PAYLOADS = frozenset(("messages", "prompt", "contents"))
# Calls that end the handling of a request.
_TESTING = frozenset(("assert", "if", "while", "match"))
# Methods of objects that validate what they are given.
VALIDATORS = frozenset(("validate_python", "validate_json", "validate_strings"))
_ENDING = frozenset(("abort", "exit", "fail", "raise_error", "error_abort", "_exit", "raise_for_size", "bad_request"))


@dataclass(frozen=True, slots=True)
class Check:
    """`bound` holds after the statement at `address`, or inside its inner block `branch` alone.

    `rejects`: what is too large ends in an exception, or in a false answer to the caller. `pieces`: it is put away
    before it gets too large, and so is what comes after it: all of it arrives, piece after piece. The items of a list
    are such pieces where each is checked for itself.
    """

    bound: Bound
    address: Address
    branch: int | None
    rejects: bool
    pieces: bool = False

    def holds(self, use: Address) -> bool:
        """Whether the bound is known where something is used."""
        if self.branch is None:
            return is_before(self.address, use) and use[: len(self.address)] != self.address
        return use[: len(self.address) + 1] == (*self.address, self.branch)


class Checks:
    """The checks of each function, made on first use."""

    def __init__(self, evaluator: Evaluator, order: Order) -> None:
        self.evaluator = evaluator
        self.order = order
        self.answers = Answers(self)
        self._checks: dict[int, list[Check]] = {}
        self._by_root: dict[int, tuple[list[Check], dict[str, list[Check]]]] = {}
        self._parameters: dict[int, dict[str, set[tuple[str, bool]]]] = {}
        self._limiting: dict[int, set[str]] = {}
        self._demanding: dict[int, dict[str, bool]] = {}
        self.validating: Callable[[Call], Iterator[Bound]] | None = None  # what an object validates: set by its owner

    def bounded(self, scope: Scope, key: str, path: Path, at: At | None, is_list: Callable[[], bool]) -> Check | None:
        """What bounds the part `path` of the value that `key` names at a place (anywhere if `at` is None)."""
        root, whole, pieces = root_of(key), "", None
        for holder in scope.within():
            checks = self._of_root(holder, root) if type(holder) is not Class else ()
            if not checks:
                continue
            whole = whole or ".".join([key, *(str(part) for part in path)])
            place = self.order.layout(holder).at(at) if holder is scope and at is not None else None
            address = place[1] if place else None
            for check in checks:
                if address is not None and not check.holds(address):
                    continue
                bound = check.bound
                if EACH in bound.key:
                    taken = _taken(whole, bound)
                    if taken == ONE:
                        return check
                    pieces = replace(check, pieces=True) if taken else pieces
                    continue
                if bound.whole:
                    owner, _, part = bound.key.rpartition(".")
                    is_payload = check.rejects and owner == whole and part in _PAYLOADS
                    limited = whole == bound.key or whole.startswith(f"{bound.key}.") or is_payload
                else:
                    limited = bound.key == whole and not is_list()
                if limited and not check.pieces:
                    return check
                pieces = check if limited else pieces
        return pieces

    def of(self, scope: Scope) -> list[Check]:
        """All checks in one scope."""
        known = self._checks.get(id(scope))
        if known is None:
            self._checks[id(scope)] = []  # a function that checks by calling itself
            known = self._checks[id(scope)] = list(self._find(scope))
        return known

    def _of_root(self, scope: Scope, root: str) -> Iterable[Check]:
        """The checks in one scope of a variable, its attributes and its entries."""
        checks = self._checks.get(id(scope))
        if checks is None:
            checks = self.of(scope)
        known = self._by_root.get(id(scope))
        if known is None or known[0] is not checks:  # it was asked for while the checks were being found
            by_root: dict[str, list[Check]] = defaultdict(list)
            for check in checks:
                by_root[root_of(check.bound.key)].append(check)
            known = self._by_root[id(scope)] = (checks, by_root)
        return known[1].get(root, ())

    def bounded_branch(self, test: Expression, truth: bool, scope: Scope) -> set[str]:
        """The keys that a conditional expression's test bounds in one of its branches."""
        return {bound.key for bound in self.answers.bounded_if(test, truth, scope)}

    # Finding

    def _find(self, scope: Scope) -> Iterator[Check]:
        layout = self.order.layout(scope)
        for statement, address in layout.statements():
            for check in self._in_statement(statement, address, scope) if statement[0] in _TESTING else ():
                yield from self._aliased(check, scope)
                around = address[:-2] if check.rejects and check.branch is None else ()
                loop = layout.statement(around) if around else None
                for bound in in_each(check.bound, loop[2], loop[3]) if loop is not None and loop[0] == "for" else ():
                    yield from self._aliased(Check(bound, around, None, True), scope)
        for call in scope.calls:
            _, _, _, arguments, keywords = call.expression
            may_check = arguments or keywords or call.statement[0] == "expr"
            functions = functions_in(self.evaluator.callees(call)) if may_check else ()
            bounds = self._checked_by(call, functions) if functions else self._validated_by(call)
            for bound in bounds:
                place = layout.at(call.at)
                if place is not None:
                    yield Check(bound, place[1], None, True)
                    yield Check(bound, place[1], 0, True)

    def _aliased(self, check: Check, scope: Scope) -> Iterator[Check]:
        """A check under all names of what it checks."""
        yield check
        for bound in self._aliases(check.bound, scope):
            yield replace(check, bound=bound)

    def _in_statement(self, statement: Statement, address: Address, scope: Scope) -> Iterator[Check]:
        tag = statement[0]
        if tag == "match":
            yield from self._in_cases(statement, address, scope)
            return
        if tag == "assert":
            for bound in self.answers.bounded_if(statement[2], True, scope):
                yield Check(bound, address, None, True)
            return
        small = self.answers.bounded_if(statement[2], False, scope)
        known = self.answers.bounded_if(statement[2], True, scope)
        for bound in known:
            yield Check(bound, address, 0, False)
            if tag == "if" and statement[4] and _leaves(statement[4]):
                yield Check(bound, address, None, _rejects(statement[4]))
        for bound in self._turns(small, statement[2], scope) if tag == "if" and _leaves(statement[3]) else ():
            yield Check(bound, address, None, _rejects(statement[3]))
        left = _left_over(statement[3]) if tag == "while" else ()
        for bound in small:
            yield Check(bound, address, 1, False)
            root = root_of(bound.key)
            bound = replace(bound, whole=bound.whole and bound.key not in left)
            if tag == "while" or _leaves(statement[3]) or _shortens(statement[3], root):
                pieces = tag == "if" and _puts_away(statement[3], root)
                yield Check(bound, address, None, _rejects(statement[3]), pieces)

    def _in_cases(self, statement: Statement, address: Address, scope: Scope) -> Iterator[Check]:
        """`match len(text): case length if length > 500: raise`."""
        for branch, (names, guard, body) in enumerate(statement[3]):
            if guard is None or not any(True for _ in sizes(statement[2], self.definitions(scope))):
                continue

            def definitions(expression: Expression, named: tuple[str, ...] = names) -> list[Expression]:
                is_subject = expression[0] == "name" and expression[2] in named
                return [statement[2]] if is_subject else self.definitions(scope)(expression)

            for bound in bounded_if(guard, True, definitions):
                yield Check(bound, address, branch, False)
            for bound in bounded_if(guard, False, definitions) if _leaves(body) else ():
                yield Check(bound, address, None, _rejects(body))

    def _turns(self, bounds: set[Bound], test: Expression, scope: Scope) -> Iterator[Bound]:
        """The turns whose texts a budget counts: `total += len(turn["content"])`, and then `if total > BUDGET: break`.
        All of them together are bounded, so that they need no limit of their number."""
        turns = {bound.key.rpartition(".")[0] for bound in bounds if bound.key.endswith((".content", ".text"))}
        if turns and any(_is_summed(part[2], scope) for part in walk(test) if part[0] == "name"):
            yield from (Bound(turn, True) for turn in sorted(turns))

    def definitions(self, scope: Scope) -> Definitions:
        """What a name was given where it stands in a scope."""

        def definitions(expression: Expression) -> list[Expression]:
            if expression[0] != "name":
                return []
            holder = scope_of_name(scope, expression[2])
            if holder is None or isinstance(holder, Class):
                return []
            found = self.order.reaching(scope, holder, expression[2], expression[1])
            return [b.expression for b in found if b.kind == "value" and b.expression is not None][:6]

        return definitions

    def _aliases(self, bound: Bound, scope: Scope) -> Iterator[Bound]:
        """`text = body.text.strip()`: a check on `text` is one on `body.text`."""
        root, _, rest = bound.key.partition(".")
        holder = scope_of_name(scope, root)
        if holder is None or len(holder.bindings[root]) > 3:
            return
        for binding in holder.bindings[root]:
            if binding.kind == "value" and binding.expression is not None:
                source = key_of(binding.expression)
                if source is not None and root_of(source) != root and not source.endswith("()"):
                    yield Bound(f"{source}.{rest}" if rest else source, bound.whole)

    # Functions that check what they are given

    def _validated_by(self, call: Call) -> Iterator[Bound]:
        """What an object validates that code outside made: `TypeAdapter(...).validate_python(text)`."""
        if self.validating is not None and call.name in VALIDATORS:
            yield from self.validating(call)

    def _checked_by(self, call: Call, functions: Iterable[FunctionValue]) -> Iterator[Bound]:
        """What a call of functions of the program has checked when it comes back."""
        for value in functions:
            function = value.function
            checked, limiting, demanding = self.checking(function), self.limiting(function), self.demanding(function)
            if not checked and not limiting and not demanding:
                continue
            shift = int(value.bound is not None and function.self_name is not None)
            for position, parameter in enumerate(function.parameters):
                given = call.argument(parameter[0], position - shift) if position >= shift else _object_of(call)
                key = key_of(given) if given is not None else None
                for suffix, whole in checked.get(parameter[0], ()) if key is not None else ():
                    yield Bound(f"{key}{suffix}", whole)
                if given is not None and parameter[0] in limiting:
                    yield from sizes(given, self.definitions(call.scope))
                if given is not None and parameter[0] in demanding:
                    yield from self.answers.bounded_if(given, demanding[parameter[0]], call.scope)

    def checking(self, function: Function) -> dict[str, set[tuple[str, bool]]]:
        """Parameter -> the parts of it that the function refuses when they are too large."""
        known = self._parameters.get(id(function))
        if known is None:
            known = self._parameters[id(function)] = defaultdict(set)
            names = {parameter[0] for parameter in function.parameters}
            for check in self.of(function):
                root = root_of(check.bound.key)
                if check.rejects and root in names:
                    known[root].add((check.bound.key[len(root) :], check.bound.whole))
        return known

    def limiting(self, function: Function) -> set[str]:
        """The parameters that are numbers which the function refuses when they are too large."""
        known = self._limiting.get(id(function))
        if known is None:
            known = self._limiting[id(function)] = set()
            for statement, _ in self.order.layout(function).statements():
                if statement[0] == "assert":
                    known |= limited_if(statement[2], True)
                elif statement[0] == "if" and _rejects(statement[3]):
                    known |= limited_if(statement[2], False)
        return known

    def demanding(self, function: Function) -> dict[str, bool]:
        """The parameters that are conditions, with the truth that the function insists on: `if not allowed: raise`."""
        known = self._demanding.get(id(function))
        if known is None:
            known = self._demanding[id(function)] = {}
            names = {parameter[0] for parameter in function.parameters}
            for statement in function.body:
                test, truth = statement[2] if statement[0] in ("assert", "if") else None, statement[0] == "assert"
                if statement[0] == "if" and not _raises(statement[3]):
                    if not _leaves(statement[3]) or not _raises(function.body):
                        continue
                    truth = True  # `if allowed: return`, and then it raises
                while test is not None and test[0] == "unary" and test[2] == "Not":
                    test, truth = test[3], not truth
                if test is not None and test[0] == "name" and test[2] in names:
                    known[test[2]] = truth
        return known


def _taken(whole: str, bound: Bound) -> str:
    """Which items a value is of those that are each bounded: ANY, ONE, or "" where it is no such item."""
    owner, _, below = bound.key.partition(f".{EACH}")
    if whole == owner and not below:
        return ANY
    item, _, part = whole[len(owner) + 1 :].partition(".") if whole.startswith(f"{owner}.") else ("", "", "")
    if not item or (f".{part}" if part else "") != below:
        return ""
    return ANY if item == ANY else ONE


def _object_of(call: Call) -> Expression | None:
    """What a method is called on."""
    function = call.expression[2]
    return function[2] if function[0] == "attr" else None


def _is_summed(name: str, scope: Scope) -> bool:
    """Whether a variable is counted up."""
    holder = scope_of_name(scope, name)
    written = [binding.statement for binding in holder.bindings[name]] if holder is not None else []
    return any(statement is not None and statement[0] == "aug" and statement[3] == "Add" for statement in written)


def _leaves(body: tuple[Statement, ...]) -> bool:
    """Whether a block ends in leaving: nothing after the statement runs with the value that led here."""
    if not body:
        return False
    last = body[-1]
    if last[0] in ("return", "raise", "continue", "break"):
        return True
    if last[0] == "expr":
        call = last[2][2] if last[2][0] == "await" else last[2]
        return call[0] == "call" and last_name(call[2]) in _ENDING
    if last[0] == "if":
        return bool(last[4]) and _leaves(last[3]) and _leaves(last[4])
    if last[0] == "with":
        return _leaves(last[3])
    return False


def _rejects(body: tuple[Statement, ...]) -> bool:
    """Whether a block refuses: raises, or answers false or nothing."""
    if not body:
        return False
    last = body[-1]
    if last[0] == "raise" or (last[0] == "expr" and _leaves(body)):
        return True
    if last[0] != "return":
        return False
    answer = last[2]
    if answer is not None and answer[0] == "tuple" and answer[2]:
        answer = answer[2][0]
    return answer is None or (answer[0] == "const" and not answer[2])


def ends_call(body: tuple[Statement, ...]) -> bool:
    """Whether a block ends the call of its function."""
    return bool(body) and (body[-1][0] == "return" or _raises(body))


def _raises(body: tuple[Statement, ...]) -> bool:
    """Whether a block ends in an exception."""
    return bool(body) and (body[-1][0] == "raise" or (body[-1][0] == "expr" and _leaves(body)))


def _shortens(body: tuple[Statement, ...], root: str) -> bool:
    """Whether a block puts something else into the variable, or takes something out of it."""
    for statement in body:
        tag = statement[0]
        targets = statement[2] if tag in ("assign", "del") else (statement[2],) if tag in ("ann", "aug") else ()
        if any(_mentions(target, root) for target in targets) and tag != "aug":
            return True
        if tag == "expr" and _takes_out(statement[2], root):
            return True
        if tag in ("for", "while", "with", "if") and _shortens(statement[4 if tag == "for" else 3], root):
            return True
    return False


def _left_over(body: tuple[Statement, ...]) -> set[str]:
    """Lists of which a loop that cuts them leaves some items: `if len(turns) <= 1: break`."""
    stops = [s for s in body if s[0] == "if" and s[3][-1][0] in ("break", "return")]
    return {key for statement in stops for key in counted(statement[2], False)}


def _puts_away(body: tuple[Statement, ...], root: str) -> bool:
    """Whether a block adds the variable to a list, or yields it, and begins another one: `parts.append(part)`, and then
    `part = ""`."""
    put = False
    for statement in body:
        made = statement[2] if statement[0] == "expr" else None
        if made is not None and made[0] == "call" and made[2][0] == "attr" and made[2][3] in ("append", "extend"):
            put = put or any(_mentions(given, root) for given in made[3])
        elif made is not None and made[0] == "yield" and made[2] is not None:
            put = put or _mentions(made[2], root)
    return put and any(s[0] == "assign" and any(_mentions(t, root) for t in s[2]) for s in body)


def _takes_out(expression: Expression, root: str) -> bool:
    call = expression[2] if expression[0] == "await" else expression
    if call[0] != "call" or call[2][0] != "attr" or call[2][3] not in ("pop", "popleft", "clear", "popitem"):
        return False
    return _mentions(call[2][2], root)


def _mentions(expression: Expression, root: str) -> bool:
    return any(part[0] == "name" and part[2] == root for part in walk(expression))
