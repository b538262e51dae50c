"""What the package sources of a release carry, as far as it is known."""

import functools

from schema import compat
from schema.model import version_key

# NVIDIA's repositories for ARM servers (sbsa) begin with this toolkit (CUDA 11.0 release notes).
FIRST_ON_ARM_SERVERS = (11, 0)


@functools.lru_cache(maxsize=1024)
def lacks(branch: int, ubuntu: str, source: str) -> str | None:
    """Why a driver branch cannot come from a source, None where nothing is known against it."""
    row = compat.branch(branch)
    archive = getattr(row, "archive", ())
    if source == "ubuntu" and archive and ubuntu not in archive:
        return f"Ubuntu's archive for {ubuntu} does not have {branch}"
    return None


@functools.lru_cache(maxsize=4096)
def has(toolkit: str, ubuntu: str, arch: str, mirrored: bool = False) -> bool | None:
    """Whether NVIDIA's repository has a toolkit; None where that is not known.

    A mirror can hold what NVIDIA's own repository does not: with one, nothing is known to be absent.
    """
    row = compat.release(ubuntu)
    absent = arch == "aarch64" and version_key(toolkit)[:2] < FIRST_ON_ARM_SERVERS
    found = False if absent else row.carries(toolkit) if row is not None else None
    return None if mirrored and found is False else found
