"""A Debian package as data, its bytes, and its paragraph in a repository's index (deb(5), deb-control(5))."""

import gzip
import hashlib
import io
import tarfile
from typing import Literal

from pydantic import BaseModel, ConfigDict

# One fixed moment for every file, so that equal input gives equal bytes: 2025-09-01T00:00:00Z.
EPOCH = 1_756_684_800
MARKER = "etc/gpufleet-lab"
REFUSAL = """#!/bin/sh
if ! test -e /{marker}; then
    echo "{name} is a stand-in from the gpufleet lab. This machine is no lab host (no /{marker}): refused." >&2
    exit 1
fi
"""

Script = Literal["preinst", "postinst", "prerm", "postrm"]


class Entry(BaseModel):
    """One path of a package: its bytes, or the target of a symbolic link."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: bytes = b""
    mode: int = 0o644
    link: str | None = None


class Package(BaseModel):
    """`entries` by path without a leading slash; relations as in control files; scripts without preinst's refusal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    architecture: Literal["amd64", "all"] = "amd64"
    maintainer: str
    section: str = "misc"
    source: str | None = None
    multi_arch: Literal["same", "foreign"] | None = None
    depends: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    summary: str
    entries: dict[str, Entry] = {}
    conffiles: tuple[str, ...] = ()
    scripts: dict[Script, str] = {}

    @property
    def filename(self) -> str:
        return f"{self.name}_{self.version}_{self.architecture}.deb"


def text(content: str, mode: int = 0o644) -> Entry:
    return Entry(data=content.encode(), mode=mode)


def link(target: str) -> Entry:
    return Entry(link=target)


def control(package: Package) -> str:
    """The control paragraph, with the sum of the file sizes in KiB as Installed-Size."""
    size = sum(-(-len(entry.data) // 1024) for entry in package.entries.values()) + 1
    fields = {
        "Package": package.name,
        "Source": package.source or "",
        "Version": package.version,
        "Architecture": package.architecture,
        "Multi-Arch": package.multi_arch or "",
        "Maintainer": package.maintainer,
        "Installed-Size": str(size),
        "Section": package.section,
        "Priority": "optional",
        "Depends": ", ".join(package.depends),
        "Recommends": ", ".join(package.recommends),
        "Conflicts": ", ".join(package.conflicts),
        "Breaks": ", ".join(package.breaks),
        "Provides": ", ".join(package.provides),
        "Replaces": ", ".join(package.replaces),
        "Description": f"{package.summary} (stand-in)\n A stand-in of the gpufleet lab: installs on lab hosts only.",
    }
    return "".join(f"{key}: {value}\n" for key, value in fields.items() if value)


def build(package: Package) -> bytes:
    """The bytes of the .deb: an ar(5) archive of debian-binary, control.tar.gz and data.tar.gz."""
    scripts = {"preinst": REFUSAL.format(marker=MARKER, name=package.name)} | package.scripts
    members = {"control": text(control(package))}
    members |= {name: text(body, 0o755) for name, body in scripts.items()}
    if package.conffiles:
        members["conffiles"] = text("".join(f"/{path}\n" for path in package.conffiles))
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": _tar(members),
        "data.tar.gz": _tar(package.entries),
    }
    return b"!<arch>\n" + b"".join(_member(name, data) for name, data in parts.items())


def index(package: Package, data: bytes, path: str) -> str:
    """The package's paragraph in Packages; `path` is relative to the root that its source line names."""
    return (
        control(package)
        + f"Filename: {path}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
        + f"MD5sum: {hashlib.md5(data, usedforsecurity=False).hexdigest()}\n"
    )


def _member(name: str, data: bytes) -> bytes:
    header = f"{name:<16}{EPOCH:<12}{0:<6}{0:<6}{0o100644:<8o}{len(data):<10}`\n"
    return header.encode() + data + b"\n" * (len(data) % 2)


def _tar(entries: dict[str, Entry]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for folder in _folders(entries):
            archive.addfile(_info(f"./{folder}", tarfile.DIRTYPE, 0o755))
        for path, entry in sorted(entries.items()):
            kind = tarfile.SYMTYPE if entry.link is not None else tarfile.REGTYPE
            info = _info(f"./{path}", kind, entry.mode)
            info.linkname = entry.link or ""
            info.size = len(entry.data)
            archive.addfile(info, io.BytesIO(entry.data))
    return gzip.compress(buffer.getvalue(), compresslevel=6, mtime=0)


def _folders(entries: dict[str, Entry]) -> list[str]:
    folders = {""}
    for path in entries:
        parts = path.split("/")[:-1]
        folders |= {"/".join(parts[: depth + 1]) for depth in range(len(parts))}
    return sorted(folders)


def _info(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mtime = kind, EPOCH
    info.mode = 0o777 if kind == tarfile.SYMTYPE else mode
    info.uname = info.gname = "root"
    return info
