"""The kernel: what is declared, what runs, what boots next, and what keeps a module from loading."""

from typing import Literal

from pydantic import Field

from schema.model import Model, PackageVersion


class KernelSpec(Model):
    """`auto` follows the running kernel's flavour; without `version` the kernel is not managed."""

    flavour: str = Field(default="auto", pattern=r"^[a-z0-9][a-z0-9.-]*$")
    version: PackageVersion | None = None
    hold: bool = False


class KernelState(Model):
    """`installed`: kernels with modules in /lib/modules, newest last; `headers`: those of them with a build folder.

    `next_boot` is the newest installed kernel with an image in /boot, None when /boot could not be read.
    `secure_boot` is None where the machine has no EFI variables.
    """

    running: str
    next_boot: str | None = None
    installed: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    secure_boot: bool | None = None
    lockdown: Literal["none", "integrity", "confidentiality"] | None = None
    nouveau_loaded: bool = False
    nouveau_blacklisted: bool = False

    @property
    def flavour(self) -> str:
        """ "generic" of "6.8.0-51-generic"; "generic" where the release has no such part."""
        tail = self.running.split("-", 2)
        return tail[2] if len(tail) == 3 else "generic"
