"""fleet apply: bring hosts to the declared state."""

import datetime
from pathlib import Path
from typing import NamedTuple

import click
from pyinfra.api.output import set_formatter

from fleet import apply, floating, inventory, log, options, output, plan, problems, prompt, run, turn
from fleet.apply import Apply
from schema import plan as plans
from schema.fleet import Fleet
from schema.plan import Plan
from schema.snapshot import Snapshot


@click.command()
@options.inventory
@options.limit
@options.form
@options.file
@options.ask_sudo
@options.force
@options.wait
@options.yes
def command(
    inventory: str | None,
    limit: tuple[str, ...],
    form: str,
    file: Path | None,
    ask_sudo: bool,
    force: tuple[str, ...],
    wait: float,
    yes: bool,
) -> int:
    """Bring hosts to the declared state: the operations of `pyinfra INVENTORY deploys/gpu.py`.

    Exit code: 0 done, 2 pending or blocked, 1 failed.

    \b
    fleet apply
    fleet apply inventory --limit gpu-01 -y
    fleet apply inventory --force gpu-01    also where it is in use
    """
    chosen = read(inventory, limit, force)
    with turn.taken("apply", chosen.fleet.root, chosen.names, wait):
        return bring(inventory, chosen, form, file, ask_sudo, yes)


class Chosen(NamedTuple):
    """What an apply is about: the fleet, its hosts that were selected, and those that are forced."""

    fleet: Fleet
    names: tuple[str, ...]
    forced: frozenset[str]


def read(path: str | None, limit: tuple[str, ...], force: tuple[str, ...]) -> Chosen:
    fleet = inventory.read(options.inventory_path(path), limit)
    return Chosen(fleet, inventory.chosen(fleet, limit), inventory.named(fleet, force))


def bring(path: str | None, chosen: Chosen, form: str, file: Path | None, ask_sudo: bool, yes: bool) -> int:
    """Show the plan, ask, apply, report; the exit code."""
    fleet, names, forced = chosen
    asked = prompt.sudo_password(ask_sudo)
    if not yes:
        prompt.needed("there is no terminal to ask at", "add -y to apply without a question; fleet plan only shows")
    logged = log.start("apply", progress=True)
    set_formatter(click.style)
    problems.tell(fleet.problems, problems.Place(str(path or ""), fleet.root))
    if floats := floating.note(fleet, names, options.inventory_path(path)):
        click.echo(floats, err=True)
    state = run.state_of(fleet, names, asked=asked, force=",".join(sorted(forced)))
    made = apply.prepare(state, output.counter(names))
    output.progress_end()
    try:
        return carry_out(fleet, made, forced, (form, file), yes, logged)
    finally:
        apply.close(made)


def carry_out(
    fleet: Fleet, made: Apply, forced: frozenset[str], to: tuple[str, Path | None], yes: bool, logged: Path | None
) -> int:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    changing = apply.changing(made)
    if changing:
        for host in changing:
            shown = plan.host_plan(fleet.hosts[host.name], made.seen[host.name], host.name in forced, today)
            click.echo("\n".join(plan.host_lines(shown)), err=True)
        if not yes and not prompt.confirmed(f"Apply to {len(changing)} host{'s' if len(changing) != 1 else ''}?"):
            click.echo("nothing was changed", err=True)
            return 1
        apply.execute(made)

    def decide(name: str, seen: Snapshot) -> Plan:
        return plans.diff(fleet.hosts[name], seen, force=name in forced, today=today)

    results = apply.results(made, decide)
    operations = {host.name: made.operations(host.name) for host in made.state.inventory}
    form, file = to
    output.emit(apply.text(results) if form == "text" else output.dumps(apply.document(results, operations)), file)
    code = apply.exit_code(results)
    if code and logged is not None:
        click.echo(f"log: {logged}", err=True)
    return code
