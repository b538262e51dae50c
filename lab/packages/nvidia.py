"""The driver packages of NVIDIA's repository: with the branch in their names up to 580, without from 590 on."""

from lab import deb, payload
from lab.packages import family

# Versions that were released (https://docs.nvidia.com/datacenter/tesla/index.html), those of one branch oldest first.
VERSIONS = ("470.256.02", "570.172.08", "570.195.03", "580.82.07", "580.95.05", "595.58.03", "595.71.05", "610.43.02")
# Which branches a release's repository carries is the stand-in's own choice, after the CUDA versions that it carries.
BRANCHES = {
    "ubuntu2204": (470, 570, 580, 595, 610),
    "ubuntu2404": (570, 580, 595, 610),
    "ubuntu2604": (580, 595, 610),
}
FIRST_WITHOUT_SUFFIX = 590


def packages(distro: str) -> list[deb.Package]:
    """The driver packages of one release's repository; `distro` as in its URL, such as "ubuntu2404"."""
    found: list[deb.Package] = []
    for version in VERSIONS:
        if int(version.split(".")[0]) in BRANCHES[distro]:
            found += _release(_family(version))
    # Two versions of a branch share the packages that name no version; each name and version is listed once.
    return list({package.filename: package for package in found}.values())


def _family(driver: str) -> family.Family:
    branch = int(driver.split(".")[0])
    renamed = branch >= FIRST_WITHOUT_SUFFIX
    return family.Family(
        driver=driver,
        version=f"{driver}-1ubuntu1" if renamed else f"{driver}-0ubuntu1",
        tag="" if renamed else f"-{branch}",
        maintainer=family.NVIDIA,
        # Open modules exist since R515, as a package of this repository since 560.
        flavours=("proprietary", "open") if branch >= 515 else ("proprietary",),
    )


def _release(one: family.Family) -> list[deb.Package]:
    at_least = f"(>= {one.version})"
    extra = tuple(f"{name} {at_least}" for name in ("nvidia-modprobe", "nvidia-settings", "nvidia-persistenced"))
    found = family.user_space(one)
    for flavour in one.flavours:
        found += [*family.modules(one, flavour), family.driver(one, flavour, extra)]
    return [*found, *_metapackages(one), *_unsuffixed(one), *_fabric(one), *_pins(one)]


def _metapackages(one: family.Family) -> list[deb.Package]:
    names = {"proprietary": "cuda-drivers", "open": "nvidia-open"}
    found = []
    for flavour in one.flavours:
        real = names[flavour] + one.tag
        found.append(
            one.package(real, f"NVIDIA driver meta-package, {flavour}", depends=(one.exact("nvidia-driver", flavour),))
        )
        if one.tag:
            # The name without a suffix follows the newest branch: an unpinned upgrade changes branches through it.
            depends = (f"{real} (= {one.version})",)
            found.append(one.package(names[flavour], f"NVIDIA driver meta-package, {flavour}", depends=depends))
    return found


def _unsuffixed(one: family.Family) -> list[deb.Package]:
    control = payload.library("libXNVCtrl", "0", one.driver)
    return [
        one.package("nvidia-modprobe", "Load the NVIDIA kernel driver", entries={"usr/bin/nvidia-modprobe": _silent()}),
        one.package("libxnvctrl0", "NV-CONTROL X extension (runtime library)", entries=control),
        one.package(
            "nvidia-settings",
            "Tool for configuring the NVIDIA graphics driver",
            depends=(f"libxnvctrl0 (>= {one.version})",),
            entries={"usr/bin/nvidia-settings": _silent()},
        ),
        one.package(
            "nvidia-persistenced",
            "Daemon to maintain persistent software state in the NVIDIA driver",
            entries=payload.persistenced(own_package=True),
            scripts=payload.persistenced_scripts(),
        ),
    ]


def _fabric(one: family.Family) -> list[deb.Package]:
    if one.branch < 570:
        return []
    # Unsuffixed from 580 on already, one branch before the driver's own packages.
    suffix = f"-{one.branch}" if one.branch < 580 else ""
    name, role = f"nvidia-fabricmanager{suffix}", "nvidia-fabricmanager"
    nscq = f"libnvidia-nscq{suffix}"
    return [
        one.exclusive(
            name, role, "Fabric Manager for NVSwitch based systems", entries=payload.fabric_manager(one.driver)
        ),
        one.exclusive(nscq, "libnvidia-nscq", "NVSwitch configuration and query library"),
    ]


def _pins(one: family.Family) -> list[deb.Package]:
    patterns = {str(one.branch): f"{one.branch}.*", one.driver: f"{one.driver}-*"}
    found = []
    for suffix, pattern in patterns.items():
        name = f"nvidia-driver-pinning-{suffix}"
        pin = payload.rendered("pinning", PATTERN=pattern)
        entries = {f"etc/apt/preferences.d/{name}": deb.text(pin)}
        role = {"architecture": "all", "entries": entries, "conffiles": tuple(entries)}
        found.append(one.exclusive(name, "nvidia-driver-pinning", f"Pins the NVIDIA driver to {suffix}", **role))
    return found


def _silent() -> deb.Entry:
    return deb.text("#!/bin/sh\nexit 0\n", 0o755)
