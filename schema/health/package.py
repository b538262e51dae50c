"""Packages: who else manages the driver, mixed origins, holds, and what dpkg has not finished."""

from typing import TYPE_CHECKING

from schema import cuda, cudnn, driver
from schema.driver.names import matched
from schema.errors import Finding
from schema.health import origin
from schema.health.gpu import finding
from schema.health.refusal import MANAGERS
from schema.model import within

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def managers(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """The driver's other managers, where that is no refusal; a runfile beside packages is an error."""
    found = sorted(snapshot.driver.managers)
    packages = sorted(name for name, item in snapshot.apt.packages.items() if item.installed and matched(name))
    if "runfile" in found and packages:
        hint = "remove the runfile's driver: sudo /usr/bin/nvidia-uninstall; then run the same command again"
        message = "a driver from a runfile and packages of another are mixed"
        return [finding("GPU140", "error", message, ["/usr/bin/nvidia-uninstall", *packages], hint)]
    managed = spec.managed_driver
    refused = managed is not None and managed.source != "external" and not managed.takeover
    others = [name for name in found if not (refused and name in MANAGERS)]
    message = f"the driver has another manager: {', '.join(others)}"
    return (
        [finding("GPU135", "info", message, others, "declare driver: {source: external} to leave it alone")]
        if others
        else []
    )


def origins(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """The driver's packages of two origins; Ubuntu's own CUDA toolkit beside NVIDIA's."""
    by_origin: dict[str, list[str]] = {}
    for name, item in sorted(snapshot.apt.packages.items()):
        if item.installed and matched(name) and (builder := origin.builder(item)) is not None:
            by_origin.setdefault(builder, []).append(name)
    found = []
    if len(by_origin) > 1:
        lines = [f"{builder}: {', '.join(names[:6])}" for builder, names in by_origin.items()]
        message = "the driver's packages come from two origins"
        found.append(
            finding("GPU141", "warning", message, lines, "a run brings the declared origin's; or remove the others")
        )
    toolkit = snapshot.apt.installed("nvidia-cuda-toolkit")
    if toolkit is not None and cuda.declared(spec) is not None:
        message = f"Ubuntu's own CUDA toolkit {toolkit.version} is installed: its nvcc in /usr/bin is another version"
        hint = "remove it: sudo apt remove nvidia-cuda-toolkit"
        found.append(finding("GPU149", "warning", message, ["nvidia-cuda-toolkit"], hint))
    return found


def state(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Half installed packages, holds, and pinning packages that disagree with the declaration."""
    ours = {
        name: item
        for name, item in sorted(snapshot.apt.packages.items())
        if driver.family(name) or cuda.family(name) or cudnn.family(name)
    }
    broken = [f"{name} {item.version} ({item.state.strip()})" for name, item in ours.items() if item.broken]
    found = []
    if snapshot.apt.interrupted or broken:
        message, hint = "package work was interrupted", "a run finishes it; by hand: sudo dpkg --configure -a"
        if any(item.failure for item in snapshot.driver.dkms) and any(
            line.startswith("nvidia-dkms") for line in broken
        ):
            hint = "mend why DKMS could not build the module (GPU201), then: sudo dpkg --configure -a"
        found.append(finding("GPU144", "error", message, broken or ["/var/lib/dpkg/updates is not empty"], hint))
    held = [f"{name} {item.version}" for name, item in ours.items() if item.held]
    if held:
        message, hint = (
            f"{len(held)} packages of the set are held",
            "your own holds are never undone: sudo apt-mark unhold NAME",
        )
        found.append(finding("GPU143", "warning", message, held, hint))
    return [*found, *_pinning(spec, snapshot)]


def _pinning(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """nvidia-driver-pinning-BRANCH and -VERSION hold preferences at priority 1000 (driver installation guide)."""
    resolved = driver.resolve(spec, snapshot)
    if resolved is None or resolved.source == "external":
        return []
    start = "nvidia-driver-pinning-"
    names = [name for name, item in snapshot.apt.packages.items() if item.installed and name.startswith(start)]
    wanted = driver.target(spec, snapshot)
    other = [name for name in names if not within(wanted, name.removeprefix(start))]
    other += [file.path for file in snapshot.apt.preferences if start in file.path and not other]
    message = f"something pins the driver to another version than {wanted}"
    return (
        [finding("GPU142", "warning", message, other, "remove it: sudo apt remove 'nvidia-driver-pinning*'")]
        if other
        else []
    )
