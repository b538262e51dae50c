"""fleet validate: check the inventory without connecting."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from fleet import options, output, problems, terminal
from fleet.errors import RunError
from fleet.terminal import Terminal
from schema import load, ranges
from schema.errors import Problem
from schema.fleet import Fleet, judge


@click.command()
@options.inventory
@options.limit
@options.form
@options.file
def command(inventory: str | None, limit: tuple[str, ...], form: str, file: Path | None) -> int:
    """Check an INVENTORY folder, or one NAME.yaml; nothing is connected to.

    Every problem of every file is told at once, with its place and what to type. Errors of hosts outside of --limit
    are warnings. Exit code: 0 valid, 1 not.

    \b
    fleet validate
    fleet validate inventory --limit desk
    fleet validate inventory --format json -o problems.json
    """
    path = inventory if inventory is not None else _default()
    found = load.read(path)
    listed = judged(found, path, limit)
    valid = not any(problem.severity == "error" for problem in listed)
    if form == "json":
        output.emit(output.dumps(document(found, listed)), file)
        return 0 if valid else 1
    look = terminal.of(sys.stdout) if file is None else terminal.PLAIN
    output.emit(text(found, listed, path, limit, look), file, colours=look.colours)
    return 0 if valid else 1


def _default() -> str:
    try:
        return str(options.inventory_path(None))
    except RunError:
        return "inventory"


def judged(fleet: Fleet, path: str, limit: Sequence[str]) -> list[Problem]:
    """The problems as they count under a limit; a part of it that matches no host is one more."""
    patterns = [part for one in limit for part in ranges.split(one)]
    if not patterns:
        return judge(fleet.problems, None)
    names, unmatched = fleet.select(patterns)
    extra = [load.unmatched(pattern, path, fleet) for pattern in unmatched]
    return judge([*fleet.problems, *extra], names)


def document(fleet: Fleet, listed: list[Problem]) -> dict[str, object]:
    """The JSON of the contract: design 3.2."""
    ok = not any(problem.severity == "error" for problem in listed)
    dumped = [problem.model_dump(mode="json") for problem in listed]
    return {"version": 1, "ok": ok, "hosts": len(fleet.names), "problems": dumped}


def text(fleet: Fleet, listed: list[Problem], path: str, limit: Sequence[str], look: Terminal) -> str:
    """The problems, then the sum and what to do next."""
    told = problems.text(listed, problems.Place(path, fleet.root), look)
    parted = [told, ""] if told and look.excerpts else [told] if told else []
    return "\n".join([*parted, summary(fleet, listed, path, limit)])


def summary(fleet: Fleet, listed: list[Problem], path: str, limit: Sequence[str]) -> str:
    hosts = f"{len(fleet.names)} host{'' if len(fleet.names) == 1 else 's'}"
    told = problems.counted(listed)
    if any(problem.severity == "error" for problem in listed):
        return f"{hosts}: {told}. {problems.next_step(listed)}"
    command = shlex.join(["fleet", "plan", path, *(part for one in limit for part in ("--limit", one))])
    return f"{hosts}: valid{f', {told}' if told else ''}. next: {command}"
