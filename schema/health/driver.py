"""The driver at work: in memory against user space, for the kernel that boots next, and against what is declared."""

import re
import shlex
from typing import TYPE_CHECKING

from schema.driver.names import family, matched
from schema.driver.resolve import resolve
from schema.errors import Finding
from schema.health import answer, origin
from schema.health.gpu import finding
from schema.history import evidence
from schema.model import within

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

MISMATCH = "Driver/library version mismatch"
# A boot that came after the upgrade loaded an older module: from the initramfs, or one that DKMS left in its place.
OLD_MODULE = (
    "the boot came after the upgrade and loaded the older module: sudo dkms status; modinfo -F version nvidia; "
    "sudo update-initramfs -u; then reboot"
)


def running(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Whether the driver that is on disk works; nothing is said of a host without one."""
    if spec.managed_driver is None or not snapshot.gpu.nvidia:
        return []
    state, smi = snapshot.driver, snapshot.gpu.smi
    newest = state.libraries[-1] if state.libraries else None
    said = smi.text if smi is not None else ""
    if state.loaded_version is not None and (MISMATCH in said or (newest and newest != state.loaded_version)):
        return [_mismatch(snapshot, newest, said)]
    bound = [f"{device.slot} is bound to nouveau" for device in snapshot.gpu.nvidia if device.driver == "nouveau"]
    if snapshot.kernel.nouveau_loaded and state.loaded_version is None:
        hint = "a run keeps nouveau from loading; then reboot the host"
        if not snapshot.kernel.nouveau_blacklisted and spec.managed_driver.source == "external":
            hint = "blacklist nouveau, sudo update-initramfs -u -k all, and reboot the host"
        return [finding("GPU115", "warning", "nouveau has the GPU", ["/sys/module/nouveau", *bound], hint)]
    if state.loaded_version is None and newest:
        hint = "reboot the host; if that does not help: sudo modprobe nvidia; dkms status"
        lines = [line for line in (said, "no /proc/driver/nvidia/version", *state.library_files) if line]
        return [finding("GPU111", "error", "the driver is installed and its module is not loaded", lines, hint)]
    return answer.silent(spec, snapshot)


def _mismatch(snapshot: "Snapshot", newest: str | None, said: str) -> Finding:
    """A reboot mends it, unless the module on disk is not the libraries' either."""
    state, kernel = snapshot.driver, snapshot.kernel.next_boot or snapshot.kernel.running
    told, younger = evidence.mismatch(snapshot)
    lines = [f"module in memory: {state.loaded_version}", f"user space: {', '.join(state.libraries)}", *told, said]
    module, hint = state.module_for(kernel), OLD_MODULE if younger else "reboot the host"
    if module is not None and newest is not None and module.version != newest:
        lines.append(f"module on disk for {kernel}: {module.version}")
        hint = f"a reboot does not mend it, because the module on disk differs too: {_module(snapshot, kernel, newest)}"
    return finding("GPU110", "error", "the driver's module and its libraries differ", lines, hint)


def _module(snapshot: "Snapshot", kernel: str, version: str) -> str:
    """The command that brings the module of a version for a kernel, by what the host has its modules from."""
    release = shlex.quote(kernel)
    prebuilt = origin.prebuilt(snapshot)
    if prebuilt:
        stem = re.match(r"linux-modules-nvidia-\d+(-server)?(-open)?", prebuilt[0])
        return f"sudo apt install {stem[0] if stem else 'linux-modules-nvidia-BRANCH'}-{release}"
    if "runfile" in snapshot.driver.managers and not origin.uses_dkms(snapshot):
        return f"run the .run installer of {version} again with --kernel-name={release}"
    headers = "" if kernel in snapshot.kernel.headers else f"sudo apt install linux-headers-{release}, then: "
    # The archive's server variant calls its module nvidia-srv.
    name = next((item.name for item in snapshot.driver.dkms if item.version == version), "nvidia")
    return f"{headers}sudo dkms install -m {shlex.quote(f'{name}/{version}')} -k {release}"


def kernel(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Whether the kernel that boots next has a module of the version that is installed."""
    managed, state = spec.managed_driver, snapshot.kernel
    newest = snapshot.driver.libraries[-1] if snapshot.driver.libraries else None
    unseen = snapshot.not_seen & {"driver", "driver/modules", "kernel", "kernel/releases"}
    if managed is None or newest is None or state.next_boot is None or unseen:
        return []
    module = snapshot.driver.module_for(state.next_boot)
    if module is not None and module.version == newest:
        return []
    found = f"module on disk: {module.version if module is not None else 'none'}"
    message = f"the kernel that boots next, {state.next_boot}, has no module of driver {newest}"
    hint = _module(snapshot, state.next_boot, newest)
    return [finding("GPU116", "error", message, [found, f"running kernel: {state.running}"], hint)]


def declared(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A driver where none is declared; an external one that is not as declared."""
    loaded = snapshot.driver.loaded_version
    packages = [name for name, item in snapshot.apt.packages.items() if item.installed and family(name)]
    if spec.driver == "none" and (loaded or any(matched(name) for name in packages)):
        hint = "declare it, or remove it yourself: nothing undeclared is removed"
        lines = [f"loaded: {loaded or 'none'}", *sorted(packages)]
        return [finding("GPU119", "warning", "no driver is declared, and one is there", lines, hint)]
    managed, resolved = spec.managed_driver, resolve(spec, snapshot)
    if managed is None or managed.source != "external" or resolved is None:
        return []
    limit = managed.version or (managed.branch if managed.branch != "auto" else "")
    flavour = managed.modules if managed.modules != "auto" else snapshot.driver.loaded_flavour
    if loaded is not None and within(loaded, limit) and flavour == snapshot.driver.loaded_flavour:
        return []
    found = f"{loaded or 'none'} {snapshot.driver.loaded_flavour or ''}".strip()
    message = "the driver, which something else manages, is not as declared"
    lines = [f"loaded: {found}", f"declared: {limit or 'any'} {flavour or ''}".strip()]
    return [finding("GPU118", "error", message, lines, "ask whoever manages it, or declare what is there")]
