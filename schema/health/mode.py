"""Modes of the GPUs: MIG against the declaration, modes that wait for a reset, ECC, persistence, slowed clocks."""

import re
from typing import TYPE_CHECKING

from schema.errors import Finding, Severity
from schema.gpu import Gpu, GpuSpec
from schema.health import places
from schema.health.gpu import finding, pci_ids

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

NAMES = {True: "Enabled", False: "Disabled", None: "N/A"}
SLOWED = {"hw_thermal_slowdown": "heat", "hw_power_brake_slowdown": "the power brake of the power supply"}


def _gpus(snapshot: "Snapshot") -> tuple[Gpu, ...]:
    return snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()


def mig(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """MIG not as declared, a change of it that waits, and MIG without a device that could do work."""
    gpus = _gpus(snapshot)
    waiting = [gpu for gpu in gpus if None not in _modes(gpu) and gpu.mig_current != gpu.mig_pending]
    empty = [gpu for gpu in gpus if gpu.mig_current and not gpu.mig_devices and gpu not in waiting]
    return [
        *_declared(spec.gpus or (), gpus),
        *_waiting([_line(gpu) for gpu in waiting]),
        *_empty([f"{_line(gpu)}, mig_devices None" for gpu in empty]),
    ]


def _modes(gpu: Gpu) -> tuple[bool | None, bool | None]:
    return gpu.mig_current, gpu.mig_pending


def _line(gpu: Gpu) -> str:
    return f"{gpu.title}: current_mig {NAMES[gpu.mig_current]}, pending_mig {NAMES[gpu.mig_pending]}"


def _declared(specs: tuple[GpuSpec, ...], gpus: tuple[Gpu, ...]) -> list[Finding]:
    """By number where GPUs of one kind are declared in both modes; a GPU that is missing is no wrong mode (GPU120)."""
    groups: dict[tuple[GpuSpec, ...], list[Gpu]] = {}
    for gpu in gpus:
        meant = tuple(one for one in specs if gpu.pci_id is not None and gpu.pci_id in pci_ids(one))
        groups.setdefault(meant, []).append(gpu)
    found = []
    for meant, there in groups.items():
        missing = max(0, sum(one.count for one in meant) - len(there))
        for wanted in (True, False):
            asked = sum(one.count for one in meant if one.mig is wanted)
            others = [gpu for gpu in there if bool(gpu.mig_current) is not wanted]
            if asked and len(others) > len(there) - asked + missing:
                found.append(_wrong(wanted, asked, others))
    return found


def _wrong(on: bool, asked: int, gpus: list[Gpu]) -> Finding:
    state, other = ("on", "off") if on else ("off", "on")
    message = f"MIG is declared {state} for {asked} GPU{'s' if asked > 1 else ''}, and is {other} on {len(gpus)}"
    hint = f"end the work on them, then: sudo nvidia-smi -i INDEX -mig {int(on)}; or declare what is there"
    return finding("GPU242", "error", message, [_line(gpu) for gpu in gpus], hint)


def _waiting(lines: list[str]) -> list[Finding]:
    message = f"a change of the MIG mode waits on {len(lines)} GPU{'s' if len(lines) > 1 else ''}"
    hint = "end the work on them, then: sudo nvidia-smi --gpu-reset -i INDEX; where that is refused, reboot the host"
    return [finding("GPU243", "warning", message, lines, hint)] if lines else []


def _empty(lines: list[str]) -> list[Finding]:
    where = f"{len(lines)} GPU{'s' if len(lines) > 1 else ''}"
    message = f"MIG is on without MIG devices on {where}: no program can use CUDA there"
    hint = "make them, as after each boot: sudo nvidia-smi mig -i INDEX -cgi PROFILE -C; -lgip lists the profiles"
    return [finding("GPU244", "warning", message, lines, hint)] if lines else []


def ecc(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A change of ECC that waits; ECC off on a board for computing, whose vendor has it on."""
    waiting, off = [], []
    for gpu in _gpus(snapshot):
        line = f"{gpu.title}: current_ecc {NAMES[gpu.ecc_current]}, pending_ecc {NAMES[gpu.ecc_pending]}"
        device = places.device(snapshot, gpu.slot)
        if None not in {gpu.ecc_current, gpu.ecc_pending} and gpu.ecc_current != gpu.ecc_pending:
            waiting.append(line)
        # Class 0302, 3D controller, has no display; GeForce and RTX boards with one are delivered with ECC off.
        elif gpu.ecc_current is False and device is not None and device.class_code.startswith("0302"):
            off.append(line)
    found = []
    if waiting:
        hint = "end the work on them, then reset the GPU or reboot"
        found.append(finding("GPU246", "warning", "a change of the ECC mode waits", waiting, hint))
    if off:
        hint = "if that is not meant: sudo nvidia-smi -e 1, then reboot"
        found.append(finding("GPU246", "info", "ECC is off on boards that have it", off, hint))
    return found


def persistence(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Persistence mode off though declared, where something else keeps the driver: elsewhere it is a change."""
    managed = spec.managed_driver
    off = [gpu for gpu in _gpus(snapshot) if gpu.persistence_mode is False]
    if managed is None or managed.source != "external" or not managed.persistence or not off:
        return []
    boards = [places.device(snapshot, gpu.slot) for gpu in off]
    # A GPU that drives a display is kept initialised by it.
    computing = any(one is not None and one.class_code.startswith("0302") for one in boards)
    severity: Severity = "warning" if computing else "info"
    lines = [f"{gpu.title}: persistence_mode Disabled" for gpu in off]
    lines.append(f"nvidia-persistenced: {snapshot.driver.persistenced.active}")
    message = f"persistence mode is off on {len(off)} GPU{'s' if len(off) > 1 else ''}"
    hint = (
        "sudo systemctl enable --now nvidia-persistenced, without --no-persistence-mode; or declare persistence: false"
    )
    return [finding("GPU245", severity, message, lines, hint)]


def clocks(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Clocks that the board's own protection holds down at this moment; laptops do so every day."""
    lines = [
        f"{gpu.title}: {reason} Active"
        for gpu in _gpus(snapshot)
        for reason in gpu.slowdowns
        if reason in SLOWED and not re.search("Laptop|Max-Q|Mobile", gpu.name or "")
    ]
    why = " and ".join(words for reason, words in SLOWED.items() if any(reason in line for line in lines))
    hint = "check fans, air flow and room temperature; for the power brake, the power supplies and the rack's limit"
    return [finding("GPU250", "warning", f"GPUs are slowed down by {why}", lines, hint)] if lines else []


def licence(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A vGPU without its licence is slowed down after a while (NVIDIA vGPU, client licensing user guide)."""
    lines = [
        f"{gpu.title}: license_status {gpu.license_status}"
        for gpu in _gpus(snapshot)
        if (gpu.license_status or "").lower().startswith("unlicensed")
        and "vgpu" in (gpu.virtualization_mode or "").lower()
    ]
    hint = "sudo systemctl status nvidia-gridd; /etc/nvidia/gridd.conf and /etc/nvidia/ClientConfigToken say where from"
    return [finding("GPU248", "warning", "a vGPU has no licence, and becomes slow", lines, hint)] if lines else []
