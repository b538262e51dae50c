"""Snapshot: the whole observed state of one host, as one run of the probe saw it."""

from typing import Literal

from pydantic import Field

from schema.conda import CondaState
from schema.container import ContainerState
from schema.cuda import CudaState
from schema.cudnn import CudnnState
from schema.driver import DriverState
from schema.gpu import GpuState
from schema.history import HistoryState
from schema.kernel import KernelState
from schema.log import LogState
from schema.model import Model
from schema.repository import AptState


class Release(Model):
    """From /etc/os-release: `id` "ubuntu", `version` "24.04", `codename` "noble", `name` "Ubuntu 24.04.3 LTS"."""

    id: str
    version: str
    codename: str = ""
    name: str = ""


class Disk(Model):
    """A mounted file system that would take writes; sizes in MiB. `files_*`: its inodes, None where it counts none."""

    path: str
    total_mib: int
    free_mib: int
    files_total: int | None = None
    files_free: int | None = None


class Session(Model):
    """A login session (systemd-logind). `tty` is "" for one without a terminal; `own`: it carries this very run."""

    id: str
    user: str
    tty: str = ""
    remote: bool = False
    own: bool = False


class AppliedRecord(Model):
    """/var/lib/gpufleet/applied.json: what the last finished apply made of the host; it causes findings only."""

    version: Literal[1] = 1
    spec_hash: str
    time: str
    packages: dict[str, str] = {}
    environments: dict[str, dict[str, str]] = {}
    installer: str | None = None


class HostState(Model):
    """The host itself. `user` is who the probe ran as; without root some sections may not be seen.

    `portable`: its firmware says that it is a laptop or the like.
    `board` is what a device tree calls the machine: "NVIDIA Jetson AGX Orin Developer Kit", "" without one.
    """

    hostname: str
    release: Release
    architecture: str
    platform: Literal["generic", "jetson", "raspberry-pi"] = "generic"
    board: str = ""
    l4t: str | None = None
    boot_id: str = ""
    virtualisation: str = "none"
    portable: bool = False
    memory_mib: int = 0
    disks: tuple[Disk, ...] = ()
    user: str = "root"
    sessions: tuple[Session, ...] = ()
    reboot_required: bool = False
    reboot_required_packages: tuple[str, ...] = ()
    applied: AppliedRecord | None = None


class Snapshot(HostState):
    """`not_seen` names the probe's sections that could not be read by this user or in time: "driver/modules".

    `broken_off`: why the look ended before its end, "" for a whole one.
    `devices_in_use`: ids of processes that hold /dev/nvidia* open, seen without nvidia-smi.
    """

    kernel: KernelState
    gpu: GpuState = GpuState()
    driver: DriverState = DriverState()
    log: LogState = LogState()
    container: ContainerState = ContainerState()
    apt: AptState = AptState()
    cuda: CudaState = CudaState()
    cudnn: CudnnState = CudnnState()
    conda: CondaState | None = None
    devices_in_use: tuple[int, ...] = ()
    history: HistoryState = HistoryState()
    not_seen: frozenset[str] = Field(default=frozenset())
    broken_off: str = ""
