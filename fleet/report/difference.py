"""What is different since a baseline, as lines of text: what became of each host, equal ones together."""

from collections.abc import Iterator

from fleet.report import words
from fleet.report.model import Baseline, ChangePair, FindingPair, HostDifference


def lines(baseline: Baseline) -> list[str]:
    """Indented lines below one that names the baseline; the hosts that came and went, and how many are as they were."""
    together: dict[tuple[str, ...], list[str]] = {}
    for host in baseline.hosts:
        together.setdefault((status(host), *pairs(host)), []).append(host.host)
    shown = [f"since {words.plain(baseline.time)}:"]
    for (head, *rest), names in together.items():
        shown += [f"    {words.hosts(names)}: {head}", *(f"        {line}" for line in rest)]
    shown += [f"    {words.hosts(baseline.added)}: not in that report"] if baseline.added else []
    shown += [f"    {words.hosts(baseline.removed)}: not in the inventory"] if baseline.removed else []
    return [*shown, f"    {', '.join(_counts(baseline))}"]


def _counts(baseline: Baseline) -> Iterator[str]:
    yield f"{words.count(baseline.same)} as before"
    if baseline.left_out:
        yield f"{baseline.left_out} of that report not looked at"


def status(host: HostDifference) -> str:
    """ "in-sync -> drift", or "drift, as before"."""
    if host.before == host.after:
        return f"{host.after}, as before"
    told = f"{host.before} -> {host.after}"
    return told if host.comparable else f"{told} (nothing else to compare)"


def pairs(host: HostDifference) -> list[str]:
    """ "new  driver ...", "gone GPU120 ...", "was ..." and "is ..."; and what hides more."""
    shown = [line for pair in host.changes for line in _change(pair)]
    shown += [line for item in host.findings for line in _finding(item)]
    if host.not_seen:
        shown.append(f"not seen today, as it was then: {words.plain(', '.join(host.not_seen))}")
    return shown


def _change(pair: ChangePair) -> Iterator[str]:
    before = words.change(pair.before) if pair.before is not None else None
    after = words.change(pair.after) if pair.after is not None else None
    return _told(before, after)


def _finding(pair: FindingPair) -> Iterator[str]:
    before = words.headline(pair.before) if pair.before is not None else None
    after = words.headline(pair.after) if pair.after is not None else None
    return _told(before, after)


def _told(before: str | None, after: str | None) -> Iterator[str]:
    if before is not None and after is not None:
        yield f"was  {before}"
        yield f"is   {after}"
    elif before is not None or after is not None:
        yield f"new  {after}" if before is None else f"gone {before}"
