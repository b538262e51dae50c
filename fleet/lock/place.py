"""The repositories that a host's matched sets come from, as they are named in a lock."""

from dataclasses import dataclass, field

from fleet import trust
from fleet.index import Repository
from schema import compat
from schema.host import HostSpec
from schema.lock.model import Source
from schema.repository import key

# Components with drivers or with what they need: fabric manager is in multiverse.
COMPONENTS = ("main", "restricted", "multiverse")
# Addresses that keep one version per pocket, whoever answers there (https://wiki.ubuntu.com/Mirrors).
ROTATING = ("archive.ubuntu.com", "ports.ubuntu.com", "security.ubuntu.com")


@dataclass(frozen=True)
class Place:
    """One repository for one release and architecture; `spec` is a host that names it: its keys and certificates."""

    source: Source
    release: str
    arch: str
    url: str
    spec: HostSpec = field(compare=False)

    @property
    def name(self) -> str:
        """The repository's name in a lock: "nvidia 24.04 x86_64 https://..."."""
        return f"{self.source} {self.release} {self.arch} {self.url}"

    @property
    def debian(self) -> str:
        return key.DEBIAN_ARCH[self.arch]

    @property
    def suites(self) -> tuple[str, ...]:
        """Folders with an InRelease each: one for a flat repository, of the archive those of the release's pockets."""
        if self.source == "nvidia":
            return ("",)
        known = compat.release(self.release)
        codename = known.codename if known is not None else self.release
        pockets = ("", "-updates") if self.spec.mirrors.ubuntu is not None else ("", "-updates", "-security")
        return tuple(f"dists/{codename}{pocket}" for pocket in pockets)

    @property
    def rotates(self) -> bool:
        return self.source == "ubuntu" and self.url.split("/")[2].endswith(ROTATING)

    def trusted(self) -> Repository:
        """With the keys that must have signed it. Raises UnknownIndex."""
        return trust.nvidia(self.spec, self.url) if self.source == "nvidia" else trust.ubuntu(self.spec, self.url)


def nvidia(spec: HostSpec) -> Place:
    return Place("nvidia", spec.ubuntu, spec.arch, key.cuda_url(spec), spec)


def ubuntu(spec: HostSpec) -> Place:
    return Place("ubuntu", spec.ubuntu, spec.arch, trust.ubuntu_url(spec), spec)
