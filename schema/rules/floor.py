"""The driver that a toolkit needs: the floor under each policy, and whether a driver reaches it."""

from typing import Literal, NamedTuple

from schema import compat
from schema.model import version_key

Policy = Literal["minor-compatible", "strict"]


class Floor(NamedTuple):
    """`version` is None where no source says which driver it is."""

    version: str | None
    confirmed: bool


def of(toolkit: str, policy: Policy) -> Floor | None:
    """The oldest driver for a toolkit, of an unknown update that of its release; None where that is not known.

    Under minor-compatible that of its major, or its own where that is older: CUDA 11.0 came with 450.51.05, and
    11.x needs 450.80.02 (https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html).
    """
    row = compat.toolkit(toolkit) or compat.toolkit(".".join(toolkit.split(".")[:2]))
    if row is None:
        return None
    if policy == "strict":
        return Floor(row.floor_full, row.confirmed)
    floors = [floor for floor in (row.floor_minor, row.floor_full) if floor]
    return Floor(min(floors, key=version_key, default=None), row.confirmed)


def reached(driver: str, floor: str) -> bool:
    """Whether a driver reaches `floor`; a branch ("580") is taken at its newest, so only its number counts."""
    own, wanted = version_key(driver), version_key(floor)
    return own[0] >= wanted[0] if len(own) == 1 else own >= wanted


def runs(driver: str, toolkit: str, policy: Policy) -> bool:
    """Whether a driver is new enough for a toolkit, as far as is known."""
    floor = of(toolkit, policy)
    return floor is None or floor.version is None or reached(driver, floor.version)
