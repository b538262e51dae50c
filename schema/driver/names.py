"""Names of the driver's packages: which belong to the matched set, and what a name says about branch and flavour.

Sources: NVIDIA's driver installation guide, "Recent updates" (the branch left the names at 590); Ubuntu Server guide,
"Install NVIDIA drivers" (-server, -open, linux-modules-nvidia-*).
"""

import functools
import re

from schema.driver.model import Flavour

# A fleet has some hundred names, asked for again on every host.
NAMES = 4096
FIRST_WITHOUT_SUFFIX = 590
# NVIDIA's repository has open-flavour metapackages called nvidia-open-* from this branch on.
FIRST_OPEN_METAPACKAGE = 560
# Fabric manager lost its suffix one branch before the driver's own packages.
FIRST_FABRIC_WITHOUT_SUFFIX = 580

FAMILY = re.compile(
    r"^(cuda-drivers|nvidia-open|nvidia-driver(?!-pinning|-assistant|-local-repo)|nvidia-dkms|nvidia-kernel|nvidia-headless|nvidia-utils"
    r"|nvidia-compute-utils|nvidia-firmware|nvidia-fabricmanager|nvidia-imex|nvidia-persistenced|nvidia-settings"
    r"|nvidia-modprobe|nvidia-xconfig|nvlink5|libnvsdm|libxnvctrl|xserver-xorg-video-nvidia"
    r"|libnvidia-(?!container|egl|ml-dev)|linux-(modules|objects|signatures)-nvidia)(?![a-z])"
    r"|^libnvidia-(?!container|egl|ml-dev)|^libxnvctrl"
)
# Packages of the set without a branch in their names in either scheme.
LOOSE = frozenset(
    {"nvidia-persistenced", "nvidia-settings", "nvidia-modprobe", "nvidia-xconfig", "libxnvctrl0", "libxnvctrl-dev"}
)
FABRIC = re.compile(r"^(nvidia-fabricmanager|libnvidia-nscq|libnvsdm|nvidia-imex|nvlink5|cuda-drivers-fabricmanager)")
MODULES = re.compile(r"^(nvidia-driver|nvidia-dkms|nvidia-kernel-(source|open)|nvidia-headless|linux-\w+-nvidia)")


def bare(name: str) -> str:
    """ "libnvidia-compute-580" of "libnvidia-compute-580:i386"."""
    return name.split(":", 1)[0]


@functools.lru_cache(NAMES)
def family(name: str) -> bool:
    """Whether a package belongs to the driver's matched set; container tools, nvidia-prime and EGL platforms do not."""
    return FAMILY.match(bare(name)) is not None


@functools.lru_cache(NAMES)
def branch_in(name: str) -> int | None:
    """580 of "nvidia-dkms-580-open", None where a name has no branch."""
    found = re.search(r"-([1-9]\d{2})(?=-|$)", bare(name))
    return int(found[1]) if found else None


def is_server(name: str) -> bool:
    return "-server" in name


def is_prebuilt(name: str) -> bool:
    return name.startswith("linux-")


@functools.lru_cache(NAMES)
def flavour_of(name: str) -> Flavour | None:
    """The module flavour that a package brings, None of those that both flavours share."""
    if name.startswith("nvidia-open"):
        return "open"
    if name.startswith("cuda-drivers"):
        return None if FABRIC.match(name) else "proprietary"
    if MODULES.match(name):
        return "open" if re.search(r"-open(-|:|$)", name) else "proprietary"
    return None


@functools.lru_cache(NAMES)
def matched(name: str) -> bool:
    """Whether the package's version is the driver's: not so of loose tools, of kernel packages and of firmware."""
    name = bare(name)
    own = name.startswith(("linux-", "nvidia-firmware", "nvlink5", "nvidia-imex", "libnvsdm"))
    return family(name) and not own and name not in LOOSE
