"""fleet validate: check the inventory without connecting."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from fleet import options, output
from fleet.errors import RunError
from schema import load
from schema.errors import Problem
from schema.fleet import Fleet, judge

COLOURS = {"error": "red", "warning": "yellow"}


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
    problems = judged(found, path, limit)
    valid = not any(problem.severity == "error" for problem in problems)
    if form == "json":
        output.emit(output.dumps(document(found, problems)), file)
    else:
        output.emit(text(found, problems, path, colours=file is None), file)
    return 0 if valid else 1


def _default() -> str:
    try:
        return str(options.inventory_path(None))
    except RunError:
        return "inventory"


def judged(fleet: Fleet, path: str, limit: Sequence[str]) -> list[Problem]:
    """The problems as they count under a limit; a part of it that matches no host is one more."""
    patterns = [part.strip() for one in limit for part in one.split(",")]
    if not patterns:
        return judge(fleet.problems, None)
    names, unmatched = fleet.select(patterns)
    extra = [load.unmatched(pattern, path, fleet) for pattern in unmatched]
    return judge([*fleet.problems, *extra], names)


def document(fleet: Fleet, problems: list[Problem]) -> dict[str, object]:
    """The JSON of the contract: design 3.2."""
    ok = not any(problem.severity == "error" for problem in problems)
    listed = [problem.model_dump(mode="json") for problem in problems]
    return {"version": 1, "ok": ok, "hosts": len(fleet.names), "problems": listed}


def text(fleet: Fleet, problems: list[Problem], path: str, *, colours: bool) -> str:
    """One line per problem, as compilers write them, then the sum."""
    folder = Path(path) if os.path.isdir(path) else Path()  # noqa: PTH112 - it answers False where pathlib raises.
    lines = []
    for problem in problems:
        file = problem.file if problem.file == path else str(folder / problem.file)
        line = problem.model_copy(update={"file": file}).text()
        word = click.style(problem.severity, fg=COLOURS[problem.severity], bold=True) if colours else problem.severity
        lines.append(line.replace(f" {problem.severity} ", f" {word} ", 1))
    return "\n".join([*lines, summary(fleet, problems)])


def summary(fleet: Fleet, problems: list[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    hosts = _number(len(fleet.names), "host")
    told = ", ".join(_number(count, word) for count, word in ((errors, "error"), (warnings, "warning")) if count)
    if errors:
        first = next(problem.code for problem in problems if problem.severity == "error")
        return f"{hosts}: {told}. next: mend them, or read fleet explain {first}"
    return f"{hosts}: valid" + (f", {told}" if told else "")


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
