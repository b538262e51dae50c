"""nvidia-smi's own failures, each by its exit code (nvidia-smi(1), "RETURN VALUE", and NVML's nvmlReturn_t)."""

from typing import TYPE_CHECKING, NamedTuple

from schema.errors import Finding
from schema.gpu import NvidiaSmi
from schema.health import log
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

LOG = "sudo dmesg | grep -E 'NVRM|Xid'"

NOT_ALLOWED = {4, 17}


class Failure(NamedTuple):
    what: str
    hint: str


FAILURES = {
    1: Failure("NVML was not initialised", LOG),
    2: Failure("it does not take -q -x: another program, or a wrapper, has its name", "type -a nvidia-smi"),
    3: Failure("the GPU or its state does not support the question", LOG),
    4: Failure(
        "it may not use the GPUs' device files",
        "ls -l /dev/nvidia*; add the login user to their group, or look as root (connection.sudo)",
    ),
    6: Failure("it finds no GPU", LOG),
    8: Failure("a board's auxiliary power is not connected", "connect the power cables of the board, then boot again"),
    9: Failure("the driver's module is not loaded", "reboot the host; if that does not help: sudo modprobe nvidia"),
    10: Failure("the driver did not answer in its own time", f"{LOG}; a hung GPU needs a reboot"),
    11: Failure("a GPU's interrupts do not arrive", f"{LOG}; check the BIOS, IOMMU and MSI, then reboot"),
    12: Failure(
        "its library libnvidia-ml.so.1 is missing",
        "sudo apt install --reinstall libnvidia-compute-BRANCH, as dpkg -l 'nvidia-utils*' names it",
    ),
    13: Failure("its library is older than the program", "dpkg -l '*nvidia*' | grep ^ii; a run matches the versions"),
    14: Failure("the information stored on a board (infoROM) is damaged", "ask the board's vendor; its work can go on"),
    15: Failure(
        "a GPU fell off the bus", "end the work on the host and reboot it; then check seating, power and cooling"
    ),
    16: Failure("a GPU needs a reset", "end its work, then: sudo nvidia-smi --gpu-reset -i INDEX, or reboot the host"),
    17: Failure("the operating system keeps it from the GPUs' device files", "look for a container or a control group"),
    18: Failure("the driver's module and its libraries are of different versions", "reboot the host"),
    19: Failure("a GPU is in use by somebody alone", LOG),
    20: Failure("it had no memory left", "free -m; look for what takes the host's memory"),
    126: Failure("it may not be run", "ls -l /usr/bin/nvidia-smi; sudo apt install --reinstall nvidia-utils-BRANCH"),
    127: Failure("it is not there, or a part of it is missing", "sudo apt install --reinstall nvidia-utils-BRANCH"),
    134: Failure(
        "it was aborted", "another version of libnvidia-ml.so is found first: ldd /usr/bin/nvidia-smi; ldconfig -p"
    ),
    139: Failure(
        "it crashed", "another version of libnvidia-ml.so is found first: ldd /usr/bin/nvidia-smi; ldconfig -p"
    ),
    255: Failure("an error that it cannot name", f"{LOG}; nvidia-bug-report.sh gathers what the vendor needs"),
}


def silent(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What it said of a module that is loaded and does not work; nothing where it works."""
    smi = snapshot.gpu.smi
    if smi is None or snapshot.driver.loaded_version is None:
        return []
    if smi.exit_code == 124:
        message, hint = "nvidia-smi does not answer", f"{LOG}; a hung GPU needs a reboot"
        return [finding("GPU113", "error", message, ["nvidia-smi -q -x: no answer in time"], hint)]
    ours = [one for one in snapshot.gpu.nvidia if one.driver in {None, "nvidia"}]
    if ("No devices were found" in smi.text or (smi.exit_code == 0 and smi.complete and not smi.gpus)) and ours:
        # Where the driver says in its log why, that is the finding (GPU236).
        if log.refused(spec, snapshot):
            return []
        message = "the driver is loaded and drives none of the GPUs"
        hint = f"the branch or the flavour does not suit them: {LOG}; declare branch: auto, modules: auto"
        return [finding("GPU112", "error", message, [smi.text or "No devices were found"], hint)]
    # Of a user who may not use the GPUs it is no ailment of the host: nvidia-smi was not seen.
    mine = smi.exit_code in NOT_ALLOWED and snapshot.user != "root"
    return _failed(smi) if smi.exit_code and ours and not mine else []


def _failed(smi: NvidiaSmi) -> list[Finding]:
    code = smi.exit_code or 0
    failure = FAILURES.get(code)
    message = f"nvidia-smi failed with exit code {code}" + (f": {failure.what}" if failure is not None else "")
    hint = failure.hint if failure is not None else LOG
    return [finding("GPU113", "error", message, [smi.text or f"exit code {code}, and no words"], hint)]
