"""GPUs as an inventory declares them."""

from typing import Annotated

from pydantic import Field

from schema.model import Model, PciId


class GpuSpec(Model):
    """One kind of GPU a host is declared to have. `model` is any usual spelling; `pci_id` is "10de:1b80".

    `mig`: whether they are to be in MIG mode; None = not compared.
    """

    model: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/()+-]*$", max_length=80)
    pci_id: PciId | None = None
    count: int = Field(default=1, ge=1, le=64)
    memory_gib: int | None = Field(default=None, ge=1, le=4096)
    mig: bool | None = None


Gpus = Annotated[tuple[GpuSpec, ...], Field(max_length=64)]
