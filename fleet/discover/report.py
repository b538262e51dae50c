"""What a discovery wrote, and what validate and drift will say of it, in text and as JSON."""

from collections.abc import Iterable
from pathlib import Path

import click

from fleet import output
from fleet.discover.work import Result
from schema import plan
from schema.errors import Problem


def document(results: list[Result], problems: Iterable[Problem], into: Path) -> dict[str, object]:
    """`{"version": 1, "folder", "hosts": [{"host", "result": "written|completed|unchanged|failed", "file", "added":
    [keys], "external": bool, "drift": "in-sync|drift|unhealthy|failed"|null, "changes": int, "findings": [{"code",
    "severity", "message"}], "error": {"code", "message", ...}|null}], "problems": [as in validate], "next"}`; `file` is
    null where none was touched.
    """
    listed = [problem.model_dump(mode="json") for problem in problems]
    hosts = [_host(result) for result in results]
    return {"version": 1, "folder": str(into), "hosts": hosts, "problems": listed, "next": f"fleet plan {into}"}


def _host(result: Result) -> dict[str, object]:
    found = result.verdict.plan if result.verdict is not None else None
    findings = found.findings if found is not None else ()
    return {
        "host": result.host,
        "result": result.done,
        "file": str(result.file) if result.file is not None else None,
        "added": list(result.added),
        "external": result.external,
        "drift": plan.status(found) if found is not None else None,
        "changes": len(found.changes) if found is not None else 0,
        "findings": [{"code": one.code, "severity": one.severity, "message": one.message} for one in findings],
        "error": result.error.failure.model_dump() if result.error is not None else None,
    }


def tell(results: list[Result], problems: Iterable[Problem], into: Path, file: Path | None) -> None:
    """Each host in a line, errors and what validate says on standard error, and the next command."""
    lines = []
    for result in results:
        if result.error is not None:
            click.echo(result.error.text(), err=True)
        else:
            lines.append(_line(result))
    for problem in problems:
        click.echo(problem.text(), err=True)
    if lines:
        external = [result.host for result in results if result.external]
        words = "is" if len(external) == 1 else "are"
        if external:
            lines.append(f"{', '.join(external)} {words} checked and never changed; the files say why (external: true)")
        lines.append(f"next: read the files, then: fleet plan {into}")
        output.emit("\n".join(lines), file)


def _line(result: Result) -> str:
    """`wrote FILE: in-sync`; more only where a drift check will say more."""
    found = result.verdict.plan if result.verdict is not None else None
    word = {"written": "wrote", "completed": "completed"}.get(result.done, "unchanged")
    added = f" with {', '.join(result.added)}" if result.done == "completed" else ""
    if found is None:
        return f"{word} {result.file}{added}; it is not valid yet"
    status = plan.status(found)
    codes = sorted({one.code for one in found.findings if one.severity == "error"})
    more = f", {len(found.changes)} differences" if found.changes else ""
    more += f", {', '.join(codes)}" if codes else ""
    return f"{word} {result.file}{added}: {status}{more}"
