"""Which driver a declaration means on this host: `auto` in favour of what works there, else by the rule."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from schema import compat, preferences
from schema.driver import names
from schema.driver.model import DriverSpec, Flavour
from schema.gpu import GpuSpec
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


def declared_architectures(gpus: Iterable[GpuSpec]) -> frozenset[str]:
    """Generations of the declared GPUs, of those that our data knows without doubt."""
    found = set()
    for gpu in gpus:
        known = compat.gpu_by_pci_id(gpu.pci_id) if gpu.pci_id else None
        products = (known,) if known else compat.gpus_by_name(gpu.model) if gpu.model else ()
        generations = {product.architecture for product in products}
        found |= generations if len(generations) == 1 else set()
    return frozenset(found)


def seen_architectures(snapshot: "Snapshot") -> frozenset[str]:
    """Generations of the NVIDIA GPUs that are there, as far as their PCI ids are known."""
    known = (compat.gpu_by_pci_id(device.pci_id) for device in snapshot.gpu.nvidia)
    return frozenset(gpu.architecture for gpu in known if gpu is not None)


def architectures(spec: "HostSpec", snapshot: "Snapshot") -> frozenset[str]:
    return declared_architectures(spec.gpus or ()) or seen_architectures(snapshot)


def suits(branch: int, flavour: Flavour | None, generations: Iterable[str]) -> bool:
    """Whether a branch, in this flavour, drives all of the generations that our data knows."""
    for row in (compat.architecture(name) for name in generations):
        if row is None or not row.confirmed:
            continue
        if row.last_branch is not None and branch > row.last_branch:
            return False
        if flavour is not None and flavour not in row.flavours:
            return False
    return flavour is None or flavour in compat.flavours(branch) or compat.branch(branch) is None


def carries(branch: int, spec: "HostSpec") -> bool:
    """Whether the branch is new enough for the declared CUDA toolkits."""
    toolkits, policy = _toolkits(spec)
    for row in (compat.toolkit(version) for version in toolkits):
        floor = None if row is None else row.floor_full if policy == "strict" else row.floor_minor or row.floor_full
        if floor is not None and branch < version_key(floor)[0]:
            return False
    return True


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


def _toolkits(spec: "HostSpec") -> tuple[tuple[str, ...], Literal["minor-compatible", "strict"]]:
    if spec.cuda is None or spec.cuda == "none":
        return (), "minor-compatible"
    return spec.cuda.toolkits, spec.cuda.policy


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
        return compat.rule_branch(generations, spec.ubuntu, *_toolkits(spec))
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
