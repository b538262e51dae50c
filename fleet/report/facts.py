"""The facts of a host that a fleet is compared by: versions and GPUs, taken from one look."""

from collections import Counter

from fleet.report.model import Facts, GpuKind
from schema import compat
from schema.host import HostSpec
from schema.snapshot import Release, Snapshot

# The fields of `Facts` that a section of the probe is read for.
READ_FOR = {
    "host/system": ("ubuntu", "arch", "board"),
    "kernel/releases": ("kernel",),
    "driver/loaded": ("driver", "modules"),
    "gpu/smi": ("driver_cuda", "gpus_listed"),
    "gpu/devices": ("gpus_on_bus",),
    "cuda/toolkits": ("cuda",),
    "cuda/default": ("cuda_default",),
    "cudnn/libraries": ("cudnn",),
    "conda/prefix": ("conda", "environments"),
}


def of(spec: HostSpec, snapshot: Snapshot) -> Facts:
    smi, conda = snapshot.gpu.smi, snapshot.conda
    unseen = _unseen(snapshot)
    # It ends with an error where one of the GPUs has one, and lists them nevertheless (nvidia-smi(1), "RETURN VALUE").
    answered = smi is not None and (smi.exit_code == 0 or bool(smi.gpus))
    return Facts(
        ubuntu=_system(snapshot.release),
        arch=snapshot.architecture or None,
        board=snapshot.board or None,
        kernel=snapshot.kernel.running or None,
        driver=snapshot.driver.loaded_version,
        modules=snapshot.driver.loaded_flavour,
        driver_cuda=smi.cuda_version if smi is not None else None,
        cuda=tuple(kit.version for kit in snapshot.cuda.toolkits),
        cuda_default=snapshot.cuda.default,
        cudnn=snapshot.cudnn.libraries,
        conda=conda.version if conda is not None else None,
        environments=tuple(found.name for found in conda.environments) if conda is not None else (),
        gpus=_gpus(snapshot),
        gpus_declared=sum(gpu.count for gpu in spec.gpus) if spec.gpus is not None else None,
        gpus_on_bus=None if "gpus_on_bus" in unseen else len(snapshot.gpu.nvidia),
        gpus_listed=len(smi.gpus) if smi is not None and answered and "gpus_listed" not in unseen else None,
        unseen=unseen,
    )


def _system(release: Release) -> str | None:
    if release.id == "ubuntu":
        return release.version or None
    return f"{release.id} {release.version}".strip() or None


def _unseen(snapshot: Snapshot) -> tuple[str, ...]:
    """The fields whose section was not seen; one that names a whole concern has all sections of it."""
    lost = snapshot.not_seen
    return tuple(
        field for section, fields in READ_FOR.items() if {section, section.split("/")[0]} & lost for field in fields
    )


def _gpus(snapshot: Snapshot) -> tuple[GpuKind, ...]:
    """By name; the driver's names where it lists GPUs, else those that our data has for what is on the bus."""
    smi = snapshot.gpu.smi
    names = [gpu.name or "unknown" for gpu in smi.gpus] if smi is not None else []
    if not names:
        names = [_name(device.pci_id) for device in snapshot.gpu.nvidia]
    return tuple(GpuKind(name=name, count=count) for name, count in sorted(Counter(names).items()))


def _name(pci_id: str) -> str:
    known = compat.gpu_by_pci_id(pci_id)
    return known.name if known is not None else pci_id
