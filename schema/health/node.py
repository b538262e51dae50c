"""The files under /dev that programs open to use GPUs: missing ones, and those that only some users may open."""

import re
from typing import TYPE_CHECKING

from schema.errors import Finding, Severity
from schema.gpu import NodeState
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# What each program opens; folders, MIG's capabilities and the files of switches and services have other modes.
EVERYBODYS = re.compile(r"/dev/nvidia([0-9]+|ctl|-uvm)")
CONTROL, UVM = "/dev/nvidiactl", "/dev/nvidia-uvm"
MODPROBE = "sudo apt install nvidia-modprobe; at once: sudo modprobe nvidia_uvm && sudo nvidia-modprobe -c 0 -u"
# Two are of MIG's own management, the others of MIG devices (NVIDIA, MIG user guide, device nodes and capabilities).
CAPABILITIES, MANAGEMENT = "/dev/nvidia-caps/", 2


def files(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What is missing or closed, while the driver is loaded and has GPUs."""
    nodes, smi = snapshot.gpu.nodes, snapshot.gpu.smi
    if nodes is None or smi is None or smi.exit_code != 0 or not smi.gpus:
        return []
    return [*_missing(nodes, snapshot), *_uvm(nodes), *_capabilities(nodes, snapshot), *_closed(nodes)]


def _missing(nodes: NodeState, snapshot: "Snapshot") -> list[Finding]:
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    wanted = [CONTROL, *(f"/dev/nvidia{gpu.minor_number}" for gpu in gpus if gpu.minor_number is not None)]
    lines = [f"{path}: missing" for path in wanted if nodes.named(path) is None]
    severity: Severity = "info" if nodes.made_on_demand else "error"
    message = f"{len(lines)} of the GPUs' device files {'are' if len(lines) > 1 else 'is'} missing"
    hint = "nvidia-modprobe makes them when a program needs them" if nodes.made_on_demand else MODPROBE
    return [finding("GPU255", severity, message, lines, hint)] if lines else []


def _uvm(nodes: NodeState) -> list[Finding]:
    """Without it CUDA fails with error 999 or 3 while nvidia-smi is well; a set-user-id nvidia-modprobe makes it."""
    if nodes.named(UVM) is not None and nodes.uvm_loaded:
        return []
    lines = [f"{UVM}: {'there' if nodes.named(UVM) is not None else 'missing'}"]
    lines.append(f"/sys/module/nvidia_uvm: {'there' if nodes.uvm_loaded else 'missing'}")
    if nodes.made_on_demand:
        message = "/dev/nvidia-uvm is not there yet: nvidia-modprobe makes it when the first program uses CUDA"
        hint = "nothing has to be done; for containers that start before: sudo nvidia-modprobe -c 0 -u"
        return [finding("GPU256", "info", message, lines, hint)]
    lines.append("nvidia-modprobe with its set-user-id bit: missing")
    message = "/dev/nvidia-uvm is missing, so that CUDA does not start although nvidia-smi is well"
    return [finding("GPU256", "error", message, lines, MODPROBE)]


def _capabilities(nodes: NodeState, snapshot: "Snapshot") -> list[Finding]:
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    slices = [gpu for gpu in gpus if gpu.mig_current and gpu.mig_devices]
    there = sum(one.path.startswith(CAPABILITIES) for one in nodes.files)
    if not slices or there > MANAGEMENT:
        return []
    lines = [f"{gpu.title}: {len(gpu.mig_devices)} MIG devices" for gpu in slices]
    lines.append(f"{CAPABILITIES}nvidia-cap*: {there}")
    message = "the device files of the MIG devices are missing"
    hint = "sudo nvidia-smi -L makes them; then give users access to /dev/nvidia-caps"
    severity: Severity = "info" if nodes.made_on_demand else "warning"
    return [finding("GPU255", severity, message, lines, hint)]


def _closed(nodes: NodeState) -> list[Finding]:
    """Files that others than root and a group cannot open: information where the driver was told so."""
    closed = [one for one in nodes.files if EVERYBODYS.fullmatch(one.path) and int(one.mode, 8) & 0o006 != 0o006]
    if not closed:
        return []
    meant = nodes.file_mode is not None and nodes.file_mode & 0o006 != 0o006
    lines = [f"{one.path}: mode 0{one.mode}, {one.owner}:{one.group}" for one in closed]
    told = f"{nodes.file_mode:o}" if nodes.file_mode is not None else "not seen"
    lines.append(f"/proc/driver/nvidia/params, DeviceFileMode: {told}")
    groups = ", ".join(sorted({one.group for one in closed}))
    message = f"only some users can use the GPUs: root, and the group {groups}"
    hint = f"add users to the group {groups}; or remove NVreg_DeviceFileMode from /etc/modprobe.d, and reboot"
    if not meant:
        hint = "the driver was not told so: look for a udev rule or a script; sudo chmod 666 /dev/nvidia*"
    return [finding("GPU255", "info" if meant else "warning", message, lines, hint)]
