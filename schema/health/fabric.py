"""The fabric of NVLinks behind NVSwitches: without it CUDA says error 802, system not yet initialized."""

from typing import TYPE_CHECKING

from schema import compat
from schema.driver import wants_fabric_manager
from schema.errors import Finding, Severity
from schema.gpu import Gpu
from schema.health.gpu import finding
from schema.wanted import upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# "802 for two to three minutes after a start" (fabric manager user guide); a boot of a large machine adds to it.
STARTING_SECONDS = 300
NONE = "00000000-0000-0000-0000-000000000000"
LOG = "see why: systemctl status nvidia-fabricmanager; /var/log/fabricmanager.log"


def _gpus(snapshot: "Snapshot") -> tuple[Gpu, ...]:
    return snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()


def running(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Whether fabric manager runs, starts at boot, and has the driver's version."""
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
    return _service(spec, snapshot)


def _service(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    service, states = snapshot.driver.fabric_manager, {gpu.fabric_state for gpu in _gpus(snapshot)}
    if service.active != "active":
        # The GPU operator runs it in a container, which shows in the GPUs' state alone.
        elsewhere = not service.installed and states == {"Completed"}
        message, lines = "the fabric manager does not run", [f"nvidia-fabricmanager.service: {service.active}"]
        if not service.installed:
            message, lines = (
                "there are NVSwitches, and no fabric manager",
                ["nvidia-fabricmanager.service: not installed"],
            )
        return [] if elsewhere else [finding("GPU132", "error", message, lines, LOG)]
    if not service.enabled and spec.managed_driver is not None and spec.managed_driver.source == "external":
        message, lines = "the fabric manager runs, and not after a boot", ["nvidia-fabricmanager.service: disabled"]
        return [finding("GPU132", "warning", message, lines, "sudo systemctl enable nvidia-fabricmanager")]
    return []


def joined(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Whether the GPUs have joined the fabric, with success; boards without one say N/A, as all before Hopper do."""
    apart = [gpu for gpu in _gpus(snapshot) if gpu.fabric_state in {"Not Started", "In Progress"}]
    failed = [
        gpu
        for gpu in _gpus(snapshot)
        if gpu.fabric_state == "Completed" and (gpu.fabric_status or "Success").lower() != "success"
    ]
    return [*_apart(apart, snapshot), *_failed(failed), *_health(snapshot), *_domain(snapshot)]


def _apart(gpus: list[Gpu], snapshot: "Snapshot") -> list[Finding]:
    uptime, started = snapshot.log.uptime, snapshot.driver.fabric_manager.entered or 0
    severity: Severity = "warning" if uptime is None else "error"
    if uptime is not None and uptime - started < STARTING_SECONDS:
        severity = "info"
    lines = [f"{gpu.title}: fabric state {gpu.fabric_state}" for gpu in gpus]
    lines.append(f"uptime {uptime:.0f} s" if uptime is not None else "uptime: not seen")
    lines += [f"nvidia-fabricmanager.service: since {started} s after boot"] if started else []
    message = f"{len(gpus)} GPUs have not joined the fabric"
    hint = "wait three minutes after a start, then look again" if severity != "error" else LOG
    return [finding("GPU134", severity, message, lines, hint)] if gpus else []


def _failed(gpus: list[Gpu]) -> list[Finding]:
    lines = [
        f"{gpu.title}: fabric state {gpu.fabric_state}, status {gpu.fabric_status}, cliqueId {gpu.fabric_clique}, "
        f"clusterUuid {gpu.fabric_cluster}"
        for gpu in gpus
    ]
    message = (
        f"{len(gpus)} GPUs could not join the fabric: {', '.join(sorted({gpu.fabric_status or '' for gpu in gpus}))}"
    )
    hint = (
        f"{LOG}; on NVL72, the switch trays' fabric manager; then end the work, and reset the GPUs together or reboot"
    )
    return [finding("GPU252", "error", message, lines, hint)] if gpus else []


def _health(snapshot: "Snapshot") -> list[Finding]:
    """What a fabric that was joined says of its bandwidth and its routes."""
    lines = [
        f"{gpu.title}: fabric health, {name} {value}"
        for gpu in _gpus(snapshot)
        for name, value in gpu.fabric_health.items()
        if _ill(name, value)
    ]
    hint = (
        "sudo nvidia-smi nvlink -s; check cables and switches; then end the work, and reset the GPUs together or reboot"
    )
    return [finding("GPU253", "warning", "the fabric of NVLinks is not in full health", lines, hint)] if lines else []


def _ill(name: str, value: str) -> bool:
    """Names are nvidia-smi's: summary, bandwidth, route_unhealthy and so on; the others are states, not ailments."""
    said = value.lower()
    if name in {"summary", "bandwidth"}:
        return said in {"unhealthy", "limited capacity", "degraded"}
    if name in {"route_unhealthy", "route_recovery_in_progress", "access_timeout_recovery"}:
        return said in {"true", "yes"}
    return name == "incorrect_configuration" and said not in {"false", "no", "none", "not supported"}


def _domain(snapshot: "Snapshot") -> list[Finding]:
    """GPUs of an NVL system without their NVLink domain; IMEX, which shares their memory, installed and not at work."""
    lines = [
        f"{gpu.title}: cliqueId {gpu.fabric_clique}, clusterUuid {gpu.fabric_cluster}"
        for gpu in _gpus(snapshot)
        if gpu.fabric_state == "Completed" and gpu.fabric_cluster == NONE and _rack(gpu)
    ]
    imex, found = snapshot.driver.imex, []
    if lines:
        hint = "the switch trays' fabric manager gives it: ask whoever keeps the rack, then reset the GPUs or reboot"
        found.append(finding("GPU253", "warning", "the GPUs belong to no NVLink domain", lines, hint))
    down = imex.active == "failed" or (imex.enabled and imex.active != "active")
    if imex.installed and down and any(_rack(gpu) for gpu in _gpus(snapshot)):
        hint = "see why: systemctl status nvidia-imex; /etc/nvidia-imex/nodes_config.cfg has to list every node"
        found.append(finding("GPU254", "warning", "IMEX does not run", [f"nvidia-imex.service: {imex.active}"], hint))
    return found


def _rack(gpu: Gpu) -> bool:
    """Whether it is a board of an NVL rack: Blackwell on one package with a Grace CPU."""
    product = compat.gpu_by_pci_id(gpu.pci_id) if gpu.pci_id is not None else None
    return product is not None and product.arch == "aarch64" and product.compute in {"10.0", "10.3"}
