"""CUDA toolkits: declared side by side, observed in /usr/local, and the packages they take."""

import functools
import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from schema import preferences
from schema.change import Change
from schema.model import Model, version_key, within
from schema.once import once
from schema.repository.model import OwnedFile
from schema.wanted import Wanted, difference, observed, present, removal, upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

ToolkitVersion = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}\.[0-9]{1,2}(\.[0-9]{1,2})?$")]
LINK = "/usr/local/cuda"
PROFILE = "/etc/profile.d/gpufleet-cuda.sh"
# Components carry the release in their names: libcublas-dev-12-9 (CUDA installation guide, "Package manager metas").
COMPONENT = re.compile(
    r"^(?:cuda|gds-tools|libcu(?:blas|dla|fft|file|rand|solver|sparse)|libnpp|libnv(?!idia))"
    r"[a-z0-9-]*?-(\d{1,2})-(\d{1,2})(?:-config-common)?$"
)
SHARED = re.compile(r"^(cuda-(?!drivers|keyring)|nsight-|gds-tools)")
# Nothing in it fails under `set -eu`, and nothing happens where the toolkit is absent.
PROFILE_TEXT = """# Written by gpufleet; what is changed here is written again.
if [ -d /usr/local/cuda/bin ]; then
    case ":${PATH:-}:" in
        *:/usr/local/cuda/bin:*) ;;
        *) PATH="/usr/local/cuda/bin${PATH:+:$PATH}"; export PATH ;;
    esac
fi
"""


class CudaSpec(Model):
    """`toolkits` are wanted, `absent` are removed; the newest wanted is the default where none is named.

    `auto`: one of them is to be chosen. `chosen` is that one, which stands among `toolkits` too (schema/choose).
    """

    toolkits: tuple[ToolkitVersion, ...] = Field(default=(), max_length=16)
    absent: tuple[ToolkitVersion, ...] = ()
    auto: bool = False
    chosen: ToolkitVersion | None = None
    default: ToolkitVersion | None = None
    policy: Literal["minor-compatible", "strict"] = "minor-compatible"
    path: bool = True

    @property
    def written(self) -> tuple[str, ...]:
        """The toolkits that are written down."""
        return tuple(version for version in self.toolkits if version != self.chosen)


class Toolkit(Model):
    """One /usr/local/cuda-X.Y: `version` "12.9", `full_version` "12.9.1", and the `package` that owns it."""

    version: str
    full_version: str | None = None
    path: str
    package: str | None = None


class CudaState(Model):
    """`default` is the version that /usr/local/cuda leads to; `alternative` how update-alternatives chose it.

    `dangling`: where that link points to, when nothing is there.
    """

    toolkits: tuple[Toolkit, ...] = ()
    default: str | None = None
    dangling: str | None = None
    alternative: Literal["auto", "manual"] | None = None


def minor(version: str) -> str:
    """ "12.9" of "12.9.1"."""
    return ".".join(version.split(".")[:2])


@functools.lru_cache(4096)
def release_in(name: str) -> str | None:
    """ "12.9" of "libcublas-12-9", None of a package that is not part of one toolkit release."""
    found = COMPONENT.match(name)
    return f"{int(found[1])}.{int(found[2])}" if found else None


def family(name: str) -> bool:
    """Whether a package belongs to one toolkit release; packages that all releases share do not."""
    return release_in(name) is not None


def declared(spec: "HostSpec") -> CudaSpec | None:
    return spec.cuda if isinstance(spec.cuda, CudaSpec) else None


@once
def releases(spec: "HostSpec") -> frozenset[str]:
    """The declared releases, "12.9"."""
    cuda = declared(spec)
    return frozenset(minor(version) for version in cuda.toolkits) if cuda is not None else frozenset()


def default(spec: "HostSpec") -> str | None:
    """The release that /usr/local/cuda should lead to, "12.9"; None where no toolkit is declared."""
    cuda = declared(spec)
    if cuda is None or not (cuda.default or cuda.toolkits):
        return None
    return minor(cuda.default or max(cuda.toolkits, key=version_key))


