"""All that one look sees of GPUs."""

from schema.gpu.device import NodeState, PciDevice
from schema.gpu.smi import NvidiaSmi
from schema.model import Model


class GpuState(Model):
    """`devices`: all display devices and NVSwitches, by slot. `smi`: None when no nvidia-smi is installed.

    `nodes`: None while the driver is not loaded, or where they were not looked at.
    """

    devices: tuple[PciDevice, ...] = ()
    smi: NvidiaSmi | None = None
    nodes: NodeState | None = None

    @property
    def nvidia(self) -> tuple[PciDevice, ...]:
        return tuple(device for device in self.devices if device.is_nvidia_gpu)
