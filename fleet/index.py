"""An apt repository's signed index, read from the controller: what it carries, or why that is unknown."""

import hashlib
import lzma
import re
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests

from fleet import web
from fleet.web import UnknownIndex
from schema import openpgp

__all__ = ["Release", "Repository", "UnknownIndex", "fetch", "packages", "read", "release", "session", "verified"]

# Ubuntu's main for one release is some 60 MiB of text, NVIDIA's repository less.
LARGEST_TEXT = 512 * 1024 * 1024
LARGEST_RELEASE = 8 * 1024 * 1024
ENDINGS = (".xz", ".gz", "")


@dataclass(frozen=True)
class Repository:
    """`url` of a flat repository or of a suite's folder; `keys` armoured, already checked against their fingerprints.

    `ca`: a PEM file. `fingerprints`: whose signature counts; () for that of any of the keys.
    """

    url: str
    keys: tuple[str, ...]
    ca: Path | None = None
    proxies: Mapping[str, str] = field(default_factory=dict, hash=False)
    fingerprints: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        return self.url.rstrip("/") + "/"


@dataclass(frozen=True)
class Release:
    """The signed text of InRelease: sha256 and size of each file; when it was made, and until when it counts."""

    files: Mapping[str, tuple[str, int]]
    date: datetime | None
    date_text: str
    until: datetime | None
    by_hash: bool


def session(repository: Repository) -> requests.Session:
    return web.session(repository.ca, repository.proxies)


def read(repository: Repository, cache: Path) -> bytes:
    """The text of a flat repository's Packages, verified from the signature on InRelease down to the file's sha256.

    Raises `UnknownIndex` when the repository cannot be reached, is not signed by one of `keys`, or does not match.
    """
    with session(repository) as opened:
        return packages(opened, repository, release(opened, repository), "Packages", cache)


def release(opened: requests.Session, repository: Repository) -> Release:
    """The release file, its signature checked. Raises `UnknownIndex`."""
    url = repository.base + "InRelease"
    signed = web.get(opened, url, LARGEST_RELEASE)
    try:
        return parsed(verified(signed, repository.keys, repository.fingerprints))
    except UnknownIndex as error:
        raise UnknownIndex(f"{url}: {error}", error.code) from error


def parsed(text: str) -> Release:
    """The fields of a Release file that count here (Debian wiki, RepositoryFormat)."""
    fields: dict[str, str] = {}
    for name, value in re.findall(r"^([A-Za-z0-9-]+):[ \t]*(.*(?:\n[ \t].*)*)", text, re.MULTILINE):
        fields.setdefault(name.lower(), value.strip())
    rows = (line.split() for line in fields.get("sha256", "").splitlines())
    files = {
        row[2].removeprefix("./"): (row[0], int(row[1]))
        for row in rows
        if len(row) == 3 and re.fullmatch(r"[0-9a-f]{64}", row[0]) and row[1].isdigit()
    }
    date = fields.get("date", "")
    by_hash = fields.get("acquire-by-hash", "").lower() == "yes"
    return Release(files, _time(date), date, _time(fields.get("valid-until", "")), by_hash)


def _time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None


def packages(opened: requests.Session, repository: Repository, release: Release, name: str, cache: Path) -> bytes:
    """The text of one Packages file, by the hash that `release` gives. Raises `UnknownIndex`."""
    ending = next((ending for ending in ENDINGS if name + ending in release.files), None)
    if ending is None:
        raise UnknownIndex(f"{repository.url}: InRelease names no {name}.gz with a sha256", "RUN302")
    path = name + ending
    digest, size = release.files[path]
    stored = cache / f"{digest}{ending or '.txt'}"
    content = stored.read_bytes() if stored.exists() else _wanted(opened, repository, release, path)
    if hashlib.sha256(content).hexdigest() != digest:
        stored.unlink(missing_ok=True)
        count = "" if len(content) == size else f" ({len(content)} bytes of {size})"
        message = f"{repository.base}{path} does not have the sha256 that InRelease gives{count}"
        raise UnknownIndex(message, "RUN302")
    text = _unpacked(content, ending, f"{repository.base}{path}")
    _store(stored, content)
    return text


