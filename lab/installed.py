"""Packages that a host has from its first day: their files, and their records in dpkg's database."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from lab import deb


def register(root: Path, packages: Iterable[deb.Package]) -> None:
    """Lay a package's files into a fresh root and record it as installed, as dpkg would (dpkg-query(1)).

    dpkg itself is not asked: each of its runs would rewrite the whole database, and hosts are made often.
    """
    paragraphs = []
    for package in packages:
        names = [_lay(root, path, entry) for path, entry in package.entries.items()]
        folders = {f"/{parent}" for path in package.entries for parent in Path(path).parents if str(parent) != "."}
        listed = "\n".join(["/.", *sorted({*names, *folders})]) + "\n"
        info = root / "var/lib/dpkg/info"
        (info / f"{package.name}.list").write_text(listed)
        (info / f"{package.name}.md5sums").write_text(_sums(package))
        for kind, text in package.scripts.items():
            (info / f"{package.name}.{kind}").write_text(text)
            (info / f"{package.name}.{kind}").chmod(0o755)
        paragraphs.append(_paragraph(package))
    with (root / "var/lib/dpkg/status").open("a") as status:
        status.write("".join(paragraphs))


def _lay(root: Path, path: str, entry: deb.Entry) -> str:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if entry.link is not None:
        target.symlink_to(entry.link)
    else:
        target.write_bytes(entry.data)
        target.chmod(entry.mode)
    return f"/{path}"


def _sums(package: deb.Package) -> str:
    """Lines of dpkg's md5sums file; without one `dpkg --audit` finds the package damaged."""
    files = {path: entry.data for path, entry in package.entries.items() if entry.link is None}
    sums = {path: hashlib.md5(data, usedforsecurity=False).hexdigest() for path, data in files.items()}
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))


def _paragraph(package: deb.Package) -> str:
    first, _, rest = deb.control(package).partition("\n")
    return f"{first}\nStatus: install ok installed\n{rest.rstrip()}\n\n"
