"""The fabric manager, without which GPUs behind NVSwitches do no CUDA work (error 802, system not yet initialized)."""

from typing import TYPE_CHECKING

from schema.driver import wants_fabric_manager
from schema.errors import Finding
from schema.health.gpu import finding
from schema.wanted import upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def running(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Whether it runs, has the driver's version, and the GPUs have joined the fabric."""
    loaded = snapshot.driver.loaded_version
    if spec.managed_driver is None or loaded is None or not wants_fabric_manager(spec, snapshot):
        return []
    packages = snapshot.apt.packages.items()
    versions = {
        upstream(item.version) for name, item in packages if item.installed and name.startswith("nvidia-fabricmanager")
    }
    if versions and versions != {loaded}:
        lines = [f"loaded driver: {loaded}", f"fabric manager: {', '.join(sorted(versions))}"]
        message = "the fabric manager is not of the loaded driver's version, and does not start so"
        return [finding("GPU133", "error", message, lines, "a run matches them; then reboot the host")]
    service = snapshot.driver.fabric_manager
    if service.active != "active":
        hint = "see why: systemctl status nvidia-fabricmanager; /var/log/fabricmanager.log"
        return [finding("GPU132", "error", "the fabric manager does not run", [f"unit: {service.active}"], hint)]
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    apart = [
        f"GPU {gpu.index}: {gpu.fabric_state}" for gpu in gpus if gpu.fabric_state in {"Not Started", "In Progress"}
    ]
    message = f"{len(apart)} GPUs have not joined the fabric"
    return (
        [finding("GPU134", "warning", message, apart, "wait three minutes after a start, then look again")]
        if apart
        else []
    )
