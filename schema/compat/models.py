"""The kinds of compatibility data: every row says where it was read and whether that was confirmed."""

from typing import Literal

from pydantic import Field

from schema.model import Fingerprint, Model, PciId, Sha256, version_key

Flavour = Literal["open", "proprietary"]


class Datum(Model):
    """`source`: where the row was read. An unconfirmed row may warn, it never refuses."""

    source: tuple[str, ...] = Field(min_length=1)
    confirmed: bool = True


class GpuModel(Datum):
    """One GPU product. `pci_ids` in pci.ids' spelling; `memory_gib` is marketing memory, None where it is not known.

    `switched`: the board sits behind NVSwitches, so that fabric manager must run. `arch`: that of the CPU it is one
    with, None for a card. `fp32_tflops` is the vendor's
    non-tensor peak at boost.
    """

    name: str
    architecture: str
    compute: str
    pci_ids: tuple[PciId, ...] = ()
    aliases: tuple[str, ...] = ()
    memory_gib: int | None = None
    switched: bool = False
    arch: Literal["aarch64"] | None = None
    fp32_tflops: float | None = None
    fp32_source: tuple[str, ...] = ()
    fp32_confirmed: bool = False


class Architecture(Datum):
    """A GPU generation. `first_cuda`/`last_cuda`: what nvcc can target; None = older than the data, or current.

    `first_branch` is the branch of the driver that `first_cuda` came with, `last_branch` the last that drives it.
    `compute`: the first CUDA version by compute capability.
    """

    name: str
    title: str
    compute: dict[str, str | None]
    first_cuda: str | None = None
    last_cuda: str | None = None
    first_branch: int | None = None
    last_branch: int | None = None
    flavours: tuple[Flavour, ...] = ("open", "proprietary")


class Branch(Datum):
    """A driver branch. `suffixed_names`: packages carry the branch in their names (nvidia-open-580).

    `cuda`: the highest CUDA version that its driver runs, None where no source says. `versions`: full versions that
    were seen published, oldest first. `archive`: the Ubuntu releases whose archive was seen to have the branch.
    `ends`: the month until which NVIDIA keeps it up, None where it is over or was never promised.
    """

    number: int
    state: Literal["production", "long-term", "new-feature", "superseded", "ended"]
    suffixed_names: bool
    flavours: tuple[Flavour, ...]
    cuda: str | None = None
    versions: tuple[str, ...] = ()
    archive: tuple[str, ...] = ()
    ends: str | None = Field(default=None, pattern=r"^20[0-9]{2}-[01][0-9]$")


class CudaToolkit(Datum):
    """A toolkit release. `floor_full`: the driver for all its features; `floor_minor`: for limited ones (11 and newer).

    Both None where no source says.
    """

    version: str
    floor_full: str | None
    floor_minor: str | None


class UbuntuRelease(Datum):
    """A release and NVIDIA's repository for it.

    `glibc`: its C library. `first_cuda`: the oldest toolkit seen there; below `refused_below` none can be there,
    between the two it is not known. `last_cuda`: the newest of a repository that gets no more, else None.
    `last_cudnn`: the same of cuDNN; `first_branch`: the oldest driver branch. Both as far as it was seen: they say
    what is chosen first, and refuse nothing.
    """

    version: str
    codename: str
    glibc: str
    distro: str
    key_file: str
    key_fingerprint: Fingerprint
    first_cuda: str
    refused_below: str
    last_cuda: str | None = None
    last_cudnn: str | None = None
    first_branch: int | None = None

    def carries(self, toolkit: str) -> bool | None:
        """Whether NVIDIA's repository for this release has `toolkit`; None where that is not known."""
        key = version_key(toolkit)[:2]
        if key < version_key(self.refused_below) or (self.last_cuda is not None and key > version_key(self.last_cuda)):
            return False
        return True if key >= version_key(self.first_cuda) else None


