"""apt's sources: those of another release, those that contradict each other, and those whose key is missing."""

import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from schema import compat
from schema.errors import Finding
from schema.health.gpu import finding
from schema.repository.key import NVIDIA_ARCH

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.repository import Source
    from schema.snapshot import Snapshot

# ".../compute/cuda/repos/ubuntu2204/x86_64", and the local repositories that NVIDIA's .deb (local) unpacks:
# "file:///var/cuda-repo-ubuntu2204-12-9-local".
NETWORK = re.compile(r"/compute/cuda/repos/(?P<distro>[a-z0-9-]+)/(?P<arch>[a-z0-9_]+)(?:/|$)")
LOCAL = re.compile(r"file:/+var/(?:cuda|nvidia|cudnn)[a-z-]*-(?P<distro>(?:ubuntu|debian|wsl-ubuntu)[0-9]*)-")
REMOTE = re.compile(r"(?!file:|copy:|cdrom:)")
PPA = re.compile(r"ppa\.launchpad(?:content)?\.net/graphics-drivers/")


def enabled(snapshot: "Snapshot") -> Iterator[tuple["Source", str]]:
    """Each address of a source that is switched on, with its source."""
    for source in snapshot.apt.sources:
        if source.enabled:
            for uri in source.uris:
                yield source, uri


def releases(spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """NVIDIA's repository, or the PPA, of another Ubuntu release or architecture than the host's."""
    release = compat.release(snapshot.release.version)
    if snapshot.release.id != "ubuntu" or release is None or spec.platform != "generic":
        return []
    wrong = [(source, uri) for source, uri in enabled(snapshot) if _foreign(source, uri, snapshot)]
    if not wrong:
        return []
    lines = [f"{source.file}: {uri} {' '.join(source.suites)}".strip() for source, uri in wrong]
    message = f"a source of packages is for another system than Ubuntu {snapshot.release.version}"
    files = sorted({source.file for source, _ in wrong})
    hint = f"remove it: {_removal(files)}; the one for this host is {release.distro}/{NVIDIA_ARCH[spec.arch]}"
    return [finding("GPU213", "warning", message, lines, hint)]


def _foreign(source: "Source", uri: str, snapshot: "Snapshot") -> bool:
    release = compat.release(snapshot.release.version)
    if release is None:
        return False
    if PPA.search(uri):
        return not any(suite.split("-")[0] == release.codename for suite in source.suites)
    found = NETWORK.search(uri) or LOCAL.search(uri)
    if found is None or found["distro"].startswith("cross-linux"):
        return False
    if found["distro"] == "wsl-ubuntu":
        return snapshot.virtualisation != "wsl" and "wsl" not in snapshot.driver.managers
    arch = found.groupdict().get("arch")
    other_arch = arch in NVIDIA_ARCH.values() and arch != NVIDIA_ARCH.get(snapshot.architecture, arch)
    return found["distro"] != release.distro or other_arch


def _removal(files: list[str]) -> str:
    owned = any("/cuda-" in file and file.endswith(".list") for file in files)
    return f"{'sudo apt purge cuda-keyring, or ' if owned else ''}sudo rm {shlex.join(files)}"


def conflicts(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """One repository named twice with different keys: apt then reads no source at all (sources.list(5), Signed-By)."""
    named: dict[tuple[str, str], dict[str, str]] = {}
    for source, uri in enabled(snapshot):
        for suite in source.suites or ("",):
            key = (uri.rstrip("/"), suite.strip("/"))
            named.setdefault(key, {}).setdefault(_signer(source), source.file)
    lines = [
        f"{file}: {uri} signed by {signer or 'any trusted key'}"
        for (uri, _), signers in named.items()
        if len(signers) > 1
        for signer, file in signers.items()
    ]
    if not lines:
        return []
    message = "two sources name one repository with different keys, so apt refuses them all"
    others = sorted({line.split(": ")[0] for line in lines if "gpufleet" not in line.split(": ")[0]})
    hint = f"keep one of them; sudo rm {shlex.quote(others[-1])}" if others else "keep one of them"
    return [finding("GPU218", "error", message, dict.fromkeys(lines), f"{hint}; then sudo apt update")]


def unverified(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """Sources over a network whose packages apt takes without a signature (sources.list(5), Trusted)."""
    lines = [f"{source.file}: {uri}" for source, uri in enabled(snapshot) if source.trusted and REMOTE.match(uri)]
    if not lines:
        return []
    message = "apt takes packages without checking their signature (trusted=yes)"
    hint = "name the repository's key in the source (Signed-By), and take trusted and allow-insecure out of it"
    return [finding("GPU229", "warning", message, lines, hint)]


def _signer(source: "Source") -> str:
    """What Signed-By names, in one line; a key that stands in the file itself is told by its beginning."""
    words = (source.signed_by or "").split()
    if "-----BEGIN" in words:
        return "a key in the file"
    return ",".join(sorted(words))
