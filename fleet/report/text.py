"""The report as text: equal hosts together, the worst last, what is different since a baseline, and a count."""

import textwrap

import click

from fleet.report import compute, difference, group, since, words
from fleet.report.group import Group
from fleet.report.model import HostReport, Report, counts
from fleet.terminal import PLAIN, Terminal
from schema import ranges

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
# More pieces than this are no command to type.
PIECES = 40
VARIANTS = 10


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
    return [*_head(names, status, width, screen), *_details(one, inventory)]


def _head(names: str, status: str, width: int, screen: Terminal) -> list[str]:
    """The names and the status on one line; on a terminal the names are broken where they are wider than that."""
    if not screen.excerpts or len(names) + len(click.unstyle(status)) + 2 <= screen.width:
        return [f"{names:{width}}  {status}"]
    broken = textwrap.wrap(names, screen.width, break_long_words=False, break_on_hyphens=False)
    return [*broken, f"  {status}"]


def _details(one: Group, inventory: str | None) -> list[str]:
    """What the hosts of a group have in common once, and where they differ each value with its hosts."""
    told = {host.host: pieces(host) for host in one.hosts}
    lines: list[str] = []
    for index in range(len(told[one.first.host])):
        lines += _piece(one, {name: found[index] for name, found in told.items()})
    if one.first.changes:
        place = f" {words.plain(inventory)}" if inventory else ""
        limit, which = _limit(one.names)
        lines.append(f"    next: fleet plan{place} --limit {limit}; fleet apply{place} --limit {limit}{which}")
    return lines


def pieces(host: HostReport) -> list[tuple[str, ...]]:
    """What is told of a host, one piece for each thing; hosts of one group have pieces of the same things."""
    found = [tuple(f"    {line}" for line in host.error.lines())] if host.error is not None else []
    found += [tuple(f"    {line}" for line in told) for told in since.changes(host)]
    found += [tuple(words.finding(item)) for item in host.findings]
    if host.compute is not None:
        found.append(tuple(compute.lines(host.compute)))
    if host.not_seen:
        found.append((f"    not seen: {words.plain(', '.join(host.not_seen))}",))
    return found


def _piece(one: Group, told: dict[str, tuple[str, ...]]) -> list[str]:
    """A piece in lines: as all say it, as all say it but for their own names, or each with its hosts."""
    if len(set(told.values())) == 1:
        return list(told[one.first.host])
    limit, _ = _limit(one.names)

    def tell(host: HostReport) -> tuple[str, ...]:
        lines = (group.neutral(line, host.host) for line in told[host.host])
        return tuple(line.replace(f"--limit {group.INSTEAD}", f"--limit {limit}") for line in lines)

    found = group.variants(one.hosts, tell)
    return list(next(iter(found))) if len(found) == 1 else _differing(found)


def _differing(found: group.Variants) -> list[str]:
    """Lines that several variants begin and end with once; between them each variant's own, with its hosts."""
    texts = list(found)
    head = _common(texts)
    tail = _common([text[head:][::-1] for text in texts])
    first, shown = texts[0], texts[:VARIANTS]
    place = "      on" if head else "    on"
    lines = list(first[:head])
    for text in shown:
        lines.append(f"{place} {words.hosts(found[text])}:")
        lines += [f"  {line}" for line in text[head : len(text) - tail]]
    rest = [name for text in texts[VARIANTS:] for name in found[text]]
    if rest:
        lines.append(f"{place} {words.hosts(rest)}: other values, in the JSON")
    return [*lines, *first[len(first) - tail :]]


def _common(texts: list[tuple[str, ...]]) -> int:
    """How many lines all begin with."""
    number = 0
    for lines in zip(*texts, strict=False):
        if len(set(lines)) > 1:
            break
        number += 1
    return number


def _limit(names: tuple[str, ...]) -> tuple[str, str]:
    """What --limit takes to choose these hosts, and words where it is only the first of them."""
    folded = ranges.fold(names)
    if len(folded) <= PIECES:
        return words.quoted(folded), ""
    return names[0], f" (the first of {len(names)})"


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
