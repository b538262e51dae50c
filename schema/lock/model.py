"""What fleet.lock holds: repositories with their matched sets, and which of them each host takes."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schema.environments.model import ExplicitPackage, PinnedPackage
from schema.model import Fingerprint, Model, Name, PackageName, PackageVersion, Sentence, Sha256, Url

Source = Literal["nvidia", "ubuntu"]
# A value of `auto` that was settled: a branch, a flavour, a word, an index's URL, a truth, or a list of releases. They
# become parts of packages' names and of files on the host.
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*$", max_length=64)]
Choice = Word | Url | bool | tuple[Word, ...]
# "driver 580 open full", "cuda 12.9", "cudnn 9.10.2 cuda 12".
SetName = Annotated[str, StringConstraints(pattern=r"^[a-z]+( [A-Za-z0-9.+-]+)+$", max_length=128)]
# 64 bits of a hash: enough to notice that a declaration changed.
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Concern = Annotated[str, StringConstraints(pattern=r"^[a-z]+(\.[A-Za-z0-9][A-Za-z0-9._-]*)?$", max_length=128)]


class LockedPackage(Model):
    """An apt package of a matched set; `size` in bytes."""

    version: PackageVersion
    sha256: Sha256
    size: int = Field(ge=0)


PackageSet = dict[PackageName, LockedPackage]


class LockedRepository(Model):
    """A repository as it was read. `date` is that of its InRelease, the newest of several.

    `rots`: why old versions will not stay in it; None where they do.
    """

    source: Source
    release: str = Field(pattern=r"^[0-9]{2}\.[0-9]{2}$")
    arch: Literal["x86_64", "aarch64"]
    url: Url
    fingerprints: tuple[Fingerprint, ...] = Field(min_length=1)
    date: Sentence
    rots: Sentence | None = None
    sets: dict[SetName, PackageSet]


class LockedInstaller(Model):
    """A conda installer."""

    distribution: Literal["miniforge", "miniconda", "anaconda"]
    version: Name
    arch: Literal["x86_64", "aarch64"]
    url: Url
    sha256: Sha256


class LockedEnvironment(Model):
    """A conda environment, solved for `platform` ("linux-64") and its virtual packages ("__cuda=13.0")."""

    platform: str = Field(pattern=r"^linux-(64|aarch64)$")
    virtual: tuple[Sentence, ...] = ()
    packages: tuple[ExplicitPackage, ...] = ()
    pip: tuple[PinnedPackage, ...] = ()


class LockedHosts(Model):
    """Hosts that are locked alike. `inputs`: a digest of what was resolved, by concern ("driver", "environments.ds").

    `sets` by repository; `installers` and `environments` by the name of their entry in the lock.
    """

    hosts: tuple[Name, ...] = Field(min_length=1)
    inputs: dict[Concern, Digest]
    choices: dict[str, Choice] = {}
    sets: dict[str, tuple[SetName, ...]] = {}
    installer: str | None = None
    environments: dict[Name, str] = {}


class Lock(Model):
    """The whole file."""

    version: Literal[1] = 1
    hosts: tuple[LockedHosts, ...] = ()
    repositories: dict[str, LockedRepository] = {}
    installers: dict[str, LockedInstaller] = {}
    environments: dict[str, LockedEnvironment] = {}


class Locked(Model):
    """What the lock says of one host, of the concerns that did not change since; filled in by `schema.load`.

    `choices` by dotted path ("driver.branch"). `stale`: concerns that the lock does not answer, each with the reason.
    """

    choices: dict[str, Choice] = {}
    packages: dict[str, LockedPackage] = {}
    installer: LockedInstaller | None = None
    environments: dict[str, LockedEnvironment] = {}
    stale: dict[str, str] = {}

    @cached_property
    def versions(self) -> dict[str, str]:
        """The exact version of each package that the lock names for this host."""
        return {name: package.version for name, package in self.packages.items()}
