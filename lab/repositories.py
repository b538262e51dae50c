"""Builds the lab's apt repositories: NVIDIA's flat ones, one per Ubuntu release, and a part of Ubuntu's archive."""

import gzip
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from pathlib import Path

from lab import cached, deb, signing
from lab.packages import archive, cuda, cudnn, kernel, nvidia, setup

DISTROS = ("ubuntu2204", "ubuntu2404", "ubuntu2604")
CODENAMES = {"jammy": "22.04", "noble": "24.04", "resolute": "26.04"}
POCKETS = ("", "-updates")


def build(webroot: Path, kernel: str) -> None:
    """Lay /cuda/DISTRO/x86_64/ and /ubuntu/ below `webroot`, for hosts whose `uname -r` is `kernel`.

    A second build of equal sources takes the files from the cache. Raises subprocess.CalledProcessError if gpg fails.
    """
    made = cached.folder("repositories", [*_sources(), kernel.encode()], lambda folder: _build(folder, kernel))
    for name in ("cuda", "ubuntu"):
        shutil.copytree(made / name, webroot / name, copy_function=_link, dirs_exist_ok=True)


def cuda_packages(distro: str, key: bytes = b"") -> list[deb.Package]:
    """All packages of NVIDIA's repository for one release."""
    return [*setup.packages(distro, key), *nvidia.packages(distro), *cuda.packages(distro), *cudnn.packages(distro)]


def archive_packages(codename: str, pocket: str, release: str) -> dict[str, list[deb.Package]]:
    """The archive's packages of one pocket, by component."""
    main = [] if pocket else kernel.packages(codename, release)
    return {"main": main, "restricted": archive.packages(codename, pocket, release)}


def _sources() -> list[bytes]:
    here = Path(__file__).parent
    folders = (here / "packages", here / "standin", here / "keys")
    files = sorted(path for folder in folders for path in folder.iterdir() if path.is_file())
    modules = ("deb.py", "elf.py", "libcuda.py", "payload.py", "repositories.py", "signing.py", "smi.py")
    return [path.name.encode() + path.read_bytes() for path in files] + cached.sources(*modules)


def _build(folder: Path, release: str) -> None:
    built: dict[str, tuple[deb.Package, bytes]] = {}
    with signing.keyring() as home:
        for distro in DISTROS:
            _flat(folder / "cuda" / distro / "x86_64", distro, home, built)
        for codename in CODENAMES:
            for pocket in POCKETS:
                _pocket(folder / "ubuntu", codename, pocket, release, home)


def _flat(folder: Path, distro: str, home: Path, built: dict[str, tuple[deb.Package, bytes]]) -> None:
    folder.mkdir(parents=True)
    paragraphs = []
    for package in cuda_packages(distro, signing.public(home, armoured=False)):
        data = _built(package, built)
        (folder / package.filename).write_bytes(data)
        paragraphs.append(deb.index(package, data, f"./{package.filename}"))
    (folder / "lab-archive.asc").write_bytes(signing.public(home, armoured=True))
    _index(folder, paragraphs)
    fields = {"Origin": "NVIDIA", "Label": "NVIDIA CUDA", "Architecture": "x86_64"}
    _release(folder, fields, ("Packages", "Packages.gz"), home)


def _built(package: deb.Package, built: dict[str, tuple[deb.Package, bytes]]) -> bytes:
    """The bytes of a package, built once for all releases that carry the same."""
    known = built.get(package.filename)
    if known is None or known[0] != package:
        known = built[package.filename] = package, deb.build(package)
    return known[1]


def _pocket(root: Path, codename: str, pocket: str, release: str, home: Path) -> None:
    suite = root / "dists" / f"{codename}{pocket}"
    indices = []
    for component, packages in archive_packages(codename, pocket, release).items():
        place = suite / component / "binary-amd64"
        place.mkdir(parents=True)
        _index(place, [_pooled(root, component, package) for package in packages])
        indices += [f"{component}/binary-amd64/{name}" for name in ("Packages", "Packages.gz")]
    fields = {
        "Origin": "Ubuntu",
        "Label": "Ubuntu",
        "Suite": f"{codename}{pocket}",
        "Version": CODENAMES[codename],
        "Codename": codename,
        "Architectures": "amd64",
        "Components": "main restricted",
    }
    _release(suite, fields, indices, home)


def _pooled(root: Path, component: str, package: deb.Package) -> str:
    path = f"pool/{component}/{package.name[:1]}/{package.name}/{package.filename}"
    data = deb.build(package)
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    # The pockets of all releases share the pool, so one name and version must be one file.
    if target.exists() and target.read_bytes() != data:
        raise ValueError(f"two different packages are called {package.filename}")
    target.write_bytes(data)
    return deb.index(package, data, path)


def _index(folder: Path, paragraphs: Iterable[str]) -> None:
    body = "\n".join(paragraphs).encode()
    (folder / "Packages").write_bytes(body)
    (folder / "Packages.gz").write_bytes(gzip.compress(body, mtime=0))


def _release(folder: Path, fields: Mapping[str, str], names: Iterable[str], home: Path) -> None:
    lines = [f"{key}: {value}" for key, value in fields.items()]
    lines += [f"Date: {formatdate(deb.EPOCH, usegmt=True)}", "SHA256:"]
    for name in names:
        data = (folder / name).read_bytes()
        lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data):>10} {name}")
    (folder / "Release").write_text("\n".join(lines) + "\n")
    signing.sign(home, folder / "Release")


def _link(source: str, target: str) -> None:
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        # The web root may be on another file system than the cache.
        shutil.copy2(source, target)
