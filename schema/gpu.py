"""GPUs: those declared, the PCI devices that are there, and what the driver says of them."""

from typing import Annotated

from pydantic import Field

from schema.model import Model, PciId


class GpuSpec(Model):
    """One kind of GPU a host is declared to have. `model` is any usual spelling; `pci_id` is "10de:1b80"."""

    model: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/()+-]*$", max_length=80)
    pci_id: PciId | None = None
    count: int = Field(default=1, ge=1, le=64)
    memory_gib: int | None = Field(default=None, ge=1, le=4096)


class PciDevice(Model):
    """A display device or NVSwitch in `/sys/bus/pci/devices`; hexadecimal text in lower case without 0x."""

    slot: str
    vendor: str
    device: str
    class_code: str
    driver: str | None = None
    link_width: int | None = None
    max_link_width: int | None = None

    @property
    def pci_id(self) -> str:
        return f"{self.vendor}:{self.device}"

    @property
    def is_nvidia_gpu(self) -> bool:
        """Vendor 10de and class 0300 (VGA) or 0302 (3D): audio, USB and NVSwitch functions are not GPUs (pci.ids)."""
        return self.vendor == "10de" and self.class_code[:4] in {"0300", "0302"}

    @property
    def is_nvswitch(self) -> bool:
        return self.vendor == "10de" and self.class_code[:4] == "0680"


class GpuProcess(Model):
    """A process that `nvidia-smi` lists. `kind` is its Type column: "C" compute, "G" graphics, "C+G", "M+C"."""

    gpu: str
    pid: int
    name: str
    kind: str

    @property
    def is_compute(self) -> bool:
        return "C" in self.kind


class Gpu(Model):
    """One GPU as `nvidia-smi -q -x` describes it; `slot` as in sysfs ("0000:01:00.0"); None = not said or N/A."""

    index: int
    slot: str
    name: str
    uuid: str | None = None
    architecture: str | None = None
    pci_id: str | None = None
    memory_mib: int | None = None
    persistence: bool | None = None
    mig: bool | None = None
    link_width: int | None = None
    max_link_width: int | None = None
    ecc_uncorrectable: int | None = None
    remap_pending: bool | None = None
    remap_failure: bool | None = None
    retired_pending: bool | None = None
    recovery_action: str | None = None
    fabric_state: str | None = None
    fabric_status: str | None = None


class Smi(Model):
    """One run of `nvidia-smi -q -x`. `exit_code` is its own; 124 when it was stopped by the probe's timeout.

    `text` holds what it said when it failed (it speaks on stdout then), else "".
    """

    exit_code: int
    text: str = ""
    driver_version: str | None = None
    cuda_version: str | None = None
    gpus: tuple[Gpu, ...] = ()
    processes: tuple[GpuProcess, ...] = ()


class GpuState(Model):
    """`devices`: all display devices and NVSwitches, by slot. `smi`: None when no nvidia-smi is installed."""

    devices: tuple[PciDevice, ...] = ()
    smi: Smi | None = None

    @property
    def nvidia(self) -> tuple[PciDevice, ...]:
        return tuple(device for device in self.devices if device.is_nvidia_gpu)


Gpus = Annotated[tuple[GpuSpec, ...], Field(max_length=64)]
