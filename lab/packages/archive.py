"""The driver packages of Ubuntu's archive: by branch and variant, prebuilt and signed or by DKMS, and old names."""

from lab import deb, payload
from lab.packages import family, kernel

# Ubuntu's version suffix per release; which versions are in which pocket is the stand-in's own: an older one in the
# release pocket and the newest in -updates, as the archive keeps one per pocket.
SUFFIXES = {"jammy": "0ubuntu0.22.04.2", "noble": "0ubuntu0.24.04.3", "resolute": "0ubuntu0.26.04.1"}
POCKETS: dict[str, dict[str, tuple[str, ...]]] = {
    "": {"jammy": ("470.256.02", "580.82.07"), "noble": ("470.256.02", "580.82.07"), "resolute": ("580.82.07",)},
    "-updates": dict.fromkeys(SUFFIXES, ("580.95.05", "595.71.05")),
}
SERVER: dict[str, dict[str, tuple[str, ...]]] = {
    "": {},
    "-updates": dict.fromkeys(SUFFIXES, ("570.172.08", "580.95.05")),
}
# Desktop branches that became transitional packages of a newer one.
TRANSITIONAL = {535: 580, 570: 580, 590: 595}


def packages(codename: str, pocket: str, release: str) -> list[deb.Package]:
    """The driver packages of one pocket ("" or "-updates") for the kernel `release`."""
    found: list[deb.Package] = []
    for server, versions in ((False, POCKETS[pocket]), (True, SERVER[pocket])):
        for driver in versions.get(codename, ()):
            found += _family(driver, codename, server, release)
    return found + (_transitional(codename) if pocket else [])


def _one(driver: str, codename: str, server: bool) -> family.Family:
    branch = driver.split(".")[0]
    return family.Family(
        driver=driver,
        version=f"{driver}-{SUFFIXES[codename]}",
        tag=f"-{branch}-server" if server else f"-{branch}",
        maintainer=family.UBUNTU,
        flavours=("proprietary", "open") if int(branch) >= 515 else ("proprietary",),
    )


def _family(driver: str, codename: str, server: bool, release: str) -> list[deb.Package]:
    one = _one(driver, codename, server)
    found = family.user_space(one)
    for flavour in one.flavours:
        found += [*family.modules(one, flavour), family.driver(one, flavour), *_headless(one, flavour)]
        for flavoured in ("generic", _hwe(codename)):
            found += _prebuilt_metapackage(one, flavour, flavoured, release)
        found.append(_prebuilt(one, flavour, release))
    return found + (_fabric(one) if server else [])


def _hwe(codename: str) -> str:
    return {"jammy": "generic-hwe-22.04", "noble": "generic-hwe-24.04", "resolute": "generic-hwe-26.04"}[codename]


def _headless(one: family.Family, flavour: str) -> list[deb.Package]:
    shared = [
        one.exact(base)
        for base in ("libnvidia-compute", "nvidia-compute-utils", "nvidia-kernel-common", "libnvidia-cfg1")
    ]
    without = one.name("nvidia-headless-no-dkms", flavour)
    depends = (f"{without} (= {one.version})", one.exact("nvidia-dkms", flavour))
    return [
        one.package(without, f"NVIDIA headless metapackage without modules ({flavour})", depends=tuple(shared)),
        one.package(one.name("nvidia-headless", flavour), f"NVIDIA headless metapackage ({flavour})", depends=depends),
    ]


def _module_name(one: family.Family, flavour: str) -> str:
    return one.name("linux-modules-nvidia", flavour)


def _prebuilt(one: family.Family, flavour: str, release: str) -> deb.Package:
    folder = f"lib/modules/{release}/kernel/{one.name('nvidia', flavour)}"
    built = payload.prebuilt(one.driver, flavour, release)
    return one.package(
        f"{_module_name(one, flavour)}-{release}",
        f"Linux kernel nvidia modules for {release}, signed",
        depends=(f"linux-image-{release} | linux-image-unsigned-{release}", one.exact("nvidia-kernel-common")),
        provides=("nvidia-prebuilt-kernel",),
        entries={f"{folder}/{name}": deb.Entry(data=data) for name, data in built.items()},
        scripts={step: payload.rendered("modules.postinst", KERNEL=release) for step in ("postinst", "postrm")},
    )


def _prebuilt_metapackage(one: family.Family, flavour: str, flavoured: str, release: str) -> list[deb.Package]:
    name = f"{_module_name(one, flavour)}-{flavoured}"
    depends = (f"{_module_name(one, flavour)}-{release} (= {one.version})", f"linux-image-{flavoured}")
    # The metapackage follows the kernel, so its version is the kernel's and not the driver's, as in Ubuntu's archive.
    number = f"{kernel.version(release)}+{one.version}"
    fields = {"version": number, "depends": depends}
    return [one.package(name, f"Extra drivers for nvidia for the {flavoured} flavour", **fields)]


def _fabric(one: family.Family) -> list[deb.Package]:
    # No "-server" in these names, though they match the server driver only.
    name = f"nvidia-fabricmanager-{one.branch}"
    entries = payload.fabric_manager(one.driver)
    return [
        one.package(
            name,
            "Fabric Manager for NVSwitch based systems",
            depends=(one.exact("nvidia-kernel-common"),),
            entries=entries,
        ),
        one.package(f"libnvidia-nscq-{one.branch}", "NVSwitch configuration and query library"),
    ]


def _transitional(codename: str) -> list[deb.Package]:
    found = []
    for old, new in TRANSITIONAL.items():
        newest = next(driver for driver in POCKETS["-updates"][codename] if driver.startswith(f"{new}."))
        one = _one(newest, codename, server=False)
        for base in ("nvidia-driver", "nvidia-dkms", "nvidia-utils", "libnvidia-compute"):
            for flavour in one.flavours if base in ("nvidia-driver", "nvidia-dkms") else ("proprietary",):
                name = f"{base}-{old}{'-open' if flavour == 'open' else ''}"
                found.append(
                    one.package(
                        name, f"Transitional package for {one.name(base, flavour)}", depends=(one.exact(base, flavour),)
                    )
                )
    return found
