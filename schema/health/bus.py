"""The PCI bus: GPUs that fell off it, GPUs that another driver has, and errors of their links."""

import re
from typing import TYPE_CHECKING

from schema.errors import Finding, Severity
from schema.health import places, xid
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.log import Entry
    from schema.snapshot import Snapshot

# nvidia-smi's words of a GPU that it cannot reach, with its bus id.
HANDLE = re.compile(r"device handle for GPU\s*([0-9A-Fa-f:.]+[0-9A-Fa-f]): (.*)", re.IGNORECASE)
POWERED = "insufficiently powered"
SLOT = re.compile(r"\b([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2})\.[0-7]")
FALLEN = r"NVRM:.*fallen off the bus"
# What hands a device to a virtual machine or keeps it for one (Linux, Documentation/driver-api/vfio.rst; Xen).
PASSED_ON = frozenset({"vfio-pci", "vfio_pci", "pci-stub", "xen-pciback", "pciback", "nvgrace_gpu_vfio_pci"})
# Corrected errors are sent again by the link itself; only a flood of them tells of a bad contact: a rule of thumb.
MANY_CORRECTED = 100
REBOOT = "end the work on the host and reboot it; if it returns, check seating, power and cooling, then ask the vendor"


def fallen(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """GPUs that cannot be reached, by the driver's log, nvidia-smi's words and what their configuration reads."""
    lost = _lost(snapshot)
    back = {slot: lines for slot, lines in lost.items() if places.answers(snapshot, slot)}
    gone = {slot: lines for slot, lines in lost.items() if slot not in back}
    return [
        *_fell(snapshot, gone, "error", "fell off the bus"),
        *_fell(snapshot, back, "warning", "fell off the bus, and answers again"),
    ]


def _fell(snapshot: "Snapshot", slots: dict[str, list[str]], severity: Severity, words: str) -> list[Finding]:
    if not slots:
        return []
    who = places.title(snapshot, next(iter(slots))) if len(slots) == 1 else f"{len(slots)} GPUs"
    evidence = [line for lines in slots.values() for line in lines]
    return [finding("GPU230", severity, f"{who} {words}", evidence, REBOOT)]


def _lost(snapshot: "Snapshot") -> dict[str, list[str]]:
    """The evidence by slot, without functions."""
    found: dict[str, list[str]] = {}
    for one in xid.lost(snapshot):
        found.setdefault(one.slot, []).append(snapshot.log.line(one.entry))
    for slot, entry in _fallen_lines(snapshot):
        found.setdefault(slot, [snapshot.log.line(entry)])
    smi = snapshot.gpu.smi
    for place, words in HANDLE.findall(smi.text if smi is not None else ""):
        if POWERED not in words:
            found.setdefault(_slot(place), []).append(f"nvidia-smi: device handle of {place}: {words}")
    for device in snapshot.gpu.nvidia:
        if device.unreadable:
            line = f"{device.slot}: every bit of its PCI configuration reads as 1 (lspci shows rev ff)"
            found.setdefault(_slot(device.slot), []).append(line)
    return found


def _fallen_lines(snapshot: "Snapshot") -> list[tuple[str, "Entry"]]:
    """The driver's lines without an Xid; of one in several lines the first names the GPU."""
    slot, found = None, []
    for entry in snapshot.log.since_load:
        place = SLOT.search(entry.text) if "NVRM:" in entry.text else None
        slot = _slot(place[1]) if place else slot
        if re.search(FALLEN, entry.text) and "Xid" not in entry.text and slot is not None:
            found.append((slot, entry))
    return found


def _slot(place: str) -> str:
    """ "0000:cb:00" of "0000:CB:00.0" and of "00000000:CB:00.0"."""
    domain, _, rest = place.partition(":")
    number = int(domain, 16) if re.fullmatch("[0-9A-Fa-f]+", domain) else 0
    return f"{number:04x}:{rest.lower().rsplit('.', 1)[0]}"


def bound(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """GPUs that another driver than nvidia has; nouveau in place of nvidia has its own finding (GPU115)."""
    managed = spec.managed_driver
    others = [one for one in snapshot.gpu.nvidia if one.driver not in {None, "nvidia", "nouveau"}]
    stolen = [one for one in snapshot.gpu.nvidia if one.driver == "nouveau" and snapshot.driver.loaded_version]
    found = []
    for device in (*others, *stolen):
        passed = device.driver in PASSED_ON or "vfio" in (device.driver or "")
        severity: Severity = "error" if managed is not None and not passed else "warning" if managed else "info"
        what = "it is kept for a virtual machine" if passed else "nvidia cannot use it"
        hint = "if that is meant, declare the other GPUs only, and driver: none where there are no others"
        if not passed:
            hint = (
                f"keep {device.driver} from loading: a blacklist in /etc/modprobe.d, update-initramfs -u, then reboot"
            )
        message = f"{places.title(snapshot, device.slot)} is bound to {device.driver}: {what}"
        found.append(finding("GPU240", severity, message, [f"/sys/bus/pci/devices/{device.slot}/driver"], hint))
    return found


def errors(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """PCIe errors that the kernel reported of a GPU (advanced error reporting); corrected ones when they are many."""
    bad, many = [], []
    for entry in snapshot.log.since_load:
        slots = (
            [_slot(place) for place in SLOT.findall(entry.text)] if re.search("AER:|PCIe Bus Error", entry.text) else []
        )
        gpu = next((slot for slot in slots if places.device(snapshot, slot) is not None), None)
        if gpu is not None:
            line = f"{places.title(snapshot, gpu)}: {snapshot.log.line(entry)}"
            if re.search("(?i)uncorrect|fatal", entry.text):
                bad.append(line)
            elif entry.count >= MANY_CORRECTED:
                many.append(line)
    hint = "check the seating of the board, its riser and cables; a slower link (BIOS, PCIe generation) hides it"
    found = []
    if bad:
        found.append(finding("GPU239", "warning", "PCIe errors of a GPU could not be corrected", bad[-10:], hint))
    if many:
        found.append(finding("GPU239", "info", "many PCIe errors of a GPU were corrected", many[-10:], hint))
    return found
