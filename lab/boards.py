"""NVIDIA boards the lab knows by PCI id: what their PCI device and their nvidia-smi show."""

from dataclasses import dataclass

# PCI base class, subclass and interface (PCI Code and ID Assignment Specification 1.11, section 1).
CLASSES = {"vga": "030000", "3d": "030200", "nvswitch": "068000", "audio": "040300"}


@dataclass(frozen=True)
class Board:
    """`name` as nvidia-smi says it; memory in MiB; `audio` is the PCI id of the board's second function."""

    name: str
    memory_mib: int
    architecture: str
    compute_capability: str
    kind: str
    audio: str | None = None

    @property
    def class_code(self) -> str:
        return CLASSES[self.kind]

    @property
    def is_gpu(self) -> bool:
        return self.kind in {"vga", "3d"}


# PCI ids and names: NVIDIA's README, appendix "Supported NVIDIA GPU Products", and pci.ids; compute capability:
# https://developer.nvidia.com/cuda-gpus. Memory as nvidia-smi reports it on such boards.
BOARDS = {
    "10de:1b80": Board("NVIDIA GeForce GTX 1080", 8192, "Pascal", "6.1", "vga", "10de:10f0"),
    "10de:102d": Board("Tesla K80", 11441, "Kepler", "3.7", "3d"),
    "10de:1db1": Board("Tesla V100-SXM2-16GB", 16384, "Volta", "7.0", "3d"),
    "10de:1eb8": Board("Tesla T4", 15360, "Turing", "7.5", "3d"),
    "10de:2204": Board("NVIDIA GeForce RTX 3090", 24576, "Ampere", "8.6", "vga", "10de:1aef"),
    "10de:20b2": Board("NVIDIA A100-SXM4-80GB", 81920, "Ampere", "8.0", "3d"),
    "10de:2684": Board("NVIDIA GeForce RTX 4090", 24564, "Ada Lovelace", "8.9", "vga", "10de:22ba"),
    "10de:26b9": Board("NVIDIA L40S", 46068, "Ada Lovelace", "8.9", "3d"),
    "10de:2330": Board("NVIDIA H100 80GB HBM3", 81559, "Hopper", "9.0", "3d"),
    "10de:2335": Board("NVIDIA H200", 143771, "Hopper", "9.0", "3d"),
    "10de:2901": Board("NVIDIA B200", 183359, "Blackwell", "10.0", "3d"),
    "10de:2b85": Board("NVIDIA GeForce RTX 5090", 32607, "Blackwell", "12.0", "vga", "10de:22e8"),
    "10de:22a3": Board("NVSwitch", 0, "", "", "nvswitch"),
}
UNKNOWN = Board("Unknown", 0, "", "", "vga")


def lookup(pci_id: str) -> Board:
    """The board with this PCI id, or one that is called Unknown."""
    return BOARDS.get(pci_id, UNKNOWN)
