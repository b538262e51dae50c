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
    `size_kib`: its `${Installed-Size}`, None where the package does not say.
    """

    name: str
    version: str
    state: str
    architecture: str = "amd64"
    size_kib: int | None = None
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
    """One apt source, from a one-line or a deb822 file; `trusted`: its packages are taken without a signature."""

    file: str
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    signed_by: str | None = None
    enabled: bool = True
    trusted: bool = False


class Key(Model):
    """A keyring file apt would trust, with the full fingerprints of the primary keys in it.

    `mode` is "" where it was not seen; `expires`: the time of each fingerprint's end, in seconds since 1970.
    """

    path: str
    fingerprints: tuple[str, ...]
    mode: str = ""
    expires: dict[str, int] = {}


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
    `trusted`: names of keyrings in /etc/apt/trusted.gpg.d that are not the release's own; `sha1_allowed`: a site's
    policy for apt's verifier is there; `from_the_future`: apt's and dpkg's own files that are newer than the clock.
    `exclusions`: the patterns in Unattended-Upgrade::Package-Blacklist; `upgrade_origins`: the entries of its
    Allowed-Origins and Origins-Pattern; `upgrade_days`: how often it runs, 0 for never; `upgrade_timer`: "enabled",
    "disabled", "masked", "" without one; `upgraded_unattended`: it has run before.
    `interrupted`: dpkg asks for --configure -a.
    `transaction`: "running" while a gpufleet transaction of an earlier run still works on the host.
    """

    packages: dict[str, Package] = {}
    sources: tuple[Source, ...] = ()
    keys: tuple[Key, ...] = ()
    preferences: tuple[FileState, ...] = ()
    files: dict[str, FileState] = {}
    exclusions: tuple[str, ...] = ()
    upgrade_origins: tuple[str, ...] = ()
    upgrade_days: int | None = None
    upgrade_timer: str = ""
    upgraded_unattended: bool = False
    trusted: tuple[str, ...] = ()
    sha1_allowed: bool = False
    from_the_future: tuple[str, ...] = ()
    unattended_upgrades: bool = False
    interrupted: bool = False
    transaction: Literal["none", "running"] = "none"

    def installed(self, name: str) -> Package | None:
        package = self.packages.get(name)
        return package if package is not None and package.installed else None
