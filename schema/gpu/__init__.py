"""GPUs: those declared, the PCI devices that are there, and what the driver says of them."""

from schema.gpu.declared import Gpus, GpuSpec
from schema.gpu.device import DeviceNode, NodeState, PciDevice
from schema.gpu.smi import Gpu, GpuProcess, MigDevice, NvidiaSmi
from schema.gpu.state import GpuState

__all__ = [
    "DeviceNode",
    "Gpu",
    "GpuProcess",
    "GpuSpec",
    "GpuState",
    "Gpus",
    "MigDevice",
    "NodeState",
    "NvidiaSmi",
    "PciDevice",
]
