"""`fleet lab`: real hosts on this machine, up, down and what there is."""

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click

from lab import definition as definitions
from lab import lab as labs
from lab import report
from lab.errors import LabError

P = ParamSpec("P")

DEFINITION = click.option(
    "--definition",
    "definition_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=definitions.DEFAULT,
    help="YAML file that says which hosts there are.  [default: lab/lab.yaml]",
)
FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


def _clean(function: Callable[P, None]) -> Callable[P, None]:
    """Turn the lab's own error into one message and exit status 1."""

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except LabError as error:
            raise click.ClickException(str(error)) from error

    return inner


def _say(line: str) -> None:
    click.echo(line, err=True)


@click.group(name="lab", context_settings={"help_option_names": ["-h", "--help"]})
def lab() -> None:
    """Real hosts on this machine, to try, to test and to measure with.

    They boot systemd, take SSH logins and install packages with the real apt and dpkg from stand-ins of NVIDIA's and
    Ubuntu's repositories that this machine serves. Needs Linux and root (all but `status`).

    \b
    Examples:
      sudo fleet lab up                      two hosts: desk (GTX 1080) and node (2 x H100)
      fleet lab status                       what runs, and how to log in
      pyinfra inventory deploys/gpu.py       the shipped inventory names these hosts
      sudo fleet lab up --definition my.yaml hosts of your own choice
      sudo fleet lab down                    leaves nothing behind
    """


@lab.command()
@DEFINITION
@FORMAT
@_clean
def up(definition_path: Path, form: str) -> None:
    """Boot the lab's hosts, or those of them that are off; their disks are kept until `down`.

    \b
    Examples:
      sudo fleet lab up
      sudo fleet lab up --definition my-lab.yaml --format json
    """
    wanted = definitions.load(definition_path)
    labs.up(labs.default(), wanted, _say)
    _print(report.status(labs.default(), wanted), form)


@lab.command()
@_clean
def down() -> None:
    """Take the lab down and leave nothing behind, whatever became of it.

    \b
    Example:
      sudo fleet lab down
    """
    labs.down(labs.default(), _say)
    click.echo("The lab is down.")


@lab.command()
@DEFINITION
@FORMAT
@_clean
def status(definition_path: Path, form: str) -> None:
    """Say which hosts there are, whether they run, and how to log in.

    \b
    Examples:
      fleet lab status
      fleet lab status --format json
    """
    _print(report.status(labs.default(), definitions.load(definition_path)), form)


def _print(found: report.LabStatus, form: str) -> None:
    click.echo(json.dumps(found, indent=2) if form == "json" else report.text(found))
