"""fleet lock: resolve and write fleet.lock."""

from pathlib import Path

import click

from fleet import inventory, options, output, problems
from fleet.errors import RunError
from fleet.lock import difference, stale, write
from fleet.lock.make import Maker
from fleet.lock.update import CONCERNS, Update
from schema import load
from schema.errors import InvalidInventory
from schema.fleet import Fleet, judge
from schema.lock import read
from schema.lock.model import Lock


@click.command()
@click.argument("inventory", required=False, type=click.Path())
@click.argument("packages", nargs=-1, metavar="[PACKAGE]...")
@click.option("--update", is_flag=True, help="Renew everything, or only the packages, environments or concerns named.")
@click.option("--check", "checked", is_flag=True, help="Is fleet.lock up to date? Exit code 2 when not; no network.")
@click.option("--dry", is_flag=True, help="Show the difference; write nothing.")
@options.limit
@options.form
@options.file
def command(
    inventory: str | None,
    packages: tuple[str, ...],
    update: bool,
    checked: bool,
    dry: bool,
    limit: tuple[str, ...],
    form: str,
    file: Path | None,
) -> int:
    """Resolve exact versions and hashes for all hosts, and write them to fleet.lock in the inventory folder.

    What fleet.lock has already stays as it is; only what is new or changed is resolved. With --update everything is
    renewed, or only the named PACKAGEs: apt, conda and pip packages, environments, and the concerns driver, cuda,
    cudnn, conda and environments. With --limit only these hosts are renewed.

    Exit code: 0 done or up to date, 2 with --check when stale, 1 not possible; the old fleet.lock then stays.

    \b
    fleet lock
    fleet lock inventory --update nvidia-open-580
    fleet lock --update --dry
    fleet lock --check
    """
    if packages and not update:
        raise click.UsageError(f"{packages[0]!r}: names go with --update; the inventory comes first")
    if checked and (update or dry):
        raise click.UsageError("--check goes with neither --update nor --dry")
    path, names = _named(inventory, packages, update)
    fleet, chosen = fleet_at(path, limit)
    old = old_lock(fleet)
    if checked:
        return check(fleet, chosen, old, form, file, whole=not limit and path.is_dir())
    renewed = Update(frozenset(names), everything=update and not names)
    maker = Maker(fleet, chosen, old, renewed, output.progress, whole=path.is_dir())
    return renew(maker, form, file, dry=dry)


def _named(given: str | None, packages: tuple[str, ...], update: bool) -> tuple[Path, tuple[str, ...]]:
    """The inventory and the names to renew: `fleet lock --update cuda` names no inventory."""
    if update and given is not None and not Path(given).exists():
        return options.inventory_path(None), (given, *packages)
    return options.inventory_path(given), packages


def fleet_at(path: Path, limit: tuple[str, ...]) -> tuple[Fleet, tuple[str, ...]]:
    """The fleet without its lock, and the chosen hosts. Raises InvalidInventory for errors of the chosen hosts."""
    found = load.read(path, locked=False)
    patterns = inventory.parts(limit)
    selected, missed = found.select(patterns) if patterns else (found.names, ())
    extra = [load.unmatched(pattern, path, found) for pattern in missed]
    judged = judge([*found.problems, *extra], selected if patterns else None)
    if any(problem.severity == "error" for problem in judged):
        raise InvalidInventory(judged, str(path), found.root)
    problems.tell(judged, problems.Place(str(path), found.root))
    return found, inventory.chosen(found, limit)


def old_lock(fleet: Fleet) -> Lock | None:
    try:
        return read.load(fleet.root)
    except read.Broken as broken:
        raise InvalidInventory([broken.problem], fleet.root, fleet.root) from None


def check(fleet: Fleet, names: tuple[str, ...], old: Lock | None, form: str, file: Path | None, *, whole: bool) -> int:
    found = stale.stale(fleet, names, old if old is not None else Lock(), whole=whole)
    fresh = old is not None and not found
    if form == "json":
        rows = [item.model_dump(mode="json") for item in found]
        output.emit(output.dumps({"version": 1, "fresh": fresh, "lock": old is not None, "stale": rows}), file)
    else:
        lines = [] if old is not None else [f"there is no {read.NAME} in {fleet.root}"]
        lines += [f"{item.host}: {item.reason}" for item in found] if old is not None else []
        if fresh:
            lines.append(f"{read.NAME} is up to date: {len(names)} host{'s' if len(names) != 1 else ''}")
        else:
            lines.append("next: fleet lock")
        output.emit("\n".join(lines), file)
    return 0 if fresh else 2


def renew(maker: Maker, form: str, file: Path | None, *, dry: bool) -> int:
    """Resolve, tell the difference, and write the lock if it changed."""
    fleet, old, update = maker.fleet, maker.old, maker.update
    try:
        new = maker.lock()
    except RunError as error:
        # Whatever went wrong for an environment or a repository, this is what its reader asks next.
        kept = "fleet.lock is as it was" if old is not None else "no fleet.lock was written"
        raise RunError(
            error.code, str(error), evidence=error.failure.evidence, hint=f"{error.failure.hint} ({kept})"
        ) from error
    finally:
        output.progress_end()
    if update.missed:
        raise RunError(
            "RUN307",
            f"--update {', '.join(update.missed)}: nothing of that name is locked",
            hint=f"name a package, an environment, or one of {', '.join(CONCERNS)}; no name renews everything",
        )
    moves = difference.between(old, new)
    content = write.text(new)
    changed = content != written(fleet)
    if changed and not dry:
        write.write(Path(fleet.root), content)
    warnings = [f"{name}: {row.rots}" for name, row in new.repositories.items() if row.rots]
    for line in [*maker.notes, *(f"warning: {text}" for text in warnings)]:
        click.echo(line, err=True)
    if form == "json":
        rows = [item.model_dump(mode="json") for item in moves]
        body = {"version": 1, "changed": changed, "written": changed and not dry, "hosts": rows, "warnings": warnings}
        output.emit(output.dumps(body), file)
    else:
        output.emit("\n".join([*difference.lines(moves), summary(new, changed, dry)]), file)
    return 0


def written(fleet: Fleet) -> str | None:
    """The lock's text as it stands, None without one."""
    path = Path(fleet.root) / read.NAME
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def summary(new: Lock, changed: bool, dry: bool) -> str:
    hosts = sum(len(group.hosts) for group in new.hosts)
    packages = sum(len(one) for row in new.repositories.values() for one in row.sets.values())
    what = f"{hosts} host{'s' if hosts != 1 else ''}, {packages} apt packages, {len(new.environments)} environments"
    if not changed:
        return f"{read.NAME} is up to date: {what}"
    return f"{read.NAME} would change: {what}" if dry else f"{read.NAME} written: {what}"
