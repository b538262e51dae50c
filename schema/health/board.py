"""Jetson and Raspberry Pi: what is not done to them, and their release; and a host's memory beside its GPUs'."""

from typing import TYPE_CHECKING

from schema.errors import Finding
from schema.model import version_key

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

TITLES = {"jetson": "a Jetson", "raspberry-pi": "a Raspberry Pi"}
# Room to stage a batch while the last one is copied: a rule of thumb, so that it is advice only.
MEMORY_FACTOR = 2


def untouched(spec: "HostSpec") -> list[Finding]:
    """Why an apply leaves a board alone. It is information in a drift check, which compares the rest."""
    if spec.platform == "generic":
        return []
    message = f"an apply does not change {TITLES[spec.platform]} yet; its driver, CUDA and cuDNN are not compared"
    hint = f"install by hand what JetPack brings, and check it with: fleet drift --limit {spec.name}"
    if spec.platform == "raspberry-pi":
        hint = f"install conda and its environments by hand, and check them with: fleet drift --limit {spec.name}"
    evidence = f"platform: {spec.platform}"
    return [Finding(code="GPU008", severity="info", message=message, evidence=evidence, hint=hint)]


def release(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """The L4T that is there against the declared one; "36.4" is any 36.4.x."""
    there = snapshot.l4t
    if spec.l4t is None or there is None or version_key(there)[: len(version_key(spec.l4t))] == version_key(spec.l4t):
        return []
    message = f"L4T {spec.l4t} is declared, and the board has {there}"
    hint = f'declare l4t: "{there}", or flash the board'
    return [Finding(code="GPU136", severity="error", message=message, evidence="/etc/nv_tegra_release", hint=hint)]


def memory(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Advice where the host has less than twice the memory of its GPUs; nothing where either is not known."""
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    sizes = [gpu.memory_total_mib for gpu in gpus if gpu.memory_total_mib is not None]
    total = sum(sizes)
    if not sizes or len(sizes) < len(gpus) or not snapshot.memory_mib:
        return []
    if snapshot.memory_mib >= MEMORY_FACTOR * total:
        return []
    message = f"the host has {snapshot.memory_mib // 1024} GiB of memory, and its GPUs {total // 1024} GiB"
    hint = "twice the GPUs' memory is usual, to load data while they work; nothing has to be done"
    evidence = "/proc/meminfo; nvidia-smi -q -x, fb_memory_usage"
    return [Finding(code="GPU137", severity="info", message=message, evidence=evidence, hint=hint)]
