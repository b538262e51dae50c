"""The kernel's log of this boot, from its ring buffer or from the journal."""

import re

from facts import probe, text
from facts.fact import FactBase
from schema.log import Entry, LogState

# `dmesg` prints "[   12.345678] text", `journalctl -o short-monotonic` "[   12.345678] host kernel: text".
STAMPED = re.compile(r"\[\s*([0-9]{1,9}\.[0-9]{1,6})\] (?:\S+ kernel: )?(.*)")
NUMBERED = re.compile(r"([0-9]{1,9}) ([0-9]{1,9}) (.*)")
LINES = 700


class KernelLog(FactBase[LogState]):
    """The lines of this boot that speak of GPUs, modules and the PCI bus, the newest of each kind.

    `{"booted": 1764000000, "uptime": 86400.5, "begins": 0.0, "entries": [{"number": 812, "text": "NVRM: loading NVIDIA
    UNIX x86_64 Kernel Module  580.95.05 ...", "seconds": 8.1, "count": 1}]}`; empty where this user may not read it.
    """

    def command(self) -> str:
        return probe.script(("log",))

    def process(self, output: list[str]) -> LogState:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> LogState:
    """The log of one run of the probe, oldest line first."""
    entries = [entry for line in found.of("log/kernel") if (entry := _entry(line)) is not None]
    begins = STAMPED.match(found.value("log/kernel", "begins") or "")
    return LogState(
        booted=text.number(found.value("log/kernel", "booted")),
        uptime=_seconds(found.value("log/kernel", "uptime")),
        begins=float(begins[1]) if begins else None,
        entries=tuple(sorted(entries, key=lambda entry: entry.number)[-LINES:]),
    )


def _seconds(value: str | None) -> float | None:
    """The first number of /proc/uptime."""
    found = re.match(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(?: |$)", value or "")
    return float(found[1]) if found else None


def _entry(line: str) -> Entry | None:
    numbered = NUMBERED.fullmatch(line.removeprefix("line ")) if line.startswith("line ") else None
    if numbered is None:
        return None
    stamped = STAMPED.fullmatch(numbered[3])
    seconds, words = (float(stamped[1]), stamped[2]) if stamped else (None, numbered[3])
    return Entry(number=int(numbered[1]), count=int(numbered[2]), seconds=seconds, text=words.strip())
