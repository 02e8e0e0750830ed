"""What one Python module says: a trimmed syntax tree of plain tuples, small enough to keep and fast to load.

The facts of a module are `(problem, body)`: `problem` is None or `(message, line, column)`, `body` its statements.
Every node is a tuple that starts with its tag and its extent `(line, column, end_line, end_column)`; lines and columns
start at 1 and count characters, the end column is exclusive. `E` stands for an expression, `S` for a statement, `*` for
a tuple of them, `?` for None or one.

Expressions
    ("name", at, id)                            ("attr", at, E, attribute)         ("const", at, value)
    ("call", at, E function, E* arguments, (name?, E)* keywords)                   ("star", at, E)
    ("fstr", at, E* parts)                      ("bin", at, operator, E, E)        ("bool", at, "And"|"Or", E*)
    ("cmp", at, E left, operator*, E* rights)   ("unary", at, operator, E)         ("sub", at, E, E index)
    ("slice", at, E?, E?, E?)                   ("list"|"tuple"|"set", at, E*)     ("dict", at, (E? key, E)*)
    ("ifexp", at, E test, E, E)                 ("lambda", at, parameter*, E)      ("await", at, E)
    ("comp", at, kind, E* elements, (E target, E iterable, E* tests, asynchronous)*)
    ("yield", at, E?)                           ("yieldfrom", at, E)               ("walrus", at, E target, E)
Statements
    ("assign", at, E* targets, E)               ("ann", at, E target, E annotation, E?)
    ("aug", at, E target, operator, E)          ("expr", at, E)                    ("return", at, E?)
    ("if", at, E test, S*, S*)                  ("while", at, E test, S*, S*)      ("raise", at, E?)
    ("for", at, E target, E iterable, S*, S*, asynchronous)
    ("with", at, (E, E? target)*, S*, asynchronous)
    ("try", at, S*, (E? type, name?, S*, at)* handlers, S* orelse, S* final)
    ("def", at, name, parameter*, E? returns, E* decorators, S*, asynchronous, generator, name_at)
    ("class", at, name, E* bases, (name?, E)* keywords, E* decorators, S*, name_at)
    ("import", at, (module, alias?)*)           ("from", at, level, module, (name, alias?)*)
    ("global", at, name*)                       ("assert", at, E test, E? message) ("del", at, E*)
    ("match", at, E subject, (captured name*, E? guard, S*)*)                      ("pass"|"break"|"continue", at)
A parameter is `(name, kind, E? annotation, E? default, at)`; kind is "positional", "any", "variadic", "keyword" or
"keywords". Annotations written as strings are read as the expressions they hold.
"""

from __future__ import annotations

from typing import Any

At = tuple[int, int, int, int]
Expression = tuple[Any, ...]
Statement = tuple[Any, ...]
Parameter = tuple[str, str, Any, Any, At]
Problem = tuple[str, int, int]
PythonFacts = tuple[Any, tuple[Statement, ...]]

POSITIONAL, ANY, VARIADIC, KEYWORD, KEYWORDS = "positional", "any", "variadic", "keyword", "keywords"

# Stands in rewritten sources for a string with fields that the running interpreter cannot read.
INTERPOLATION = "__interpolated__"
