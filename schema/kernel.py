"""The kernel: what is declared, what runs, what boots next, and what keeps a module from loading."""

import re
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from schema import driver
from schema.change import Change
from schema.model import Model, PackageVersion
from schema.wanted import Wanted

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# A kernel release that can be part of a package name (Debian Policy 5.6.1).
PLAIN = re.compile(r"^[a-z0-9][a-z0-9+.-]*$")

# What Ubuntu's shim-signed (update-secureboot-policy) and dkms call the keys that they make on a host.
OWN_KEYS = ("Secure Boot Module Signature key", "DKMS module signing key")


class KernelSpec(Model):
    """`auto` follows the running kernel's flavour; without `version` the kernel is not managed."""

    flavour: str = Field(default="auto", pattern=r"^[a-z0-9][a-z0-9.-]*$")
    version: PackageVersion | None = None
    hold: bool = False


class KernelState(Model):
    """`installed`: kernels with modules in /lib/modules, newest last; `headers`: those of them with a build folder.

    `next_boot` is the newest installed kernel with an image in /boot, None when /boot could not be read.
    `secure_boot` is None where the machine has no EFI variables; `enforced`: the kernel loads signed modules only,
    whatever the firmware says. `trusted`: names of the keys that it accepts signatures of, None where they were not
    seen; `mok`: the host has a key of its own to sign with (Ubuntu's MOK.der or DKMS's mok.pub).
    `nouveau_file`: nouveau is on disk for the next kernel; `blacklist_later`: files with its blacklist that are newer
    than the boot image. `boot_files`: sizes in bytes of kernels and initial RAM disks, by path.
    """

    running: str
    next_boot: str | None = None
    installed: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    secure_boot: bool | None = None
    lockdown: Literal["none", "integrity", "confidentiality"] | None = None
    nouveau_loaded: bool = False
    nouveau_blacklisted: bool = False
    nouveau_file: bool = False
    blacklist_later: tuple[str, ...] = ()
    enforced: bool = False
    trusted: tuple[str, ...] | None = None
    mok: bool = False
    boot_files: dict[str, int] = {}

    @property
    def flavour(self) -> str:
        """ "generic" of "6.8.0-51-generic"; "generic" where the release has no such part."""
        tail = self.running.split("-", 2)
        return tail[2] if len(tail) == 3 else "generic"

    @property
    def signed_only(self) -> str:
        """What makes the kernel load signed modules only, in words; "" where nothing is known to."""
        if self.secure_boot:
            return "SecureBoot = 1 in /sys/firmware/efi/efivars"
        if self.lockdown in {"integrity", "confidentiality"}:
            return f"[{self.lockdown}] in /sys/kernel/security/lockdown"
        return "sig_enforce = Y in /sys/module/module/parameters" if self.enforced else ""


def trusts_own_key(state: KernelState) -> bool:
    """Whether the host signs modules with a key of its own that its owner has enrolled: then DKMS's modules load."""
    return state.mok and any(name in key for key in state.trusted or () for name in OWN_KEYS)


def wanted(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Wanted, ...]:
    """Headers of the running kernel and of the one that boots next, where DKMS needs them and they are missing."""
    resolved = driver.resolve(spec, snapshot)
    if resolved is None or resolved.source == "external" or resolved.delivery != "dkms":
        return ()
    state = snapshot.kernel
    kernels = dict.fromkeys(name for name in (state.running, state.next_boot) if name and PLAIN.match(name))
    return tuple(Wanted(name=f"linux-headers-{name}") for name in kernels if name not in state.headers)


def changes(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Change, ...]:
    """Missing headers: without them DKMS builds no module for that kernel."""
    return tuple(
        Change(concern="kernel", item=item.name, observed=None, desired="present") for item in wanted(spec, snapshot)
    )
