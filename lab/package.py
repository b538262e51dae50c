"""A conda package as data: what the channel packs into a .conda file and the installers lay down in their prefix."""

import hashlib
import json
from dataclasses import dataclass, field

# A path that is replaced in text files when a package is linked; conda-build uses one of 255 characters for it.
PLACEHOLDER = "/opt/gpufleet-lab/placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold"
STAND_IN = "A stand-in from the gpufleet lab: the true name, version and dependencies, none of the function."
# One fixed moment for every package, so that equal input gives equal bytes: 2025-09-01T00:00:00Z in milliseconds.
TIMESTAMP_MS = 1_756_684_800_000


@dataclass(frozen=True)
class Entry:
    """One path of a package: its bytes, or the target of a symbolic link; `prefix`: PLACEHOLDER occurs in it."""

    data: bytes = b""
    mode: int = 0o644
    link: str | None = None

    @property
    def prefix(self) -> bool:
        return PLACEHOLDER.encode() in self.data


@dataclass(frozen=True)
class Package:
    """`entries` by path relative to the prefix; those of a noarch Python package start with site-packages/."""

    name: str
    version: str
    build: str
    subdir: str = "linux-64"
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    entries: dict[str, Entry] = field(default_factory=dict)
    scripts: tuple[str, ...] = ()
    license: str = "LicenseRef-gpufleet-lab"

    @property
    def noarch_python(self) -> bool:
        return self.subdir == "noarch" and any(path.startswith("site-packages/") for path in self.entries)

    @property
    def dist(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def build_number(self) -> int:
        """The number in h9e4cc4f_1_cpython or pyhd8ed1ab_0."""
        return next(int(part) for part in self.build.split("_") if part.isdigit())


def text(content: str, mode: int = 0o644) -> Entry:
    return Entry(content.encode(), mode)


def index_json(package: Package) -> dict[str, object]:
    """info/index.json, as `conda-build` writes it (https://docs.conda.io/projects/conda-build, "Package metadata")."""
    index: dict[str, object] = {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "build_number": package.build_number,
        "depends": list(package.depends),
        "constrains": list(package.constrains),
        "subdir": package.subdir,
        "license": package.license,
        "timestamp": TIMESTAMP_MS,
    }
    if package.noarch_python:
        index["noarch"] = "python"
    elif package.subdir == "noarch":
        index["noarch"] = "generic"
    else:
        index |= {"arch": "x86_64", "platform": "linux"}
    return index


def path_json(path: str, entry: Entry) -> dict[str, object]:
    """One row of info/paths.json."""
    if entry.link is not None:
        return {"_path": path, "path_type": "softlink", "sha256": hashlib.sha256(b"").hexdigest(), "size_in_bytes": 0}
    row: dict[str, object] = {
        "_path": path,
        "path_type": "hardlink",
        "sha256": hashlib.sha256(entry.data).hexdigest(),
        "size_in_bytes": len(entry.data),
    }
    if entry.prefix:
        row |= {"file_mode": "text", "prefix_placeholder": PLACEHOLDER}
    return row


def info_files(package: Package) -> dict[str, Entry]:
    """The files below info/ that describe a package to conda."""
    documents: dict[str, object] = {
        "info/index.json": index_json(package),
        "info/paths.json": {
            "paths": [path_json(path, entry) for path, entry in sorted(package.entries.items())],
            "paths_version": 1,
        },
        "info/about.json": {"summary": STAND_IN},
    }
    if package.noarch_python:
        noarch = {"type": "python", "entry_points": list(package.scripts)}
        documents["info/link.json"] = {"noarch": noarch, "package_metadata_version": 1}
    files = {path: text(json.dumps(document, indent=2, sort_keys=True)) for path, document in documents.items()}
    files["info/files"] = text("".join(f"{path}\n" for path in sorted(package.entries)))
    return files
