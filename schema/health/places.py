"""GPUs by their places: what the kernel's log and the bus call a slot, and what nvidia-smi says of the GPU in it."""

from typing import TYPE_CHECKING

from schema import compat
from schema.gpu import Gpu, PciDevice

if TYPE_CHECKING:
    from schema.log import Entry
    from schema.snapshot import Snapshot

# After a day without another of its kind, a GPU that answers and says nothing of recovery has worked: a rule of thumb.
RECENT_SECONDS = 86400


def at(snapshot: "Snapshot", slot: str) -> Gpu | None:
    """The GPU that nvidia-smi lists in a slot, with or without its function ("0000:9b:00"); None without one."""
    smi = snapshot.gpu.smi
    wanted = slot.rsplit(".", 1)[0]
    return next((gpu for gpu in smi.gpus if gpu.slot.rsplit(".", 1)[0] == wanted), None) if smi is not None else None


def device(snapshot: "Snapshot", slot: str) -> PciDevice | None:
    """The GPU on the bus in a slot, with or without its function."""
    wanted = slot.rsplit(".", 1)[0]
    return next((one for one in snapshot.gpu.nvidia if one.slot.rsplit(".", 1)[0] == wanted), None)


def title(snapshot: "Snapshot", slot: str) -> str:
    """ "GPU 0 NVIDIA H100 80GB HBM3 0000:1e:00.0", else "GeForce GTX 1080 0000:01:00.0", else the slot alone."""
    gpu, found = at(snapshot, slot), device(snapshot, slot)
    if gpu is not None and gpu.name:
        return gpu.title
    product = compat.gpu_by_pci_id(found.pci_id) if found is not None else None
    return f"{product.name} {slot}" if product is not None else slot


def answers(snapshot: "Snapshot", slot: str) -> bool:
    """Whether nvidia-smi ended well and lists a GPU with a name in the slot."""
    gpu, smi = at(snapshot, slot), snapshot.gpu.smi
    return smi is not None and smi.exit_code == 0 and gpu is not None and gpu.name is not None


def recent(snapshot: "Snapshot", entry: "Entry") -> bool:
    """Whether a line of the log is younger than a day; one of unknown age is."""
    uptime = snapshot.log.uptime
    return uptime is None or entry.seconds is None or uptime - entry.seconds < RECENT_SECONDS


def over(snapshot: "Snapshot", slot: str, entry: "Entry") -> bool:
    """Whether what a line tells of a GPU is over: it answers and says that it asks for no recovery.

    Drivers before R555 do not say it of most errors; there a day without another one counts.
    """
    gpu = at(snapshot, slot)
    if gpu is None or not answers(snapshot, slot) or gpu.recovery_action is not None:
        return False
    return gpu.recovery_none or not recent(snapshot, entry)
