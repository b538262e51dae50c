"""fleet plan: what an apply would do."""

from pathlib import Path

import click

from fleet import floating, inventory, log, look, options, output, plan, problems, prompt


@click.command()
@options.inventory
@options.limit
@options.form
@options.file
@options.ask_sudo
@options.force
def command(
    inventory: str | None,
    limit: tuple[str, ...],
    form: str,
    file: Path | None,
    ask_sudo: bool,
    force: tuple[str, ...],
) -> int:
    """Show what an apply would do: packages old to new, bytes, the reboot. Nothing is changed.

    Exit code: 0 nothing to do, 2 changes, 1 no plan for every host.

    \b
    fleet plan
    fleet plan inventory --limit gpu-01
    fleet plan --format json -o plan.json
    """
    return show(inventory, limit, form, file, ask_sudo, force)


def show(
    path: str | None, limit: tuple[str, ...], form: str, file: Path | None, ask_sudo: bool, force: tuple[str, ...]
) -> int:
    """Look at the chosen hosts and print their plans; the exit code."""
    fleet = inventory.read(options.inventory_path(path), limit)
    names = inventory.chosen(fleet, limit)
    forced = inventory.named(fleet, force)
    log.start("plan", progress=False)
    problems.tell(fleet.problems, problems.Place(str(path or ""), fleet.root))
    if floats := floating.note(fleet, names, options.inventory_path(path)):
        click.echo(floats, err=True)
    seen = look.snapshots(fleet, names, look.observed, asked=prompt.sudo_password(ask_sudo), told=output.counter(names))
    output.progress_end()
    hosts = plan.report(fleet.hosts, seen, forced)
    output.emit(plan.text(hosts) if form == "text" else output.dumps(plan.document(hosts)), file)
    return plan.exit_code(hosts)
