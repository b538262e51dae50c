"""The base environments that the installers lay down, package by package."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from lab import interpreter, modules, package, runtime
from lab.package import Entry, Package

COMMAND = Path(__file__).parent / "conda"
STARTER = "import sys\n\nsys.path.append({modules!r})\nfrom lab.conda import cli\n\ncli.run()\n"
MODULES = f"{interpreter.MOUNT}/site-packages"


@dataclass(frozen=True)
class Installer:
    """One installer; `python` and `conda` are the versions in its base, as far as they are known the vendor's."""

    file: str
    product: str
    version: str
    python: str
    conda: str
    channel: str


FORGE = "https://conda.anaconda.org/conda-forge"
MAIN = "https://repo.anaconda.com/pkgs/main"
INSTALLERS = (
    Installer("Miniforge3-25.3.1-0-Linux-x86_64.sh", "Miniforge3", "25.3.1-0", "3.12.11", "25.3.1", FORGE),
    Installer("Miniforge3-26.3.2-3-Linux-x86_64.sh", "Miniforge3", "26.3.2-3", "3.13.5", "26.3.2", FORGE),
    Installer("Miniconda3-py313_26.5.3-1-Linux-x86_64.sh", "Miniconda3", "py313_26.5.3-1", "3.13.5", "26.5.3", MAIN),
    Installer("Anaconda3-2025.12-2-Linux-x86_64.sh", "Anaconda3", "2025.12-2", "3.13.5", "25.11.0", MAIN),
)


def conda(version: str, python: str) -> Package:
    """conda itself: the stand-in's command and its shell functions."""
    short = interpreter.minor(python)
    site = f"lib/python{short}/site-packages"
    starter = STARTER.format(modules=MODULES)
    script = f"#!{package.PLACEHOLDER}/bin/python\n{starter}"
    profile = (COMMAND / "profile.sh").read_text().replace("@PREFIX@", package.PLACEHOLDER)
    entries = {
        "bin/conda": package.text(script, 0o755),
        "condabin/conda": package.text(script, 0o755),
        "etc/profile.d/conda.sh": package.text(profile),
        f"{site}/conda/__init__.py": package.text(f'"""{package.STAND_IN}"""\n\n__version__ = "{version}"\n'),
        f"{site}/conda/__main__.py": package.text(starter),
        f"{site}/lab/__init__.py": package.text(""),
        "bin/activate": package.text(f'. "{package.PLACEHOLDER}/etc/profile.d/conda.sh"\nconda activate "$@"\n'),
    }
    for path in sorted(COMMAND.glob("*.py")):
        entries[f"{site}/lab/conda/{path.name}"] = Entry(path.read_bytes())
    tag = short.replace(".", "")
    depends = (f"python >={short},<3.{int(tag[1:]) + 1}.0a0", "ca-certificates")
    return Package("conda", version, f"py{tag}h7900ff3_0", depends=depends, entries=entries, license="BSD-3-Clause")


def pip(python: str) -> Package:
    """The real pip of the runtime, by links: an installer that holds it would be of 12 MB."""
    site = f"lib/python{interpreter.minor(python)}/site-packages"
    script = (
        f"#!{package.PLACEHOLDER}/bin/python\nimport sys\nfrom pip._internal.cli.main import main\n\nsys.exit(main())\n"
    )
    known = {f"{site}/{path}": entry for path, entry in modules.dist_info("pip", runtime.PIP, "conda").items()}
    entries = known | {
        f"{site}/pip": Entry(link=f"{interpreter.MOUNT}/pip/pip"),
        "bin/pip": package.text(script, 0o755),
        "bin/pip3": package.text(script, 0o755),
    }
    return Package("pip", runtime.PIP, "pyh8b19718_0", "noarch", ("python >=3.9",), entries=entries, license="MIT")


def empty(name: str, version: str, build: str) -> Package:
    return Package(name, version, build, entries={f"share/gpufleet-lab/{name}": package.text(package.STAND_IN + "\n")})


def packages(installer: Installer) -> list[Package]:
    """What an installer's base holds; Anaconda's has its metapackage and a little of the rest."""
    found = [
        interpreter.python(installer.python),
        interpreter.certificates(),
        conda(installer.conda, installer.python),
        pip(installer.python),
        empty("libmamba", "2.1.1", "h430c389_0"),
    ]
    if installer.product == "Miniforge3":
        return [*found, empty("mamba", "2.1.1", "had4a41a_0")]
    found.append(empty("conda-anaconda-tos", "0.2.2", "py313h06a4308_1"))
    if installer.product == "Anaconda3":
        found += [empty("anaconda", "2025.12", "py313_mkl_0"), empty("anaconda-navigator", "2.7.0", "py313h06a4308_0")]
    return found


def record(part: Package, channel: str) -> dict[str, object]:
    """The conda-meta record of a package that an installer lays down, in the form that conda writes."""
    location = f"{channel}/{part.subdir}/{part.dist}.conda"
    identity = hashlib.sha256(json.dumps(package.index_json(part), sort_keys=True).encode()).hexdigest()
    rows = [package.path_json(path, entry) for path, entry in sorted(part.entries.items())]
    return package.index_json(part) | {
        "channel": f"{channel}/{part.subdir}",
        "fn": f"{part.dist}.conda",
        "url": location,
        "sha256": identity,
        "md5": identity[:32],
        "size": sum(len(entry.data) for entry in part.entries.values()),
        "files": sorted(part.entries),
        "paths_data": {"paths": rows, "paths_version": 1},
        "requested_spec": part.name,
        "requested_specs": [part.name],
        "package_tarball_full_path": "",
        "extracted_package_dir": "",
        "link": {"source": "", "type": 1},
    }
