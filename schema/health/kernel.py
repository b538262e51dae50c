"""The kernels of a host: one that waits for a reboot, and the next one that would have no headers or no module."""

import re
import shlex
from typing import TYPE_CHECKING

from schema import driver
from schema.errors import Finding
from schema.health import origin
from schema.health.gpu import finding
from schema.model import version_key

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# A metapackage follows a flavour: its name begins with a letter where a kernel's own package has its release.
META = re.compile(r"^linux-image-(?!unsigned-|extra-|debug|dbg)(?P<flavour>[a-z][a-z0-9.-]*)$")
# The virtual kernels are built of the generic ones, whose headers serve them (linux-meta, debian/control).
SAME_HEADERS = {"virtual": "generic"}


def waiting(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A newer kernel than the running one, which the next reboot starts."""
    state = snapshot.kernel
    if state.next_boot is None or not state.running or state.next_boot == state.running:
        return []
    if _order(state.next_boot) <= _order(state.running):
        return []
    message = f"a newer kernel waits for a reboot: {state.next_boot}"
    lines = [f"/boot/vmlinuz-{state.next_boot}", f"running: {state.running}"]
    return [finding("GPU222", "info", message, lines, "reboot when it suits")]


def _order(release: str) -> tuple[int, ...]:
    """ "6.8.0-51-generic" as (6, 8, 0, 51)."""
    return version_key(release.replace("-", ".", 1))


def headers(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Kernels that DKMS has no headers for; those of a driver that we install are changes as well."""
    state = snapshot.kernel
    if spec.managed_driver is None or not origin.uses_dkms(snapshot) or _unseen(snapshot):
        return []
    kernels = dict.fromkeys(name for name in (state.running, state.next_boot) if name)
    # A module that is there was built with headers: that of a kernel which is not to be built for again is enough.
    missing = [name for name in kernels if name not in state.headers and snapshot.driver.module_for(name) is None]
    if not missing:
        return []
    message = f"DKMS cannot build the driver for {', '.join(missing)}: the kernel's headers are missing"
    lines = [f"/lib/modules/{name}/build has no Makefile" for name in missing]
    hint = f"sudo apt install {shlex.join(f'linux-headers-{name}' for name in missing)}"
    return [finding("GPU203", "error", message, lines, hint)]


def _unseen(snapshot: "Snapshot") -> bool:
    return bool(snapshot.not_seen & {"kernel", "kernel/releases", "driver", "driver/modules"})


def metapackages(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """A kernel flavour that updates itself and leaves its headers, or the prebuilt modules, behind."""
    if spec.managed_driver is None:
        return []
    there = {name for name, item in snapshot.apt.packages.items() if item.installed}
    flavours = _followed(there, snapshot)
    built, modules = origin.uses_dkms(snapshot), origin.prebuilt(snapshot)
    lines, wanted = list[str](), list[str]()
    for flavour in flavours:
        if built and not {f"linux-headers-{one}" for one in _names(flavour)} & there:
            wanted.append(f"linux-headers-{_names(flavour)[-1]}")
            lines.append(f"linux-image-{flavour} is installed, linux-headers-{flavour} is not")
        if not built and modules and not any(name.endswith(f"-{flavour}") for name in modules):
            wanted.append(_module(spec, snapshot, flavour, modules))
            lines.append(f"linux-image-{flavour} is installed, and none of {', '.join(modules)} follows it")
    if not wanted:
        return []
    message = f"the next kernel update brings no {'headers' if built else 'module'} for the driver"
    hint = f"sudo apt install {shlex.join(wanted)}"
    return [finding("GPU204", "warning", message, lines, hint)]


def _followed(there: set[str], snapshot: "Snapshot") -> list[str]:
    """Flavours with a metapackage: those of the running kernel's kind, where there is one; else all."""
    flavours = sorted(match["flavour"] for name in there if (match := META.match(name)))
    kind = snapshot.kernel.flavour.split("-")[0]
    alike = [flavour for flavour in flavours if _names(flavour)[-1].split("-")[0] == kind]
    return alike or flavours


def _names(flavour: str) -> tuple[str, ...]:
    """The flavour, and the one whose headers it shares: ("virtual-hwe-24.04", "generic-hwe-24.04")."""
    first, dash, rest = flavour.partition("-")
    return (flavour, f"{SAME_HEADERS[first]}{dash}{rest}") if first in SAME_HEADERS else (flavour,)


def _module(spec: "HostSpec", snapshot: "Snapshot", flavour: str, modules: list[str]) -> str:
    """The metapackage of modules for this flavour: as ours, else after the one of a kernel that is there."""
    resolved = driver.resolve(spec, snapshot)
    if resolved is not None and resolved.source == "ubuntu" and resolved.delivery == "prebuilt":
        dash = "-open" if resolved.flavour == "open" else ""
        return f"linux-modules-nvidia{resolved.tag}{dash}-{flavour}"
    stem = re.match(r"linux-modules-nvidia-\d+(-server)?(-open)?", modules[0])
    return f"{stem[0] if stem else 'linux-modules-nvidia-BRANCH'}-{flavour}"


def held(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Kernel packages that somebody holds: intended often, and a trap where headers and image are not held alike."""
    start = ("linux-image-", "linux-headers-", "linux-modules-")
    there = sorted(snapshot.apt.packages.items())
    names = [f"{name} {item.version}" for name, item in there if item.held and name.startswith(start)]
    names = [line for line in names if not driver.family(line.split()[0])]
    if not names:
        return []
    message = f"{len(names)} kernel package{'s are' if len(names) > 1 else ' is'} held, security updates with them"
    hint = "your own holds are never undone: sudo apt-mark unhold NAME; hold image, headers and modules alike"
    return [finding("GPU224", "info", message, names, hint)]
