"""The click commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from aiaudit.settings import Settings, UsageError


def run(arguments: Sequence[str]) -> int:
    """Run the command line; `check` is the default command."""
    arguments = list(arguments)
    if not arguments or arguments[0] not in cli.commands:
        arguments.insert(0, "check")
    try:
        return int(cli.main(arguments, prog_name="aiaudit", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return 2
    except UsageError as error:
        print(f"aiaudit: {error}", file=sys.stderr)
        return 2


@click.group()
def cli() -> None:
    """Is this AI API fit for production?"""


@cli.command()
@click.argument("paths", nargs=-1)
@click.option("--format", "format_name", default="text")
@click.option("--select", multiple=True)
@click.option("--ignore", multiple=True)
@click.option("--profile", type=click.Choice(["default", "pedantic"]), default="default")
@click.option("--no-cache", is_flag=True)
def check(
    paths: tuple[str, ...],
    format_name: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    profile: str,
    no_cache: bool,
) -> int:
    """Audit files and folders."""
    from aiaudit import api
    from aiaudit.finding import Severity
    from aiaudit.report import json

    def split(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for value in values for name in value.split(",") if name)

    settings = Settings(select=split(select), ignore=split(ignore), profile=profile)
    report = api.audit(paths or (".",), settings)
    if format_name == "json":
        json.render(report, sys.stdout)
    else:
        for reported in report.findings:
            finding = reported.finding
            place = f"{finding.span.path}:{finding.span.line}:{finding.span.column}"
            print(f"{place}: {finding.rule} {finding.name} {finding.message}")
        for diagnostic in report.diagnostics:
            print(f"{diagnostic.level}: {diagnostic.path}: {diagnostic.message}", file=sys.stderr)
    return report.exit_code(Severity.LOW)
