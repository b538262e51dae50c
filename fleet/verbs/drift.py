"""fleet drift: observed against desired, and health."""

from pathlib import Path

import click

from fleet import drift, floating, inventory, log, options, output, problems, prompt, run


@click.command()
@options.inventory
@options.limit
@options.form
@options.file
@options.ask_sudo
@click.option("--unreachable", type=click.Choice(["fail", "ignore"]), default="fail", show_default=True)
@click.option("--fail-on", type=click.Choice(["error", "warning", "never"]), default="error", show_default=True)
def command(
    inventory: str | None,
    limit: tuple[str, ...],
    form: str,
    file: Path | None,
    ask_sudo: bool,
    unreachable: str,
    fail_on: drift.FailOn,
) -> int:
    """Compare hosts with their declarations; nothing is changed.

    Exit code: 0 all in sync, 2 drift or unhealthy, 1 could not tell of every host.

    \b
    fleet drift
    fleet drift inventory --limit rack-a,desk
    fleet drift --format json -o drift.json
    """
    return check(inventory, limit, form, file, ask_sudo, unreachable == "ignore", fail_on)


def check(
    path: str | None,
    limit: tuple[str, ...],
    form: str,
    file: Path | None,
    ask_sudo: bool,
    ignore_unreachable: bool,
    fail_on: drift.FailOn,
) -> int:
    """Look at the chosen hosts and report; the exit code."""
    fleet = inventory.read(options.inventory_path(path), limit)
    names = inventory.chosen(fleet, limit)
    log.start("drift", progress=False)
    problems.tell(fleet.problems, problems.Place(str(path or ""), fleet.root))
    if floats := floating.note(fleet, names, options.inventory_path(path)):
        click.echo(floats, err=True)
    seen = run.snapshots(fleet, names, asked=prompt.sudo_password(ask_sudo), told=output.counter(names))
    output.progress_end()
    hosts = drift.report(fleet.hosts, seen, fail_on)
    output.emit(drift.text(hosts) if form == "text" else output.dumps(drift.document(hosts)), file)
    return drift.exit_code(hosts, fail_on, ignore_unreachable=ignore_unreachable)
