"""Reads the compatibility data, each file once and only when it is asked for."""

import functools
from pathlib import Path
from typing import Any

import yaml

from schema.compat.models import (
    Architecture,
    Branch,
    CudaToolkit,
    GpuModel,
    Installer,
    UbuntuRelease,
)
from schema.model import version_key

Row = dict[str, object]


@functools.cache
def load(file: str) -> dict[str, Any]:
    """A data file: `sources` by short name, and lists of rows."""
    loaded: dict[str, Any] = yaml.load((Path(__file__).parent / file).read_bytes(), Loader=yaml.CSafeLoader)
    return loaded


def rows(file: str, key: str = "rows") -> list[Row]:
    """The rows of `file`, with the short names of their sources spelt out."""
    loaded = load(file)
    sources = loaded["sources"]
    return [{**row, "source": tuple(sources[name] for name in row["source"])} for row in loaded[key]]


def _gpu(row: Row, sources: dict[str, str]) -> GpuModel:
    values = {key: value for key, value in row.items() if key != "fp32"}
    values["pci_ids"] = tuple(f"10de:{device}" for device in _texts(row.get("pci_ids")))
    fp32 = row.get("fp32")
    if isinstance(fp32, list):
        values |= {"fp32_tflops": fp32[0], "fp32_source": (sources[fp32[1]],), "fp32_confirmed": fp32[2]}
    return GpuModel.model_validate(values)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


@functools.cache
def described() -> tuple[GpuModel, ...]:
    """The products that are described in full."""
    sources = load("gpus.yaml")["sources"]
    return tuple(_gpu(row, sources) for row in rows("gpus.yaml"))


@functools.cache
def boards() -> tuple[GpuModel, ...]:
    """Further boards, some without memory or speed; read when no described product fits."""
    sources = load("boards.yaml")["sources"]
    return tuple(_gpu(row, sources) for row in rows("boards.yaml"))


def gpus() -> tuple[GpuModel, ...]:
    return described() + boards()


@functools.cache
def toolkits() -> dict[str, CudaToolkit]:
    """By full version ("12.9.1") and by release ("12.9", whose floor is that of its first full version)."""
    minor = {row["major"]: str(row["floor"]) for row in rows("toolkits.yaml", "minor")}
    found: dict[str, CudaToolkit] = {}
    for row in sorted(rows("toolkits.yaml"), key=lambda row: version_key(str(row["version"]))):
        version, floor = str(row["version"]), row["floor"]
        values = {key: value for key, value in row.items() if key != "floor"}
        floors = {"floor_full": floor, "floor_minor": minor.get(version_key(version)[0], floor)}
        for name in (version, ".".join(version.split(".")[:2])):
            found.setdefault(name, CudaToolkit.model_validate({**values, "version": name, **floors}))
    return found


@functools.cache
def architectures() -> dict[str, Architecture]:
    found: dict[str, Architecture] = {}
    for row in rows("architectures.yaml"):
        architecture = Architecture.model_validate(row)
        known = [version for version in architecture.compute.values() if version is not None]
        first = min(known, key=version_key, default=None)
        toolkit = toolkits().get(first) if first is not None else None
        floor = toolkit.floor_full if toolkit is not None else None
        branch = version_key(floor)[0] if floor else architecture.first_branch
        update = {"first_cuda": first, "first_branch": branch}
        found[architecture.name] = architecture.model_copy(update=update)
    return found


@functools.cache
def branches() -> dict[int, Branch]:
    """By number, newest first."""
    return {branch.number: branch for branch in map(Branch.model_validate, rows("branches.yaml"))}


@functools.cache
def releases() -> dict[str, UbuntuRelease]:
    return {release.version: release for release in map(UbuntuRelease.model_validate, rows("releases.yaml"))}


DISTRIBUTIONS = ("miniforge", "miniconda", "anaconda")


@functools.cache
def _installers() -> dict[str, Any]:
    return load("installers.yaml")


@functools.cache
def installers() -> dict[tuple[str, str, str], str]:
    """sha256 by distribution, version and architecture, newest first. A row is made when it is asked for."""
    loaded = _installers()
    found = {}
    for distribution in DISTRIBUTIONS:
        for version, files in loaded[distribution]["versions"].items():
            found.update({(distribution, version, arch): sha256 for arch, sha256 in files.items()})
    return found


@functools.lru_cache(maxsize=64)
def installer(distribution: str, version: str, arch: str) -> Installer:
    """The vendor's installer; without `sha256`, and not confirmed, where no source has it."""
    file, sha256 = installer_file(distribution, version, arch), installers().get((distribution, version, arch))
    loaded = _installers()
    names = loaded[distribution]["source"] if sha256 is not None else ()
    source = tuple(loaded["sources"][name] for name in names) or ("the vendor's naming scheme",)
    values = {"distribution": distribution, "version": version, "arch": arch, "file": file, "sha256": sha256}
    url = installer_url(distribution, version, file)
    return Installer.model_validate({**values, "url": url, "source": source, "confirmed": sha256 is not None})


def installer_file(distribution: str, version: str, arch: str) -> str:
    """The vendor's file name: "Miniforge3-25.3.1-0-Linux-x86_64.sh"."""
    return f"{distribution.capitalize()}3-{version}-Linux-{arch}.sh"


def installer_url(distribution: str, version: str, file: str) -> str:
    if distribution == "miniforge":
        return f"https://github.com/conda-forge/miniforge/releases/download/{version}/{file}"
    return f"https://repo.anaconda.com/{'miniconda' if distribution == 'miniconda' else 'archive'}/{file}"
