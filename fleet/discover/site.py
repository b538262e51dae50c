"""A site's mirrors, proxy and certificates, read back from the files that gpufleet wrote on the host."""

import hashlib
import re

from fleet.discover.draft import Draft, quoted
from schema import compat
from schema.document import FORBIDDEN
from schema.repository import FileState
from schema.repository.files import CERTIFICATE, CUDA_SOURCE, PROXY, UBUNTU_SOURCE
from schema.repository.key import CUDA_KEY, NVIDIA_ARCH, UBUNTU_KEY, VENDOR_URL
from schema.snapshot import Snapshot


def declare(draft: Draft, snapshot: Snapshot) -> None:
    """Add `mirrors`, `proxy` and `ca_bundle` to a draft, with the files that they name."""
    lines = [
        *_repository(draft, snapshot, "cuda", CUDA_SOURCE, CUDA_KEY),
        *_repository(draft, snapshot, "ubuntu", UBUNTU_SOURCE, UBUNTU_KEY),
        *_conda(snapshot),
    ]
    if lines:
        draft.add("mirrors", ["mirrors:  # those of installers and of pip leave no trace on a host", *lines])
    draft.add("proxy", _proxy(snapshot))
    certificate = _file(snapshot, CERTIFICATE)
    if certificate is not None:
        name = f"keys/ca-{hashlib.sha256(certificate.content.encode()).hexdigest()[:8]}.pem"
        draft.files[name] = certificate.content
        draft.add("ca_bundle", [f"ca_bundle: {name}"])


def _file(snapshot: Snapshot, path: str) -> FileState | None:
    """One of our files, unless somebody put signs into it that no text of ours has."""
    file = snapshot.apt.files.get(path)
    return file if file is not None and not FORBIDDEN.search(file.content) else None


def _repository(draft: Draft, snapshot: Snapshot, name: str, source: str, key: str) -> list[str]:
    file = _file(snapshot, source)
    uri = re.search(r"^URIs: (https?://[^\s]+?)/?$", file.content, re.MULTILINE) if file is not None else None
    if file is None or uri is None or (name == "cuda" and uri[1] == _vendors(snapshot)):
        return []
    keys = _key(draft, snapshot, key) if f"Signed-By: {key}" in file.content else ""
    return [f"  {name}: {{url: {quoted(uri[1])}{keys}}}"]


def _vendors(snapshot: Snapshot) -> str:
    release = snapshot.release.version
    distro = f"ubuntu{release.replace('.', '')}"
    arch = NVIDIA_ARCH.get(snapshot.architecture, "")
    return VENDOR_URL.replace("{distro}", distro).replace("{nvidia_arch}", arch)


def _key(draft: Draft, snapshot: Snapshot, path: str) -> str:
    """The mirror's key as a file of the inventory; the vendor's own needs none, and several in one file are not told
    apart.
    """
    file = _file(snapshot, path)
    found = next((item.fingerprints for item in snapshot.apt.keys if item.path == path), ())
    release = compat.release(snapshot.release.version)
    if file is None or len(found) != 1 or (release is not None and found[0] == release.key_fingerprint):
        return ""
    name = f"keys/{found[0][-16:].lower()}.asc"
    draft.files[name] = file.content
    return f", keys: [{{file: {name}, fingerprint: {quoted(found[0])}}}]"


def channel_alias(snapshot: Snapshot) -> str:
    """The mirror of conda's channels in a .condarc of ours, "" without one."""
    prefix = snapshot.conda.prefix if snapshot.conda is not None else ""
    file = _file(snapshot, f"{prefix}/.condarc")
    alias = re.search(r"^channel_alias: (https?://\S+)$", file.content, re.MULTILINE) if file is not None else None
    return alias[1] if alias else ""


def _conda(snapshot: Snapshot) -> list[str]:
    alias = channel_alias(snapshot)
    return [f"  conda: {quoted(alias)}"] if alias else []


def _proxy(snapshot: Snapshot) -> list[str]:
    file = _file(snapshot, PROXY)
    content = file.content if file is not None else ""
    found = {
        scheme: match[1]
        for scheme in ("http", "https")
        if (match := re.search(rf'^Acquire::{scheme}::Proxy "([^"]+)";$', content, re.MULTILINE))
    }
    direct = dict.fromkeys(re.findall(r'^Acquire::https?::Proxy::(\S+) "DIRECT";$', content, re.MULTILINE))
    values = [f"{scheme}: {quoted(url)}" for scheme, url in found.items()]
    values += [f"no_proxy: {quoted(list(direct))}"] if direct else []
    return [f"proxy: {{{', '.join(values)}}}"] if found else []
