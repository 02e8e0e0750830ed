"""Shell wildcards in `${x#pattern}`, `${x%pattern}` and `${x/pattern/text}`: `*` and `?`, no brackets, as in BuildKit.

Matched by walking all states at once, so that no pattern makes it slow.
"""

from __future__ import annotations

_ONE, _MANY = "one", "many"


class PatternError(Exception):
    """The pattern has an escape that the builder does not know."""


def trim_prefix(pattern: str, value: str, longest: bool) -> str:
    """The value without the part at its start that the pattern matches."""
    end = _match_end(_tokens(pattern), value, 0, longest)
    return value if end is None else value[end:]


def trim_suffix(pattern: str, value: str, longest: bool) -> str:
    """The value without the part at its end that the pattern matches."""
    # the shortest match at the end is the shortest at the start of the reversed text
    end = _match_end(_tokens(pattern)[::-1], value[::-1], 0, longest)
    return value if end is None else value[: len(value) - end]


def replace(pattern: str, value: str, replacement: str, everywhere: bool) -> str:
    """The value with the first match, or every match, replaced."""
    tokens = _tokens(pattern)
    out: list[str] = []
    index = 0
    while index <= len(value):
        end = _match_end(tokens, value, index, longest=True)
        if end is None:
            out.append(value[index : index + 1])
            index += 1
            continue
        out.append(replacement)
        if not everywhere:
            return "".join(out) + value[end:]
        if end == index:
            out.append(value[index : index + 1])
            end += 1
        index = end
    return "".join(out)


def _tokens(pattern: str) -> list[tuple[str, str]]:
    """Each token is a kind and, for a literal, its character."""
    tokens: list[tuple[str, str]] = []
    index = 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "*":
            tokens.append((_MANY, ""))
        elif char == "?":
            tokens.append((_ONE, ""))
        elif char != "\\":
            tokens.append(("", char))
        elif pattern[index : index + 1] not in ("}", "/"):
            # the escape of } and / belongs to the substitution, not to the pattern
            following = pattern[index : index + 1]
            index += 1
            if following not in ("*", "?", "\\"):
                raise PatternError(f"invalid pattern ({pattern}) in substitution: invalid escape '\\{following}'")
            tokens.append(("", following))
    return tokens


def _match_end(tokens: list[tuple[str, str]], value: str, start: int, longest: bool) -> int | None:
    """Where the shortest or longest match that begins at `start` ends."""
    states = _closure({0}, tokens)
    found = start if len(tokens) in states else None
    index = start
    while index < len(value) and states and (longest or found is None):
        char = value[index]
        index += 1
        reached: set[int] = set()
        for state in states:
            if state == len(tokens):
                continue
            kind, literal = tokens[state]
            if kind == _MANY and char != "\n":
                reached.add(state)
            elif (kind == _ONE and char != "\n") or (not kind and literal == char):
                reached.add(state + 1)
        states = _closure(reached, tokens)
        if len(tokens) in states:
            found = index
    return found


def _closure(states: set[int], tokens: list[tuple[str, str]]) -> set[int]:
    """The states and those behind a wildcard that matches nothing."""
    pending = list(states)
    while pending:
        state = pending.pop()
        if state < len(tokens) and tokens[state][0] == _MANY and state + 1 not in states:
            states.add(state + 1)
            pending.append(state + 1)
    return states