class Installer(Datum):
    """A conda installer; `url` is the vendor's own, `sha256` None where no source gives it."""

    distribution: Literal["miniforge", "miniconda", "anaconda"]
    version: str
    arch: Literal["x86_64", "aarch64"]
    file: str
    url: str
    sha256: Sha256 | None = None


class CudnnBuild(Model):
    """cuDNN for one CUDA major: `driver` is the floor; `toolkits` those it is for, () = every release of the major."""

    driver: str
    toolkits: tuple[str, ...] = ()


class Cudnn(Datum):
    """A cuDNN release ("9.10.2"). `builds` by CUDA major; compute capabilities from first to last, None = current.

    `full_versions`: builds that were seen published, oldest first.
    """

    version: str
    builds: dict[str, CudnnBuild]
    first_compute: str
    last_compute: str | None = None
    full_versions: tuple[str, ...] = ()


class TorchBuild(Model):
    """A wheel of PyTorch by its tag. `cuda` None for the CPU; `ptx`: what newer GPUs compile from it.

    `computes`: what the x86_64 wheel holds code for, `computes_aarch64` the other; `arches`: where there is a wheel.
    """

    cuda: str | None = None
    computes: tuple[str, ...] = ()
    computes_aarch64: tuple[str, ...] = ()
    ptx: str | None = None
    cudnn: str | None = None
    experimental: bool = False
    arches: tuple[Literal["x86_64", "aarch64"], ...] = ("x86_64",)
    confirmed: bool = True

    def holds(self, arch: str) -> tuple[str, ...]:
        """The compute capabilities that the wheel for `arch` holds code for."""
        return self.computes_aarch64 if arch == "aarch64" else self.computes


class Torch(Datum):
    """A PyTorch release ("2.8"). `pythons`: minor versions with wheels; `default`: the tag that PyPI's wheel is of.

    `glibc`: the C library that its wheels need (manylinux_2_28 of their names; manylinux2014 is 2.17).
    """

    version: str
    pythons: tuple[str, ...]
    glibc: str = "2.17"
    builds: dict[str, TorchBuild]
    default: str | None = None
    default_aarch64: str = "cpu"
    torchvision: str | None = None

    def default_for(self, arch: str) -> str | None:
        """The tag of the wheel that PyPI itself has for `arch`; None where that is not known."""
        return self.default_aarch64 if arch == "aarch64" else self.default


class Soc(Datum):
    """A Jetson's system on a chip ("tegra234"); `boards` by the names of their GPUs, `apt`: its repository's folder."""

    soc: str
    apt: str
    compute: str
    boards: tuple[str, ...]


class L4t(Datum):
    """A release of Jetson Linux ("36.4", or "36.4.3" where JetPack moved with it) and what its JetPack brings.

    `last_cuda`: the newest toolkit that its driver, which is part of it, can run.
    """

    version: str
    jetpack: str
    ubuntu: str
    socs: tuple[str, ...]
    cuda: str
    last_cuda: str
    cudnn: str | None = None


class CloudFamily(Datum):
    """A family of cloud machines. `count`: the GPUs of its sizes, () where that is not known.

    `driver`: "grid" is the cloud's own. `fabric`: who joins the GPUs' NVLinks, fabric manager on the machine or IMEX.
    """

    provider: Literal["azure", "aws", "gcp", "paperspace"]
    name: str
    gpus: tuple[str, ...]
    count: tuple[int, ...] = ()
    arch: Literal["x86_64", "aarch64"] = "x86_64"
    driver: Literal["cuda", "grid"] = "cuda"
    fabric: Literal["none", "local", "imex"] = "none"


class PackageNames(Datum):
    """What the driver's packages are called in a repository, for branches from `first` to `last`."""

    repository: Literal["nvidia", "ubuntu"]
    install: Literal["full", "compute", "fabric"]
    flavour: Flavour | None = None
    delivery: Literal["dkms", "prebuilt"] = "dkms"
    first: int = 0
    last: int | None = None
    names: tuple[str, ...]

    def about(self, branch: int) -> bool:
        return self.first <= branch and (self.last is None or branch <= self.last)
