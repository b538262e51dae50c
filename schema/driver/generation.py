"""GPU generations that are declared and that are there, and whether a driver branch and flavour drives them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from schema import compat
from schema.driver.model import Flavour
from schema.gpu import GpuSpec

if TYPE_CHECKING:
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
