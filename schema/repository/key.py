"""The signing key of NVIDIA's repository: NVIDIA's own by full fingerprint, or a mirror's from the inventory."""

from typing import TYPE_CHECKING

from schema import compat
from schema.model import Fingerprint, Model, Url

if TYPE_CHECKING:
    from schema.host import HostSpec

CUDA_KEY = "/usr/share/keyrings/gpufleet-cuda.asc"
UBUNTU_KEY = "/usr/share/keyrings/gpufleet-ubuntu.asc"
VENDOR_URL = "https://developer.download.nvidia.com/compute/cuda/repos/{distro}/{nvidia_arch}"
# NVIDIA's names of the architectures in its repository's addresses, and Debian's.
NVIDIA_ARCH = {"x86_64": "x86_64", "aarch64": "sbsa"}
DEBIAN_ARCH = {"x86_64": "amd64", "aarch64": "arm64"}


class VendorKey(Model):
    """A key that is fetched on the host and put at `path` once its only fingerprint is the expected one."""

    path: str
    url: Url
    fingerprint: Fingerprint


def wants_cuda(spec: "HostSpec") -> bool:
    """Whether anything declared comes from NVIDIA's repository."""
    managed = spec.managed_driver
    driver = managed is not None and managed.source == "nvidia"
    software = any(part is not None and part != "none" for part in (spec.cuda, spec.cudnn))
    return not spec.external and (driver or software)


def address(template: str, spec: "HostSpec") -> str:
    """A mirror's URL with its placeholders filled in, without a slash at its end."""
    release = compat.release(spec.ubuntu)
    values = {
        "distro": f"ubuntu{spec.ubuntu.replace('.', '')}",
        "codename": release.codename if release is not None else "",
        "nvidia_arch": NVIDIA_ARCH[spec.arch],
        "arch": DEBIAN_ARCH[spec.arch],
    }
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template.rstrip("/")


def cuda_url(spec: "HostSpec") -> str:
    mirror = spec.mirrors.cuda
    return address(mirror.url if mirror is not None else VENDOR_URL, spec)


def vendor_key(spec: "HostSpec") -> VendorKey | None:
    """NVIDIA's key, where it is needed and no mirror brings its own; None where our data has none for the release."""
    release, mirror = compat.release(spec.ubuntu), spec.mirrors.cuda
    if not wants_cuda(spec) or release is None or (mirror is not None and mirror.keys):
        return None
    url = f"{address(VENDOR_URL, spec) if mirror is None else cuda_url(spec)}/{release.key_file}"
    return VendorKey(path=CUDA_KEY, url=url, fingerprint=release.key_fingerprint)


def expected(spec: "HostSpec") -> frozenset[str]:
    """The fingerprints of all keys that may sign NVIDIA's repository for this host: a mirror's, else the vendor's."""
    mirror, vendor = spec.mirrors.cuda, vendor_key(spec)
    declared = frozenset(item.fingerprint for item in mirror.keys) if mirror is not None else frozenset()
    return frozenset({vendor.fingerprint}) if vendor is not None else declared
