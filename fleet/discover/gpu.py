"""The GPUs, the driver and the kernel of a machine as declarations, and in comments what none can say."""

import re
from collections import Counter

from fleet.discover.draft import plain, quoted, some
from schema import compat
from schema.driver import names
from schema.driver.model import Flavour
from schema.gpu import PciDevice
from schema.model import version_key
from schema.repository import Package
from schema.snapshot import Snapshot
from schema.wanted import upstream

# Managers whose driver gpufleet does not touch: the file says so instead of taking over.
FOREIGN = frozenset({"runfile", "gpu-operator", "dgx-os", "azure-extension", "wsl", "lambda-stack"})


def gpus(snapshot: Snapshot) -> list[str]:
    if snapshot.platform == "jetson":
        return _board(snapshot.board)
    if snapshot.not_seen & {"gpu", "gpu/devices"}:
        return ["# The PCI bus could not be read: gpus: [MODEL]"]
    counts = Counter(device.pci_id for device in snapshot.gpu.nvidia)
    devices = {device.pci_id: device for device in snapshot.gpu.nvidia}
    if not counts:
        return ["gpus: []"]
    divided = _divided(snapshot)
    return ["gpus:", *(f"  - {_gpu(devices[pci_id], count, divided)}" for pci_id, count in sorted(counts.items()))]


def _divided(snapshot: Snapshot) -> frozenset[str]:
    """The PCI ids whose GPUs are all in MIG mode; where some are, no mode is declared."""
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    off = {gpu.pci_id for gpu in gpus if not gpu.mig_current}
    return frozenset(gpu.pci_id for gpu in gpus if gpu.pci_id is not None and gpu.pci_id not in off)


def _board(model: str) -> list[str]:
    """A Jetson's GPU is part of its chip and on no bus: the board's name in the device tree says which it is."""
    words = set(re.findall(r"[a-z0-9]+", model.lower()))
    names = [name for chip in compat.socs() for name in chip.boards if set(name.lower().split()) <= words]
    longest = max(names, key=len, default=None)
    if longest is None:
        return [f"# The board calls itself {plain(model)!r}; say which it is: gpus: [Jetson AGX Orin]"]
    return [f"gpus: [{longest}]"]


def _gpu(device: PciDevice, count: int, divided: frozenset[str]) -> str:
    """By name where our data knows the device and its name means nothing else, by PCI id where not."""
    known = compat.gpu_by_pci_id(device.pci_id)
    by_name = known is not None and [found.name for found in compat.gpus_by_name(known.name)] == [known.name]
    key, value = ("model", known.name) if known is not None and by_name else ("pci_id", device.pci_id)
    comment = "" if by_name or known is None else f"  # {known.name}"
    mode = ", mig: true" if device.pci_id in divided else ""
    return f"{{{key}: {quoted(value)}, count: {count}{mode}}}{comment}"


def family(snapshot: Snapshot) -> list[Package]:
    """The installed packages that carry the driver's version, by name."""
    packages = sorted(snapshot.apt.packages.items())
    return [package for name, package in packages if package.installed and names.matched(name)]


def driver(snapshot: Snapshot) -> list[str]:
    """The driver's section; [] without a GPU, where none can be declared."""
    if not snapshot.gpu.nvidia:
        return []
    managers = sorted(FOREIGN & set(snapshot.driver.managers))
    version = _version(snapshot)
    if version is None and managers:
        return [f"driver: none  # {', '.join(managers)} left traces, and no driver of it is there"]
    if version is None:
        return ["driver: none  # none is installed; without this line a run installs the one that suits the GPUs"]
    source = "external" if managers else _source(snapshot)
    why = (
        f"  # {', '.join(managers)} manages it"
        if managers
        else ""
        if source != "external"
        else "  # no package owns it"
    )
    lines = ["driver:", f"  source: {source}{why}"]
    branch = version_key(version or "")[:1]
    # What a cluster's operator or a vendor's system may move at any time is not held to a branch.
    if branch and not set(managers) - {"runfile"}:
        lines.append(f"  branch: {branch[0]}  # {plain(version or '')}")
        flavour = _flavour(snapshot)
        lines += [f"  modules: {flavour}"] if flavour is not None else []
    return lines if source == "external" else [*lines, *_ours(snapshot, source)]


