"""The keys that apt checks NVIDIA's repository with: missing, unreadable, expired, refused, or trusted for too much."""

import datetime
import shlex
from typing import TYPE_CHECKING

from schema import compat
from schema.errors import Finding
from schema.health import sources
from schema.health.gpu import finding
from schema.model import version_key
from schema.repository.key import CUDA_KEY, NVIDIA_ARCH

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.repository import Key
    from schema.snapshot import Snapshot

VENDOR = "https://developer.download.nvidia.com/compute/cuda/repos"
TRUSTED = "/etc/apt/trusted.gpg"
# Where the probe looks for keyrings, by the beginnings of their paths and words in their names.
FOLDERS = ("/usr/share/keyrings/", "/etc/apt/keyrings/")
WORDS = ("gpufleet", "cuda", "nvidia")
# apt 2.9.19 and later verify with sqv, which takes no SHA-1 binding signature made or checked after 2026-02-01; the key
# of the repositories up to ubuntu2404 has one (https://github.com/NVIDIA/cuda-repo-management/issues/33).
SHA1_KEY, SHA1_REFUSED_FROM = "EB693B3035CD5710E231E123A4B469963BF863CC", (25, 4)


def findings(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What apt would say of the keys of NVIDIA's sources, without asking a network."""
    if spec.platform != "generic" or snapshot.not_seen & {"repository", "repository/keys", "repository/sources"}:
        return []
    return [*_missing(snapshot), *_unreadable(snapshot), *_expired(snapshot), *_refused(snapshot), *_wide(snapshot)]


def _signed(snapshot: "Snapshot") -> list[tuple[str, str, str, str]]:
    """File, address, distribution and Signed-By of each enabled network source of NVIDIA's repository."""
    found = []
    for source, uri in sources.enabled(snapshot):
        if (match := sources.NETWORK.search(uri)) is not None and len((source.signed_by or "").split()) < 2:
            found.append((source.file, uri, match["distro"], (source.signed_by or "").strip()))
    return found


def _reinstall(distro: str, snapshot: "Snapshot") -> str:
    """The package that brings the key of NVIDIA's own repository; ours is written by a run."""
    arch = NVIDIA_ARCH.get(snapshot.architecture, "x86_64")
    deb = "cuda-keyring_1.1-1_all.deb"
    return f"wget {shlex.quote(f'{VENDOR}/{distro}/{arch}/{deb}')} && sudo dpkg -i {deb} && sudo apt update"


def _missing(snapshot: "Snapshot") -> list[Finding]:
    """A source whose key file is not there, or does not hold the key that signs the repository (NO_PUBKEY)."""
    keys, found = {key.path: key for key in snapshot.apt.keys}, []
    for file, uri, distro, path in _signed(snapshot):
        # Our own key file is compared by the diff (a change) and by GPU148.
        if path == CUDA_KEY:
            continue
        wanted = _fingerprint(distro) if uri.startswith(VENDOR) else None
        have = keys.get(path)
        if path and have is None and path.startswith(FOLDERS) and any(word in path for word in WORDS):
            why = f"{path} is not there"
        elif have is not None and wanted and wanted not in have.fingerprints:
            why = f"{path} holds {', '.join(have.fingerprints) or 'no key'}, and not {wanted}"
        elif not path and wanted and _nowhere(wanted, snapshot):
            why = f"the source names no key, and {wanted} is in no keyring that apt trusts"
        else:
            continue
        message = f"apt cannot verify {uri}: NO_PUBKEY {(wanted or '')[-16:]}".rstrip(" :")
        found.append(finding("GPU216", "error", message, [f"{file}: {uri}", why], _reinstall(distro, snapshot)))
    return found


def _fingerprint(distro: str) -> str | None:
    """The key of NVIDIA's repository for "ubuntu2404"; None where our data has none."""
    digits = distro.removeprefix("ubuntu")
    release = compat.release(f"{digits[:2]}.{digits[2:]}") if digits.isdigit() and len(digits) == 4 else None
    return release.key_fingerprint if release is not None else None


def _nowhere(fingerprint: str, snapshot: "Snapshot") -> bool:
    """Whether a key is in none of the keyrings that count for every source; False where there are others unread."""
    everywhere = [key for key in snapshot.apt.keys if key.path.startswith(TRUSTED)]
    others = set(snapshot.apt.trusted) - {key.path for key in everywhere}
    return not others and not any(fingerprint in key.fingerprints for key in everywhere)


def _unreadable(snapshot: "Snapshot") -> list[Finding]:
    """Key files that the user _apt, who verifies, may not read: apt ignores them with a warning (apt-key(8))."""
    bad = [key for key in snapshot.apt.keys if key.mode and not int(key.mode[-1], 8) & 4]
    named = {source.signed_by for source, _ in sources.enabled(snapshot)}
    bad = [key for key in bad if key.path in named or key.path.startswith(TRUSTED)]
    if not bad:
        return []
    lines = [f"{key.path} has mode {key.mode}" for key in bad]
    hint = f"sudo chmod a+r {shlex.join(key.path for key in bad)}"
    return [finding("GPU216", "error", "apt may not read a repository's key", lines, hint)]


def _expired(snapshot: "Snapshot") -> list[Finding]:
    """EXPKEYSIG, before apt says it; by the host's own clock."""
    now = snapshot.log.now
    ends = [(key.path, name, end) for key in snapshot.apt.keys for name, end in key.expires.items()]
    bad = [(path, name, end) for path, name, end in ends if now is not None and end < now]
    if not bad:
        return []
    lines = [
        f"{path}: {name} ended {datetime.datetime.fromtimestamp(end, datetime.UTC):%Y-%m-%d}" for path, name, end in bad
    ]
    hint = "get the renewed key from the repository's owner, and replace the file"
    return [finding("GPU221", "error", "a repository's key has expired (EXPKEYSIG)", lines, hint)]


def _refused(snapshot: "Snapshot") -> list[Finding]:
    """NVIDIA's older key on a release whose apt takes no SHA-1 signature."""
    if version_key(snapshot.release.version) < SHA1_REFUSED_FROM or snapshot.apt.sha1_allowed:
        return []
    keys = {key.path: key for key in snapshot.apt.keys}
    lines = [
        f"{file}: {uri} signed by {path}"
        for file, uri, _, path in _signed(snapshot)
        if path in keys and SHA1_KEY in keys[path].fingerprints
    ]
    if not lines:
        return []
    message = "apt of this release refuses the repository's key: SHA1 is not considered secure since 2026-02-01"
    release = compat.release(snapshot.release.version)
    where = f" of {release.distro}" if release is not None else ""
    return [finding("GPU217", "error", message, lines, f"use the repository{where}, which has a newer key")]


def _wide(snapshot: "Snapshot") -> list[Finding]:
    """NVIDIA's key where it may sign any repository's packages; the revoked one is GPU147."""
    known = {SHA1_KEY, *(key for key in map(_fingerprint, ("ubuntu2604",)) if key is not None)}
    wide = [key for key in snapshot.apt.keys if key.path.startswith(TRUSTED) and known & set(key.fingerprints)]
    if not wide:
        return []
    lines = [f"{key.path}: {', '.join(sorted(known & set(key.fingerprints)))}" for key in wide]
    hint = "name the key in its source (Signed-By), then: " + "; ".join(_drop(key) for key in wide)
    return [finding("GPU219", "info", "NVIDIA's key is trusted for every repository of the host", lines, hint)]


def _drop(key: "Key") -> str:
    return f"sudo apt-key del {key.fingerprints[0][-8:]}" if key.path == TRUSTED else f"sudo rm {shlex.quote(key.path)}"
