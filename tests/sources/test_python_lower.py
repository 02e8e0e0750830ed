"""Newer grammar comes out as the facts that its older spelling gives, on the same lines."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest

from aiaudit.sources.python.extract import extract
from aiaudit.sources.python.facts import INTERPOLATION
from aiaudit.sources.python.lower import lower

# What stands on the left means, for the facts, what stands on the right.
SAME = {
    "type parameters": ("def f[T: int, *Ts, **P](x: T) -> T:\n    return x\n", "def f(x: T) -> T:\n    return x\n"),
    "type parameters on lines": ("def f[\n    T,  # any\n    U,\n](x: T): ...\n", "def f(\n\n\nx: T): ...\n"),
    "asynchronous": ("async def f[T](): ...\n", "async def f(): ...\n"),
    "defaults": ("class A[T = int, *Ts = *tuple[int, str], **P = [int]]: ...\n", "class A: ...\n"),
    "class": ("class A[\n    T\n](B, metaclass=C): ...\n", "class A(\n\nB, metaclass=C): ...\n"),
    "type alias": ("type X[T] = list[T]; y = 1\n", "X = list[T]; y = 1\n"),
    "type alias on lines": ("type X[\n    T,\n] = (\n    list[T]\n)\n", "X = \\\n\\\n(\n    list[T]\n)\n"),
    "a name that says type": ("type = 1\ntype (x)\nmatch = type\n", "type = 1\ntype (x)\nmatch = type\n"),
    "bare exceptions": ("try:\n    f()\nexcept A, B.C:\n    g()\n", "try:\n    f()\nexcept (A, B.C):\n    g()\n"),
    "group": ("try:\n    f()\nexcept* A as e:\n    g()\n", "try:\n    f()\nexcept A as e:\n    g()\n"),
    "bare group": ("try:\n    f()\nexcept* A, B:\n    g()\n", "try:\n    f()\nexcept (A, B):\n    g()\n"),
    "group on lines": (
        "try:\n    f()\nexcept \\\n  * A:\n    g()\nelse:\n    h()\nfinally:\n    i()\n",
        "try:\n    f()\nexcept \\\n    A:\n    g()\nelse:\n    h()\nfinally:\n    i()\n",
    ),
    "star in subscript": ("x = a[*b]\n", "x = a[(*b,)]\n"),
    "stars in subscript": ("x = a[1,\n*b, 2]\n", "x = a[(1,\n*b, 2)]\n"),
    "starred annotation": ("def f(*args: *Ts): ...\n", "def f(*args: Ts): ...\n"),
    "lazy import": (
        "lazy import os.path as p\nlazy from .a import (\n    b,\n)\n",
        "import os.path as p\nfrom .a import (\n    b,\n)\n",
    ),
    "quotes": ("x = f'{d['a']}'\n", "x = f\"{d['a']}\"\n"),
    "nested": ("x = f'{f'{f'{1 + a}'}'}'\n", "x = f'''{f\"{f'{1 + a}'}\"}'''\n"),
    "backslash": ("x = f'{sep.join('\\n')}'\n", "x = f'{sep.join(chr_)}'\n".replace("chr_", '"""\n"""')),
    "comment": ("x = f'{\n  a # }\n}' + b\n", "x = f'''{\n  a\n}''' + b\n"),
    "literal parts": ("x = f'a{{{d['k']}}}\\t\\{b}c'\n", "x = f\"a{{{d['k']}}}\\t\\\\{b}c\"\n"),
    "quotes at the ends": ('x = f"""a"{d["""k"""]}\\"\\"{b}"""\n', "x = f'''a\"{d[\"k\"]}\"\"{b}'''\n"),
    "raw": ("x = rf'\\d{d['k']}\\w'\n", "x = rf'\\d{d[\"k\"]}\\w'\n"),
    "shown": ("x = f'{d['k'] = }'\n", "x = f'd[\\'k\\'] = {d[\"k\"]}'\n"),
    "conversion and format": ("x = f'{d['k']!r:>{w}}'\n", "x = f'{d[\"k\"]!r:>{w}}'\n"),
    "tuple, literal and yield": (
        "def f(): x = f'{1, d['k']}{'a'}{yield}'\n",
        'def f(): x = f\'{1, d["k"]}{"a"}{yield}\'\n',
    ),
    "adjacent": ("x = ('a'\n  f'{d['k']}' # c\n 'b'\n f'{e}')\n", "x = ('a'\n  f'{d[\"k\"]}' # c\n 'b'\n f'{e}')\n"),
    "adjacent to a keyword": ("def f(): return'a' f'{d['k']}'\n", "def f(): return'a' f'{d[\"k\"]}'\n"),
    "template": ("x = t'hello {name!r:>{w}} {d['k']}'\n", "x = f'hello {name!r:>{w}} {d[\"k\"]}'\n"),
    "raw template": ("x = rt'\\d{a}'\n", "x = rf'\\d{a}'\n"),
    "method of an interpolated string": ("x = f'{d['k']}'.lower()\n", "x = f'{d[\"k\"]}'.lower()\n"),
}


