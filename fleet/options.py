"""Arguments and options that the verbs share, and where the inventory is when none is named."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from fleet.errors import RunError

Function = TypeVar("Function", bound=Callable[..., object])
Decorator = Callable[[Function], Function]


def inventory_path(given: str | None) -> Path:
    """The inventory named, else ./inventory, else the current folder if it has that shape. Raises RunError."""
    if given is not None:
        # An empty name is a variable of a script that is not set, and not the current folder.
        if given and os.path.exists(given):  # noqa: PTH110 - it answers False where pathlib raises.
            return Path(given)
        raise RunError(
            "RUN233",
            f"there is no inventory {given!r}",
            hint="name a folder with hosts/NAME.yaml in it, or one NAME.yaml; fleet init DIR writes a first one",
        )
    here = Path.cwd()
    for folder in (here / "inventory", here):
        if (folder / "hosts").is_dir() or (folder / "fleet.yaml").is_file():
            return folder.relative_to(here)
    raise RunError(
        "RUN233",
        f"there is no inventory in {here}: neither a folder inventory nor hosts/NAME.yaml",
        hint="name it (fleet VERB PATH), or begin with: fleet init inventory",
    )


Files = TypeVar("Files", Path | None, tuple[Path, ...])


def writable(_context: click.Context, _parameter: click.Parameter, value: Files) -> Files:
    """Refuses a report's file in a folder that is not there, before any host is looked at."""
    for file in value if isinstance(value, tuple) else (value,):
        if file is not None and not file.parent.is_dir():
            message = f"cannot write {file}: there is no folder {file.parent}"
            raise RunError("RUN230", message, hint="make it, or use -o")
    return value


inventory: Decorator[Any] = click.argument("inventory", required=False, type=click.Path())
limit: Decorator[Any] = click.option(
    "--limit",
    multiple=True,
    metavar="HOST,GROUP,GLOB",
    help="Only these hosts, also 'node[01-17,20]'; repeatable, or with commas between.",
)
form: Decorator[Any] = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of output."
)
file: Decorator[Any] = click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=writable,
    help="Write the report to a file.",
)
ask_sudo: Decorator[Any] = click.option(
    "-K", "--ask-sudo-password", "ask_sudo", is_flag=True, help="Ask once for the sudo password of all hosts."
)
force: Decorator[Any] = click.option(
    "--force", multiple=True, metavar="HOST", help="Change this host though it is in use; repeatable."
)
yes: Decorator[Any] = click.option("-y", "--yes", is_flag=True, envvar="FLEET_YES", help="Do not ask.")
wait: Decorator[Any] = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    help="Where the same run is at work already: wait so long for its end.  [default: 0]",
)
