"""Changes as lines of text, each with since when it is so and by whom, as the host's own logs tell."""

import re
from datetime import datetime

from fleet.report import words
from fleet.report.model import HostReport
from schema.change import Change
from schema.history import Cause, Transaction, evidence

# A package's version, and not the state of a service or a file.
VERSION = re.compile(r"[0-9]\S*")
PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
UNREAD = frozenset({"history", "history/packages", "history/clock"})


def changes(host: HostReport) -> list[tuple[str, ...]]:
    """The lines of each change: itself, and one more where a transaction is known; the same one is not said twice in a
    row. At the end, in a piece of its own, those packages of which the logs know nothing.
    """
    shown: list[tuple[str, ...]] = []
    said = None
    for change in host.changes:
        line = since(change.cause, host.seen, change.item) if change.cause is not None else None
        shown.append((words.change(change), *([words.plain(f"  {line}")] if line is not None and line != said else [])))
        said = line
    return [*shown, tuple(_unknown(host))] if host.changes else []


def since(cause: Cause, looked: str | None, item: str) -> str:
    """ "since 2026-11-14 06:25 (10 days): unattended-upgrades, 580.95.05-0ubuntu1 -> 580.105.08-0ubuntu1".

    Times are the host's own; `looked` is when the host was looked at, in UTC. Another package than `item` is named.
    """
    start = f"since {evidence.moment(cause.since)}{_days(cause.since, looked)}"
    last = f", last {evidence.moment(cause.time)}" if cause.since < cause.time else ""
    who = evidence.doer(Transaction(time=cause.time, command=cause.command, by=cause.by, user=cause.user))
    name = f"{cause.package} " if cause.package != item else ""
    versions = f"{name}{cause.before or 'absent'} -> {cause.after or 'absent'}"
    return f"{start}{last}: {who}, {versions}" + (" (it ended with an error)" if cause.error else "")


def _days(start: datetime, looked: str | None) -> str:
    """ " (10 days)"; "" for less than one, and where the host's clock is ahead of ours."""
    days = (datetime.fromisoformat(looked) - start).days if looked is not None else 0
    return f" ({days} day{'s' if days > 1 else ''})" if days > 0 else ""


def _unknown(host: HostReport) -> list[str]:
    names = [change.item for change in host.changes if change.cause is None and _moved(change)]
    if not names or UNREAD & set(host.not_seen):
        return []
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [f"since when: not in apt's logs ({', '.join(names[:3])}{rest})"]


def _moved(change: Change) -> bool:
    """Whether it is a package that is there in another version than the declared one."""
    return bool(PACKAGE.fullmatch(change.item) and VERSION.match(change.observed or "")) and change.desired is not None
