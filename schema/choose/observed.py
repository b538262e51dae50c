"""What a host itself says for a choice: the driver that works there, and what an earlier run put there."""

from typing import TYPE_CHECKING, NamedTuple

from schema import preferences
from schema.driver import names
from schema.driver.model import Flavour
from schema.model import version_key

if TYPE_CHECKING:
    from schema.snapshot import Snapshot


class Driver(NamedTuple):
    """A driver that a host has: its branch, its flavour where that is known, and how it is known."""

    branch: int
    flavour: Flavour | None
    reason: str


def drivers(snapshot: "Snapshot | None") -> tuple[Driver, ...]:
    """The driver that works, then the one that our own pins name: what an earlier run chose."""
    if snapshot is None:
        return ()
    return tuple(item for item in (_working(snapshot), _pinned(snapshot)) if item is not None)


def _working(snapshot: "Snapshot") -> Driver | None:
    """nvidia-smi answers with it, for at least one GPU. One that hung says nothing against the driver in memory."""
    smi, loaded = snapshot.gpu.smi, snapshot.driver.loaded_version
    if snapshot.not_seen & {"gpu", "gpu/smi"} and loaded is not None and version_key(loaded):
        return Driver(version_key(loaded)[0], snapshot.driver.loaded_flavour, f"{loaded} is loaded on the host")
    if smi is None or smi.exit_code != 0 or not smi.driver_version or not smi.gpus:
        return None
    key, flavour = version_key(smi.driver_version), snapshot.driver.loaded_flavour
    return Driver(key[0], flavour, f"{smi.driver_version} works on the host") if key else None


def _pinned(snapshot: "Snapshot") -> Driver | None:
    for name, version in preferences.own(snapshot).items():
        flavour = names.flavour_of(name)
        if flavour is not None and names.matched(name) and version_key(version):
            return Driver(version_key(version)[0], flavour, "chosen by an earlier run")
    return None
