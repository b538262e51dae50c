"""fleet drift: observed against desired, and health."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import click

from fleet import deep as deeper
from fleet import floating, inventory, log, options, problems, progress, prompt, turn
from fleet import look as looks
from fleet.errors import RunError
from fleet.report import baseline as baselines
from fleet.report import form, make
from fleet.report.clock import Clock
from fleet.report.model import FailOn, HostReport, Report
from fleet.secrets import Secret
from schema.compute import Compute
from schema.fleet import Fleet
from schema.snapshot import Snapshot


@click.command()
@options.inventory
@options.limit
@click.option(
    "--format", "forms", type=click.Choice(form.FORMS), multiple=True, help="Form of the report.  [default: text]"
)
@click.option(
    "-o",
    "--output",
    "files",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    callback=options.writable,
    help="Write the report to a file, in the form of its ending or of --format; - is standard output. Repeatable.",
)
@click.option(
    "--baseline", type=click.Path(path_type=Path), help="An earlier report (JSON): say what is new and gone since."
)
@options.ask_sudo
@click.option("--deep", is_flag=True, help="Also have each idle GPU compute something, in one more command per host.")
@options.wait
@click.option("--unreachable", type=click.Choice(["fail", "ignore"]), default="fail", show_default=True)
@click.option("--fail-on", type=click.Choice(["error", "warning", "never"]), default="error", show_default=True)
def command(
    inventory: str | None,
    limit: tuple[str, ...],
    forms: tuple[form.Form, ...],
    files: tuple[Path, ...],
    baseline: Path | None,
    ask_sudo: bool,
    deep: bool,
    wait: float,
    unreachable: str,
    fail_on: FailOn,
) -> int:
    """Compare hosts with their declarations; nothing is changed.

    Exit code: 0 all in sync, 2 drift or unhealthy, 1 could not tell of every host. Of two checks of the same hosts at
    once the second ends with 1, before it looks at any (RUN450).

    \b
    fleet drift
    fleet drift inventory --limit rack-a,desk
    fleet drift --format json
    fleet drift --deep --limit gpu-box
    fleet drift --baseline drift.json -o - -o drift.json
    """
    outputs = form.outputs(forms, files)
    old = earlier(baseline, files)
    before = (old, baseline) if old and baseline else None
    with contextlib.ExitStack() as held:
        report = look(inventory, limit, ask_sudo, fail_on, before, held, wait, deep=deep)
        form.tell(report, outputs, inventory)
    return make.exit_code(report.hosts, fail_on, ignore_unreachable=unreachable == "ignore")


def earlier(file: Path | None, files: tuple[Path, ...]) -> Report | None:
    """The baseline. Where this run writes that file too and it is not there, this is the first run. Raises RunError."""
    if file is None:
        return None
    if file in files and not file.exists():
        click.echo(f"there is no {file} yet: nothing to compare with, this run writes the first", err=True)
        return None
    return baselines.read(file)


def look(
    path: str | None,
    limit: tuple[str, ...],
    ask_sudo: bool,
    fail_on: FailOn,
    old: tuple[Report, Path] | None,
    held: contextlib.ExitStack,
    wait: float,
    *,
    deep: bool = False,
) -> Report:
    """Look at the chosen hosts, one after the other told on a terminal; `old`: the baseline and its file.

    `held` keeps the turn of these hosts until the report is written; `wait` is how many seconds to wait for it.
    """
    fleet = inventory.read(options.inventory_path(path), limit)
    names = inventory.chosen(fleet, limit)
    if old is not None:
        baselines.check(*old, fleet.names)
    if held.enter_context(turn.taken("drift", fleet.root, names, wait)) and old is not None:
        # The run that was waited for may have written it anew.
        old = (baselines.read(old[1]), old[1])
    log.start("drift", progress=False)
    problems.tell(fleet.problems, problems.Place(str(path or ""), fleet.root))
    if floats := floating.note(fleet, names, options.inventory_path(path)):
        click.echo(floats, err=True)
    if applies := turn.beside("apply", fleet.root, names):
        click.echo(applies, err=True)
    clock = Clock()
    made = gather(fleet, names, fail_on, clock, prompt.sudo_password(ask_sudo), deep=deep)
    return make.report(fleet, made, fail_on, clock, old[0] if old is not None else None)


def gather(
    fleet: Fleet, names: Sequence[str], fail_on: FailOn, clock: Clock, asked: Secret | None, *, deep: bool
) -> dict[str, HostReport]:
    """The report of each host, in their order; `asked` is the sudo password of all of them, where one was asked for."""
    shown = progress.Progress(names)
    made: dict[str, HostReport] = {}
    tests: dict[str, Compute] = {}

    def told(name: str, found: Snapshot | RunError) -> None:
        clock.ended(name, found)
        # What was observed is not kept: of thousands of hosts their reports alone remain.
        made[name] = make.safely(fleet.hosts[name], found, fail_on, clock.started.date(), tests.pop(name, None))
        shown.told(name, made[name].status, made[name].error)

    looker = deeper.looker(fleet.hosts, tests) if deep else looks.observed
    looks.each(fleet, names, looker, told, asked=asked, began=clock.began)
    shown.end()
    return {name: made[name] for name in names}
