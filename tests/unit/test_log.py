"""The kernel's log: lines and their times, Xids of both forms, and what is over because the driver was loaded again."""

from facts import log, probe
from schema import log as logs
from schema.log import LogState

MARK = "0f9d2c1e-1111-2222-3333-444455556666"
BEGINS = "begins [    0.000000] Linux version 6.8.0-51-generic"
LOAD = "nvidia-nvlink: Nvlink Core is being initialized, major device number 236"


def read(*lines: str, status: str = "0") -> LogState:
    section = [*lines, "", f"@@{MARK} log/kernel {status}"]
    return log.parse(probe.sections([f"@@gpufleet 1 {MARK}", *section]))


def logged(*lines: str) -> LogState:
    """A log with these lines, a second between them, on a machine that was booted at 2025-11-24 16:00:00 UTC."""
    numbered = [f"line {number} 1 [{number:5}.000000] {line}" for number, line in enumerate(lines, start=1)]
    return read("booted 1764000000", "uptime 9000.25 71000.1", BEGINS, *numbered)


def test_lines_come_in_the_order_of_the_log_with_their_times() -> None:
    state = read(
        "booted 1764000000",
        "uptime 612.31 4000.2",
        BEGINS,
        "line 812 1 [    8.123456] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.95.05",
        "line 12 3 [    7.000001] nvidia: module license 'NVIDIA' taints kernel.",
        "line 813 1 without a time",
    )
    assert (state.booted, state.uptime, state.begins) == (1764000000, 612.31, 0.0)
    assert [(entry.number, entry.count, entry.seconds) for entry in state.entries] == [
        (12, 3, 7.000001),
        (812, 1, 8.123456),
        (813, 1, None),
    ]
    assert state.when(state.entries[1]) == "2025-11-24 16:00 UTC"
    assert state.when(state.entries[2]) == "at a time that is not known"


def test_the_journals_form_is_read_like_the_buffers() -> None:
    state = read("line 1 1 [   12.500000] node kernel: NVRM: GPU 0000:01:00.0: GPU has fallen off the bus.")
    assert state.entries[0].text == "NVRM: GPU 0000:01:00.0: GPU has fallen off the bus."
    assert (state.booted, state.when(state.entries[0])) == (None, "12 s after boot")


def test_xids_have_a_number_and_a_slot_in_every_form() -> None:
    state = logged(
        "NVRM: Xid (PCI:0000:9b:00): 119, pid=3822, name=nvidia-smi, Timeout after 6s of waiting for RPC response",
        "NVRM: Xid (0000:03:00): 14, Channel 00000001",
        "NVRM: Xid (PCI:0009:01:00): 149, NETIR_LINK_EVT  Fatal   XC0 i0 Link 01 (0x021425c6 0x00000000)",
        "NVRM: Xid (PCI:0000:18:00 GPU-I:03): 94, pid='<unknown>', name=<unknown>, Contained: SM (0x1)",
        "NVRM: Xid error: xyz, invalid data",
        "nvidia-nvswitch3: SXid (PCI:0000:c4:00.0): 12028, Non-fatal, Link 32 egress non-posted PRIV error",
    )
    assert [(xid.number, xid.slot) for xid in logs.xids(state)] == [
        (119, "0000:9b:00"),
        (14, "0000:03:00"),
        (149, "0009:01:00"),
        (94, "0000:18:00"),
    ]


def test_what_was_before_the_last_load_of_the_driver_is_over() -> None:
    lost = "NVRM: Xid (PCI:0000:9b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus."
    refused = "NVRM: The NVIDIA GPU 0000:9b:00.0 (PCI ID: 10de:2330)"
    state = logged(lost, LOAD, refused, "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.95.05")
    assert logs.xids(state) == ()
    assert state.since_load[1].text == refused
    assert [entry.text for entry in state.matching("fallen off")] == [lost]


def test_a_log_that_may_not_be_read_is_empty() -> None:
    state = read("booted 1764000000", "uptime 9.1 3.3", status="denied")
    assert (state.entries, state.begins, logs.xids(state)) == ((), None, ())


def test_a_line_as_evidence_tells_its_time_and_how_many_there_were() -> None:
    state = read("booted 1764000000", "line 9 400 [ 3600.000000] NVRM: Xid (PCI:0000:01:00): 31, pid=7, MMU Fault")
    assert state.line(state.entries[0]) == (
        "kernel log, 2025-11-24 17:00 UTC: NVRM: Xid (PCI:0000:01:00): 31, pid=7, MMU Fault (the last of 400)"
    )


def test_any_numbers_are_bounded() -> None:
    state = read("booted " + "9" * 40, "uptime x", "begins [ x", "line 99999999999 1 [1.0] a", "line 1 1", "line")
    assert state == LogState()
    many = read(*[f"line {number} 1 [1.0] text" for number in range(5000)])
    assert len(many.entries) == log.LINES
