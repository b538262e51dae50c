"""The section of the kernel's log, run by a real shell and awk, with programs that stand for dmesg and journalctl."""

import subprocess
from pathlib import Path

import pytest

from facts import log, probe
from schema.log import LogState

DENIED = "#!/bin/sh\necho 'dmesg: read kernel buffer failed: Operation not permitted' >&2\nexit 1\n"
FIRST = "[    0.000000] Linux version 6.8.0-51-generic"


def look(folder: Path, **programs: str) -> tuple[str, LogState]:
    """The section's status and the log, with these programs first in the probe's own PATH."""
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    script = probe.script(("log",)).replace("PATH=/usr/local/sbin:", f"PATH={folder}:/usr/local/sbin:")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    found = probe.sections(done.stdout.split("\n"))
    return found.status["log/kernel"], log.parse(found)


def printing(folder: Path, name: str, *lines: str) -> str:
    (folder / f"{name}.text").write_text("".join(f"{line}\n" for line in lines))
    return f"#!/bin/sh\ncat {folder}/{name}.text\n"


def test_a_flood_of_one_kind_hides_none_of_the_others(tmp_path: Path) -> None:
    flood = [
        f"[ {number}.000000] NVRM: Xid (PCI:0000:01:00): 31, pid={number}, MMU Fault" for number in range(100, 5100)
    ]
    bus = [f"[ {number}.5] pcieport 0000:00:1c.0: AER: Corrected error received: 0000:01:00.0" for number in range(900)]
    lost = "[ 9999.000000] NVRM: Xid (PCI:0000:01:00): 79, pid='<unknown>', GPU has fallen off the bus."
    other = [f"[ {number}.25] usb 1-1: new high-speed USB device number {number}" for number in range(50)]
    load = "[    5.000000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.95.05"
    lines = [FIRST, load, *bus, *flood, *other, lost]
    status, state = look(tmp_path, dmesg=printing(tmp_path, "dmesg", *lines), journalctl=DENIED)
    assert (status, state.begins) == ("0", 0.0)
    assert [entry.number for entry in state.entries] == sorted(entry.number for entry in state.entries)
    assert len(state.entries) == 8
    assert state.entries[0].text == load[15:]
    assert (state.entries[-2].text, state.entries[-2].count) == (flood[-1][15:], 5000)
    assert (state.entries[-1].text, state.entries[-1].seconds) == (lost[15:], 9999.0)


def test_each_line_of_a_message_has_its_time(tmp_path: Path) -> None:
    lines = [FIRST, "[   60.058486] NVRM: The NVIDIA GPU 0000:2c:00.0 (PCI ID: 10de:1d16)"]
    lines += ["               NVRM: installed in this system is not supported by open"]
    _, state = look(tmp_path, dmesg=printing(tmp_path, "dmesg", *lines))
    assert [(entry.seconds, entry.text.strip()) for entry in state.entries] == [
        (60.058486, "NVRM: The NVIDIA GPU 0000:2c:00.0 (PCI ID: 10de:1d16)"),
        (60.058486, "NVRM: installed in this system is not supported by open"),
    ]


@pytest.mark.parametrize("buffer", [DENIED, "[ 8000.000000] veth1: renamed from eth0"])
def test_the_journal_is_asked_where_the_buffer_is_closed_or_has_lost_its_beginning(tmp_path: Path, buffer: str) -> None:
    dmesg = buffer if buffer == DENIED else printing(tmp_path, "dmesg", buffer)
    line = "[   12.500000] node kernel: NVRM: GPU 0000:01:00.0: GPU has fallen off the bus."
    journal = printing(tmp_path, "journalctl", "[    0.000000] node kernel: Linux version 6.8.0", line)
    status, state = look(tmp_path, dmesg=dmesg, journalctl=journal)
    assert (status, state.begins) == ("0", 0.0)
    assert [entry.text for entry in state.entries] == ["NVRM: GPU 0000:01:00.0: GPU has fallen off the bus."]


def test_what_nobody_lets_it_read_was_not_seen(tmp_path: Path) -> None:
    status, state = look(tmp_path, dmesg=DENIED, journalctl="#!/bin/sh\nexit 1\n")
    assert (status, state.entries, state.begins) == ("denied", (), None)
    assert state.booted is not None and state.uptime is not None


def test_a_dmesg_that_hangs_is_left_after_five_seconds(tmp_path: Path) -> None:
    status, state = look(tmp_path, dmesg="#!/bin/sh\nsleep 600\n", journalctl="#!/bin/sh\nexit 1\n")
    assert (status, state.entries) == ("denied", ())
