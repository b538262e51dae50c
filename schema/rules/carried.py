"""What the package sources of a host have: NVIDIA's repository for its release and architecture, Ubuntu's archive."""

from schema import compat
from schema.host import HostSpec
from schema.model import version_key

# NVIDIA's repositories for ARM servers (sbsa) begin with CUDA 11.0: there is no older toolkit for them
# (https://docs.nvidia.com/cuda/archive/11.0/cuda-toolkit-release-notes, "Added support for ... Arm Server (SBSA)").
FIRST_ON_ARM_SERVERS = "11.0"


def toolkit(spec: HostSpec, version: str) -> bool | None:
    """Whether NVIDIA's repository for the host has a toolkit; None where that is not known.

    A mirror can hold what NVIDIA's own repository does not, so that with one nothing is known to be absent.
    """
    row = compat.release(spec.ubuntu)
    if row is None:
        return None
    absent = spec.arch == "aarch64" and version_key(version)[:2] < version_key(FIRST_ON_ARM_SERVERS)
    found = False if absent else row.carries(version)
    return None if found is False and spec.mirrors.cuda is not None else found


def first(spec: HostSpec, row: compat.UbuntuRelease) -> str:
    """The oldest toolkit of NVIDIA's repository for the host."""
    return max(row.first_cuda, FIRST_ON_ARM_SERVERS, key=version_key) if spec.arch == "aarch64" else row.first_cuda


def branch(spec: HostSpec, number: int) -> bool | None:
    """Whether Ubuntu's archive for the host's release has a branch of its own; None where that is not known."""
    row = compat.branch(number)
    releases: tuple[str, ...] = getattr(row, "archive", ()) if row is not None else ()
    if not releases or spec.mirrors.ubuntu is not None:
        return None
    return spec.ubuntu in releases
