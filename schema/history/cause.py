"""Since when a host is not as declared, and what made it so: the transaction behind each change."""

from datetime import datetime
from typing import TYPE_CHECKING

from schema.driver.names import matched
from schema.environments.model import requirement_name
from schema.history.model import Cause, Move, Transaction
from schema.model import within
from schema.once import once
from schema.wanted import observed, upstream

if TYPE_CHECKING:
    from schema.change import Change
    from schema.snapshot import Snapshot

LOADED = "loaded module"
HEADERS, IMAGE = "linux-headers-", "linux-image-"
Entry = tuple[Transaction, Move]


def entries(snapshot: "Snapshot", name: str) -> list[Entry]:
    """All that the logs say of one package, newest first; none of it where the newest did not lead to what is there.

    A run that failed, or one that the logs have not, may stand between: then nothing is known for certain.
    """
    found = _by_name(snapshot).get(name, [])
    package = snapshot.apt.packages.get(name)
    there = package.version if package is not None and observed(package) is not None else None
    return found if found and found[0][1].new == there else []


@once
def _by_name(snapshot: "Snapshot") -> dict[str, list[Entry]]:
    """Newest first; of a run that names a package twice, the first time."""
    found: dict[str, list[Entry]] = {}
    for one in snapshot.history.transactions:
        for move in one.changes:
            there = found.setdefault(move.name, [])
            if not there or there[-1][0] is not one:
                there.append((one, move))
    return found


def latest(snapshot: "Snapshot", name: str) -> Entry | None:
    """What made the package what it is; a reinstallation of the same version made nothing."""
    found = entries(snapshot, name)
    return next((entry for entry in found if entry[1].action != "reinstall"), found[0] if found else None)


def explained(changes: "tuple[Change, ...]", snapshot: "Snapshot") -> "tuple[Change, ...]":
    """The same changes, each with the transaction that made it where the logs of the host know one."""
    if not snapshot.history.transactions and not snapshot.history.environments:
        return changes
    causes = ((change, cause(change, snapshot)) for change in changes)
    return tuple(change if why is None else change.model_copy(update={"cause": why}) for change, why in causes)


def cause(change: "Change", snapshot: "Snapshot") -> Cause | None:
    """The transaction behind one change; None for what is no package, and where the logs do not know."""
    if change.concern == "environments":
        return _in_environment(change, snapshot)
    name = _package(change, snapshot)
    entry = latest(snapshot, name) if name is not None else None
    if name is None or entry is None:
        return None
    since = entry if name != change.item else _departure(entries(snapshot, name), change.desired) or entry
    return _cause(entry, since[0].time)


def _in_environment(change: "Change", snapshot: "Snapshot") -> Cause | None:
    """conda's own revision behind the version of a package; pip keeps no such record, and its versions match none."""
    environment, _, package = change.item.partition("/")
    name = requirement_name(package)
    revisions = snapshot.history.environments.get(environment, ())
    found = [(one, move) for one in revisions if (move := one.of(name)) is not None]
    if not found or found[0][1].new != change.observed:
        return None
    return _cause(found[0], (_departure(found, change.desired) or found[0])[0].time)


def _package(change: "Change", snapshot: "Snapshot") -> str | None:
    """The package whose history explains a change: its own; user space for the module; the kernel for its headers."""
    if change.item == LOADED:
        return newest_library(snapshot)
    if change.item.startswith("/") or "/" in change.item:
        return None
    if change.item.startswith(HEADERS) and change.observed is None and not entries(snapshot, change.item):
        return IMAGE + change.item.removeprefix(HEADERS)
    return change.item


def newest_library(snapshot: "Snapshot") -> str | None:
    """The package that brought user space of another version than the module in memory has; None where they agree."""
    there, loaded = snapshot.driver.libraries, snapshot.driver.loaded_version
    differs = there and loaded is not None and there[-1] != loaded
    return next(iter(libraries(snapshot)), None) if differs else None


def libraries(snapshot: "Snapshot") -> list[str]:
    """The driver's packages of the version that its newest library on disk has, and whose history is known."""
    if not snapshot.driver.libraries:
        return []
    version = snapshot.driver.libraries[-1]
    names = [
        name
        for name, package in snapshot.apt.packages.items()
        if matched(name) and package.installed and upstream(package.version) == version and latest(snapshot, name)
    ]
    return sorted(names, key=lambda name: (not name.startswith("libnvidia-compute"), name))


def _departure(found: list[Entry], desired: str | None) -> Entry | None:
    """The first of the unbroken moves away from the declared version; None where the logs do not reach that far."""
    for number, (one, move) in enumerate(found):
        if _fits(move.old, desired):
            return one, move
        before = found[number + 1][1].new if number + 1 < len(found) else None
        if move.old is None or before != move.old:
            return None
    return None


def _fits(version: str | None, desired: str | None) -> bool:
    """Whether a version is what a change asks for: exact, within "580" or "580.95.05 of nvidia", or just "present"."""
    if version is None or desired is None:
        return version == desired
    limit = desired.split(" ")[0]
    return version == limit or limit == "present" or ("-" not in limit and within(upstream(version), limit))


def _cause(entry: Entry, since: datetime) -> Cause:
    one, move = entry
    return Cause(
        time=one.time,
        since=since,
        by=one.by,
        user=one.user,
        command=one.command,
        package=move.name,
        action=move.action,
        before=move.old,
        after=move.new,
        error=one.error,
    )
