"""apt's sources and keys, where others' get in the way of ours."""

import shlex
from typing import TYPE_CHECKING

from schema.errors import Finding
from schema.health.gpu import finding
from schema.repository import rivals
from schema.repository.key import vendor_key, wants_cuda

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# NVIDIA replaced this key on 2022-04-27 (https://github.com/NVIDIA/cuda-repo-management/issues/4).
REVOKED = "AE09FE4BBD223A84B2CCFCE3F60F4B3D7FA2AF80"


def sources(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Another source of the same repository: with another key apt refuses both (Conflicting values for Signed-By)."""
    if not wants_cuda(spec):
        return []
    twice = [f"{source.file}: {uri}" for source in rivals(spec, snapshot) for uri in source.uris]
    message = "another source names the same repository"
    hint = "remove it: sudo apt purge cuda-keyring, or sudo rm FILE"
    return [finding("GPU146", "warning", message, twice, hint)] if twice else []


def keys(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """NVIDIA's revoked key, and a file of ours with another key in it than the declared one."""
    old = [key.path for key in snapshot.apt.keys if REVOKED in key.fingerprints]
    found = []
    if old:
        message = "NVIDIA's old signing key, 7FA2AF80, is still trusted"
        # trusted.gpg may hold other keys too.
        steps = ["sudo apt-key del 7fa2af80"] if "/etc/apt/trusted.gpg" in old else []
        files = [path for path in old if path != "/etc/apt/trusted.gpg"]
        hint = f"remove it: {'; '.join([*steps, *([f'sudo rm {shlex.join(files)}'] if files else [])])}"
        found.append(finding("GPU147", "warning", message, old, hint))
    key = vendor_key(spec)
    there = next((item for item in snapshot.apt.keys if key is not None and item.path == key.path), None)
    if key is not None and there is not None and there.fingerprints != (key.fingerprint,):
        lines = [f"found {', '.join(there.fingerprints) or 'no key'}", f"expected {key.fingerprint}"]
        hint = "find out who changed it; a run replaces it"
        found.append(finding("GPU148", "error", "the repository's key on the host is not the vendor's", lines, hint))
    return found
