"""GPU generations, and whether a driver branch and flavour drives them and is new enough for the toolkits."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from schema import compat
from schema.driver.model import Flavour
from schema.gpu import GpuSpec
from schema.model import version_key

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


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
    versions, policy = toolkits(spec)
    for row in (compat.toolkit(version) for version in versions):
        floor = None if row is None else row.floor_full if policy == "strict" else row.floor_minor or row.floor_full
        if floor is not None and branch < version_key(floor)[0]:
            return False
    return True


def toolkits(spec: "HostSpec") -> tuple[tuple[str, ...], Literal["minor-compatible", "strict"]]:
    """The declared CUDA toolkits, and how new a driver they ask for."""
    if spec.cuda is None or spec.cuda == "none":
        return (), "minor-compatible"
    return spec.cuda.toolkits, spec.cuda.policy
