"""GPUs: those declared against those that are there, those that answer, and their condition."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from schema import compat
from schema.errors import Finding, Severity
from schema.gpu import Gpu, GpuSpec, PciDevice

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def finding(code: str, severity: Severity, message: str, evidence: Iterable[str], hint: str) -> Finding:
    """A finding with at most ten lines of evidence."""
    return Finding(code=code, severity=severity, message=message, evidence="\n".join(list(evidence)[:10]), hint=hint)


def declared(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Count and kind on the PCI bus; an NVIDIA device where none is declared."""
    if snapshot.not_seen & {"gpu", "gpu/devices"}:
        return []
    there = snapshot.gpu.nvidia
    if not spec.gpus:
        hint = "declare it: gpus: [MODEL]; fleet discover writes the file"
        message = f"{len(there)} NVIDIA GPU{'s are' if len(there) > 1 else ' is'} there, and none is declared"
        return [finding("GPU122", "error", message, map(_line, there), hint)] if there else []
    total = sum(gpu.count for gpu in spec.gpus)
    if len(there) != total:
        message = f"GPUs: {total} declared, {len(there)} there"
        hint = "look at seating, power and sudo dmesg | grep -i 'fallen off the bus'; or declare what is there"
        return [finding("GPU120", "error", message, map(_line, there), hint)]
    return _kinds(spec.gpus, there)


def _line(device: PciDevice) -> str:
    known = compat.gpu_by_pci_id(device.pci_id)
    return f"{device.slot} {device.pci_id} {known.name if known is not None else 'unknown model'}"


def _kinds(gpus: Iterable[GpuSpec], there: tuple[PciDevice, ...]) -> list[Finding]:
    found = []
    for gpu in gpus:
        products = compat.gpus_by_name(gpu.model) if gpu.model else ()
        ids = {gpu.pci_id} if gpu.pci_id else {pci_id for product in products for pci_id in product.pci_ids}
        matching = sum(device.pci_id in ids for device in there)
        if ids and matching < gpu.count:
            message = f"{gpu.count} x {gpu.model or gpu.pci_id} declared, {matching} there"
            hint = "declare the model that is there, or look why the board was changed"
            found.append(finding("GPU121", "error", message, map(_line, there), hint))
    return found


def answering(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """GPUs on the bus that the driver does not have."""
    smi, there = snapshot.gpu.smi, snapshot.gpu.nvidia
    if spec.managed_driver is None or snapshot.driver.loaded_version is None or smi is None or not there:
        return []
    if smi.exit_code == 0 and smi.complete and len(smi.gpus) < len(there):
        answers = {gpu.slot for gpu in smi.gpus}
        silent = [device for device in there if device.slot not in answers]
        lines = [f"{_line(device)} bound to {device.driver or 'no driver'}" for device in silent]
        message = f"{len(silent)} of {len(there)} GPUs do not answer the driver"
        hint = "see why: sudo dmesg | grep -E 'NVRM|Xid'; a GPU that fell off the bus needs a reboot or a new board"
        return [finding("GPU123", "error", message, lines, hint)]
    return []


def condition(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What the GPUs say of their memory, their recovery and their link."""
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    return [item for gpu in gpus for item in (*_memory(gpu), *_link(gpu))]


def _memory(gpu: Gpu) -> list[Finding]:
    place, found = [gpu.title], []
    if gpu.remapped_failure:
        message = "a memory row could not be remapped: the board is to be replaced"
        found.append(finding("GPU128", "error", message, place, "take it out of service and ask the vendor (RMA)"))
    if gpu.remapped_pending or gpu.retired_pending:
        message = "a memory row or page waits to be taken out of use"
        found.append(finding("GPU127", "warning", message, place, "end its work, then reset the GPU or reboot"))
    if gpu.ecc_uncorrected_volatile:
        message = f"{gpu.ecc_uncorrected_volatile} uncorrectable memory errors since the driver was loaded"
        found.append(
            finding("GPU126", "warning", message, place, "end its work and reset it; replace it if they return")
        )
    if gpu.recovery_action is not None:
        message = f"the GPU asks for recovery: {gpu.recovery_action}"
        found.append(finding("GPU129", "error", message, place, "end its work, then do what it asks (Reset, Reboot)"))
    return found


def _link(gpu: Gpu) -> list[Finding]:
    if gpu.link_width is None or gpu.max_link_width is None or gpu.link_width >= gpu.max_link_width:
        return []
    message = f"the PCIe link has {gpu.link_width} of {gpu.max_link_width} lanes"
    hint = "a slot may be wired so; else look at the seating and the riser"
    return [finding("GPU125", "info", message, [gpu.title], hint)]
