"""nouveau, the kernel's own driver: what keeps it from taking the GPU at the next boot."""

import shlex
from typing import TYPE_CHECKING

from schema.errors import Finding
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def blacklist(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A driver that nouveau may get ahead of; kernels without nouveau, as clouds have, need no blacklist."""
    managed, state = spec.managed_driver, snapshot.kernel
    unseen = snapshot.not_seen & {"kernel", "kernel/releases", "kernel/modprobe"}
    if managed is None or unseen or not state.nouveau_file or not snapshot.driver.libraries:
        return []
    if not state.nouveau_blacklisted:
        return _open(snapshot) if managed.source == "external" else []
    if not state.blacklist_later or state.next_boot is None:
        return []
    image = f"/boot/initrd.img-{state.next_boot}"
    message = "the boot image is older than nouveau's blacklist, so that nouveau may be loaded from it"
    hint = f"sudo update-initramfs -u -k {shlex.quote(state.next_boot)}"
    lines = [image, *(f"newer: {path}" for path in state.blacklist_later)]
    return [finding("GPU206", "warning", message, lines, hint)]


def _open(snapshot: "Snapshot") -> list[Finding]:
    """Of a driver that we install the file is one of ours, and its absence a change."""
    message = "a driver is installed, and nothing keeps nouveau from loading before it"
    lines = ["no line `blacklist nouveau` in /etc/modprobe.d, /run/modprobe.d and /lib/modprobe.d"]
    lines += [f"nouveau.ko is there for {snapshot.kernel.next_boot or snapshot.kernel.running}"]
    hint = "echo blacklist nouveau | sudo tee /etc/modprobe.d/nouveau.conf; sudo update-initramfs -u -k all"
    return [finding("GPU205", "warning", message, lines, hint)]
