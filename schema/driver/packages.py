"""The driver's packages: which to ask apt for, which conflict with them, and the versions that keep the set matched."""

from typing import TYPE_CHECKING

from schema import preferences
from schema.driver import names
from schema.driver.conflict import conflicts
from schema.driver.resolve import ResolvedDriver, needs_fabric_manager, resolve
from schema.model import within
from schema.once import once
from schema.repository.model import Package
from schema.wanted import Wanted, present, upstream

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot


def top(driver: ResolvedDriver, kernel: str) -> tuple[str, ...]:
    """The top-level packages' names, the one that says branch and flavour first; `kernel` is the kernel's flavour."""
    if driver.source == "ubuntu":
        return _archive(driver, kernel)
    tag, is_open = driver.tag, driver.flavour == "open"
    dash = "-open" if is_open else ""
    if driver.install == "compute":
        return (f"nvidia-dkms{tag}{dash}", f"libnvidia-compute{tag}", f"nvidia-utils{tag}")
    if is_open and driver.branch < names.FIRST_OPEN_METAPACKAGE:
        return (f"nvidia-driver{tag}-open",)
    return (f"nvidia-open{tag}" if is_open else f"cuda-drivers{tag}",)


def _archive(driver: ResolvedDriver, kernel: str) -> tuple[str, ...]:
    """Ubuntu's names: TAG is the branch, "-server" and then "-open" (Ubuntu Server guide, NVIDIA drivers)."""
    tag, dash = driver.tag, "-open" if driver.flavour == "open" else ""
    dkms, prebuilt = f"nvidia-dkms{tag}{dash}", f"linux-modules-nvidia{tag}{dash}-{kernel}"
    modules = prebuilt if driver.delivery == "prebuilt" else dkms
    if driver.install == "compute":
        return (f"nvidia-headless-no-dkms{tag}{dash}", modules, f"nvidia-utils{tag}")
    return (f"nvidia-driver{tag}{dash}", modules)


def kernel_flavour(spec: "HostSpec", snapshot: "Snapshot") -> str:
    """The kernel's flavour as metapackages spell it: "generic", or "generic-hwe-24.04" where that one is installed."""
    flavour = snapshot.kernel.flavour if spec.kernel.flavour == "auto" else spec.kernel.flavour
    newer = f"{flavour}-hwe-{spec.ubuntu}"
    return newer if snapshot.apt.installed(f"linux-image-{newer}") else flavour


def wants_fabric_manager(spec: "HostSpec", snapshot: "Snapshot") -> bool:
    """Whether a fabric manager belongs to this host: NVSwitches are there, or it is declared."""
    return needs_fabric_manager(spec, snapshot)


@once
def lead(spec: "HostSpec", snapshot: "Snapshot") -> str | None:
    """The package that tells the set's version; None where the driver is not managed."""
    driver = resolve(spec, snapshot)
    return top(driver, kernel_flavour(spec, snapshot))[0] if driver is not None else None


@once
def pins(spec: "HostSpec", snapshot: "Snapshot") -> dict[str, str]:
    """The lock's versions of the set; else our own exact pins; {} unless the lead package's lies within what is
    declared.
    """
    driver = resolve(spec, snapshot)
    own = preferences.own(snapshot)
    first = lead(spec, snapshot)
    if driver is None or driver.source == "external":
        return {}
    if is_locked(spec, snapshot):
        names_there = {*own, *(name for name, item in snapshot.apt.packages.items() if present(item))}
        return _locked(spec, driver, names_there | set(_asked(spec, snapshot, driver)))
    if first not in own:
        return {}
    if not within(upstream(own[first]), driver.limit):
        return {}
    return {name: version for name, version in own.items() if _fits(name, version, driver)}