def _wanted(opened: requests.Session, repository: Repository, release: Release, path: str) -> bytes:
    """By its hash where the repository has that (apt's Acquire-By-Hash): a mirror may be in the middle of an update."""
    if release.by_hash:
        folder = f"{path.rpartition('/')[0]}/" if "/" in path else ""
        try:
            return web.get(opened, f"{repository.base}{folder}by-hash/SHA256/{release.files[path][0]}")
        except UnknownIndex as error:
            if "HTTP 404" not in str(error):
                raise
    return web.get(opened, repository.base + path)


def _unpacked(content: bytes, ending: str, url: str) -> bytes:
    """At most LARGEST_TEXT bytes: a few KiB can be packed Gibibytes."""
    try:
        if ending == ".xz":
            unpacking = lzma.LZMADecompressor(memlimit=256 * 1024 * 1024)
            text, more = unpacking.decompress(content, LARGEST_TEXT), not unpacking.eof
        elif ending == ".gz":
            inflating = zlib.decompressobj(wbits=31)
            text, more = inflating.decompress(content, LARGEST_TEXT), not inflating.eof
        else:
            text, more = content, False
    except (zlib.error, lzma.LZMAError) as error:
        raise UnknownIndex(f"{url}: it cannot be unpacked: {error}", "RUN302") from error
    if more:
        reason = f"more than {LARGEST_TEXT // 2**20} MiB" if len(text) >= LARGEST_TEXT else "it ends too early"
        raise UnknownIndex(f"{url}: unpacked, {reason}", "RUN302")
    return text


def fetch(repository: Repository, name: str) -> bytes:
    """A file beside the index, such as the repository's key; nothing of it is verified. Raises `UnknownIndex`."""
    with session(repository) as opened:
        return web.get(opened, repository.base + name, LARGEST_RELEASE)


def verified(signed: bytes, keys: tuple[str, ...], fingerprints: tuple[str, ...] = ()) -> str:
    """The signed text of an InRelease file, as gpgv(1) gives it out; raises `UnknownIndex` for a bad signature.

    With `fingerprints`, one of them must be the primary key of a good signature: a keyring may hold other keys.
    """
    gpgv = shutil.which("gpgv")
    if gpgv is None:
        text = "gpgv is not installed here, so signatures cannot be checked. Type: apt-get install gpgv"
        raise UnknownIndex(text, "RUN301")
    with tempfile.TemporaryDirectory(prefix="gpufleet-") as folder:
        keyring, message, text_file = (Path(folder, name) for name in ("keyring.gpg", "InRelease", "text"))
        keyring.write_bytes(b"".join(_packets(key) for key in keys))
        message.write_bytes(signed)
        command = [gpgv, "--quiet", "--status-fd", "1", "--keyring", str(keyring), "--output", str(text_file)]
        done = subprocess.run(
            [*command, str(message)], capture_output=True, text=True, errors="replace", check=False, timeout=30
        )
        # As apt has it: one good signature by a trusted key, and no bad one; one by a key that is not known says
        # nothing (gpgv's exit code is for all of them; the words are those of GnuPG's doc/DETAILS).
        status = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("[GNUPG:] ")]
        words = {line[0] for line in status}
        by = {line[-1] for line in status if line[0] == "VALIDSIG"}
        ours = not fingerprints or bool(by & set(fingerprints))
        if "GOODSIG" not in words or "BADSIG" in words or not ours or not text_file.exists():
            said = next((line for line in reversed(done.stderr.splitlines()) if "gpgv:" in line), "bad signature")
            reason = said.removeprefix("gpgv: ")
            raise UnknownIndex(f"InRelease is not signed by the declared key: {reason}", "RUN301")
        return text_file.read_text(encoding="utf-8", errors="replace")


def _packets(key: str) -> bytes:
    """gpgv reads binary keyrings only."""
    try:
        packets = openpgp.binary(key.encode()) if "-----BEGIN PGP" in key else b""
    except ValueError as error:
        raise UnknownIndex(f"the key cannot be read: {error}", "RUN301") from error
    if not packets:
        raise UnknownIndex("the key is not an ASCII-armoured public key", "RUN301")
    return packets


def _store(path: Path, content: bytes) -> None:
    """Keep a verified file by its hash; a cache that cannot be written costs a download, nothing else."""
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as partial:
            partial.write(content)
        Path(partial.name).replace(path)
    except OSError:
        return