@once
def wanted(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Wanted, ...]:
    """cuda-toolkit-X-Y of each declared toolkit: the metapackage that brings no driver. Newest first."""
    cuda = declared(spec)
    versions = sorted(set(cuda.toolkits), key=version_key, reverse=True) if cuda is not None else []
    return tuple(
        Wanted(
            name=f"cuda-toolkit-{minor(version).replace('.', '-')}",
            within=minor(version),
            exact=version if version.count(".") > 1 else None,
        )
        for version in versions
    )


def removals(spec: "HostSpec", snapshot: "Snapshot") -> tuple[str, ...]:
    """The installed packages of the toolkits that are declared absent."""
    cuda = declared(spec)
    gone = {minor(version) for version in cuda.absent} if cuda is not None else set()
    there = (name for name, package in sorted(snapshot.apt.packages.items()) if present(package))
    return tuple(name for name in there if release_in(name) in gone)


@once
def pins(spec: "HostSpec", snapshot: "Snapshot") -> dict[str, str]:
    """The lock's versions of the declared toolkits; of those that it does not have, our own exact pins.

    Either counts where its version of the toolkit's metapackage lies within the declaration.
    """
    own, asked = preferences.own(snapshot), wanted(spec, snapshot)
    locked = locked_releases(spec, snapshot)
    valid = _within(asked, own) - locked
    found = {name: version for name, version in own.items() if release_in(name) in valid}
    there = {*own, *(item.name for item in asked)}
    there |= {name for name, package in snapshot.apt.packages.items() if present(package)} if locked else set()
    for name in sorted(there & spec.locked_versions.keys()):
        if release_in(name) in locked or (locked and shared(name)):
            found[name] = spec.locked_versions[name]
    return found


def _within(asked: tuple[Wanted, ...], versions: dict[str, str]) -> set[str | None]:
    """Releases whose metapackage has a version in `versions` that the declaration admits."""
    return {
        item.within
        for item in asked
        if item.name in versions and within(upstream(versions[item.name]), item.limit or "")
    }


@once
def locked_releases(spec: "HostSpec", snapshot: "Snapshot") -> set[str | None]:
    """The declared releases that the lock has, "12.9"."""
    return _within(wanted(spec, snapshot), spec.locked_versions) if spec.locked_versions else set()


@functools.lru_cache(4096)
def shared(name: str) -> bool:
    """Whether toolkits of several releases share a package, or it has a release of its own, as nsight-* have."""
    return SHARED.match(name) is not None and release_in(name) is None


@once
def changes(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Change, ...]:
    """Packages of the declared toolkits, those of absent ones, and the default."""
    pinned, packages = pins(spec, snapshot), snapshot.apt.packages
    asked = wanted(spec, snapshot)
    found = [difference("cuda", item, packages.get(item.name), pinned.get(item.name)) for item in asked]
    changed = [change for change in found if change is not None]
    changed += _components(snapshot, pinned, {item.name for item in asked}, {item.within for item in asked})
    changed += [removal("cuda", packages[name]) for name in removals(spec, snapshot)]
    wish = default(spec)
    if wish is not None and snapshot.cuda.default != wish:
        changed.append(Change(concern="cuda", item=LINK, observed=snapshot.cuda.default, desired=wish))
    return tuple(changed)


def _components(
    snapshot: "Snapshot", pinned: dict[str, str], asked: set[str], releases: set[str | None]
) -> list[Change]:
    """Components that differ from our pins, or are half installed; one without a pin comes with its toolkit."""
    packages, found = snapshot.apt.packages, []
    for name in sorted(set(pinned) | {name for name in packages if release_in(name) in releases} - asked):
        package, pin = packages.get(name), pinned.get(name)
        broken = package is not None and present(package) and package.broken
        differs = pin is not None and (package is None or not present(package) or package.version != pin)
        if name not in asked and (differs or broken):
            desired = pin or (upstream(package.version) if package is not None else None)
            found.append(Change(concern="cuda", item=name, observed=observed(package), desired=desired))
    return found


def files(spec: "HostSpec", snapshot: "Snapshot") -> tuple[OwnedFile, ...]:
    """The PATH of login shells, where toolkits are declared (`path: true`)."""
    cuda = declared(spec)
    if cuda is None or not cuda.path or not cuda.toolkits:
        return ()
    return (OwnedFile(path=PROFILE, content=PROFILE_TEXT, description="CUDA on PATH in login shells"),)
