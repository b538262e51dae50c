"""What the package sources of a release carry, as far as it is known."""

import functools

from schema import compat
from schema.model import version_key

# NVIDIA's repositories for ARM servers (sbsa) begin with this toolkit (CUDA 11.0 release notes).
FIRST_ON_ARM_SERVERS = (11, 0)


@functools.lru_cache(maxsize=1024)
def lacks(branch: int, ubuntu: str, source: str) -> str | None:
    """Why a driver branch was not seen in a source, None where nothing is known against it."""
    row, release = compat.branch(branch), compat.release(ubuntu)
    if source == "ubuntu" and row is not None and row.archive and ubuntu not in row.archive:
        return f"Ubuntu's archive for {ubuntu} is not known to have {branch}"
    first = release.first_branch if release is not None and source == "nvidia" else None
    if first is not None and branch < first:
        return f"NVIDIA's repository for Ubuntu {ubuntu} is not known to have a branch older than {first}"
    return None


@functools.lru_cache(maxsize=1024)
def too_late(branch: int, ubuntu: str, source: str) -> str | None:
    """Why a branch came too late for a repository of NVIDIA's that gets no more: newer than its last toolkit's own."""
    release = compat.release(ubuntu) if source == "nvidia" else None
    last = compat.toolkit(release.last_cuda) if release is not None and release.last_cuda is not None else None
    if last is None or last.floor_full is None or branch <= version_key(last.floor_full)[0]:
        return None
    return f"NVIDIA's repository for Ubuntu {ubuntu} gets no more since CUDA {last.version}"


@functools.lru_cache(maxsize=4096)
def has(toolkit: str, ubuntu: str, arch: str, mirrored: bool = False) -> bool | None:
    """Whether NVIDIA's repository has a toolkit; None where that is not known.

    A mirror can hold what NVIDIA's own repository does not: with one, nothing is known to be absent.
    """
    row = compat.release(ubuntu)
    absent = arch == "aarch64" and version_key(toolkit)[:2] < FIRST_ON_ARM_SERVERS
    found = False if absent else row.carries(toolkit) if row is not None else None
    return None if mirrored and found is False else found
