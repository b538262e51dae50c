"""cuDNN: one version, or one per CUDA major version, and the packages it takes."""

import functools
import re
from typing import TYPE_CHECKING

from pydantic import Field

from schema import cuda, preferences
from schema.change import Change
from schema.model import DottedVersion, Model, version_key, within
from schema.once import once
from schema.wanted import Wanted, difference, observed, present, removal, upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

NAME = re.compile(r"^libcudnn(\d{1,2})(-dev|-headers|-static|-samples)?(?:-cuda-(\d{1,2}))?$")


class CudnnSpec(Model):
    """`version` for every declared CUDA major; `versions` by CUDA major ("12", "13") when they differ.

    `auto`: those of majors without one are to be chosen, of `only` these where some are named. `chosen` has them, and
    so has `versions` (schema/choose).
    """

    version: DottedVersion | None = None
    versions: dict[str, DottedVersion] = Field(default={})
    auto: bool = False
    only: tuple[str, ...] = ()
    chosen: dict[str, DottedVersion] = Field(default={})

    @property
    def written(self) -> dict[str, str]:
        """The versions by CUDA major that are written down."""
        return {major: version for major, version in self.versions.items() if major not in self.chosen}


class CudnnState(Model):
    """`header` is the version that cudnn_version.h says, `libraries` those of libcudnn.so.X.Y.Z files, oldest first."""

    header: str | None = None
    libraries: tuple[str, ...] = ()


@functools.lru_cache(4096)
def family(name: str) -> bool:
    return NAME.match(name) is not None


@once
def versions(spec: "HostSpec", snapshot: "Snapshot") -> dict[str, str]:
    """The declared version by CUDA major: as declared, else for the majors of the declared, or installed, toolkits."""
    declared = spec.cudnn
    if not isinstance(declared, CudnnSpec):
        return {}
    if declared.version is None:
        return dict(sorted(declared.versions.items()))
    kits = cuda.declared(spec)
    releases = kits.toolkits if kits is not None else tuple(item.version for item in snapshot.cuda.toolkits)
    majors = sorted({release.split(".")[0] for release in releases}, key=int)
    return {major: declared.versions.get(major, declared.version) for major in majors}


def development(spec: "HostSpec", snapshot: "Snapshot") -> str | None:
    """The CUDA major whose headers the host has: they share their paths, so it is one, the default toolkit's."""
    majors, default = versions(spec, snapshot), cuda.default(spec)
    chosen = default.split(".")[0] if default is not None else None
    return chosen if chosen in majors else max(majors, key=int, default=None)


@once
def wanted(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Wanted, ...]:
    """Libraries for each CUDA major, headers for one. cuDNN 8 names the CUDA release in its version ("+cuda12.2")."""
    found: list[Wanted] = []
    for major, version in versions(spec, snapshot).items():
        library, headers = packages(major, version)
        found += [library, headers] if major == development(spec, snapshot) else [library]
    return tuple(found)


def packages(major: str, version: str) -> tuple[Wanted, Wanted]:
    """The libraries of a version for a CUDA major, and the headers."""
    number = version_key(version)[0]
    legacy = number < 9
    base, tail = f"libcudnn{number}", "" if legacy else f"-cuda-{major}"
    build = f"+cuda{major}." if legacy else None
    return (
        Wanted(name=f"{base}{tail}", within=version, build=build),
        Wanted(name=f"{base}-dev{tail}", within=version, build=build),
    )


@functools.lru_cache(4096)
def _named(name: str) -> re.Match[str] | None:
    return NAME.match(name)


def sibling(name: str, other: str) -> bool:
    """Whether two packages are of one cuDNN: the same number and the same CUDA major."""
    one, two = _named(name), _named(other)
    return one is not None and two is not None and (one[1], one[3]) == (two[1], two[3])


def removals(spec: "HostSpec", snapshot: "Snapshot") -> tuple[str, ...]:
    """Headers of another declared CUDA major, which stand in the way of those that are wanted."""
    majors, keep = set(versions(spec, snapshot)), development(spec, snapshot)
    found = []
    for name, package in sorted(snapshot.apt.packages.items()):
        parts = _named(name)
        if parts and present(package) and parts[2] in {"-dev", "-headers"} and parts[3] in majors - {keep}:
            found.append(name)
    return tuple(found)


def is_locked(spec: "HostSpec", item: Wanted) -> bool:
    """Whether the lock has a version of this package that the declaration admits."""
    version = spec.locked_versions.get(item.name)
    return version is not None and item.admits(version)


@once
def pins(spec: "HostSpec", snapshot: "Snapshot") -> dict[str, str]:
    """The lock's versions, else our own exact pins, within the declared versions; {} for a CUDA major whose library is
    not among them.
    """
    own, locked, asked = preferences.own(snapshot), spec.locked_versions, wanted(spec, snapshot)
    there = {*own, *(item.name for item in asked)}
    there |= {name for name, package in snapshot.apt.packages.items() if present(package)} if locked else set()
    found: dict[str, str] = {}
    for item in asked:
        parts, known = _named(item.name), locked if is_locked(spec, item) else own
        if parts is None or item.name not in known or not item.admits(known[item.name]):
            continue
        mine = {name for name in known if sibling(name, item.name)}
        found |= {name: known[name] for name in mine & there if within(upstream(known[name]), item.limit or "")}
    leaving = removals(spec, snapshot)
    return {name: version for name, version in found.items() if name not in leaving}


@once
def changes(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Change, ...]:
    """Packages of the declared versions, and headers that must go."""
    pinned, packages, found = pins(spec, snapshot), snapshot.apt.packages, []
    asked = wanted(spec, snapshot)
    for item in asked:
        change = difference("cudnn", item, packages.get(item.name), pinned.get(item.name))
        found += [change] if change is not None else []
    for name in sorted(set(pinned) - {item.name for item in asked}):
        package = packages.get(name)
        if package is None or not present(package) or package.version != pinned[name] or package.broken:
            found.append(Change(concern="cudnn", item=name, observed=observed(package), desired=pinned[name]))
    return (*found, *(removal("cudnn", packages[name]) for name in removals(spec, snapshot)))
