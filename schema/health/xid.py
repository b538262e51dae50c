"""Xids: the errors of GPUs that the driver reported in the kernel's log since it was loaded.

Those of programs are no ill health. Of the rest, one finding for each kind and severity names the GPUs and the times.
"""

import re
from typing import TYPE_CHECKING

from schema import compat, log
from schema.errors import Finding, Severity
from schema.health import places
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.log import Xid
    from schema.snapshot import Snapshot

RESET = "end the work on it, then: sudo nvidia-smi --gpu-reset -i INDEX; where that is refused, reboot the host"
# Code, severity, what it is called, and its mend, by kind (schema/compat/xids.yaml).
KINDS: dict[str, tuple[str, Severity, str, str]] = {
    "reset": ("GPU231", "error", "stopped, a reset is needed", RESET),
    "recovery": ("GPU231", "error", "recovery is asked for", "end its work, then do what the line says"),
    "nvlink": ("GPU232", "warning", "NVLink errors", f"if they go on: {RESET}; then check cables, trays and switches"),
    "gsp": ("GPU233", "error", "the GPU's own processor (GSP) did not answer", RESET),
    "memory": ("GPU234", "error", "memory errors", f"{RESET}; replace the board if they return"),
    "memory-watch": ("GPU234", "warning", "memory errors, which were dealt with", "watch it: nvidia-smi -q -d ECC"),
    "power": ("GPU251", "error", "auxiliary power is not connected", "connect the board's power cables"),
    "watch": ("GPU249", "info", "worth knowing", "nothing has to be done at once"),
}
FATAL = re.compile(r"(?<!Non-)(?<!Non)\bFatal\b")
TO_NONE = re.compile(r"changed from .* to \S+ \(None\)")


def reported(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What the GPUs reported, but their loss: that is told with what the bus says (schema.health.bus)."""
    groups: dict[tuple[str, Severity, str], list[Xid]] = {}
    for xid in _latest(snapshot):
        kind = _kind(xid)
        if kind in KINDS and not _said_better(snapshot, xid, kind):
            groups.setdefault((KINDS[kind][0], _severity(snapshot, xid, kind), kind), []).append(xid)
    return [_finding(snapshot, severity, kind, found) for (_, severity, kind), found in groups.items()]


def lost(snapshot: "Snapshot") -> "list[Xid]":
    """The last Xid of each GPU that fell off the bus."""
    return [xid for xid in _latest(snapshot) if _kind(xid) == "bus"]


def _latest(snapshot: "Snapshot") -> "list[Xid]":
    """The last of each number and GPU, in the order of the log."""
    found = {(xid.slot, xid.number): xid for xid in log.xids(snapshot.log)}
    return sorted(found.values(), key=lambda xid: xid.entry.number)


def _kind(xid: "Xid") -> str:
    row = compat.xid(xid.number)
    return row.kind if row is not None else "watch"


def _said_better(snapshot: "Snapshot", xid: "Xid", kind: str) -> bool:
    """Whether nvidia-smi tells the present state of it (GPU129)."""
    if kind != "recovery":
        return False
    return TO_NONE.search(xid.entry.text) is not None or places.answers(snapshot, xid.slot)


def _severity(snapshot: "Snapshot", xid: "Xid", kind: str) -> Severity:
    """An error that is over warns; a link's says itself whether it was fatal; rows that were remapped are no news."""
    if xid.number == 63:
        return "info"
    severity: Severity = "error" if kind == "nvlink" and FATAL.search(xid.entry.text) else KINDS[kind][1]
    return "warning" if severity == "error" and places.over(snapshot, xid.slot, xid.entry) else severity


def _finding(snapshot: "Snapshot", severity: Severity, kind: str, found: "list[Xid]") -> Finding:
    code, usual, words, hint = KINDS[kind]
    slots = list(dict.fromkeys(xid.slot for xid in found))
    who = places.title(snapshot, slots[0]) if len(slots) == 1 else f"{len(slots)} GPUs"
    words = (
        words if len(slots) == 1 else words.replace("has ", "have ", 1).replace("needs", "need").replace("asks", "ask")
    )
    numbers = ", ".join(_named(number) for number in dict.fromkeys(xid.number for xid in found))
    last = max(found, key=lambda xid: xid.entry.number)
    message = f"{who}: {words}: {numbers}, last {snapshot.log.when(last.entry)}"
    if usual == "error" and severity == "warning":
        hint = f"it works again, as far as the driver says; if it returns: {hint}"
    lines = [f"{places.title(snapshot, xid.slot)}: {snapshot.log.line(xid.entry)}" for xid in found]
    return finding(code, severity, message, lines, hint)


def _named(number: int) -> str:
    row = compat.xid(number)
    return f"Xid {number} ({row.name if row is not None else 'not known to this version'})"
