"""pyinfra executes this first. It lets an inventory be a folder of YAML, and refuses runs that would do nothing.

It wraps three private names of pyinfra 3.10 (tests/engine/test_contract.py has a test for each): the folder loader
`_get_groups_from_filename`, `make_inventory`, and the limit's `_get_inventory_pattern_matches`.
"""

import os
import signal
import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

# pyinfra appends the working folder to sys.path; ours must come before an installed package called `schema` or `facts`.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import click
from pyinfra import logger
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.context import config, state
from pyinfra_cli import cli, inventory  # type: ignore[import-untyped]
from pyinfra_cli.exceptions import CliError  # type: ignore[import-untyped]

from fleet import floating, problems, terminal, translate
from fleet import inventory as folders
from fleet.errors import RunError
from schema import ranges
from schema.errors import InvalidInventory

config.REQUIRE_PYINFRA_VERSION = "~=3.10.0"

_groups_from_file = inventory._get_groups_from_filename
_make_inventory = inventory.make_inventory
_matches = cli._get_inventory_pattern_matches


def chosen(name: str) -> tuple[str, ...]:
    """A repeatable option of the running command, such as --limit."""
    return tuple(click.get_current_context().params.get(name) or ())


def groups_from(path: str) -> translate.Groups:
    """The loader of inventory files: ours for a folder or one host's YAML file, pyinfra's own for everything else."""
    if not folders.is_inventory(path):
        return dict(_groups_from_file(path))
    look = terminal.of(sys.stderr)
    try:
        fleet = folders.read(path, chosen("limit"))
        found = translate.groups(fleet)
    except (InvalidInventory, RunError) as error:
        text = error.text() if isinstance(error, RunError) else problems.refused(error, look)
        raise CliError(f"{path} cannot be used\n{text}") from None
    # pyinfra indents what it logs.
    told = problems.text(fleet.problems, problems.Place(path, fleet.root), look._replace(width=look.width - 4))
    for line in told.splitlines():
        logger.warning(line)
    if floats := floating.note(fleet, fleet.hosts, path):
        logger.info(floats)
    return found


def make_inventory(name: str, **arguments: object) -> Inventory:
    """pyinfra's, but an unknown name or an inventory without hosts is an error (pyinfra: a warning, and exit 0)."""
    ask_only_at_a_terminal()
    # pyinfra warns about an unknown name; the error below says it better.
    logger.disabled = not os.path.exists(name)  # noqa: PTH110 - it answers False where pathlib raises.
    try:
        made: Inventory = _make_inventory(name, **arguments)
    except OSError as error:
        raise CliError(f"{name!r} is no inventory: {error.strerror}. next: pyinfra inventory ...") from None
    finally:
        logger.disabled = False
    if not len(made):
        reason = "it names no host" if os.path.exists(name) else "no such folder, file, host or module"  # noqa: PTH110
        raise CliError(f"{name} is no inventory: {reason}. next: pyinfra inventory ...")
    translate.connectors(made)
    return made


def matches(made: Inventory, patterns: Iterable[str], option: str) -> list[Host]:
    """The hosts of --limit and --exclude; a limit that matches none, or a choice that leaves none, is an error."""
    found: list[Host] = []
    for pattern in patterns:
        if ranges.is_range(pattern):  # As in every verb of fleet; for pyinfra the bracket would be of characters.
            hit = [host for host in made if ranges.matches(host.name, pattern)]
        else:
            hit = list(made) if pattern == "all" else _matches(made, [pattern], option) if known(made, pattern) else []
        if not hit and option == "--limit":
            names = ", ".join(sorted(host.name for host in made)[:8])
            raise CliError(f"--limit {pattern!r} matches no host. Hosts: {names}")
        found += hit
    if option == "--exclude":
        limit = chosen("limit")
        before = matches(made, limit, "--limit") if limit else list(made)
        if not set(before) - set(found):
            raise CliError("--exclude leaves no host")
    return list(dict.fromkeys(found))


def known(made: Inventory, pattern: str) -> bool:
    """Whether a pattern names a group or matches a host, as pyinfra's own code decides it."""
    return bool(made.get_group(pattern, default=None)) or any(fnmatch(host.name, pattern) for host in made)


def ask_only_at_a_terminal() -> None:
    """Without a terminal nothing can be asked: say which flag to give, and let no failed host raise a question."""
    if sys.stdin.isatty():
        return
    given = click.get_current_context().params
    deploys = all(name.endswith(".py") for name in given["operations"]) or "." in given["operations"][0]
    silent = any(given[name] for name in ("yes", "dry", "json_output", "debug_operations", "debug_facts"))
    if deploys and not silent:
        raise CliError("there is no terminal to ask at. next: add -y to run it, or --dry to see what it would do")
    # pyinfra 3.10 asks "One or more hosts failed, continue?" unless -y or --json is given (cli.py, _set_fail_prompts).
    if given["fail_percent"] is None:
        state.should_raise_failed_hosts = None
        config.FAIL_PERCENT = None


def interrupted(_signal: int, _frame: object) -> None:
    """Ctrl-C is no success (pyinfra 3.10 exits with 0)."""
    click.echo("interrupted", err=True)
    sys.exit(130)


inventory._get_groups_from_filename = groups_from
cli.make_inventory = make_inventory
cli._get_inventory_pattern_matches = matches
signal.signal(signal.SIGINT, interrupted)
