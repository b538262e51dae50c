"""The driver beside its packages: nouveau, the persistence daemon, the fabric manager."""

from deploys import look, remote
from deploys.step import Work
from schema import driver
from schema.driver import DriverSpec

NOUVEAU = "/etc/modprobe.d/gpufleet-nouveau.conf"
DROP_IN = "/etc/systemd/system/nvidia-persistenced.service.d/gpufleet.conf"
PERSISTENCED = "nvidia-persistenced.service"
FABRIC_MANAGER = "nvidia-fabricmanager.service"


def nouveau_needed(work: Work) -> bool:
    return any(change.item == NOUVEAU for change in look.begun(work.shown))


def nouveau(work: Work) -> None:
    """Put the blacklist into the boot images: nouveau is loaded from there before /etc is mounted
    (update-initramfs(8)). dracut's hosts have the other command.
    """
    script = (
        "if command -v update-initramfs >/dev/null; then update-initramfs -u -k all; "
        "elif command -v dracut >/dev/null; then dracut --force --regenerate-all; fi"
    )
    remote.checked(work.host, script, "renew the boot images", timeout_seconds=900)


def services_needed(work: Work) -> bool:
    return spec(work) is not None and any(change.concern == "driver" for change in look.begun(work.shown))


def spec(work: Work) -> DriverSpec | None:
    managed = work.spec.managed_driver
    return None if managed is None or managed.source == "external" else managed


def services(work: Work) -> None:
    """Enable what the driver needs at boot; start it where the module in memory is the one on disk.

    The units are tested by their files: `systemctl enable` of one that is absent is an error.
    """
    managed = spec(work)
    if managed is None:
        return
    lines = ["set -e", "systemctl daemon-reload"]
    if managed.persistence:
        lines += [_enable(PERSISTENCED), f"{LOADED} || exit 0", f"systemctl restart {PERSISTENCED}", ASK]
    if driver.wants_fabric_manager(work.spec, work.seen):
        lines.insert(2, _enable(FABRIC_MANAGER))
        lines.append(f"systemctl start {FABRIC_MANAGER}")
    state = "packages are in place; the driver works, its services do not"
    hint = f"see why on the host: systemctl status {PERSISTENCED} {FABRIC_MANAGER}"
    remote.checked(work.host, "\n".join(lines), "switch the driver's services on", state=state, hint=hint)


def _enable(unit: str) -> str:
    return f"systemctl cat {unit} >/dev/null 2>&1 && systemctl enable --quiet {unit}"


# The module in memory and the library on disk agree when nvidia-smi answers; else a reboot comes first.
LOADED = "timeout 30 nvidia-smi >/dev/null 2>&1"
# Ubuntu's own unit runs with --no-persistence-mode, so the GPU is asked, and told if need be (nvidia-smi(1)).
ASK = (
    "timeout 30 nvidia-smi --query-gpu=persistence_mode --format=csv,noheader | grep -q Disabled "
    "&& timeout 60 nvidia-smi -pm 1 || :"
)
