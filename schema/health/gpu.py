"""GPUs: those declared against those that are there, those that answer, and their condition."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from schema import compat
from schema.errors import Finding, Severity
from schema.gpu import GpuSpec, PciDevice

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


# A T4 of 16 GB shows 15.0 GiB, a B300 of 288 GB 268.6: ECC's part and the vendors' GB together stay below a tenth.
TOLERANCE = 0.1


def finding(code: str, severity: Severity, message: str, evidence: Iterable[str], hint: str) -> Finding:
    """A finding with at most ten lines of evidence."""
    return Finding(code=code, severity=severity, message=message, evidence="\n".join(list(evidence)[:10]), hint=hint)


def declared(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Count and kind on the PCI bus; an NVIDIA device where none is declared."""
    there = snapshot.gpu.nvidia
    listed = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    # Windows shows its GPUs to WSL as a device of its own (vendor 1414); a container may have GPUs and no bus.
    if snapshot.not_seen & {"gpu", "gpu/devices"} or (not there and (listed or "wsl" in snapshot.driver.managers)):
        return _listed(spec, len(listed)) if listed else []
    if not spec.gpus:
        hint = "declare it: gpus: [MODEL]; fleet discover writes the file"
        message = f"{len(there)} NVIDIA GPU{'s are' if len(there) > 1 else ' is'} there, and none is declared"
        return [finding("GPU122", "error", message, map(_line, there), hint)] if there else []
    total = sum(gpu.count for gpu in spec.gpus)
    if len(there) != total:
        message = f"GPUs: {total} declared, {len(there)} there"
        hint = "look at seating, power and sudo dmesg | grep -i 'fallen off the bus'; or declare what is there"
        lines = [*map(_line, there), *(f"not declared: {_line(device)}" for device in _undeclared(spec.gpus, there))]
        return [finding("GPU120", "error", message, lines, hint)]
    return _kinds(spec.gpus, there)


def _listed(spec: "HostSpec", count: int) -> list[Finding]:
    """Where the bus does not tell, by what nvidia-smi lists."""
    total = sum(gpu.count for gpu in spec.gpus or ())
    message, hint = (
        f"GPUs: {total} declared, {count} listed",
        "look at sudo dmesg | grep NVRM; or declare what is there",
    )
    lines = [f"nvidia-smi -q -x: {count} GPUs; the PCI bus was not seen"]
    return [finding("GPU120", "error", message, lines, hint)] if total and total != count else []


def _undeclared(gpus: Iterable[GpuSpec], there: tuple[PciDevice, ...]) -> list[PciDevice]:
    """Those of a kind that no declaration names; () where one of them has a name that the data does not know."""
    ids = [pci_ids(gpu) for gpu in gpus]
    return [device for device in there if not any(device.pci_id in one for one in ids)] if all(ids) else []


def pci_ids(gpu: GpuSpec) -> frozenset[str]:
    """The PCI ids that a declared GPU may have; empty where its name is not known."""
    products = compat.gpus_by_name(gpu.model) if gpu.model else ()
    found = {gpu.pci_id} if gpu.pci_id else {pci_id for product in products for pci_id in product.pci_ids}
    return frozenset(found)


def _line(device: PciDevice) -> str:
    known = compat.gpu_by_pci_id(device.pci_id)
    return f"{device.slot} {device.pci_id} {known.name if known is not None else 'unknown model'}"


def _kinds(gpus: Iterable[GpuSpec], there: tuple[PciDevice, ...]) -> list[Finding]:
    found = []
    for gpu in gpus:
        ids = pci_ids(gpu)
        matching = sum(device.pci_id in ids for device in there)
        if ids and matching < gpu.count:
            message = f"{gpu.count} x {gpu.model or gpu.pci_id} declared, {matching} there"
            hint = "declare the model that is there, or look why the board was changed"
            found.append(finding("GPU121", "error", message, map(_line, there), hint))
    return found


def answering(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """GPUs on the bus that the driver does not have, but those that another driver has (GPU240)."""
    smi = snapshot.gpu.smi
    there = [one for one in snapshot.gpu.nvidia if one.driver in {None, "nvidia"}]
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


def sizes(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """GPUs whose memory is not the declared one, with a tolerance: vendors count differently, and ECC takes a part."""
    gpus, specs = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else (), spec.gpus or ()
    wrong = []
    for gpu in gpus:
        meant = [one for one in specs if gpu.pci_id is not None and gpu.pci_id in pci_ids(one)]
        size = gpu.memory_total_mib
        if size is None or not meant or any(_fits(one.memory_gib, size) for one in meant):
            continue
        wanted = " or ".join(dict.fromkeys(f"{one.memory_gib} GiB" for one in meant))
        wrong.append(f"{gpu.title}: fb_memory_usage total {size} MiB ({size / 1024:.1f} GiB), declared {wanted}")
    message = f"{len(wrong)} GPU{'s have' if len(wrong) > 1 else ' has'} another memory size than declared"
    hint = "declare memory_gib as it is, or look why the board was changed"
    return [finding("GPU241", "error", message, wrong, hint)] if wrong else []


def _fits(declared: int | None, size_mib: int) -> bool:
    return declared is None or abs(size_mib / 1024 - declared) <= TOLERANCE * declared


def links(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """PCIe links of fewer lanes than possible; their generation drops while a GPU idles, and says nothing."""
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    narrow = [gpu for gpu in gpus if gpu.link_width and gpu.max_link_width and gpu.link_width < gpu.max_link_width]
    if not narrow:
        return []
    first = narrow[0]
    message = f"the PCIe link of a GPU has {first.link_width} of {first.max_link_width} lanes"
    if len(narrow) > 1:
        message = f"the PCIe links of {len(narrow)} GPUs have fewer lanes than possible"
    hint = "a slot may be wired so; else look at the seating and the riser"
    lines = [
        f"{gpu.title}: current_link_width {gpu.link_width}x, max_link_width {gpu.max_link_width}x" for gpu in narrow
    ]
    return [finding("GPU125", "info", message, lines, hint)]
