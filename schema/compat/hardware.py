"""What the boards themselves do: which can be divided (MIG), and by which numbers the driver reports their errors."""

import functools
import re
from typing import Literal

from schema.compat import data
from schema.compat.models import Datum, GpuModel


class MigSupport(Datum):
    """Boards with MIG: those of a compute capability whose names begin with one of `names`, () = all of them."""

    compute: str
    names: tuple[str, ...] = ()
    driver: str

    def about(self, gpu: GpuModel) -> bool:
        """Mobile and embedded boards have the names of others, and no MIG."""
        name = gpu.name.removeprefix("NVIDIA ")
        begins = not self.names or any(re.match(rf"{one}(?![0-9])", name) for one in self.names)
        return gpu.compute == self.compute and begins and not {"Laptop", "Embedded", "Mobile"} & set(name.split())


class XidMeaning(Datum):
    """An Xid, by which the driver reports an error of a GPU; the head of xids.yaml says what each `kind` is."""

    number: int
    name: str
    kind: Literal["program", "bus", "reset", "memory", "memory-watch", "nvlink", "gsp", "power", "recovery", "watch"]


@functools.cache
def _mig() -> tuple[MigSupport, ...]:
    return tuple(map(MigSupport.model_validate, data.rows("mig.yaml")))


@functools.cache
def _xids() -> dict[int, XidMeaning]:
    return {row.number: row for row in map(XidMeaning.model_validate, data.rows("xids.yaml"))}


def mig(gpu: GpuModel) -> MigSupport | None:
    """What is known of MIG on a board, None where it has none."""
    return next((row for row in _mig() if row.about(gpu)), None)


@functools.cache
def boards() -> tuple[str, ...]:
    """The boards that are described in full and have MIG, by name."""
    return tuple(gpu.name.removeprefix("NVIDIA ") for gpu in data.described() if mig(gpu) is not None)


def xid(number: int) -> XidMeaning | None:
    """What an Xid means, None where the data does not have it."""
    return _xids().get(number)