def lines_alone(node: Any) -> Any:
    """Facts with the first line of each extent in place of the extent: columns move, lines do not."""
    if not isinstance(node, tuple):
        return node
    if len(node) == 4 and all(type(part) is int for part in node):
        return node[0]
    return tuple(lines_alone(part) for part in node)


@pytest.mark.parametrize(("new", "old"), SAME.values(), ids=SAME)
def test_same_facts(new: str, old: str) -> None:
    """Both spellings give the same facts on the same lines."""
    lowered = lower(new)

    assert lowered is not None
    assert lowered.count("\n") == new.count("\n")
    assert extract(lowered)[0] is None
    assert lines_alone(extract(lowered)) == lines_alone(extract(old))


@pytest.mark.parametrize("new", [new for new, _ in SAME.values()], ids=SAME)
def test_extract_reads_it(new: str) -> None:
    """Whatever the interpreter knows itself, the extractor reads it, with the facts of the rewritten form."""
    assert extract(new)[0] is None
    assert lines_alone(extract(new)) == lines_alone(extract(lower(new) or ""))


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the interpreter reads these itself")
@pytest.mark.parametrize("name", ["quotes", "nested", "backslash", "comment", "adjacent"])
def test_the_call_in_between_is_not_seen(name: str) -> None:
    """The name that carries an interpolated string through an older parser shows up in no fact."""
    assert INTERPOLATION in str(lower(SAME[name][0]))
    assert INTERPOLATION not in str(extract(SAME[name][0]))


def test_old_grammar_stays_as_it_is() -> None:
    """What needs no rewriting comes back letter for letter."""
    text = 'import a  # c\n\n\ndef f(x, *, y=f"{a!r}"):\n\treturn x [ 1 ] , "b"   \n\r\nclass  A : pass\n'

    assert lower(text) == text


@pytest.mark.parametrize("text", ["def f(:\n", "print 'x'\n", "x = (\n", "if a:\nb\n", "{% raw %}\n", "x = f'{'\n"])
def test_no_python(text: str) -> None:
    """What is no Python in any version is not made into some."""
    assert lower(text) is None
    problem, body = extract(text)
    assert problem is not None
    assert body == ()


def test_carriage_returns() -> None:
    """Lines end as they did."""
    lowered = lower("type X = int\r\ny = f'{d['a']}'\r\n")

    assert lowered is not None
    assert lowered.count("\r\n") == 2
    assert [node[1][0] for node in extract(lowered)[1]] == [1, 2]


@pytest.mark.parametrize(
    "expression",
    [
        "'(' * 3000",
        "'-' * 40000 + 'x y'",
        "'a' + '.b' * 30000 + ' c'",
        "'a' + '()' * 30000 + ' c'",
        "'x = ' + 'a+' * 30000 + 'b c'",
        "'x = [' + 'a+\\n' * 30000 + 'b c]'",
        "'not ' * 5000 + 'x y'",
    ],
)
def test_entangled_text_ends_no_process(expression: str) -> None:
    """Text on which a recursive parser would overflow the stack, or never end, gives a problem."""
    code = f"from aiaudit.sources.python.extract import extract; print(extract({expression})[0] is not None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stdout.strip()) == (0, "True")


def test_large_data_is_not_entangled() -> None:
    """A long table beside new grammar is read."""
    table = "DATA = [\n" + "    {'a': 1, 'b': [2, 3]},\n" * 3000 + "]\n"
    lowered = lower(f"type X = int\n{table}")

    assert lowered is not None
    assert ast.parse(lowered).body[1].lineno == 2