def _version(snapshot: Snapshot) -> str | None:
    """The driver that answers, else the one in memory, else the one on disk, else the packages'."""
    smi = snapshot.gpu.smi
    if smi is not None and smi.exit_code == 0 and smi.driver_version and smi.gpus:
        return smi.driver_version
    installed = [upstream(package.version) for package in family(snapshot)]
    candidates = (snapshot.driver.loaded_version, *reversed(snapshot.driver.libraries), *installed)
    return next((version for version in candidates if version and len(str(version_key(version)[0])) == 3), None)


def _flavour(snapshot: Snapshot) -> Flavour | None:
    """That of the module in memory, else of the one on disk, else what the packages' names say."""
    state = snapshot.driver
    module = state.module_for(snapshot.kernel.running) or (state.modules[-1] if state.modules else None)
    named = next((flavour for package in family(snapshot) if (flavour := names.flavour_of(package.name))), None)
    return state.loaded_flavour or (module.flavour if module is not None else None) or named


def _source(snapshot: Snapshot) -> str:
    """Where the packages came from; a driver that no package owns, or a PPA brought, is nobody's to replace."""
    libraries = [package for package in family(snapshot) if package.name.startswith("libnvidia-compute")]
    origins = [package.origin for package in libraries or family(snapshot)]
    origin = next((origin for origin in origins if origin), None)
    return "external" if origin is None or (origin == "ubuntu" and "ppa" in snapshot.driver.managers) else origin


def _ours(snapshot: Snapshot, source: str) -> list[str]:
    """What only a driver from a repository can say."""
    installed = [name for name, package in snapshot.apt.packages.items() if package.installed]
    smi, state, lines = snapshot.gpu.smi, snapshot.driver, list[str]()
    if source == "ubuntu":
        prebuilt = any(names.is_prebuilt(name) and names.family(name) for name in installed)
        server = any(names.is_server(package.name) for package in family(snapshot))
        lines += [
            f"  delivery: {'prebuilt' if prebuilt else 'dkms'}",
            f"  variant: {'server' if server else 'desktop'}",
        ]
    if not any(name.startswith("libnvidia-gl") for name in installed):
        lines.append("  install: compute")
    off = smi is not None and any(gpu.persistence_mode is False for gpu in smi.gpus)
    if off or (state.persistenced.installed and not state.persistenced.enabled):
        lines.append("  persistence: false  # as it is; true keeps the driver ready between two uses")
    switches = any(device.is_nvswitch for device in snapshot.gpu.devices)
    if switches and not state.fabric_manager.installed:
        lines.append("  fabric_manager: false  # NVSwitches are there, and without it their GPUs do no CUDA work")
    elif state.fabric_manager.enabled and not switches:
        lines.append("  fabric_manager: true")
    return lines


def comments(snapshot: Snapshot) -> list[str]:
    """What no key can say of the driver, its packages and the kernel."""
    apt, lines = snapshot.apt, list[str]()
    origins = sorted({package.origin for package in family(snapshot) if package.origin is not None})
    if len(origins) > 1:
        lines.append(f"# The driver's packages come from two origins, {' and '.join(origins)}; one can be declared.")
    if "ppa" in snapshot.driver.managers:
        lines.append("# A PPA with drivers is among apt's sources; gpufleet installs from none.")
    if not snapshot.gpu.nvidia and family(snapshot):
        lines.append(f"# Packages of a driver are there and no GPU is: {some(one.name for one in family(snapshot))}.")
    held = sorted(f"{name} {package.version}" for name, package in apt.packages.items() if package.held)
    lines += [f"# Held with apt-mark, which no key says: {some(held)}."] if held else []
    pinning = [name for name, package in apt.packages.items() if package.installed and "driver-pinning" in name]
    pinning += [file.path for file in apt.preferences]
    lines += [f"# apt is told versions by others: {some(sorted(pinning))}."] if pinning else []
    if snapshot.kernel.secure_boot:
        lines.append(
            "# Secure Boot is on: the kernel takes signed modules only (delivery: prebuilt, or a key of your own)."
        )
    return lines
