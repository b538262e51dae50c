"""Containers with GPUs: those that would lose them at a reload of systemd, and CDI files of another driver."""

from typing import TYPE_CHECKING

from schema.errors import Finding, Severity
from schema.health.gpu import finding
from schema.model import version_key
from schema.wanted import upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# From this release on NVIDIA's runtime makes a CDI specification for each container, unless its mode says otherwise
# (NVIDIA Container Toolkit, release notes of 1.18.0); Docker's own --gpus goes through the old hook.
BY_ITSELF = (1, 18)
HINT = (
    "start them with --device nvidia.com/gpu=all (CDI), or with a --device for each /dev/nvidia*; or set "
    '"exec-opts": ["native.cgroupdriver=cgroupfs"] in /etc/docker/daemon.json and restart docker; where the links '
    "are missing and runc is 1.1.3 to 1.1.6: sudo nvidia-ctk system create-dev-char-symlinks --create-all"
)
PACKAGES = ("nvidia-container-toolkit-base", "nvidia-container-toolkit", "nvidia-docker2")


def reload(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Docker's containers lose their GPUs where systemd keeps their control groups and does not know of the devices.

    A package's script, or a run of ours, that reloads systemd is enough (NVIDIA/nvidia-container-toolkit issue 48).
    """
    state = snapshot.container
    if not state.loses_gpus:
        return []
    version = _version(snapshot)
    safer = version is not None and version_key(version)[:2] >= BY_ITSELF and state.mode in {None, "auto"}
    lines = [
        f"/etc/docker/daemon.json: native.cgroupdriver={state.cgroup_driver or 'not set'}",
        f"control groups: {'version 2' if state.cgroup_v2 else 'version 1'}, kept by systemd",
        f"/etc/nvidia-container-runtime/config.toml: mode={state.mode or 'not set'}",
        f"NVIDIA Container Toolkit: {version or 'not seen'}",
    ]
    if snapshot.gpu.nodes is not None:
        linked = "there" if snapshot.gpu.nodes.linked else "missing"
        lines.append(f"/dev/char links to the GPUs' device files: {linked}")
    message = "containers started with docker run --gpus lose their GPUs when systemd is reloaded"
    severity: Severity = "info" if safer else "warning"
    return [finding("GPU257", severity, message, lines, HINT)]


def _version(snapshot: "Snapshot") -> str | None:
    found = (snapshot.apt.installed(name) for name in PACKAGES[:2])
    return next((upstream(item.version) for item in found if item is not None), None)


def specifications(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """CDI files that name libraries of a driver that is not installed any more: containers do not start with them."""
    libraries = snapshot.driver.libraries
    stale = {
        path: versions
        for path, versions in sorted(snapshot.container.specifications.items())
        if libraries and not set(versions) & set(libraries)
    }
    if not stale:
        return []
    lines = [f"{path}: libcuda.so.{', '.join(versions)}" for path, versions in stale.items()]
    lines.append(f"installed: {', '.join(libraries)}")
    etc = [path for path in stale if path.startswith("/etc/")]
    renew = f"sudo nvidia-ctk cdi generate --output={etc[0]}" if etc else "sudo systemctl restart nvidia-cdi-refresh"
    message = "a CDI file for containers names another driver's libraries than the installed ones"
    return [finding("GPU258", "warning", message, lines, f"write it again: {renew}")]
