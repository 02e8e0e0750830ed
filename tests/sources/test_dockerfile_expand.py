"""Variables and quotes outside shell scripts."""

from __future__ import annotations

import pytest

from aiaudit.sources.dockerfile.expand import expand, unquote

VALUES = {"a": "one", "empty": "", "path": "usr/local/lib.tar.gz", "star": "a*b"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("$a", "one"),
        ("${a}x", "onex"),
        ("x$a-y", "xone-y"),
        ("\\$a", "$a"),
        ("'$a'", "$a"),
        ('"$a b"', "one b"),
        ('"\\$a \\x"', "$a \\x"),
        ("${a:-z}", "one"),
        ("${empty:-z}", "z"),
        ("${empty-z}", ""),
        ("${none:-z}", "z"),
        ("${none-z}", "z"),
        ("${none:-${a}}", "one"),
        ("${none:-'q r'}", "q r"),
        ("${a:+z}", "z"),
        ("${empty:+z}", ""),
        ("${empty+z}", "z"),
        ("${none:+z}", ""),
        ("${a:?no}", "one"),
        ("${path#*/}", "local/lib.tar.gz"),
        ("${path##*/}", "lib.tar.gz"),
        ("${path%.*}", "usr/local/lib.tar"),
        ("${path%%.*}", "usr/local/lib"),
        ("${path#x}", "usr/local/lib.tar.gz"),
        ("${path%???}", "usr/local/lib.tar"),
        ("${path/l/L}", "usr/Local/lib.tar.gz"),
        ("${path//l/L}", "usr/LocaL/Lib.tar.gz"),
        ("${path//\\//-}", "usr-local-lib.tar.gz"),
        ("${path/l*/x}", "usr/x"),
        ("${star/\\*/-}", "a-b"),
        ("a$", "a$"),
    ],
)
def test_known_variables(text: str, result: str) -> None:
    expansion = expand(text, VALUES.get)
    assert expansion.text == result
    assert expansion.complete


@pytest.mark.parametrize(
    ("text", "result", "unknown"),
    [
        ("img:$TAG", "img:$TAG", ("TAG",)),
        ("${REG}/x:${a}", "${REG}/x:one", ("REG",)),
        ("${X%.*}", "${X%.*}", ("X",)),
        ("${X/a/b}", "${X/a/b}", ("X",)),
        ("${X:?must}", "${X:?must}", ("X",)),
        ("${X:-$Y}", "$Y", ("Y",)),
        ("$X$Y$X", "$X$Y$X", ("X", "Y")),
    ],
)
def test_unknown_variables_stand_as_written_and_are_named(text: str, result: str, unknown: tuple[str, ...]) -> None:
    expansion = expand(text, VALUES.get)
    assert (expansion.text, expansion.unknown) == (result, unknown)
    assert not expansion.complete


def test_unset_variables_may_become_empty() -> None:
    assert expand("x${TAG}y", VALUES.get, keep_unset=False).text == "xy"


@pytest.mark.parametrize(
    "text", ["${", "${a", "${}", "${a:", "${a:%x}", "${a~b}", "'open", '"open', "${a/b}", "${empty:?}"]
)
def test_what_the_builder_refuses_is_left_and_told(text: str) -> None:
    expansion = expand(text, VALUES.get)
    assert expansion.text == text
    assert expansion.error


def test_the_escape_is_the_files() -> None:
    assert expand("c:\\x", VALUES.get, "`").text == "c:\\x"
    assert expand("`$a", VALUES.get, "`").text == "$a"


def test_quotes_go_and_variables_stay() -> None:
    assert unquote('"a $b" \'c\' ${d:-"e"}') == 'a $b c ${d:-"e"}'
    assert unquote("'open") == "'open"
