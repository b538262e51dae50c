"""The kernel's log of this boot: those of its lines that speak of GPUs, modules and the PCI bus, and its Xids."""

import datetime
import re

from pydantic import Field

from schema import once
from schema.model import Model

# The first line of each load of the driver; its last is "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.95.05".
# Between them it says which GPUs it refuses (NVIDIA/open-gpu-kernel-modules kernel-open/nvidia/nv.c).
BEGINS = re.compile(r"nvidia-nvlink: Nvlink Core is being initialized")
# "NVRM: Xid (PCI:0000:9b:00): 119, pid=..., Timeout ..."; up to R340 without "PCI:" (NVIDIA, Xid errors).
XID = re.compile(r"NVRM: Xid \((?:PCI:)?([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2})[^)]*\): ([0-9]{1,4})(?:,|$)")


class Entry(Model):
    """One line. `seconds` since boot; `number`: its place in the log; `count`: how many of its kind there were so far.

    Xids of one number and GPU are one kind, and so are errors of one PCI device: the newest of each kind are kept.
    """

    number: int
    text: str
    seconds: float | None = None
    count: int = 1


class Xid(Model):
    """An Xid that the driver reported of a GPU; `slot` has no function: "0000:9b:00"."""

    number: int
    slot: str
    entry: Entry


class LogState(Model):
    """`booted`: the time of the boot in seconds since 1970; `uptime` in seconds; both None where they were not seen.

    `begins`: the time of the oldest line that was there to read, which the kernel overwrites when it needs the room.
    """

    booted: int | None = None
    uptime: float | None = None
    begins: float | None = None
    entries: tuple[Entry, ...] = Field(default=())

    @property
    def now(self) -> float | None:
        """The host's own clock at the look, in seconds since 1970."""
        return self.booted + self.uptime if self.booted is not None and self.uptime is not None else None

    def matching(self, expression: str) -> tuple[Entry, ...]:
        """The lines, oldest first, that a regular expression is found in."""
        found = re.compile(expression)
        return tuple(entry for entry in self.entries if found.search(entry.text))

    @property
    def since_load(self) -> tuple[Entry, ...]:
        """The lines since the driver was loaded last, all of them where no load was seen: what came before is over."""
        loads = [entry.number for entry in self.entries if BEGINS.search(entry.text)]
        last = loads[-1] if loads else 0
        return tuple(entry for entry in self.entries if entry.number >= last)

    def when(self, entry: Entry) -> str:
        """The time of a line in words: "2026-11-24 03:12 UTC", else "612 s after boot"."""
        if entry.seconds is None:
            return "at a time that is not known"
        if self.booted is None:
            return f"{entry.seconds:.0f} s after boot"
        moment = datetime.datetime.fromtimestamp(self.booted + entry.seconds, tz=datetime.UTC)
        return f"{moment:%Y-%m-%d %H:%M} UTC"

    def line(self, entry: Entry) -> str:
        """A line as evidence, with its time and how often its kind was seen."""
        times = f" (the last of {entry.count})" if entry.count > 1 else ""
        return f"kernel log, {self.when(entry)}: {entry.text}{times}"


@once.once
def xids(state: LogState) -> tuple[Xid, ...]:
    """The Xids since the driver's last load, oldest first."""
    matches = ((entry, XID.search(entry.text)) for entry in state.since_load)
    return tuple(
        Xid(number=int(match[2]), slot=_slot(match[1]), entry=entry) for entry, match in matches if match is not None
    )


def _slot(place: str) -> str:
    """The domain in four digits, as sysfs has it."""
    domain, rest = place.split(":", 1)
    return f"{int(domain, 16):04x}:{rest.lower()}"
