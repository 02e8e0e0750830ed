"""The click commands: everything that the quick reader does not handle itself."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from aiaudit import __version__
from aiaudit.cli.boot_options import BOOT_OPTIONS, PROVE_OPTIONS
from aiaudit.cli.options import COMMANDS, OPTIONS, Option, split
from aiaudit.peers import PEERS
from aiaudit.results import USAGE
from aiaudit.settings import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_EPILOG = (
    "Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 usage or configuration error; 3 the audit is "
    "incomplete: a file that cannot be read or parsed, a rule that crashed, nothing to audit."
)

_BOOT_EPILOG = (
    "Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 usage or configuration error; 3 no engine, an image "
    "that cannot be built or run, or anything else that could not be looked at."
)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; `check` is the default command."""
    words = list(arguments)
    if not words or (words[0] not in COMMANDS and words[0] not in ("-h", "--help", "--version", "-V")):
        words.insert(0, "check")
    try:
        return int(cli.main(words, prog_name="aiaudit", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return USAGE
    except click.Abort:
        return 130
    except UsageError as error:
        print(f"aiaudit: {error}", file=sys.stderr)
        return USAGE


@click.group(context_settings=_HELP, epilog=_EPILOG)
@click.version_option(__version__, "--version", "-V", prog_name="aiaudit", message="%(prog)s %(version)s")
def cli() -> None:
    """Tell whether an AI API is fit for production.

    `aiaudit .` audits this folder; `check` is the command when none is named.
    """


def _options(table: Sequence[Option]) -> Callable[[Command], Command]:
    """The options of a table, as click options."""

    def add(command: Command) -> Command:
        for option in reversed(table):
            command = _click_option(option)(command)
        return command

    return add


def _parted(table: Sequence[Option], values: dict[str, Any]) -> dict[str, Any]:
    """Values of which those that commas part are taken apart."""
    lists = [option.name for option in table if option.form == "list"]
    return values | {name: tuple(part for value in values[name] for part in split(value)) for name in lists}


def _click_option(option: Option) -> Callable[[Command], Command]:
    names = [option.name, *option.flags]
    if option.form == "flag":
        return click.option(*names, is_flag=True, help=option.help)
    kind = click.Choice(option.choices) if option.choices else None
    return click.option(
        *names,
        type=kind,
        multiple=option.form in ("list", "repeat"),
        default=option.default,
        metavar=option.metavar or None,
        help=option.help,
    )


@cli.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1)
@_options(OPTIONS)
def check(**values: Any) -> int:
    """Audit files and folders; the default is this folder.

    A folder is audited as a service of its own. Files are seen in their repository and reported on alone.
    """
    from aiaudit.cli.check import check as run_check

    return run_check(_parted(OPTIONS, values), None, time.time_ns())


@cli.command(epilog=_BOOT_EPILOG)
@click.argument("path", default=".")
@_options(BOOT_OPTIONS)
def boot(path: str, **values: Any) -> int:
    """Boot the image of a folder and prove that it starts, fails and stops as it should.

    Without --image the folder's Dockerfile is built first, which executes its RUN lines. Containers get dummy values
    and no network; nothing is left of them.
    """
    from aiaudit.cli.boot import run_boot

    return run_boot(path, _parted(BOOT_OPTIONS, values))


@cli.command(epilog=_BOOT_EPILOG)
@click.argument("path", default=".")
@_options(PROVE_OPTIONS)
def prove(path: str, **values: Any) -> int:
    """Prove findings about the image of a folder by building it.

    What is built again after a change of a source file, and which bytes of the image nobody needs. The RUN lines of the
    Dockerfile are executed, on copies of the folder.
    """
    from aiaudit.cli.prove import run_prove

    return run_prove(path, _parted(PROVE_OPTIONS, values))


@cli.command()
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--aliases", "peer", type=click.Choice(list(PEERS)), help="List another tool's ids that rules cover.")
def rules(form: str, peer: str | None) -> int:
    """List all rules."""
    from aiaudit.cli.rules import list_aliases, list_rules

    return list_aliases(peer, form) if peer else list_rules(form)


@cli.command()
@click.argument("name", metavar="ID-OR-NAME")
def rule(name: str) -> int:
    """Explain one rule."""
    from aiaudit.cli.rules import explain_rule

    return explain_rule(name)


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    help="Default: text for folders, jsonl for files.",
)
def inspect(paths: tuple[str, ...], form: str | None) -> int:
    """Show what is seen in files; of a folder the map of its service: routes with what each reaches, what starts when,
    resources, settings."""
    from aiaudit.cli.inspect import inspect_paths

    return inspect_paths(paths, form)
