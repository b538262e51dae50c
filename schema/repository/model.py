"""apt: mirrors declared; packages, sources, keys and gpufleet's own files observed."""

from typing import Literal

from schema.model import Fingerprint, HostPattern, Mode, Model, Path, RelativePath, Url


class KeySpec(Model):
    """A signing key. `file` is relative to the inventory folder; `armoured` is its text, filled in by `schema.load`."""

    file: RelativePath
    fingerprint: Fingerprint
    armoured: str | None = None


class RepositoryMirror(Model):
    """`url` may hold {distro} ("ubuntu2404"), {nvidia_arch} ("x86_64", "sbsa"), {codename} and {arch} ("amd64")."""

    url: Url
    keys: tuple[KeySpec, ...] = ()


class MirrorsSpec(Model):
    cuda: RepositoryMirror | None = None
    ubuntu: RepositoryMirror | None = None
    installers: Url | None = None
    conda: Url | None = None
    pypi: Url | None = None
    torch: Url | None = None


class ProxySpec(Model):
    http: Url | None = None
    https: Url | None = None
    no_proxy: tuple[HostPattern, ...] = ()


class Package(Model):
    """One package dpkg knows; `state` is its `${db:Status-Abbrev}`: "ii ", "hi ", "iU ", "rc ".

    `origin`: NVIDIA's builds have the maintainer cudatools@nvidia.com; None where neither vendor is recognised.
    """

    name: str
    version: str
    state: str
    architecture: str = "amd64"
    origin: Literal["nvidia", "ubuntu"] | None = None

    @property
    def installed(self) -> bool:
        return self.state[1:2] == "i"

    @property
    def held(self) -> bool:
        return self.state[:1] == "h"

    @property
    def broken(self) -> bool:
        """Half installed, unpacked or half configured, or one that dpkg marks as needing reinstallation."""
        return self.state[1:2] in {"U", "F", "H", "W", "t"} or self.state[2:3] == "R"


class Source(Model):
    """One apt source, from a one-line or a deb822 file."""

    file: str
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    signed_by: str | None = None
    enabled: bool = True


class Key(Model):
    """A keyring file apt would trust, with the full fingerprints of the primary keys in it."""

    path: str
    fingerprints: tuple[str, ...]


class OwnedFile(Model):
    """A file gpufleet writes whole: what should be in it, as root, or (`content` None) that it should not be there."""

    path: Path
    content: str | None
    mode: Mode = "0644"
    description: str = ""


class FileState(Model):
    """A file the probe read whole, because gpufleet owns it or because it says who else manages the driver."""

    path: str
    content: str
    mode: str
    owner: str


class AptState(Model):
    """`packages`: those of the driver, CUDA, cuDNN and kernel families that dpkg knows, by name.

    `files`: gpufleet's own files that are there, by path. `preferences`: others' that name NVIDIA packages.
    `exclusions`: the patterns in Unattended-Upgrade::Package-Blacklist. `interrupted`: dpkg asks for --configure -a.
    `transaction`: "running" while a gpufleet transaction of an earlier run still works on the host.
    """

    packages: dict[str, Package] = {}
    sources: tuple[Source, ...] = ()
    keys: tuple[Key, ...] = ()
    preferences: tuple[FileState, ...] = ()
    files: dict[str, FileState] = {}
    exclusions: tuple[str, ...] = ()
    unattended_upgrades: bool = False
    interrupted: bool = False
    transaction: Literal["none", "running"] = "none"

    def installed(self, name: str) -> Package | None:
        package = self.packages.get(name)
        return package if package is not None and package.installed else None
