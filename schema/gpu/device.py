"""GPUs as the kernel shows them: PCI devices, and the files under /dev that programs open."""

from schema.model import Model


class PciDevice(Model):
    """A display device or NVSwitch in `/sys/bus/pci/devices`; hexadecimal text in lower case without 0x.

    `unreadable`: the registers of its link read as if every bit were 1, which a device that is gone does.
    """

    slot: str
    vendor: str
    device: str
    class_code: str
    driver: str | None = None
    link_width: int | None = None
    max_link_width: int | None = None
    unreadable: bool = False

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


class DeviceNode(Model):
    """A file under /dev, or nvidia-modprobe(1), which makes them: `mode` is octal text such as "666" or "4755"."""

    path: str
    mode: str
    owner: str
    group: str


class NodeState(Model):
    """The files that programs open to use GPUs. `uvm_loaded`: the module of /dev/nvidia-uvm is in memory.

    `linked`: /dev/char leads to them. `file_mode` is what the driver gives them (NVreg_DeviceFileMode), as a number.
    """

    files: tuple[DeviceNode, ...] = ()
    uvm_loaded: bool = False
    linked: bool = False
    file_mode: int | None = None

    def named(self, path: str) -> DeviceNode | None:
        return next((one for one in self.files if one.path == path), None)

    @property
    def made_on_demand(self) -> bool:
        """Whether a program of any user has missing ones made: nvidia-modprobe(1) has its set-user-id bit for that."""
        return any(one.path.endswith("/nvidia-modprobe") and one.mode.startswith("4") for one in self.files)