@once
def is_locked(spec: "HostSpec", snapshot: "Snapshot") -> bool:
    """Whether the lock has the set: its lead package, at a version within what is declared."""
    driver, first = resolve(spec, snapshot), lead(spec, snapshot)
    version = spec.locked_versions.get(first or "")
    return driver is not None and version is not None and within(upstream(version), driver.limit)


def _locked(spec: "HostSpec", driver: ResolvedDriver, there: set[str]) -> dict[str, str]:
    """The lock's versions of packages that are there or asked for; what it names beyond them is not asked for."""
    versions = spec.locked_versions
    return {name: versions[name] for name in sorted(there & versions.keys()) if _fits(name, versions[name], driver)}


def _fits(name: str, version: str, driver: ResolvedDriver) -> bool:
    if not names.family(name) or conflicts(Package(name=name, version=version, state="ii "), driver):
        return False
    return not names.matched(name) or within(upstream(version), driver.limit)


@once
def target(spec: "HostSpec", snapshot: "Snapshot") -> str:
    """The version to have, as exact as it is known: declared, pinned by us, installed or loaded, else the branch.

    A loaded version counts while packages of NVIDIA's repository are there: that repository keeps old versions, the
    archive does not (https://github.com/NVIDIA/cuda-repo-management; Ubuntu keeps one version per pocket).
    """
    driver = resolve(spec, snapshot)
    first = lead(spec, snapshot)
    if driver is None or first is None:
        return ""
    own, installed = pins(spec, snapshot), snapshot.apt.installed(first)
    found = own.get(first) or (installed.version if installed is not None else "")
    if found and within(upstream(found), driver.limit):
        return upstream(found)
    loaded, packages = snapshot.driver.loaded_version, snapshot.apt.packages
    from_nvidia = any(
        item.origin == "nvidia" and present(item) for item in packages.values() if names.matched(item.name)
    )
    if loaded and from_nvidia and driver.source == "nvidia" and within(loaded, driver.limit):
        return loaded
    return driver.limit


@once
def wanted(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Wanted, ...]:
    """The top-level packages to ask apt for; () where the driver is not managed or is `external`."""
    driver = resolve(spec, snapshot)
    if driver is None or driver.source == "external":
        return ()
    branch, known = str(driver.branch), target(spec, snapshot)
    exact = driver.version or (known if "." in known and driver.source == "nvidia" else None)
    return tuple(
        Wanted(name=name) if names.is_prebuilt(name) else Wanted(name=name, within=branch, exact=exact)
        for name in _asked(spec, snapshot, driver)
    )


def _asked(spec: "HostSpec", snapshot: "Snapshot", driver: ResolvedDriver) -> list[str]:
    return [*top(driver, kernel_flavour(spec, snapshot)), *_services(spec, snapshot, driver)]


def _services(spec: "HostSpec", snapshot: "Snapshot", driver: ResolvedDriver) -> list[str]:
    """The persistence daemon is a package of its own in NVIDIA's repository, part of another in the archive."""
    managed, found = spec.managed_driver, []
    if managed is not None and managed.persistence:
        own = driver.source == "nvidia"
        found += ["nvidia-persistenced"] if own else [f"nvidia-compute-utils{driver.tag}"]
    if wants_fabric_manager(spec, snapshot):
        bare = driver.source == "nvidia" and driver.branch >= names.FIRST_FABRIC_WITHOUT_SUFFIX
        found.append("nvidia-fabricmanager" if bare else f"nvidia-fabricmanager-{driver.branch}")
    return found


@once
def removals(spec: "HostSpec", snapshot: "Snapshot") -> tuple[str, ...]:
    """Installed packages of the family that conflict with the wanted set: all that the transaction may remove."""
    driver = resolve(spec, snapshot)
    if driver is None or driver.source == "external":
        return ()
    asked = {item.name for item in wanted(spec, snapshot)}
    there = (item for name, item in sorted(snapshot.apt.packages.items()) if present(item) and names.family(name))
    return tuple(item.name for item in there if item.name not in asked and conflicts(item, driver))
