"""The driver that a host has against the GPUs in it: branch and flavour, in memory, on disk and in its packages."""

from typing import TYPE_CHECKING, NamedTuple

from schema import compat
from schema.driver import names
from schema.driver.generation import suits
from schema.driver.model import Flavour
from schema.errors import Finding
from schema.gpu import PciDevice
from schema.health import origin
from schema.health.gpu import finding
from schema.model import version_key

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


class Found(NamedTuple):
    """One driver that is there: where it was seen, its version and its flavour, None where that is not known."""

    place: str
    version: str
    flavour: Flavour | None


def suited(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """GPUs that the driver of the next boot will not drive, told before the reboot shows it."""
    driver = _next(snapshot)
    if spec.managed_driver is None or driver is None or not version_key(driver.version):
        return []
    branch = version_key(driver.version)[0]
    undriven = [
        item for item in snapshot.gpu.nvidia if not _works(item, driver, snapshot) and not _drives(item, driver)
    ]
    if not undriven:
        return []
    title = f"{driver.version} {driver.flavour or ''}".strip()
    message = f"the driver that is there, {title}, does not drive {len(undriven)} of the GPUs"
    lines = [f"{driver.place}: {title}", *(_line(item) for item in undriven)]
    return [finding("GPU208", "error", message, lines, _hint(branch, driver, undriven, snapshot))]


def _next(snapshot: "Snapshot") -> Found | None:
    """What the next boot loads: the module on disk for its kernel, else that of the installed packages, else memory."""
    state, kernel = snapshot.driver, snapshot.kernel.next_boot or snapshot.kernel.running
    module = state.module_for(kernel) or state.module_for(snapshot.kernel.running)
    if module is not None:
        return Found(f"module on disk for {module.kernel}", module.version, module.flavour)
    for name, item in origin.driver_packages(snapshot).items():
        if (flavour := names.flavour_of(name)) is not None:
            return Found(f"package {name}", item.version, flavour)
    if state.loaded_version is not None:
        return Found("/proc/driver/nvidia/version", state.loaded_version, state.loaded_flavour)
    return None


def _works(device: PciDevice, driver: Found, snapshot: "Snapshot") -> bool:
    """Whether nvidia-smi lists the GPU with the very driver: then our data is wrong about it, and not the host."""
    smi, state = snapshot.gpu.smi, snapshot.driver
    same = driver.version.startswith(state.loaded_version or "-") and driver.flavour in {None, state.loaded_flavour}
    return same and smi is not None and device.slot in {gpu.slot for gpu in smi.gpus}


def _drives(device: PciDevice, driver: Found) -> bool:
    known = compat.gpu_by_pci_id(device.pci_id)
    # A device that is passed through to a virtual machine is not this driver's.
    if known is None or device.driver == "vfio-pci":
        return True
    return suits(version_key(driver.version)[0], driver.flavour, {known.architecture})


def _line(device: PciDevice) -> str:
    known = compat.gpu_by_pci_id(device.pci_id)
    row = compat.architecture(known.architecture) if known is not None else None
    if known is None or row is None:
        return f"{device.slot} {device.pci_id}"
    until = f"branch up to {row.last_branch}, " if row.last_branch else ""
    return f"{device.slot} {device.pci_id} {known.name} ({row.title}): {until}{' or '.join(row.flavours)} modules"


def _hint(branch: int, driver: Found, undriven: list[PciDevice], snapshot: "Snapshot") -> str:
    """The other flavour where that is all; else a branch. The packages are those of the origin that is there."""
    flavours: set[Flavour] = {"open", "proprietary"}
    other = next(
        (word for word in sorted(flavours) if all(_drives(d, driver._replace(flavour=word)) for d in undriven)), None
    )
    if other is None:
        return "declare driver: {branch: auto, modules: auto}, and look at fleet plan"
    words = f"declare driver: {{modules: {other}}}"
    if snapshot.driver.managers and "runfile" in snapshot.driver.managers:
        kind = "open" if other == "open" else "proprietary"
        return f"{words}, or run the .run installer again with --kernel-module-type={kind}"
    if origin.of_driver(snapshot) == "nvidia":
        suffix = "" if branch >= names.FIRST_WITHOUT_SUFFIX else f"-{branch}"
        return f"{words}, or: sudo apt install {'nvidia-open' if other == 'open' else 'cuda-drivers'}{suffix}"
    server = "-server" if any(names.is_server(name) for name in origin.driver_packages(snapshot)) else ""
    return f"{words}, or: sudo apt install nvidia-driver-{branch}{server}{'-open' if other == 'open' else ''}"
