"""Which driver a declaration means on this host: every `auto` of it replaced by what schema.choose makes of it."""

from typing import TYPE_CHECKING, Literal

from schema import choose
from schema.driver import names
from schema.driver.model import Flavour
from schema.model import Model
from schema.once import once

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


class ResolvedDriver(Model):
    """The declaration without `auto`. `version` only where it is declared."""

    branch: int
    version: str | None
    flavour: Flavour
    source: Literal["nvidia", "ubuntu", "external"]
    delivery: Literal["dkms", "prebuilt"]
    variant: Literal["desktop", "server"]
    install: Literal["full", "compute"]

    @property
    def tag(self) -> str:
        """What stands behind the base names: "-580", "-580-server", or "" in NVIDIA's repository from 590 on."""
        if self.source == "ubuntu":
            return f"-{self.branch}-server" if self.variant == "server" else f"-{self.branch}"
        return "" if self.branch >= names.FIRST_WITHOUT_SUFFIX else f"-{self.branch}"

    @property
    def limit(self) -> str:
        return self.version or str(self.branch)


@once
def resolve(spec: "HostSpec", snapshot: "Snapshot") -> ResolvedDriver | None:
    """The driver to have; None where it is not managed, or where no branch drives the GPUs."""
    managed = spec.managed_driver
    if managed is None:
        return None
    branch, modules = choose.branch(spec, snapshot), choose.modules(spec, snapshot)
    if branch.value is None or modules.value is None:
        return None
    # The words of a choice are those of the model, which checks them.
    return ResolvedDriver.model_validate(
        {
            "branch": int(branch.value),
            "version": managed.version,
            "flavour": modules.value,
            "source": managed.source,
            "delivery": choose.delivery(spec, snapshot).value,
            "variant": choose.variant(spec, snapshot).value,
            "install": managed.install,
        }
    )


def needs_fabric_manager(spec: "HostSpec", snapshot: "Snapshot") -> bool:
    """Whether a fabric manager belongs to this host."""
    return choose.fabric_manager(spec, snapshot).value == "true"
