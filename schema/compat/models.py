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

    `switched`: the board sits behind NVSwitches, so that fabric manager must run. `fp32_tflops` is the vendor's
    non-tensor peak at boost.
    """

    name: str
    architecture: str
    compute: str
    pci_ids: tuple[PciId, ...] = ()
    aliases: tuple[str, ...] = ()
    memory_gib: int | None = None
    switched: bool = False
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
    """A driver branch. `suffixed_names`: packages carry the branch in their names (nvidia-open-580)."""

    number: int
    state: Literal["production", "long-term", "new-feature", "superseded", "ended"]
    suffixed_names: bool
    flavours: tuple[Flavour, ...]


class CudaToolkit(Datum):
    """A toolkit release. `floor_full`: the driver for all its features; `floor_minor`: for limited ones (11 and newer).

    Both None where no source says.
    """

    version: str
    floor_full: str | None
    floor_minor: str | None


class UbuntuRelease(Datum):
    """A release and NVIDIA's repository for it.

    `first_cuda`: the oldest toolkit seen there; below `refused_below` none can be there, between the two it is not
    known. `last_cuda`: the newest of a repository that gets no more, else None.
    """

    version: str
    codename: str
    distro: str
    key_file: str
    key_fingerprint: Fingerprint
    first_cuda: str
    refused_below: str
    last_cuda: str | None = None

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
