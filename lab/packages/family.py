"""One version of the driver family as packages: what NVIDIA's repository and Ubuntu's archive have in common."""

from pydantic import BaseModel, ConfigDict

from lab import deb, payload

LIBRARIES = "usr/lib/x86_64-linux-gnu"
NVIDIA = "cudatools <cudatools@nvidia.com>"
UBUNTU = "Ubuntu Core Developers <ubuntu-devel-discuss@lists.ubuntu.com>"

# Package base name and the libraries whose file names carry the driver's version.
USER_SPACE = {
    "libnvidia-cfg1": ("libnvidia-cfg",),
    "libnvidia-compute": ("libcuda", "libnvidia-ml", "libnvidia-ptxjitcompiler", "libnvidia-nvvm"),
    "libnvidia-decode": ("libnvcuvid",),
    "libnvidia-encode": ("libnvidia-encode", "libnvidia-opticalflow"),
    "libnvidia-extra": ("libnvidia-gpucomp",),
    "libnvidia-fbc1": ("libnvidia-fbc",),
    "libnvidia-gl": ("libGLX_nvidia", "libEGL_nvidia", "libnvidia-glcore"),
}
SONAMES = {"libGLX_nvidia": "0", "libEGL_nvidia": "0", "libnvidia-nvvm": "4", "libnvidia-glcore": ""}


class Family(BaseModel):
    """`tag` goes into every name: "-580", "-580-server", or "" in NVIDIA's repository from branch 590 on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: str
    version: str
    tag: str
    maintainer: str
    flavours: tuple[str, ...] = ("proprietary", "open")

    @property
    def branch(self) -> int:
        return int(self.driver.split(".")[0])

    def name(self, base: str, flavour: str = "proprietary") -> str:
        return f"{base}{self.tag}{'-open' if flavour == 'open' else ''}"

    def exact(self, base: str, flavour: str = "proprietary") -> str:
        return f"{self.name(base, flavour)} (= {self.version})"

    def package(self, name: str, summary: str, **fields: object) -> deb.Package:
        common = {"maintainer": self.maintainer, "section": "restricted/libs", "version": self.version}
        return deb.Package.model_validate({**common, "name": name, "summary": summary, **fields})

    def exclusive(self, name: str, role: str, summary: str, **fields: object) -> deb.Package:
        """A package of which one host has one: it conflicts with, provides and replaces its role, as all branches' do.

        A package that has its role's own name does so too: that excludes the others and not itself (Debian Policy
        7.6.2), and lets apt go from a suffixed branch to one without (the stand-in's own; NVIDIA's is not known).
        """
        provides = (role, *fields.pop("provides", ()))  # type: ignore[misc]
        return self.package(name, summary, conflicts=(role,), provides=provides, replaces=(role,), **fields)


def user_space(family: Family) -> list[deb.Package]:
    """Libraries, tools and what both module flavours share."""
    common = family.exclusive(
        family.name("libnvidia-common"),
        "libnvidia-common",
        "Shared files used by the NVIDIA libraries",
        architecture="all",
    )
    return [common, *_libraries(family), *_tools(family), _firmware(family), _kernel_common(family)]


def modules(family: Family, flavour: str) -> list[deb.Package]:
    """The module's source and the package that has DKMS build it."""
    source = f"usr/src/nvidia-{family.driver}"
    entries = {
        f"{source}/{name}": deb.Entry(data=data) for name, data in payload.sources(family.driver, flavour).items()
    }
    dkms = payload.rendered("dkms.conf", VERSION=family.driver)
    scripts = {
        "postinst": payload.rendered("nvidia-dkms.postinst", VERSION=family.driver),
        "prerm": payload.rendered("nvidia-dkms.prerm", VERSION=family.driver),
    }
    return [
        family.exclusive(
            family.name("nvidia-kernel-source", flavour),
            "nvidia-kernel-source",
            f"NVIDIA kernel source package ({flavour})",
            entries=entries,
        ),
        family.exclusive(
            family.name("nvidia-dkms", flavour),
            "nvidia-dkms-kernel",
            f"NVIDIA DKMS package ({flavour})",
            depends=("dkms", family.exact("nvidia-kernel-source", flavour), family.exact("nvidia-kernel-common")),
            entries={f"{source}/dkms.conf": deb.text(dkms)},
            scripts=scripts,
        ),
    ]


