"""Which driver a declaration means on this host: `auto` in favour of what works there, else by the rule."""

from typing import TYPE_CHECKING, Literal

from schema import compat, preferences
from schema.driver import names
from schema.driver.generation import architectures, carries, suits, toolkits
from schema.driver.model import DriverSpec, Flavour
from schema.model import Model, version_key
from schema.once import once

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# Flavours of Ubuntu's kernels for which the archive has signed modules (Ubuntu Server guide, NVIDIA drivers).
SIGNED_FLAVOURS = ("generic", "lowlatency", "aws", "azure", "gcp", "gke", "oracle", "nvidia", "ibm")


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


def working(snapshot: "Snapshot") -> tuple[int, Flavour | None] | None:
    """Branch and flavour of the driver that nvidia-smi answers with, for at least one GPU."""
    smi = snapshot.gpu.smi
    if smi is None or smi.exit_code != 0 or not smi.driver_version or not smi.gpus:
        return None
    return version_key(smi.driver_version)[0], snapshot.driver.loaded_flavour


def pinned(snapshot: "Snapshot") -> tuple[int, Flavour | None] | None:
    """Branch and flavour of the driver that our own pins name: what an earlier run chose."""
    for name, version in preferences.own(snapshot).items():
        flavour = names.flavour_of(name)
        if flavour is not None and names.matched(name) and version_key(version):
            return version_key(version)[0], flavour
    return None


@once
def resolve(spec: "HostSpec", snapshot: "Snapshot") -> ResolvedDriver | None:
    """The driver to have; None where it is not managed, or where no branch drives the GPUs."""
    managed = spec.managed_driver
    if managed is None:
        return None
    generations = architectures(spec, snapshot)
    candidates = [item for item in (working(snapshot), pinned(snapshot)) if item is not None]
    branch = _branch(spec, managed, generations, candidates)
    if branch is None:
        return None
    variant = _variant(spec, managed, snapshot)
    return ResolvedDriver(
        branch=branch,
        version=managed.version,
        flavour=_flavour(managed, branch, generations, candidates),
        source=managed.source,
        delivery=_delivery(managed, snapshot),
        variant=variant,
        install=managed.install,
    )


def _branch(
    spec: "HostSpec",
    managed: DriverSpec,
    generations: frozenset[str],
    candidates: list[tuple[int, Flavour | None]],
) -> int | None:
    if managed.branch != "auto":
        return int(managed.branch)
    if managed.version is not None:
        return version_key(managed.version)[0]
    asked = None if managed.modules == "auto" else managed.modules
    for branch, flavour in candidates:
        if suits(branch, asked or flavour, generations) and carries(branch, spec):
            return branch
    try:
        return compat.rule_branch(generations, spec.ubuntu, *toolkits(spec))
    except LookupError:
        return None


def _flavour(
    managed: DriverSpec, branch: int, generations: frozenset[str], candidates: list[tuple[int, Flavour | None]]
) -> Flavour:
    if managed.modules != "auto":
        return managed.modules
    for _, flavour in candidates:
        if flavour is not None and suits(branch, flavour, generations):
            return flavour
    return compat.rule_modules(generations, branch)


def _variant(spec: "HostSpec", managed: DriverSpec, snapshot: "Snapshot") -> Literal["desktop", "server"]:
    """Fabric manager matches the server variant only (Ubuntu Server guide), and compute hosts are servers."""
    if managed.variant != "auto":
        return managed.variant
    if needs_fabric_manager(spec, snapshot):
        return "server"
    drivers = [name for name, item in snapshot.apt.packages.items() if item.installed and names.MODULES.match(name)]
    if drivers:
        return "server" if any(names.is_server(name) for name in drivers) else "desktop"
    return "server" if managed.install == "compute" else "desktop"


def needs_fabric_manager(spec: "HostSpec", snapshot: "Snapshot") -> bool:
    """Whether NVSwitches are there, or a declared board by its PCI id sits behind them; `fabric_manager` overrides."""
    managed = spec.managed_driver
    if managed is None or managed.fabric_manager != "auto":
        return managed is not None and managed.fabric_manager is True
    return any(device.is_nvswitch for device in snapshot.gpu.devices)


def _delivery(managed: DriverSpec, snapshot: "Snapshot") -> Literal["dkms", "prebuilt"]:
    """NVIDIA's repository has DKMS alone; of the archive's two, the one that is there, else the signed modules."""
    if managed.source != "ubuntu":
        return "dkms"
    if managed.delivery != "auto":
        return managed.delivery
    there = [name for name, item in snapshot.apt.packages.items() if item.installed]
    if any(names.is_prebuilt(name) and names.family(name) for name in there):
        return "prebuilt"
    if any(name.startswith("nvidia-dkms-") for name in there) and not snapshot.kernel.secure_boot:
        return "dkms"
    return "prebuilt" if snapshot.kernel.flavour.split("-")[0] in SIGNED_FLAVOURS else "dkms"
