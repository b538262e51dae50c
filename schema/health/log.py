"""What the driver said in the kernel's log while it was loaded, beside Xids: GPUs that it refuses or cannot start."""

import re
from typing import TYPE_CHECKING, NamedTuple

from schema.errors import Finding, Severity
from schema.health import places
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.log import Entry
    from schema.snapshot import Snapshot

NAMED = re.compile(r"NVRM: (?:The NVIDIA (?:GPU|probe)|GPU)\s+([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])")
FAILED = re.compile(r"RmInitAdapter failed!|rm_init_adapter failed")


class Refusal(NamedTuple):
    """A sentence by which the driver refuses a GPU; it is cut into lines, so that each expression fits in one."""

    expression: str
    why: str
    hint: str


# NVIDIA/open-gpu-kernel-modules, and logs of users (open-gpu-kernel-modules issues 246 and 862; pop-os issue 3411).
REFUSALS = (
    Refusal(
        "requires use of the NVIDIA open kernel modules",
        "needs the open kernel modules",
        "declare driver: {modules: open}, or auto, and run; by hand: sudo apt install nvidia-open",
    ),
    Refusal(
        "not supported by open",
        "is too old for the open kernel modules",
        "declare driver: {modules: proprietary}, or auto, and run; by hand: sudo apt install cuda-drivers-580",
    ),
    Refusal(
        r"NVIDIA [0-9]+\.xx Legacy",
        "is too old for this driver's branch",
        "declare driver: {branch: auto}, and run: the last branch that drives it is taken",
    ),
    Refusal(
        "is not supported by the",
        "is not supported by this driver's release",
        "declare driver: {branch: auto}, and run: a newer branch is taken",
    ),
)
SWITCH = re.compile(r"nvidia-nvswitch.*SXid \([^)]*\): ([0-9]{1,6}), Fatal")
LEGACY = re.compile(r"NVIDIA ([0-9]+)\.xx Legacy")


def refused(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """GPUs that the loaded driver will not drive, in its own words."""
    found = []
    for refusal in REFUSALS:
        entries = [pair for pair in _placed(snapshot, refusal.expression) if not places.answers(snapshot, pair[0])]
        if entries:
            slots = list(dict.fromkeys(slot for slot, _ in entries))
            who = places.title(snapshot, slots[0]) if len(slots) == 1 and slots[0] else f"{len(slots)} GPUs: one"
            legacy = LEGACY.search(entries[-1][1].text)
            why = f"{refusal.why}: {legacy[1]} is its last" if legacy else refusal.why
            lines = [f"{slot or 'a GPU'}: {snapshot.log.line(entry)}" for slot, entry in entries]
            found.append(finding("GPU236", "error", f"{who} {why}", lines, refusal.hint))
    return found


def _placed(snapshot: "Snapshot", expression: str) -> list[tuple[str, "Entry"]]:
    """The lines that match, each with the slot that it names or that a line before it named; "" where none did."""
    slot, found = "", []
    for entry in snapshot.log.since_load:
        named = NAMED.search(entry.text)
        slot = named[1].lower() if named else slot
        if re.search(expression, entry.text):
            found.append((slot, entry))
    return found


def failed(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """GPUs that the driver accepted and could not start, unless it said why (GPU236) or it starts them by now."""
    known = {slot for refusal in REFUSALS for slot, _ in _placed(snapshot, refusal.expression)}
    slots: dict[str, Entry] = {}
    for slot, entry in _placed(snapshot, FAILED.pattern):
        if slot not in known and not places.answers(snapshot, slot):
            slots[slot] = entry
    if not slots:
        return []
    who = places.title(snapshot, next(iter(slots))) if len(slots) == 1 else f"{len(slots)} GPUs"
    lines = [line for entry in slots.values() for line in _around(snapshot, entry)]
    hint = "switch the host off and on; if it returns: check power and seating, the board's firmware and the BIOS"
    return [finding("GPU235", "error", f"the driver could not start {who}", lines, hint)]


def _around(snapshot: "Snapshot", entry: "Entry") -> list[str]:
    """The line with up to three of the driver's lines in the ten seconds before it, which tell what failed."""
    seconds = entry.seconds
    before = [
        one
        for one in snapshot.log.entries
        if seconds is not None
        and one.seconds is not None
        and seconds - 10 <= one.seconds
        and one.number < entry.number
        and "NVRM:" in one.text
        and not FAILED.search(one.text)
    ]
    return [snapshot.log.line(one) for one in (*before[-3:], entry)]


def mismatched(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Programs that came with a driver's libraries of another version than the module, on a host that is matched."""
    loaded, libraries = snapshot.driver.loaded_version, snapshot.driver.libraries
    entries = [one for one in snapshot.log.since_load if "API mismatch" in one.text and places.recent(snapshot, one)]
    if not entries or loaded is None or (libraries and libraries[-1] != loaded):
        return []
    message = "a program uses libraries of another driver version than the module"
    hint = (
        "find them: sudo grep -l libcuda /proc/*/maps; a container with a driver of its own is started again without it"
    )
    return [finding("GPU237", "warning", message, [snapshot.log.line(one) for one in entries[-3:]], hint)]


def switches(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Fatal errors that an NVSwitch reported; the others need nothing (fabric manager user guide, SXid errors)."""
    entries = [one for one in snapshot.log.since_load if SWITCH.search(one.text)]
    if not entries:
        return []
    told = SWITCH.search(entries[-1].text)
    number = told[1] if told is not None else "?"
    severity: Severity = "error" if any(places.recent(snapshot, one) for one in entries) else "warning"
    message = f"an NVSwitch had a fatal error: SXid {number}, last {snapshot.log.when(entries[-1])}"
    hint = "end the work on all GPUs, then restart nvidia-fabricmanager and reset the GPUs together, or reboot the host"
    return [finding("GPU259", severity, message, [snapshot.log.line(one) for one in entries[-5:]], hint)]


def memory(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """nvidia-uvm without the address space that it wants for the GPUs' memory (HMM), so that CUDA does not start."""
    entries = [one for one in snapshot.log.since_load if re.search("request_free_mem_region.*err -[0-9]+", one.text)]
    hint = (
        "echo 'options nvidia_uvm uvm_disable_hmm=1' | sudo tee /etc/modprobe.d/uvm.conf, or nokaslr on the kernel's "
        "command line; then reboot"
    )
    message = "nvidia-uvm found no address space for the GPUs' memory"
    lines = [snapshot.log.line(one) for one in entries[-3:]]
    return [finding("GPU238", "error", message, lines, hint)] if entries else []
