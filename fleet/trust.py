"""Where a host's packages come from, seen from the controller: addresses, and the keys that must have signed them."""

import functools
import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fleet import index, log
from fleet.index import Repository, UnknownIndex
from schema import compat, openpgp
from schema.host import HostSpec
from schema.repository import key
from schema.repository.model import RepositoryMirror

# Ubuntu Archive Automatic Signing Key (2018), in ubuntu-keyring (https://wiki.ubuntu.com/SecurityTeam/FAQ, "GPG Keys").
UBUNTU_FINGERPRINT = "F6ECB3762474EDA9D21B7022871920D1991BC93C"
UBUNTU_KEYRING = Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
ARCHIVE = {"x86_64": "http://archive.ubuntu.com/ubuntu", "aarch64": "http://ports.ubuntu.com/ubuntu-ports"}


def proxies(spec: HostSpec) -> dict[str, str]:
    declared = {"http": spec.proxy.http, "https": spec.proxy.https} if spec.proxy is not None else {}
    return {scheme: url for scheme, url in declared.items() if url is not None}


def authority(spec: HostSpec) -> Path | None:
    """The site's certificates as a file: requests takes a path (its `verify`). Raises UnknownIndex."""
    if spec.ca_pem is None:
        return None
    path = log.cache_folder() / f"{hashlib.sha256(spec.ca_pem.encode()).hexdigest()}.pem"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with tempfile.NamedTemporaryFile(
                "w", dir=path.parent, prefix=".", encoding="ascii", delete=False
            ) as partial:
                partial.write(spec.ca_pem)
            Path(partial.name).replace(path)
    except OSError as error:
        raise UnknownIndex(f"the CA bundle cannot be written to {path}: {error.strerror}") from error
    return path


def nvidia(spec: HostSpec, url: str) -> Repository:
    """NVIDIA's repository, or a mirror of it, with its keys. Raises UnknownIndex."""
    bare = Repository(url=url, keys=(), ca=authority(spec), proxies=proxies(spec))
    mirror = spec.mirrors.cuda
    if mirror is not None and mirror.keys:
        keys, fingerprints = declared(mirror)
    else:
        keys = (vendor_key(spec.ubuntu, bare.url, bare.ca, tuple(sorted(bare.proxies.items()))),)
        fingerprints = openpgp.fingerprints(keys[0])
    return Repository(url=url, keys=keys, ca=bare.ca, proxies=bare.proxies, fingerprints=fingerprints)


def ubuntu(spec: HostSpec, url: str) -> Repository:
    """Ubuntu's archive, or a mirror of it, with its keys. Raises UnknownIndex."""
    mirror = spec.mirrors.ubuntu
    if mirror is not None and mirror.keys:
        keys, fingerprints = declared(mirror)
    else:
        keys, fingerprints = (archive_key(UBUNTU_KEYRING),), (UBUNTU_FINGERPRINT,)
    return Repository(url=url, keys=keys, ca=authority(spec), proxies=proxies(spec), fingerprints=fingerprints)


def declared(mirror: RepositoryMirror) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A mirror's keys, compared with their fingerprints when the inventory was read."""
    keys = tuple(item.armoured for item in mirror.keys if item.armoured)
    return keys, tuple(sorted(item.fingerprint for item in mirror.keys))


@functools.cache
def archive_key(keyring: Path) -> str:
    """The distribution's own keyring on this machine, armoured. Raises UnknownIndex without Ubuntu's key in it."""
    hint = "install it (apt-get install ubuntu-keyring), or declare mirrors.ubuntu.keys"
    try:
        data = keyring.read_bytes()
        found: Iterable[str] = openpgp.fingerprints(data)
    except OSError as error:
        raise UnknownIndex(f"{keyring}: {error.strerror}; {hint}", "RUN306") from error
    except ValueError as error:
        raise UnknownIndex(f"{keyring}: {error}; {hint}", "RUN306") from error
    if UBUNTU_FINGERPRINT not in found:
        raise UnknownIndex(f"{keyring} does not hold the key {UBUNTU_FINGERPRINT}; {hint}", "RUN306")
    return openpgp.armoured(data)


@functools.cache
def vendor_key(ubuntu: str, url: str, ca: Path | None, proxies: tuple[tuple[str, str], ...]) -> str:
    """NVIDIA's own key, fetched from beside the index and compared with the fingerprint that our data has."""
    release = compat.release(ubuntu)
    if release is None or not release.key_file:
        raise UnknownIndex(f"NVIDIA's key for Ubuntu {ubuntu} is not known", "RUN306")
    fetched = index.fetch(Repository(url=url, keys=(), ca=ca, proxies=dict(proxies)), release.key_file)
    try:
        found = openpgp.fingerprints(fetched)
    except ValueError as error:
        raise UnknownIndex(f"{url}/{release.key_file}: {error}", "RUN301") from error
    if found != (release.key_fingerprint,):
        text = f"{url}/{release.key_file} has the fingerprint {', '.join(found)}, not {release.key_fingerprint}"
        raise UnknownIndex(text, "RUN301")
    return fetched.decode("ascii", "replace")


def ubuntu_url(spec: HostSpec) -> str:
    mirror = spec.mirrors.ubuntu
    return key.address(mirror.url if mirror is not None else ARCHIVE[spec.arch], spec)
