"""What forbids touching a host, what makes the driver's changes wait, and whether only a reboot is missing."""

from typing import TYPE_CHECKING, Literal

from schema.change import Change
from schema.errors import Finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

LOADED = "loaded module"
DRIVER_CONCERNS = frozenset({"driver", "kernel"})
SERVICES = frozenset({"persistence", "fabric manager"})


def blocked(
    spec: "HostSpec", snapshot: "Snapshot", changes: tuple[Change, ...], *, force: bool = False
) -> tuple[Finding, ...]:
    """Why the driver's changes and the reboot must wait; () where nothing of the kind is due."""
    loaded = any(change.item == LOADED for change in changes)
    packages = any(change.concern in DRIVER_CONCERNS and _package(change) for change in changes)
    running = snapshot.driver.loaded_version is not None
    found = []
    if spec.reboot == "never" and running and loaded and packages:
        found.append(_reboot_never(spec, snapshot))
    reboot_due = loaded and spec.reboot == "if-needed"
    if (reboot_due or (running and packages)) and not force:
        found += busy(spec, snapshot)
    elif any(map(_reloads, changes)) and snapshot.container.loses_gpus and not force:
        # What loses its GPU is ended as surely as by a reboot; a login is not touched.
        found += [item for item in busy(spec, snapshot) if item.code == "GPU102"]
    return tuple(found)


def _reloads(change: Change) -> bool:
    """Whether making it so reloads systemd's units."""
    return change.concern == "driver" and (change.item.startswith("/etc/systemd/") or change.item in SERVICES)


def _package(change: Change) -> bool:
    return not change.item.startswith("/") and change.item not in {LOADED, *SERVICES}


def _reboot_never(spec: "HostSpec", snapshot: "Snapshot") -> Finding:
    return Finding(
        code="GPU101",
        severity="warning",
        message="the driver's change needs a reboot, and reboot is declared never",
        evidence=f"loaded module: {snapshot.driver.loaded_version}",
        hint=f"declare reboot: if-needed for {spec.name} (or start with a host whose driver is not loaded)",
    )


def busy(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Whose work would end: GPU processes, and login sessions with a terminal other than this run's own."""
    smi = snapshot.gpu.smi
    processes = [item for item in smi.processes if item.is_compute] if smi is not None else []
    known = {item.pid for item in processes}
    lines = [f"pid {item.pid} {item.name} on {item.gpu}" for item in processes]
    lines += [f"pid {pid} holds /dev/nvidia*" for pid in snapshot.devices_in_use if pid not in known]
    sessions = [item for item in snapshot.sessions if item.tty and not item.own]
    hint = f"wait for it, or end it by name: --force {spec.name} (plain pyinfra: --data force={spec.name})"
    found = []
    if lines:
        found.append(_busy("GPU102", "processes use the GPUs", lines, hint))
    if sessions:
        logins = [f"{item.user} on {item.tty} (session {item.id})" for item in sessions]
        found.append(_busy("GPU103", "somebody is logged in at a terminal", logins, hint))
    return found


def _busy(code: str, message: str, lines: list[str], hint: str) -> Finding:
    return Finding(code=code, severity="warning", message=message, evidence="\n".join(lines[:10]), hint=hint)


def pending(changes: tuple[Change, ...], waits: tuple[Finding, ...]) -> Literal["none", "reboot", "blocked"]:
    """ "reboot" where the driver's packages are right on disk and another module, or none, is in memory."""
    if waits:
        return "blocked"
    loaded = any(change.item == LOADED for change in changes)
    packages = any(change.concern in DRIVER_CONCERNS and _package(change) for change in changes)
    return "reboot" if loaded and not packages else "none"
