"""A flat apt repository's signed index, read from the controller: what it carries, or why that is unknown."""

import gzip
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from schema import openpgp

# A whole repository of NVIDIA's is some MiB of Packages.gz; more than this is not an index.
LARGEST = 256 * 1024 * 1024
TIMEOUT_SECONDS = (10, 60)


class UnknownIndex(Exception):  # noqa: N818 - named after what it says.
    """The index could not be read or not be trusted; the text says why."""


@dataclass(frozen=True)
class Repository:
    """`url` of a flat repository; `keys` armoured, already checked against their fingerprints; `ca` a PEM file."""

    url: str
    keys: tuple[str, ...]
    ca: Path | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return self.url.rstrip("/") + "/"


def session(repository: Repository) -> requests.Session:
    """A session with the site's certificates and proxies, three tries and bounded waits."""
    made = requests.Session()
    adapter = HTTPAdapter(max_retries=Retry(total=3, backoff_factor=0.5, status_forcelist=(502, 503, 504)))
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    if repository.ca is not None:
        made.verify = str(repository.ca)
    made.proxies.update(repository.proxies)
    return made


def read(repository: Repository, cache: Path) -> bytes:
    """The text of Packages, verified from the signature on InRelease down to the file's sha256.

    Raises `UnknownIndex` when the repository cannot be reached, is not signed by one of `keys`, or does not match.
    """
    with session(repository) as web:
        release = verified(_get(web, repository.base + "InRelease"), repository.keys)
        name, digest = _packages_file(release, repository.url)
        stored = cache / f"{digest}.gz"
        content = stored.read_bytes() if stored.exists() else _get(web, repository.base + name)
    if hashlib.sha256(content).hexdigest() != digest:
        stored.unlink(missing_ok=True)
        raise UnknownIndex(f"{repository.url}: {name} does not have the sha256 that InRelease gives")
    _store(stored, content)
    return gzip.decompress(content)


def fetch(repository: Repository, name: str) -> bytes:
    """A file beside the index, such as the repository's key; nothing of it is verified. Raises `UnknownIndex`."""
    with session(repository) as web:
        return _get(web, repository.base + name)


def _get(web: requests.Session, url: str) -> bytes:
    try:
        # Named on the request: REQUESTS_CA_BUNDLE in the environment outdoes a session's own (requests issue 3829).
        answer = web.get(url, timeout=TIMEOUT_SECONDS, stream=True, verify=web.verify)
        answer.raise_for_status()
        content = answer.raw.read(LARGEST + 1, decode_content=False)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise UnknownIndex(f"{url}: {_reason(error)}") from error
    if len(content) > LARGEST:
        raise UnknownIndex(f"{url}: larger than {LARGEST // 2**20} MiB")
    return bytes(content)


def _reason(error: Exception) -> str:
    """The innermost cause in a few words: requests wraps urllib3's errors, which wrap the system's."""
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"HTTP {answer.status_code}"
    text = str(error)
    cause = re.search(r"(certificate verify failed[^']*|Connection refused|timed out|Name or service not known)", text)
    return cause.group().strip() if cause else text.splitlines()[0][:200]


def _packages_file(release: str, url: str) -> tuple[str, str]:
    """Name and sha256 of Packages.gz, from the SHA256 list of a Release file (Debian wiki, RepositoryFormat)."""
    listed = re.search(r"^SHA256:\n((?: .*\n?)+)", release, re.MULTILINE)
    for line in listed.group(1).splitlines() if listed else ():
        digest, _size, name = [*line.split(), "", "", ""][:3]
        if name.removeprefix("./") == "Packages.gz" and re.fullmatch(r"[0-9a-f]{64}", digest):
            return "Packages.gz", digest
    raise UnknownIndex(f"{url}: InRelease names no Packages.gz with a sha256")


def verified(signed: bytes, keys: tuple[str, ...]) -> str:
    """The signed text of an InRelease file, as gpgv(1) gives it out; raises `UnknownIndex` for a bad signature."""
    gpgv = shutil.which("gpgv")
    if gpgv is None:
        raise UnknownIndex("gpgv is not installed here, so signatures cannot be checked. Type: apt-get install gpgv")
    with tempfile.TemporaryDirectory(prefix="gpufleet-") as folder:
        keyring, message, text = (Path(folder, name) for name in ("keyring.gpg", "InRelease", "text"))
        keyring.write_bytes(b"".join(_packets(key) for key in keys))
        message.write_bytes(signed)
        command = [gpgv, "--quiet", "--keyring", str(keyring), "--output", str(text), str(message)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=30)
        if done.returncode:
            said = next((line for line in reversed(done.stderr.splitlines()) if "gpgv:" in line), "bad signature")
            raise UnknownIndex(f"InRelease is not signed by the declared key: {said.removeprefix('gpgv: ')}")
        return text.read_text(encoding="utf-8", errors="replace")


def _packets(key: str) -> bytes:
    """gpgv reads binary keyrings only."""
    try:
        packets = openpgp.binary(key.encode()) if "-----BEGIN PGP" in key else b""
    except ValueError as error:
        raise UnknownIndex(f"the key cannot be read: {error}") from error
    if not packets:
        raise UnknownIndex("the key is not an ASCII-armoured public key")
    return packets


def _store(path: Path, content: bytes) -> None:
    """Keep a verified file by its hash; a cache that cannot be written costs a download, nothing else."""
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        return
