"""HostSpec: the whole desired state of one host, after defaults, groups and the host's own file were merged."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from schema.conda import CondaSpec
from schema.connection import ConnectionSpec
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.driver import DriverSpec
from schema.environments import Environment
from schema.gpu import GpuSpec
from schema.kernel import KernelSpec
from schema.lock.model import Choice, Locked
from schema.model import Model, Name, RelativePath, Sentence
from schema.repository import MirrorsSpec, ProxySpec

Ubuntu = Literal["18.04", "20.04", "22.04", "24.04", "26.04"]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]


# What a Jetson's /etc/nv_tegra_release calls "R36 (release), REVISION: 4.3": "36.4.3", or "36.4".
L4tVersion = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}\.[0-9]{1,2}(\.[0-9]{1,2})?$")]


class Accepted(Model):
    """A problem or finding that is known and accepted until a day, with the reason.

    `shared`: a group or the defaults say it, for several hosts.
    """

    code: str = Field(pattern=r"^[A-Z]{3}[0-9]{3}$")
    reason: Sentence
    until: date
    shared: bool = Field(default=False, description="filled in by schema.load")


# Frozen, so that one may stand for all: it is asked for many times of each host.
DEFAULT_DRIVER = DriverSpec()


class HostSpec(Model):
    """None = not managed; "none" = none is installed by us, and one found is a finding; `gpus` () = CPU only.

    `external`: what is declared is asserted and checked, and nothing on the host is ever changed.
    """

    name: Name
    groups: tuple[Name, ...] = ()
    external: bool = False
    platform: Literal["generic", "jetson", "raspberry-pi"] = "generic"
    l4t: L4tVersion | None = None
    connection: ConnectionSpec = ConnectionSpec()
    ubuntu: Ubuntu
    arch: Literal["x86_64", "aarch64"] = "x86_64"
    kernel: KernelSpec = KernelSpec()
    gpus: tuple[GpuSpec, ...] | None = None
    driver: DriverSpec | Literal["none"] | None = None
    cuda: CudaSpec | Literal["none"] | None = None
    cudnn: CudnnSpec | Literal["none"] | None = None
    conda: CondaSpec | Literal["none"] | None = None
    environments: dict[EnvironmentName, Environment] = Field(default={})
    mirrors: MirrorsSpec = MirrorsSpec()
    proxy: ProxySpec | None = None
    ca_bundle: RelativePath | None = None
    ca_pem: str | None = Field(default=None, description="text of ca_bundle, filled in by schema.load")
    reboot: Literal["never", "if-needed"] = "never"
    smoke_test: bool = True
    accept: tuple[Accepted, ...] = ()
    locked: Locked | None = Field(default=None, description="what fleet.lock says, filled in by schema.load")

    def locked_choice(self, path: str) -> Choice | None:
        """What the lock says `auto` came to at a dotted path, None where it says nothing."""
        return self.locked.choices.get(path) if self.locked is not None else None

    @property
    def locked_versions(self) -> dict[str, str]:
        """Exact versions by apt package, of the parts that the lock answers; {} without a lock."""
        return self.locked.versions if self.locked is not None else {}

    @model_validator(mode="before")
    @classmethod
    def _processor_of_the_board(cls, values: object) -> object:
        """A Jetson and a Raspberry Pi are aarch64 without being told."""
        if not isinstance(values, dict) or values.get("platform", "generic") == "generic":
            return values
        return {"arch": "aarch64", **values}

    @property
    def managed_driver(self) -> DriverSpec | None:
        """The driver to keep: declared, or all defaults where GPUs are declared; None where not managed or `none`.

        None on a board too: its driver is part of its system.
        """
        managed = (
            self.driver if isinstance(self.driver, DriverSpec) else DEFAULT_DRIVER if self.driver is None else None
        )
        if (
            managed is None
            or self.platform != "generic"
            or self.gpus == ()
            or (self.gpus is None and self.driver is None)
        ):
            return None
        if self.external and managed.source != "external":
            return managed.model_copy(update={"source": "external"})
        return managed
