"""Whose builds the driver's packages are, and the commands that are right for each source."""

import re
from typing import TYPE_CHECKING, Literal

from schema.driver import names
from schema.model import version_key
from schema.once import once
from schema.repository import Package
from schema.wanted import upstream

if TYPE_CHECKING:
    from schema.snapshot import Snapshot

Builder = Literal["nvidia", "ubuntu", "graphics-drivers PPA", "Lambda"]
# Revisions tell whose build it is where the maintainer does not: "570.86.15-0ubuntu0~gpu24.04.1" is the PPA's,
# "570.124.06-0lambda0.24.04.1" Lambda's; both keep Ubuntu's maintainer.
REVISIONS: tuple[tuple[str, Builder], ...] = ((r"~gpu[0-9]", "graphics-drivers PPA"), (r"lambda", "Lambda"))


def builder(package: Package) -> Builder | None:
    """Who built a package: by its revision, else by its maintainer; None where neither tells."""
    revision = package.version.rpartition("-")[2]
    for pattern, name in REVISIONS:
        if re.search(pattern, revision):
            return name
    return package.origin


@once
def driver_packages(snapshot: "Snapshot") -> dict[str, Package]:
    """The installed packages whose version is the driver's, by name."""
    there = snapshot.apt.packages.items()
    return {name: item for name, item in sorted(there) if item.installed and names.matched(name)}


def of_driver(snapshot: "Snapshot") -> Builder | None:
    """The one origin of the driver's packages; None without packages, or where they have several."""
    found = {builder(item) for item in driver_packages(snapshot).values()}
    return found.pop() if len(found) == 1 else None


def branch(package: Package) -> int | None:
    """580 of "580.95.05-0ubuntu1": what the package holds, whatever its name says."""
    key = version_key(upstream(package.version))
    return key[0] if key else None


def prebuilt(snapshot: "Snapshot") -> list[str]:
    """Installed packages of modules that Canonical built: "linux-modules-nvidia-580-6.8.0-51-generic"."""
    start = "linux-modules-nvidia-"
    return [name for name, item in sorted(snapshot.apt.packages.items()) if item.installed and name.startswith(start)]


def uses_dkms(snapshot: "Snapshot") -> bool:
    """Whether the driver's modules are built on the host: an installed nvidia-dkms package, or a module in its tree."""
    packages = snapshot.apt.packages.items()
    return any(item.installed and name.startswith("nvidia-dkms") for name, item in packages) or bool(
        snapshot.driver.dkms
    )
