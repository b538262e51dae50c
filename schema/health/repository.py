"""apt's sources, keys and the unattended upgrades, where others' get in the way of ours."""

import re
from typing import TYPE_CHECKING

from schema.errors import Finding
from schema.health.gpu import finding
from schema.repository import CUDA_SOURCE
from schema.repository.key import cuda_url, vendor_key, wants_cuda

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# NVIDIA replaced this key on 2022-04-27 (https://github.com/NVIDIA/cuda-repo-management/issues/4).
REVOKED = "AE09FE4BBD223A84B2CCFCE3F60F4B3D7FA2AF80"
SAMPLES = ("nvidia-driver-580", "libnvidia-compute-580", "linux-modules-nvidia-580-generic")


def sources(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Another source of the same repository: with another key apt refuses both (Conflicting values for Signed-By)."""
    if not wants_cuda(spec):
        return []
    wanted = cuda_url(spec)
    twice = [
        f"{source.file}: {uri}"
        for source in snapshot.apt.sources
        for uri in source.uris
        if source.enabled and source.file != CUDA_SOURCE and uri.rstrip("/") == wanted
    ]
    message = "another source names the same repository"
    hint = "remove it: sudo apt remove cuda-keyring, or sudo rm FILE"
    return [finding("GPU146", "warning", message, twice, hint)] if twice else []


def keys(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """NVIDIA's revoked key, and a file of ours with another key in it than the declared one."""
    old = [key.path for key in snapshot.apt.keys if REVOKED in key.fingerprints]
    found = []
    if old:
        message, hint = "NVIDIA's old signing key, 7FA2AF80, is still trusted", f"remove it: sudo rm {' '.join(old)}"
        found.append(finding("GPU147", "warning", message, old, hint))
    key = vendor_key(spec)
    there = next((item for item in snapshot.apt.keys if key is not None and item.path == key.path), None)
    if key is not None and there is not None and there.fingerprints != (key.fingerprint,):
        lines = [f"found {', '.join(there.fingerprints) or 'no key'}", f"expected {key.fingerprint}"]
        hint = "find out who changed it; a run replaces it"
        found.append(finding("GPU148", "error", "the repository's key on the host is not the vendor's", lines, hint))
    return found


def exclusions(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """An external driver that unattended-upgrades may move; of a driver of ours the exclusion is one of our files."""
    managed, apt = spec.managed_driver, snapshot.apt
    if managed is None or managed.source != "external" or not apt.unattended_upgrades:
        return []
    free = [name for name in SAMPLES if not any(_matches(pattern, name) for pattern in apt.exclusions)]
    message = "unattended upgrades may change the driver under a running module"
    hint = 'exclude it: Unattended-Upgrade::Package-Blacklist { "nvidia-"; "libnvidia-"; "linux-modules-nvidia-"; };'
    return [finding("GPU145", "warning", message, free, hint)] if free else []


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.match(pattern, name) is not None
    except re.error:
        return False
