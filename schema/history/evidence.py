"""Lines of evidence from the logs, for findings about the driver: which transaction, and whether the boot is older."""

import re
from datetime import datetime
from typing import TYPE_CHECKING

from schema.errors import Finding, printable
from schema.history import cause
from schema.history.model import BY_HAND, Move, Transaction
from schema.wanted import upstream

if TYPE_CHECKING:
    from schema.snapshot import Snapshot

# Findings whose evidence names packages that a transaction brought or left so: undeclared drivers, runfiles beside
# packages, two origins, pinning packages, interrupted work and Ubuntu's own toolkit.
ABOUT_PACKAGES = frozenset(
    {"GPU119", "GPU133", "GPU140", "GPU141", "GPU142", "GPU144", "GPU149", "GPU200", "GPU211", "GPU214", "GPU215"}
)
# The driver as a whole: not loaded, not the external one that is declared, or none that drives these GPUs.
ABOUT_DRIVER = frozenset({"GPU111", "GPU118", "GPU208"})
# The kernel that boots next: without a module, or waiting for the boot.
NEXT_KERNEL = frozenset({"GPU116", "GPU222"})
LINES = 3
# A command line can hold any number of packages.
WIDTH = 100


def told(findings: list[Finding], snapshot: "Snapshot") -> list[Finding]:
    """The same findings; those about packages with the transactions behind them, newest first."""
    if not snapshot.history.transactions:
        return findings
    return [_told(item, snapshot) for item in findings]


def _told(item: Finding, snapshot: "Snapshot") -> Finding:
    if item.code in NEXT_KERNEL and snapshot.kernel.next_boot is not None:
        names = [f"{cause.IMAGE}{snapshot.kernel.next_boot}"]
    elif item.code in ABOUT_DRIVER:
        names = cause.libraries(snapshot)[:1]
    elif item.code in ABOUT_PACKAGES:
        words = dict.fromkeys(re.findall(r"[a-z0-9][a-z0-9+.:-]+", item.evidence))
        names = [name for name in words if name in snapshot.apt.packages]
    else:
        return item
    more = lines(snapshot, names)
    return item.model_copy(update={"evidence": "\n".join([item.evidence, *more])}) if more else item


def lines(snapshot: "Snapshot", names: list[str]) -> list[str]:
    """A line for each transaction that made these packages what they are, newest first, at most three."""
    found: dict[Transaction, list[Move]] = {}
    for name in names:
        if entry := cause.latest(snapshot, name):
            found.setdefault(entry[0], []).append(entry[1])
    newest = sorted(found, key=lambda one: one.time, reverse=True)[:LINES]
    return [f"{moment(one.time)} {doer(one)}: {_moves(found[one])}{_end(one)}" for one in newest]


def mismatch(snapshot: "Snapshot") -> tuple[list[str], bool | None]:
    """When user space left the module behind; and whether the host booted after that (None: not known).

    "booted 2026-11-02 03:04, upgraded 2026-11-14 06:25 by unattended-upgrades: 580.95.05 -> 580.105.08"
    """
    name, booted = cause.newest_library(snapshot), snapshot.history.booted
    entry = cause.latest(snapshot, name) if name is not None else None
    start = f"booted {moment(booted)}" if booted is not None else "booted: not seen"
    if entry is None:
        return [f"{start}; when the driver was changed is not in apt's logs"] if booted is not None else [], None
    one, move = entry
    versions = " -> ".join(upstream(version) if version else "absent" for version in (move.old, move.new))
    line = f"{start}, {_past(move)} {moment(one.time)} by {doer(one)}: {versions}{_end(one)}"
    return [line], booted > one.time if booted is not None else None


def moment(time: datetime) -> str:
    """The host's own time, to the minute: "2026-11-14 06:25"."""
    return time.strftime("%Y-%m-%d %H:%M")


def doer(one: Transaction) -> str:
    """ "unattended-upgrades"; "apt-get -y install nvidia-driver-590 (asked by ann (1000))"; "dpkg directly"."""
    if one.by is None:
        return "unknown (apt's logs do not reach back so far)" if one.command is None and one.user is None else "apt"
    command, asked = one.command or "", f" (asked by {one.user})" if one.user else ""
    program = command.split(" ", 1)[0]
    # Where the program says it all its path and options are left out; a plain apt is told by its whole command.
    plain = one.by != BY_HAND and program.rsplit("/", 1)[-1] == one.by
    text = f"{one.by}{command[len(program) :]}" if plain else one.by
    return printable(f"{text if len(text) <= WIDTH else text[: WIDTH - 3] + '...'}{asked}")


def _past(move: Move) -> str:
    return {"install": "installed", "downgrade": "downgraded", "reinstall": "installed again"}.get(
        move.action, "upgraded"
    )


def _moves(moves: list[Move]) -> str:
    first = f"{moves[0].name} {moves[0].old or 'absent'} -> {moves[0].new or 'absent'}"
    return first if len(moves) == 1 else f"{first} and {len(moves) - 1} more"


def _end(one: Transaction) -> str:
    return f"; it ended with: {printable(one.error)}" if one.error else ""
