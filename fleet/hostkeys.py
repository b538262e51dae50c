"""known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"), read once however large.

paramiko's own reader is quadratic: 10,000 lines took it 19 s, and 4 ms for each look-up after that.
"""

import base64
import binascii
import fnmatch
import functools
import hmac
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from paramiko import HostKeys, MissingHostKeyPolicy, PKey, SSHClient, SSHException

_APPEND = threading.Lock()


@dataclass(frozen=True)
class Line:
    """One key: the `hosts` field as written, the key's type, and its blob in base64."""

    hosts: str
    kind: str
    blob: str


@dataclass(frozen=True)
class Known:
    """A file's lines by plain name; those with patterns or hashed names apart; and the blobs of revoked keys."""

    plain: dict[str, list[Line]] = field(default_factory=dict)
    patterns: list[Line] = field(default_factory=list)
    hashed: list[tuple[bytes, bytes, Line]] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)


class UnknownHostKey(SSHException):
    """The host shows a key that no known_hosts file has; `fingerprint` as ssh-keygen -l prints it."""

    def __init__(self, name: str, key: PKey, files: tuple[Path, ...], *, revoked: bool = False) -> None:
        super().__init__(f"unknown host key of {name}")
        self.name = name
        self.kind = key.get_name()
        self.fingerprint = str(key.fingerprint)
        self.files = files
        self.revoked = revoked


def server_name(hostname: str, port: int) -> str:
    """The name a key is filed under: "gpu-01", or "[gpu-01]:2222" for another port than 22."""
    return hostname if port == 22 else f"[{hostname}]:{port}"


@functools.cache
def read(file: Path) -> Known:
    """A known_hosts file; empty where there is none. Lines that are not understood are passed over, as ssh does."""
    known = Known()
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return known
    for line in text.splitlines():
        _file(line.split(), known)
    return known


def _file(words: list[str], known: Known) -> None:
    marker = words.pop(0) if words and words[0].startswith("@") else ""
    if len(words) < 3 or words[0].startswith("#") or marker == "@cert-authority":
        return
    line = Line(*words[:3])
    if marker == "@revoked":
        known.revoked.add(line.blob)
    elif line.hosts.startswith("|1|"):
        known.hashed.extend(filter(None, [_hashed(line)]))
    elif any(character in line.hosts for character in "*?!"):
        known.patterns.append(line)
    else:
        for name in line.hosts.split(","):
            known.plain.setdefault(name.lower(), []).append(line)


def fill(keys: HostKeys, files: tuple[Path, ...], name: str, server: str = "") -> None:
    """Put the keys on file for a name into paramiko's table, under `server` where paramiko looks for another name.

    Keys that one of the files revokes are left out.
    """
    listed = [read(file) for file in files]
    revoked = set().union(*(known.revoked for known in listed))
    for known in listed:
        for line in _lines(known, name.lower()):
            key = _key(line) if line.blob not in revoked else None
            if key is not None:
                keys.add(server or name, key.get_name(), key)


def _lines(known: Known, name: str) -> list[Line]:
    matching = [line for line in known.patterns if _matches(line.hosts, name)]
    encoded = name.encode()
    hashed = [line for salt, digest, line in known.hashed if hmac.digest(salt, encoded, "sha1") == digest]
    return known.plain.get(name, []) + matching + hashed


def _matches(hosts: str, name: str) -> bool:
    """A comma list of patterns; one with "!" that matches excludes (ssh_config(5), PATTERNS)."""
    patterns = [pattern.replace("[", "[[]") for pattern in hosts.lower().split(",")]
    if any(fnmatch.fnmatchcase(name, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _hashed(line: Line) -> tuple[bytes, bytes, Line] | None:
    """Salt, digest and line of a hashed name "|1|SALT|DIGEST"; each look-up has to try them all."""
    try:
        salt, digest = (base64.b64decode(part) for part in line.hosts.split("|")[2:4])
    except (ValueError, binascii.Error):
        return None
    return salt, digest, line


@functools.cache
def _key(line: Line) -> PKey | None:
    try:
        return PKey.from_type_string(line.kind, base64.b64decode(line.blob))
    except Exception:
        # paramiko raises many kinds of errors for a key that it does not know; ssh ignores such lines.
        return None


class Policy(MissingHostKeyPolicy):
    """What happens to a key that is not on file for `name`: refused, or with `accept_new` written to the first file."""

    def __init__(self, files: tuple[Path, ...], name: str, *, accept_new: bool) -> None:
        self.files = files
        self.name = name
        self.accept_new = accept_new

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:
        revoked = any(key.get_base64() in read(file).revoked for file in self.files)
        if revoked or not self.accept_new or not self.files:
            raise UnknownHostKey(self.name, key, self.files, revoked=revoked)
        with _APPEND:
            _append(self.files[0], f"{self.name} {key.get_name()} {key.get_base64()}\n")


def _append(file: Path, line: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as opened:
        opened.write(line)
