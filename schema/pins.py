"""Exact versions of the installed set, and the apt preferences that keep them and each family's one origin."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from schema import cuda, cudnn, driver
from schema.model import version_key
from schema.once import once
from schema.preferences import PATH, own, read
from schema.repository.model import OwnedFile
from schema.wanted import Wanted, upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

__all__ = ["PATH", "Wanted", "files", "own", "pins", "preferences", "read"]

# The driver's matched set as a POSIX extended regular expression (apt_preferences(5)): container tools, nvidia-prime
# and the EGL platforms are not in it.
FAMILY = (
    "/^(cuda-drivers|nvidia-(open|driver|dkms|kernel|headless|utils|compute-utils|firmware|fabricmanager|imex"
    "|persistenced|settings|modprobe|xconfig)|libnvidia-(cfg1|common|compute|decode|encode|extra|fbc1|gl|gpucomp|ifr1"
    "|nscq)|libxnvctrl|xserver-xorg-video-nvidia|linux-(modules|objects|signatures)-nvidia)/"
)
# Fields of the archives' own Release files; mirrors keep them, because they are signed.
NVIDIA, ARCHIVE, PPA = "release l=NVIDIA CUDA", "release o=Ubuntu", "release o=LP-PPA-graphics-drivers"
HEADER = "# Written by gpufleet; what is changed here is written again. Versions move by the inventory.\n"


@once
def pins(spec: "HostSpec", snapshot: "Snapshot") -> dict[str, str]:
    """The reference version of each package: our own pins where they lie within what is declared, else what is
    installed, where it is as declared. {} for a set that no version is known of.
    """
    found = driver.pins(spec, snapshot) | cuda.pins(spec, snapshot) | cudnn.pins(spec, snapshot)
    concerns = (driver.changes, cuda.changes, cudnn.changes)
    changed = {change.item for changes in concerns for change in changes(spec, snapshot)}
    mine = _managed(spec)
    for name, package in snapshot.apt.packages.items():
        if package.installed and name not in found and name not in changed and mine(name):
            found[name] = package.version
    return dict(sorted(found.items()))


def _managed(spec: "HostSpec") -> Callable[[str], bool]:
    """Says whether a package belongs to a set that this declaration manages; it is asked for hundreds of names."""
    managed, locked, toolkits = spec.managed_driver, spec.locked_versions, cuda.releases(spec)
    drives = managed is not None and managed.source != "external"
    shares, has_cudnn = cuda.declared(spec) is not None, isinstance(spec.cudnn, cudnn.CudnnSpec)

    def one(name: str) -> bool:
        if name in locked and cuda.shared(name):
            return shares
        if driver.family(name):
            return drives
        if (release := cuda.release_in(name)) is not None:
            return release in toolkits
        return has_cudnn and cudnn.family(name)

    return one


def preferences(pins: dict[str, str], spec: "HostSpec") -> str:
    """The whole file: exact pins of what this declaration manages, the rules of origin, and those of branches.

    The first matching stanza wins (apt_preferences(5)), so origin comes before branch. The archive keeps one version
    per pocket, so its drivers are kept to their branch and not to a version that would vanish, unless `version`
    declares one or the lock does.
    """
    managed, locked = spec.managed_driver, spec.locked_versions
    by_branch = managed is not None and managed.source == "ubuntu" and managed.version is None
    managed_here = _managed(spec)
    mine = {name: version for name, version in sorted(pins.items()) if managed_here(name)}
    exact = {
        name: version
        for name, version in mine.items()
        if not (by_branch and driver.family(name)) or locked.get(name) == version
    }
    stanzas = [_stanza(name, f"version {version}", 1001) for name, version in exact.items()]
    branches = _branch_rules(mine) if by_branch else []
    return HEADER + "\n" + "\n".join([*stanzas, *_origin_rules(spec), *branches])


def _branch_rules(mine: dict[str, str]) -> list[str]:
    """Transitional packages of the archive move to another branch under an old name; 900 keeps the name's own."""
    numbers = [upstream(version) for name, version in mine.items() if driver.matched(name)]
    branches = sorted({version_key(number)[0] for number in numbers if version_key(number)})
    return [_stanza(f"/^(lib)?nvidia-.*-{branch}(-|$)/", f"version {branch}.*", 900) for branch in branches]


def _origin_rules(spec: "HostSpec") -> list[str]:
    """One origin for the driver's family. Where the driver is not ours, NVIDIA's repository, which CUDA may have
    brought, upgrades no other origin's: 100 is the priority of an installed version.
    """
    managed = spec.managed_driver
    if spec.driver == "none":
        return [_stanza(FAMILY, NVIDIA, -1)]
    if managed is None or managed.source == "external":
        return [_stanza(FAMILY, NVIDIA, 100)]
    if managed.source == "ubuntu":
        return [_stanza(FAMILY, NVIDIA, -1), _stanza(FAMILY, PPA, -1)]
    return [_stanza(FAMILY, ARCHIVE, -1), _stanza(FAMILY, PPA, -1)]


def _stanza(package: str, pin: str, priority: int) -> str:
    return f"Package: {package}\nPin: {pin}\nPin-Priority: {priority}\n"


@once
def files(spec: "HostSpec", snapshot: "Snapshot") -> tuple[OwnedFile, ...]:
    """Our preferences, wherever a driver, CUDA or cuDNN is managed."""
    managed = spec.managed_driver
    ours = (managed is not None and managed.source != "external") or any(
        part is not None and part != "none" for part in (spec.cuda, spec.cudnn)
    )
    if not ours:
        return ()
    text = preferences(pins(spec, snapshot), spec)
    return (OwnedFile(path=PATH, content=text, description="exact versions, one origin"),)
