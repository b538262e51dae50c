"""The report as Markdown for a ticket: what is wrong first, and no text of a host outside of code.

In code nothing is a link, a mention, a reference, an image or a command to GitLab (CommonMark 0.31, "Code spans" and
"Fenced code blocks"), and a fence longer than any row of backticks within it cannot be left.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from fleet.report import details, difference, group, words
from fleet.report.group import Group
from fleet.report.model import Report, counts
from schema import codes
from schema.errors import Finding

# GitHub takes 65,536 characters of an issue or a comment, GitLab a million; room is left for what a poster adds.
LONGEST = 64_000
# A heading with its names, and a few lines.
LEAST = 1_500
LONGEST_NAMES = 300
MOST_CODES = 40
TICKS = re.compile(r"`+")


def render(report: Report) -> str:
    found = list(reversed(group.groups(report.hosts)))
    told = [one for one in found if group.badness(one.first)]
    parts = [_title(report), _statuses(report), *_codes(report)]
    if report.baseline is not None:
        parts.append(_block(f"Since {span(report.baseline.time)}", difference.lines(report.baseline)[1:], LONGEST // 4))
    return "\n\n".join([*parts, *_groups(told, LONGEST - sum(len(part) + 2 for part in parts))])


def _title(report: Report) -> str:
    wrong = [f"{number} {status}" for status, number in counts(report.hosts).items() if number and status != "in-sync"]
    told = ", ".join(wrong) if wrong else "all in sync"
    name = f" {span(report.inventory)}" if report.inventory else ""
    seconds = f", in {report.seconds:.0f} s" if report.seconds is not None else ""
    return f"## Drift check{name}: {told}\n\n{words.count(len(report.hosts))}, {span(report.time)}{seconds}."


def _statuses(report: Report) -> str:
    rows = [
        f"| {status} | {number} | {span(_names(report, status))} |"
        for status, number in reversed(counts(report.hosts).items())
        if number
    ]
    return "\n".join(["| Status | Number | Hosts |", "|:--|--:|:--|", *rows])


def _names(report: Report, status: str) -> str:
    names = words.hosts(host.host for host in report.hosts if host.status == status)
    return names if len(names) <= LONGEST_NAMES else f"{names[:LONGEST_NAMES].rsplit(', ', 1)[0]}, ..."


def _codes(report: Report) -> list[str]:
    """A table of the codes: how many hosts have each, in whole numbers, and what it is called."""
    found = Counter(
        (item.severity, item.code) for host in report.hosts for item in _once(host.findings) if not item.accepted
    )
    found.update(("error", host.error.code) for host in report.hosts if host.error is not None)
    order = {"error": 0, "warning": 1, "info": 2}
    listed = sorted(found.items(), key=lambda pair: (order[pair[0][0]], -pair[1], pair[0][1]))
    if not listed:
        return []
    rows = [
        f"| {span(code)} | {severity} | {number} | {_called(code)} |"
        for (severity, code), number in listed[:MOST_CODES]
    ]
    more = len(listed) - MOST_CODES
    left = [f"\n{more} more codes are in the JSON."] if more > 0 else []
    return ["\n".join(["| Code | Severity | Hosts | What it is |", "|:--|:--|--:|:--|", *rows, *left])]


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    yield from {(item.code, item.severity, item.accepted): item for item in findings}.values()


def _called(code: str) -> str:
    entry = codes.entry(code)
    return span(entry.title) if entry is not None else ""


def _groups(found: list[Group], room: int) -> Iterator[str]:
    """A section for each group that has something to tell, while there is room, and how many had none."""
    for number, one in enumerate(found):
        if room < LEAST:
            rest = found[number:]
            hosts = words.count(sum(len(group.hosts) for group in rest))
            yield f"{words.count(len(rest), 'more group')} of equal hosts ({hosts}) had no room: the JSON has them."
            return
        section = _block(_head(one), details.of(one), room)
        room -= len(section) + 2
        yield section


def _head(one: Group) -> str:
    names = words.hosts(one.names)
    shown = names if len(names) <= LONGEST_NAMES else f"{names[:LONGEST_NAMES].rsplit(', ', 1)[0]}, ..."
    aside = f" ({words.count(len(one.hosts))})" if len(one.hosts) > 1 else ""
    pending = f", pending: {one.first.pending}" if one.first.pending != "none" else ""
    return f"{span(shown)}: {one.first.status}{pending}{aside}"


def _block(head: str, lines: list[str], room: int) -> str:
    """A heading and lines in a fence; of lines that have no room the first, and how many more there are."""
    kept, size = [], len(head) + 60
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > room:
            kept.append(f"... {words.count(len(lines) - number, 'more line')}, in the JSON")
            break
        kept.append(line.removeprefix("    "))
    body = "\n".join(kept)
    fence = "`" * max(3, _ticks(body) + 1)
    return f"### {head}\n\n{fence}text\n{body}\n{fence}"


def span(told: str) -> str:
    """A code span of any text, on one line and without the pipe that would end a table's cell."""
    shown = words.plain(told).replace("|", "\u00a6").strip() or " "
    fence = "`" * (_ticks(shown) + 1)
    aside = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{aside}{shown}{aside}{fence}"


def _ticks(told: str) -> int:
    """The longest row of backticks."""
    return max((len(row) for row in TICKS.findall(told)), default=0)
