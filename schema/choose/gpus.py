"""Which GPUs a choice is made for: the declared ones in every meaning of their names, else those that are there."""

from typing import TYPE_CHECKING, NamedTuple

from schema import compat
from schema.gpu import GpuSpec
from schema.once import once

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


class Kind(NamedTuple):
    """A product that a GPU may be: our name of its generation, its compute capability, and what the user calls it."""

    generation: str
    compute: str
    name: str


class Kinds(NamedTuple):
    """`known` has each generation and compute capability once, in a fixed order; `unknown` the names without data."""

    known: tuple[Kind, ...]
    unknown: tuple[str, ...]

    @property
    def text(self) -> str:
        """ "GTX 1080 (Pascal) and RTX 3090 (Ampere)"."""
        names = dict.fromkeys(titled(kind) for kind in self.known)
        return " and ".join([*names, *self.unknown])


def titled(kind: Kind) -> str:
    """ "GTX 1080 (Pascal)"."""
    row = compat.architecture(kind.generation)
    return f"{kind.name} ({row.title})" if row is not None else kind.name


@once
def kinds(spec: "HostSpec", snapshot: "Snapshot | None") -> Kinds:
    """Every meaning of the declared GPUs; what is there tells which of several is meant, and what no name tells."""
    devices = snapshot.gpu.nvidia if snapshot is not None else ()
    rows = [compat.gpu_by_pci_id(device.pci_id) for device in devices]
    there = {key(row): Kind(*key(row), row.name) for row in rows if row is not None}
    known: dict[tuple[str, str], Kind] = {}
    unknown = []
    # By name, so that reasons do not depend on the order in which GPUs are listed.
    for gpu in sorted(spec.gpus or (), key=lambda gpu: gpu.model or gpu.pci_id or ""):
        meanings = {key(product): Kind(*key(product), gpu.model or product.name) for product in products(gpu)}
        found = {one: kind for one, kind in meanings.items() if one in there} or meanings
        known = found | known
        unknown += [] if found else [gpu.model or gpu.pci_id or "a GPU"]
    if unknown or not spec.gpus:
        known = there | known
        unknown = [] if devices and all(rows) else unknown
    return Kinds(tuple(known[one] for one in sorted(known)), tuple(unknown))


def products(gpu: GpuSpec) -> tuple[compat.GpuModel, ...]:
    """The products that a declared GPU may be; () where the data does not know it."""
    by_id = compat.gpu_by_pci_id(gpu.pci_id) if gpu.pci_id is not None else None
    if by_id is not None:
        return (by_id,)
    return compat.gpus_by_name(gpu.model) if gpu.model is not None else ()


def key(product: compat.GpuModel) -> tuple[str, str]:
    return product.architecture, product.compute


def vague(spec: "HostSpec") -> str | None:
    """What to write where a GPU's name means products of several kinds: the PCI id of each; None without such a GPU."""
    for gpu in spec.gpus or ():
        found = {key(product): product for product in products(gpu)}
        if len(found) < 2:
            continue
        ids = [
            f'pci_id: "{product.pci_ids[0]}" for {titled(Kind(*kind, product.name))}'
            for kind, product in sorted(found.items())
            if product.pci_ids
        ]
        return f"{gpu.model!r} can mean several products; write {', '.join(ids)}." if ids else None
    return None
