"""What goes together: GPUs, generations, driver branches, CUDA toolkits, Ubuntu releases and conda installers.

All of it is data in the YAML files of this folder; each row names its source and whether it was confirmed.
"""

import functools
from collections.abc import Iterable

from schema.compat import data, hardware, names, places, rule, software
from schema.compat.hardware import MigSupport, XidMeaning
from schema.compat.models import (
    Architecture,
    Branch,
    CloudFamily,
    CudaToolkit,
    Cudnn,
    CudnnBuild,
    Datum,
    Flavour,
    GpuModel,
    Installer,
    L4t,
    PackageNames,
    Soc,
    Torch,
    TorchBuild,
    UbuntuRelease,
)

__all__ = [
    "Architecture",
    "Branch",
    "CloudFamily",
    "CudaToolkit",
    "Cudnn",
    "CudnnBuild",
    "Datum",
    "Flavour",
    "GpuModel",
    "Installer",
    "L4t",
    "MigSupport",
    "PackageNames",
    "Soc",
    "Torch",
    "TorchBuild",
    "UbuntuRelease",
    "XidMeaning",
    "architecture",
    "branch",
    "branches",
    "cloud",
    "clouds",
    "cudnn",
    "cudnns",
    "flavours",
    "gpu_by_pci_id",
    "gpus_by_name",
    "installer",
    "installer_versions",
    "jetson",
    "l4t",
    "l4ts",
    "mig",
    "mig_boards",
    "nearest_gpu",
    "package_names",
    "preferred_branches",
    "release",
    "rule_branch",
    "rule_modules",
    "socs",
    "toolkit",
    "toolkits",
    "torch",
    "torches",
    "wheel_index",
    "xid",
]

cloud = places.cloud
clouds = places.clouds
jetson = places.jetson
l4t = places.l4t
l4ts = places.l4ts
package_names = places.package_names
socs = places.socs
cudnn = software.cudnn
cudnns = software.cudnns
torch = software.torch
torches = software.torches
wheel_index = software.wheel_index
rule_branch = rule.rule_branch
rule_modules = rule.rule_modules
flavours = rule.flavours
preferred_branches = rule.preferred_branches
mig = hardware.mig
mig_boards = hardware.boards
xid = hardware.xid


@functools.lru_cache(maxsize=4096)
def gpu_by_pci_id(pci_id: str) -> GpuModel | None:
    """The product with this id ("10de:1b80"), None when the data does not have it."""
    wanted = pci_id.lower()
    described = next((gpu for gpu in data.described() if wanted in gpu.pci_ids), None)
    return described or next((gpu for gpu in data.boards() if wanted in gpu.pci_ids), None)


def gpus_by_name(text: str) -> tuple[GpuModel, ...]:
    """The products that a usual spelling may mean: one, several where it is ambiguous, () where it is not known."""
    return names.by_name(text)


def nearest_gpu(text: str) -> GpuModel | None:
    """The product with the most similar name, None when nothing is similar."""
    return names.nearest(text)


@functools.lru_cache(maxsize=256)
def architecture(name: str) -> Architecture | None:
    """A generation by our name ("ada") or nvidia-smi's product_architecture ("Ada Lovelace"); None when unknown."""
    wanted = name.strip().lower()
    rows: Iterable[Architecture] = data.architectures().values()
    return next((row for row in rows if wanted in {row.name, row.title.lower()}), None)


def release(ubuntu: str) -> UbuntuRelease | None:
    """An Ubuntu release by version ("24.04"), None when the data does not have it."""
    return data.releases().get(ubuntu)


def branch(number: int) -> Branch | None:
    """A driver branch, None when the data does not have it."""
    return data.branches().get(number)


@functools.cache
def branches() -> tuple[Branch, ...]:
    """All known driver branches, newest first."""
    return tuple(data.branches().values())


def toolkit(version: str) -> CudaToolkit | None:
    """A CUDA release ("12.9") or one of its versions ("12.9.1"), None when the data does not have it."""
    return data.toolkits().get(version)


@functools.cache
def toolkits() -> tuple[str, ...]:
    """All known releases ("12.9"), oldest first."""
    return tuple(dict.fromkeys(".".join(version.split(".")[:2]) for version in data.toolkits()))


def installer(distribution: str, version: str, arch: str) -> Installer:
    """The vendor's installer; `sha256` is None, and `confirmed` false, where the data does not have this one."""
    return data.installer(distribution, version, arch)


def installer_versions(distribution: str, arch: str) -> tuple[str, ...]:
    """The versions whose sha256 the data has, in its order: newest first."""
    return tuple(known for name, known, machine in data.installers() if (name, machine) == (distribution, arch))
