"""The fabric manager's package beside the driver's: absent, or of a version that will not start after the next boot."""

import shlex
from typing import TYPE_CHECKING

from schema.driver import names, wants_fabric_manager
from schema.errors import Finding
from schema.health import origin
from schema.health.gpu import finding
from schema.model import version_key
from schema.wanted import upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

NAMES = ("nvidia-fabricmanager", "cuda-drivers-fabricmanager")


def packaged(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What the packages say; what the loaded driver and the running service say are GPU132 and GPU133."""
    packages = origin.driver_packages(snapshot)
    driver = {upstream(item.version): name for name, item in packages.items() if name.startswith("libnvidia-compute")}
    if spec.managed_driver is None or not driver or not wants_fabric_manager(spec, snapshot):
        return []
    managers = {name: upstream(item.version) for name, item in packages.items() if name.startswith(NAMES)}
    if not managers:
        return _absent(driver, snapshot)
    other = {name: version for name, version in managers.items() if version not in driver}
    # A manager that is not the loaded driver's is told by GPU133 already.
    if not other or (snapshot.driver.loaded_version and snapshot.driver.loaded_version not in other.values()):
        return []
    versions = ", ".join(sorted(driver))
    message = (
        f"the fabric manager's package is not of the driver's version {versions}, and will not start after a reboot"
    )
    lines = [f"{name} {packages[name].version}" for name in [*other, *driver.values()]]
    wanted = shlex.quote(f"{next(iter(other))}={versions.split(', ')[0]}-*")
    hint = f"a run matches them; by hand: sudo apt install {wanted}"
    return [finding("GPU211", "error", message, lines, hint)]


def _absent(driver: dict[str, str], snapshot: "Snapshot") -> list[Finding]:
    # With a loaded driver GPU132 asks the service and the GPUs: the GPU operator runs a manager in a container.
    if snapshot.driver.fabric_manager.installed or snapshot.driver.loaded_version is not None:
        return []
    version, package = next(iter(driver.items()))
    branch = version.split(".")[0]
    bare = origin.of_driver(snapshot) == "nvidia" and version_key(version) >= (names.FIRST_FABRIC_WITHOUT_SUFFIX,)
    switches = [f"{device.slot} {device.pci_id}" for device in snapshot.gpu.devices if device.is_nvswitch]
    message = "GPUs behind NVSwitches have no fabric manager"
    lines = [*(f"NVSwitch {line}" for line in switches[:4]), f"{package} {version}, and no nvidia-fabricmanager"]
    wanted = shlex.quote(f"nvidia-fabricmanager{'' if bare else f'-{branch}'}={version}-*")
    hint = f"a run installs it; by hand: sudo apt install {wanted}"
    return [finding("GPU212", "error", message, lines, hint)]