def driver(family: Family, flavour: str, extra: tuple[str, ...] = ()) -> deb.Package:
    """The metapackage of a whole driver: modules by DKMS, all libraries and tools."""
    bases = [*USER_SPACE, "nvidia-utils", "nvidia-compute-utils", "xserver-xorg-video-nvidia", "nvidia-kernel-common"]
    depends = [family.exact("nvidia-dkms", flavour), family.exact("nvidia-kernel-source", flavour)]
    depends += [family.exact(base) for base in bases]
    return family.exclusive(
        family.name("nvidia-driver", flavour),
        "nvidia-driver-binary",
        f"NVIDIA driver metapackage ({flavour})",
        depends=(*depends, *extra),
    )


def _libraries(family: Family) -> list[deb.Package]:
    packages = []
    for base, names in USER_SPACE.items():
        entries: dict[str, deb.Entry] = {}
        for name in names:
            entries |= payload.library(name, SONAMES.get(name, "1"), family.driver)
        depends = (f"{family.name('libnvidia-common')} (= {family.version})",) if base == "libnvidia-gl" else ()
        provides = ("libcuda1", "libnvidia-ml1") if base == "libnvidia-compute" else ()
        packages.append(
            family.exclusive(
                family.name(base), base, f"NVIDIA {base} libraries", entries=entries, depends=depends, provides=provides
            )
        )
    return packages


def _tools(family: Family) -> list[deb.Package]:
    compute = family.exact("libnvidia-compute")
    utils = payload.nvidia_smi(family.driver) | {"usr/bin/nvidia-debugdump": deb.text("#!/bin/sh\nexit 1\n", 0o755)}
    mps = {"usr/bin/nvidia-cuda-mps-control": deb.text("#!/bin/sh\nexit 1\n", 0o755)}
    xorg = {"usr/lib/xorg/modules/drivers/nvidia_drv.so": deb.text("")}
    return [
        family.exclusive(
            family.name("nvidia-utils"),
            "nvidia-utils",
            "NVIDIA driver support binaries",
            depends=(compute,),
            entries=utils,
        ),
        family.exclusive(
            family.name("nvidia-compute-utils"),
            "nvidia-compute-utils",
            "NVIDIA compute utilities",
            depends=(compute,),
            entries=mps | (payload.persistenced(own_package=False) if family.maintainer == UBUNTU else {}),
            scripts=payload.persistenced_scripts() if family.maintainer == UBUNTU else {},
        ),
        family.exclusive(
            family.name("xserver-xorg-video-nvidia"),
            "xserver-xorg-video-nvidia",
            "NVIDIA binary Xorg driver",
            entries=xorg,
        ),
    ]


def _firmware(family: Family) -> deb.Package:
    folder = f"lib/firmware/nvidia/{family.driver}"
    entries = {f"{folder}/gsp_{chip}.bin": deb.text("") for chip in ("ga10x", "tu10x")}
    name = f"{family.name('nvidia-firmware')}-{family.driver}" if family.tag else "nvidia-firmware"
    return family.package(name, "Firmware files used by the kernel module", entries=entries)


def _kernel_common(family: Family) -> deb.Package:
    firmware = f"{family.name('nvidia-firmware')}-{family.driver}" if family.tag else "nvidia-firmware"
    # The file name under modprobe.d is the stand-in's own; that the package blacklists nouveau is not.
    entries = {
        "usr/lib/modprobe.d/nvidia-graphics-drivers.conf": deb.text(payload.rendered("modprobe.conf")),
    }
    return family.exclusive(
        family.name("nvidia-kernel-common"),
        "nvidia-kernel-common",
        "Shared files used with the kernel module",
        depends=(f"{firmware} (= {family.version})",),
        entries=entries,
    )
