"""The report as text: equal hosts together, the worst last, what is different since a baseline, and a count."""

import textwrap

import click

from fleet.report import details, difference, group, words
from fleet.report.group import Group
from fleet.report.model import Report, counts
from fleet.terminal import PLAIN, Terminal

COLOURS = {
    "in-sync": "green",
    "drift": "yellow",
    "unhealthy": "red",
    "unreachable": "magenta",
    "failed": "magenta",
    "error": "red",
    "warning": "yellow",
}
# Names are set off from the status that follows them, where that does not move it out of sight.
WIDEST = 24


def render(report: Report, screen: Terminal = PLAIN, inventory: str | None = None) -> str:
    """A block for each group of equal hosts, those in sync first and on one line; a last line that counts.

    `inventory`: as it was named, for the commands to type next.
    """
    found = group.groups(report.hosts)
    width = min(max((len(words.hosts(one.names)) for one in found), default=0), WIDEST)
    lines = [line for one in found for line in _block(one, width, screen, inventory)]
    if report.baseline is not None:
        lines += difference.lines(report.baseline)
    lines += _codes(report)
    painted = [_painted(line) for line in lines] if screen.colours else lines
    return "\n".join([*painted, _summary(report, screen)])


def _summary(report: Report, screen: Terminal) -> str:
    parts = [_colour(f"{number} {status}", status, screen) for status, number in counts(report.hosts).items() if number]
    return f"{words.count(len(report.hosts))}: {', '.join(parts)}"


def _block(one: Group, width: int, screen: Terminal, inventory: str | None) -> list[str]:
    names = words.hosts(one.names)
    aside = [f"pending: {one.first.pending}"] if one.first.pending != "none" else []
    aside += [words.count(len(one.hosts))] if len(one.hosts) > 1 else []
    status = _colour(one.first.status, one.first.status, screen) + (f" ({', '.join(aside)})" if aside else "")
    return [*_head(names, status, width, screen), *details.of(one, inventory)]


def _head(names: str, status: str, width: int, screen: Terminal) -> list[str]:
    """The names and the status on one line; on a terminal the names are broken where they are wider than that."""
    if not screen.excerpts or len(names) + len(click.unstyle(status)) + 2 <= screen.width:
        return [f"{names:{width}}  {status}"]
    broken = textwrap.wrap(names, screen.width, break_long_words=False, break_on_hyphens=False)
    return [*broken, f"  {status}"]


def _codes(report: Report) -> list[str]:
    """How to learn more: the codes that stand above and count, once."""
    codes = [host.error.code for host in report.hosts if host.error is not None]
    codes += [
        item.code for host in report.hosts for item in host.findings if item.severity != "info" and not item.accepted
    ]
    listed = sorted(set(codes))
    if not listed:
        return []
    others = f" (or {', '.join(listed[1:8])}{', ...' if len(listed) > 8 else ''})" if len(listed) > 1 else ""
    return [f"what a code means: fleet explain {listed[0]}{others}"]


def _painted(line: str) -> str:
    """A finding's line with its severity in colour, and evidence dim."""
    body = line.lstrip()
    if body.startswith("| "):
        return click.style(line, dim=True)
    for severity in ("error", "warning"):
        before, sign, after = line.partition(f" {severity}")
        if sign and len(before.strip()) == 6 and before.startswith("    "):
            return f"{before} {click.style(severity, fg=COLOURS[severity], bold=True)}{after}"
    return line


def _colour(text: str, name: str, screen: Terminal) -> str:
    return click.style(text, fg=COLOURS[name], bold=name != "in-sync") if screen.colours else text
