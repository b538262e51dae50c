"""What uv reads: requirements and indexes, wheels that stand for conda's packages, an earlier lock."""

import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from packaging.version import InvalidVersion, Version

from schema.environments import PinnedPackage, PipIndex, requirement_name

PROJECT, LOCK, PROVIDED = "pyproject.toml", "pylock.toml", "provided"
# Stands for the environment in uv's explanations, where refusal_pip puts "you" in its place.
DECLARATION = "the-declaration"
# Distributions whose name on PyPI is not conda-forge's (conda-forge's own name mapping of its Python feedstocks).
OTHER_NAMES = {
    "brotli-python": "brotli",
    "cupy-core": "cupy",
    "dask-core": "dask",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "nbconvert-core": "nbconvert",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pyarrow-core": "pyarrow",
    "pytables": "tables",
    "python-build": "build",
    "python-fastjsonschema": "fastjsonschema",
    "python-flatbuffers": "flatbuffers",
    "python-graphviz": "graphviz",
    "python-tzdata": "tzdata",
    "python-xxhash": "xxhash",
    "pytorch": "torch",
    "seaborn-base": "seaborn",
    "sentencepiece-python": "sentencepiece",
    "tensorflow-base": "tensorflow",
}


def own_indexes(indexes: Iterable[PipIndex]) -> dict[str, str]:
    """The index by normalised name, for the packages that come from an index of their own."""
    return {requirement_name(name): index.url for index in indexes for name in index.packages}


def provided(conda: Mapping[str, str]) -> dict[str, str]:
    """conda's Python packages by their name on PyPI; without those whose name or version cannot be there (PEP 440)."""
    found = {}
    for name, version in conda.items():
        key = requirement_name(name)
        try:
            found[requirement_name(OTHER_NAMES.get(key, key))] = str(Version(version))
        except InvalidVersion:
            continue
    return {name: version for name, version in found.items() if name != "python" and name[:1].isalnum()}


def with_extras(requirements: Iterable[str]) -> set[str]:
    """The packages that are asked for with extras, which conda may not have brought: "uvicorn[standard]"."""
    return {requirement_name(item) for item in requirements if re.match(r"[A-Za-z0-9._-]+\s*\[", item)}


def hashes(requirements: Iterable[str]) -> dict[str, set[str]]:
    """The sha256 that requirements name themselves, by normalised name."""
    found = ((requirement_name(item), set(re.findall(r"--hash=sha256:([0-9a-f]{64})", item))) for item in requirements)
    return {name: digests for name, digests in found if digests}


def write(
    folder: Path, requirements: Iterable[str], indexes: Sequence[PipIndex], main: str | None, conda: Mapping[str, str]
) -> None:
    """The project file, and a wheel without content for each of conda's packages; of one that is asked for with extras
    the index says what these need.

    An index with packages is `explicit`: it is asked for these and nothing else, and these are asked of no other. One
    without comes before the main one, and the first that has a name is the only one asked for it (uv's first-index): a
    package of a site's own is never taken from PyPI in its place.
    """
    asked = [re.split(r"\s--hash=", item)[0].strip() for item in requirements]
    # A requirement that names its file has no index.
    names = {requirement_name(item) for item in asked if "@" not in item}
    own = own_indexes(indexes)
    tables = [
        "[project]",
        f'name = "{DECLARATION}"',
        'version = "0"',
        f"dependencies = {json.dumps(asked)}",
        "[tool.uv]",
        f"constraint-dependencies = {json.dumps([f'{name}=={version}' for name, version in conda.items()])}",
        f'find-links = ["./{PROVIDED}"]',
    ]
    numbers = {url: number for number, url in enumerate(dict.fromkeys(index.url for index in indexes))}
    explicit = set(own.values())
    for url, number in numbers.items():
        tables += _index(f"index-{number}", url, explicit="true" if url in explicit else "false")
    tables += _index("main", main, default="true") if main is not None else []
    whole = {name: version for name, version in conda.items() if name not in with_extras(asked)}
    for name, version in whole.items():
        tables += ["[[tool.uv.dependency-metadata]]", f"name = {json.dumps(name)}", f"version = {json.dumps(version)}"]
        tables.append("requires-dist = []")
    sources = {name: f"index-{numbers[url]}" for name, url in own.items() if name in names and name not in conda}
    tables += [
        "[tool.uv.sources]",
        *(f'{json.dumps(name)} = {{ index = "{index}" }}' for name, index in sources.items()),
    ]
    (folder / PROJECT).write_text("\n".join([*tables, ""]))
    (folder / PROVIDED).mkdir()
    for name, version in whole.items():
        _wheel(folder / PROVIDED, name, version)


def _index(name: str, url: str, **flags: str) -> list[str]:
    settings = [f"{flag} = {value}" for flag, value in flags.items()]
    return ["[[tool.uv.index]]", f'name = "{name}"', f"url = {json.dumps(url)}", *settings]


def _wheel(folder: Path, name: str, version: str) -> None:
    """A wheel with nothing but its name and version (PEP 427), so that uv finds what conda brings."""
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        tags = "Wheel-Version: 1.0\nGenerator: gpufleet\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{stem}.dist-info/WHEEL", tags)
        archive.writestr(f"{stem}.dist-info/RECORD", "")


def write_kept(folder: Path, keep: Iterable[PinnedPackage]) -> None:
    """An earlier lock, whose versions uv prefers where they still fit (uv pip compile, --output-file)."""
    rows = [
        f"[[packages]]\nname = {json.dumps(item.name)}\nversion = {json.dumps(item.version)}\n"
        for item in keep
        if item.url is None
    ]
    if rows:
        (folder / LOCK).write_text("\n".join(['lock-version = "1.0"\ncreated-by = "gpufleet"\n', *rows]))
