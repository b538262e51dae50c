"""The installers that the lab serves below /installers: the vendors' file names, and stand-ins inside.

A host needs the folder that `runtime()` returns, bound read-only at `interpreter.MOUNT`, and the marker
/etc/gpufleet-lab.
An installer is a shell script with an uncompressed tar archive behind it: the same bytes on every machine, because
nothing in it is compressed, dated or taken from outside this folder. `installers.sha256` holds their hashes.
"""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from lab import base, package
from lab import runtime as python_runtime
from lab.package import Entry

HEADER = Path(__file__).parent / "conda" / "installer.sh"
HASHES = Path(__file__).parent / "installers.sha256"


def build(webroot: Path) -> None:
    """Write every installer and its .sha256 side file into `webroot`/installers."""
    folder = webroot / "installers"
    folder.mkdir(parents=True, exist_ok=True)
    for installer in base.INSTALLERS:
        content = script(installer)
        (folder / installer.file).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        (folder / f"{installer.file}.sha256").write_text(f"{digest}  {installer.file}\n")


def runtime() -> Path:
    """The cached folder to bind read-only into each host at `interpreter.MOUNT`; built once, in about 10 seconds."""
    return python_runtime.folder()


def sha256(name: str) -> str:
    """The hash of an installer by file name, as committed; raises KeyError for an unknown one."""
    lines = (line.split() for line in HASHES.read_text().splitlines())
    return {file: digest for digest, file in lines}[name]


def hashes() -> str:
    """The content that `installers.sha256` must have, in the form of sha256sum(1)."""
    found = ((hashlib.sha256(script(installer)).hexdigest(), installer.file) for installer in base.INSTALLERS)
    return "".join(f"{digest}  {file}\n" for digest, file in found)


def script(installer: base.Installer) -> bytes:
    """The installer's bytes: the header with its values filled in, then the payload."""
    payload = _payload(installer)
    header = HEADER.read_text()
    values = {
        "PRODUCT": installer.product,
        "VERSION": installer.version,
        "DEFAULT": installer.product.lower(),
        "NAMES": " ".join(part.name for part in base.packages(installer)),
        "PLACEHOLDER": package.PLACEHOLDER,
        "LINES": str(header.count("\n")),
        # header.sh checks an md5 too; it guards against a cut download, the sha256 of the whole file against all else.
        "MD5": hashlib.md5(payload, usedforsecurity=False).hexdigest(),
    }
    for key, value in values.items():
        header = header.replace(f"@{key}@", value)
    return header.encode() + payload


def _payload(installer: base.Installer) -> bytes:
    entries: dict[str, Entry] = {}
    lines = []
    for part in base.packages(installer):
        entries |= part.entries
        document = json.dumps(base.record(part, installer.channel), indent=2, sort_keys=True)
        entries[f"conda-meta/{part.dist}.json"] = package.text(document)
        entries[f"pkgs/{part.dist}/info/index.json"] = package.text(
            json.dumps(package.index_json(part), sort_keys=True)
        )
        lines.append(f"+{installer.channel}/{part.subdir}::{part.dist}")
    # Miniforge's installer writes this file, and no package owns it.
    entries[".condarc"] = package.text(
        "channels:\n  - conda-forge\n" if installer.channel == base.FORGE else "channels:\n  - defaults\n"
    )
    entries[".placeholders"] = package.text(
        "".join(f"{path}\n" for path, entry in sorted(entries.items()) if _patched(path, entry))
    )
    block = ["==> 2025-09-01 00:00:00 <==", "# cmd: constructor", *lines, "# update specs: []"]
    entries["conda-meta/.history-block"] = package.text("\n".join(block) + "\n")
    return _tar(entries)


def _patched(path: str, entry: Entry) -> bool:
    return entry.prefix and not path.startswith(("conda-meta/", "pkgs/"))


def _tar(entries: dict[str, Entry]) -> bytes:
    """A ustar archive in sorted order, owned by root and dated 2025-09-01, whatever machine writes it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, entry in sorted(entries.items()):
            member = tarfile.TarInfo(path)
            member.mtime = package.TIMESTAMP_MS // 1000
            member.mode, member.size = entry.mode, len(entry.data)
            if entry.link is not None:
                member.type, member.linkname, member.mode = tarfile.SYMTYPE, entry.link, 0o777
            archive.addfile(member, io.BytesIO(entry.data))
    return buffer.getvalue()


if __name__ == "__main__":
    HASHES.write_text(hashes())
