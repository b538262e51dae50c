"""GPUs as the driver describes them: one run of `nvidia-smi -q -x`."""

import re

from schema.model import Model


class GpuProcess(Model):
    """A process that `nvidia-smi` lists. `kind` is its Type column: "C" compute, "G" graphics, "C+G", "M+C"."""

    gpu: str
    pid: int
    name: str
    kind: str

    @property
    def is_compute(self) -> bool:
        return "C" in self.kind


class MigDevice(Model):
    """A MIG device: a slice of a GPU that works as one. `uuid` and `profile` ("1g.10gb") where a driver names them.

    `slices` is the count of compute slices (the "1" of 1g.10gb) where the document says it.
    """

    index: int
    gpu_instance_id: int | None = None
    compute_instance_id: int | None = None
    uuid: str | None = None
    profile: str | None = None
    slices: int | None = None
    multiprocessors: int | None = None
    memory_total_mib: int | None = None
    ecc_uncorrected_volatile: int | None = None


class Gpu(Model):
    """One GPU as `nvidia-smi -q -x` describes it; None = not said, or one of its spellings of "not available".

    `pci_bus_id` and `pci_device_id` are as printed ("00000000:1E:00.0", "233010DE"). `index` is the place in the
    document. `fabric_state` is "Completed", "In Progress" or "Not Started"; `recovery_action` "Reset", "Reboot",
    "Drain P2P" or "Drain and Reset", None where nothing is asked for; `recovery_none`: the driver says just that.
    `exhausted_banks`: banks of its memory that have no spare row left. `slowdowns`: why its clocks are held down at
    this moment: "hw_thermal_slowdown", "sw_power_cap".
    """

    index: int
    name: str | None = None
    uuid: str | None = None
    pci_bus_id: str | None = None
    pci_device_id: str | None = None
    brand: str | None = None
    architecture: str | None = None
    serial: str | None = None
    vbios_version: str | None = None
    gsp_firmware_version: str | None = None
    minor_number: int | None = None
    memory_total_mib: int | None = None
    persistence_mode: bool | None = None
    compute_mode: str | None = None
    virtualization_mode: str | None = None
    license_status: str | None = None
    mig_current: bool | None = None
    mig_pending: bool | None = None
    mig_devices: tuple[MigDevice, ...] = ()
    ecc_current: bool | None = None
    ecc_pending: bool | None = None
    ecc_corrected_volatile: int | None = None
    ecc_uncorrected_volatile: int | None = None
    ecc_corrected_aggregate: int | None = None
    ecc_uncorrected_aggregate: int | None = None
    remapped_correctable: int | None = None
    remapped_uncorrectable: int | None = None
    remapped_pending: bool | None = None
    remapped_failure: bool | None = None
    exhausted_banks: int | None = None
    retired_pages: int | None = None
    retired_pending: bool | None = None
    repair_pending: bool | None = None
    sram_threshold_exceeded: bool | None = None
    recovery_action: str | None = None
    recovery_none: bool = False
    slowdowns: tuple[str, ...] = ()
    fabric_state: str | None = None
    fabric_status: str | None = None
    fabric_clique: int | None = None
    fabric_cluster: str | None = None
    fabric_health: dict[str, str] = {}
    power_limit_watts: float | None = None
    power_default_watts: float | None = None
    power_max_watts: float | None = None
    link_generation: int | None = None
    max_link_generation: int | None = None
    link_width: int | None = None
    max_link_width: int | None = None

    @property
    def slot(self) -> str:
        """The bus id as sysfs writes it: "0000:1e:00.0"; "" where none was printed."""
        given = (self.pci_bus_id or "").strip()
        # Domain, bus, device, function: eight digits of domain or four, one of bus and device in release 270 ("0:1:0").
        found = re.fullmatch(r"([0-9A-Fa-f]{1,8}):([0-9A-Fa-f]{1,2}):([0-9A-Fa-f]{1,2})(?:\.([0-7]))?", given)
        if found is None:
            return given.lower()
        domain, bus, device = (int(part, 16) for part in found.groups()[:3])
        return f"{domain:04x}:{bus:02x}:{device:02x}.{found.group(4) or 0}"

    @property
    def pci_id(self) -> str | None:
        """Vendor and device as in pci.ids: "233010DE", which has them the other way round, is "10de:2330"."""
        # Release 270 prints no leading zeros.
        found = re.fullmatch(r"(?:0x)?([0-9A-Fa-f]{1,4})([0-9A-Fa-f]{4})", self.pci_device_id or "")
        return f"{found.group(2)}:{found.group(1):0>4}".lower() if found else None

    @property
    def title(self) -> str:
        """ "GPU 0 NVIDIA H100 80GB HBM3 0000:1e:00.0", as evidence names it."""
        return " ".join(part for part in (f"GPU {self.index}", self.name, self.slot) if part)


class NvidiaSmi(Model):
    """One run of `nvidia-smi -q -x`. `exit_code` is its own; 124 when it was stopped by the probe's timeout, None when
    it is not known and there is no whole document.

    `text` holds what it said beside the document (it speaks on stdout when it fails). `complete`: the document was
    whole; of one that broke off, what came before is here.
    """

    exit_code: int | None
    text: str = ""
    complete: bool = True
    driver_version: str | None = None
    cuda_version: str | None = None
    gpus: tuple[Gpu, ...] = ()
    processes: tuple[GpuProcess, ...] = ()
