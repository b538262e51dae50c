"""What is known to be possible for a key, from the compatibility data: what an editor completes with.

None of it is a limit: every other text of the key's form stays allowed, since data can be behind the world.
"""

import functools
from collections.abc import Callable, Iterable

from schema import codes, compat
from schema.compat import data
from schema.model import version_key

Json = dict[str, object]
# Each value with what an editor shows beside it.
Values = Iterable[tuple[object, str]]


def reference(path: str) -> list[Json]:
    """The known values at a path, as one schema; [] where any value is as good as another."""
    return [{"$ref": f"#/definitions/{KNOWN[path]}"}] if path in KNOWN else []


def offers(path: str, words: tuple[str, ...]) -> bool:
    """Whether the known values at a path have these words among them, so that they need no schema of their own."""
    row = definitions()[KNOWN[path]]["enum"] if path in KNOWN else None
    return isinstance(row, list) and set(words) <= set(row)


@functools.cache
def definitions() -> dict[str, Json]:
    """What `reference` leads to; an editor's message for another value is short instead of the whole list."""
    found = {name: (dict(made()), words) for name, (made, words) in LISTS.items()}
    return {
        name: {"enum": list(row), "enumDescriptions": list(row.values()), "errorMessage": f"Write {words}."}
        for name, (row, words) in found.items()
    }


def _doubt(row: compat.Datum | None) -> str:
    return "" if row is None or row.confirmed else " (not confirmed)"


def _gpus() -> Values:
    """Names as they are typed, "GTX 1080" and not "NVIDIA GeForce GTX 1080"; those described in full come first."""
    for gpu in data.gpus():
        row = compat.architecture(gpu.architecture)
        words = [row.title if row is not None else gpu.architecture, f"compute capability {gpu.compute}"]
        words += [f"{gpu.memory_gib} GiB"] if gpu.memory_gib is not None else []
        for name in (*gpu.aliases, gpu.name):
            yield name.removeprefix("NVIDIA ").removeprefix("GeForce "), ", ".join(words)


def _branches() -> Values:
    yield "auto", "A working driver's own branch, else the one that suits the GPUs."
    for row in compat.branches():
        yield row.number, f"{row.state}; kernel modules: {', '.join(row.flavours)}{_doubt(row)}"


def _drivers() -> Values:
    """Full versions that were seen published, the newest branch and the newest version of it first."""
    for row in compat.branches():
        for version in reversed(row.versions):
            yield version, f"branch {row.number}: {row.state}"


def _listed() -> Values:
    """An entry of cuda.toolkits."""
    yield "auto", "The one that suits the GPUs and the driver."
    yield from _toolkits()


def _toolkits() -> Values:
    for version in reversed(compat.toolkits()):
        row = compat.toolkit(version)
        floor = row.floor_minor or row.floor_full if row is not None else None
        known = f"driver {floor} or newer" if floor is not None else "no source says which driver it needs"
        yield version, f"{known}{_doubt(row)}"


def _cudnns() -> Values:
    yield "auto", "The one that suits the GPUs, the driver and the toolkits."
    for row in compat.cudnns():
        builds = (f"CUDA {major} (driver {build.driver} or newer)" for major, build in row.builds.items())
        yield row.version, f"for {' and '.join(builds)}{_doubt(row)}"


def _pythons() -> Values:
    """The minor versions that some PyTorch release has wheels for, newest first."""
    versions: dict[str, str] = {}
    for row in compat.torches():
        for python in row.pythons:
            versions.setdefault(python, row.version)
    for python in sorted(versions, key=version_key, reverse=True):
        yield python, f"PyTorch has wheels for it up to {versions[python]}."


def _indexes() -> Values:
    yield "auto", "PyTorch's index that suits the GPUs and the driver."
    tags: dict[str, list[str]] = {}
    for row in compat.torches():
        for tag in row.builds:
            tags.setdefault(tag, []).append(row.version)
    for tag, releases in tags.items():
        yield (
            compat.wheel_index(tag),
            f"PyTorch {releases[-1]} to {releases[0]}" if releases[1:] else f"PyTorch {releases[0]}",
        )


def _l4ts() -> Values:
    for row in compat.l4ts():
        yield row.version, f"JetPack {row.jetpack}, Ubuntu {row.ubuntu}, CUDA {row.cuda}{_doubt(row)}"


def _installers() -> Values:
    for distribution in ("miniforge", "miniconda", "anaconda"):
        for version in compat.installer_versions(distribution, "x86_64"):
            yield version, f"{distribution}, its sha256 is known"


def _codes() -> Values:
    for code, entry in codes.all_codes().items():
        if codes.acceptable(code):
            yield code, entry.title


LISTS: dict[str, tuple[Callable[[], Values], str]] = {
    "gpus": (_gpus, "a GPU's name such as GTX 1080, H100 SXM or A100 80GB"),
    "branches": (_branches, "auto or a branch number such as 580"),
    "drivers": (_drivers, "a driver version such as 580.95.05"),
    "cudnns": (_cudnns, "a cuDNN version such as 9.10.2, or auto"),
    "pythons": (_pythons, "a Python version such as 3.11"),
    "indexes": (_indexes, "auto or an index's URL such as https://download.pytorch.org/whl/cu126"),
    "l4ts": (_l4ts, "a release of L4T such as 36.4"),
    "toolkits": (_toolkits, 'a CUDA version such as "12.9"'),
    "listed": (_listed, 'a CUDA version such as "12.9", auto, or {"11.8": absent}'),
    "installers": (_installers, "an installer's version such as 25.3.1-0"),
    "codes": (_codes, "a code such as CMP001 or GPU120; fleet explain lists all"),
}
KNOWN = {
    "gpus.model": "gpus",
    "driver.branch": "branches",
    "cuda.toolkits[]": "listed",
    "cuda.default": "toolkits",
    "l4t": "l4ts",
    "driver.version": "drivers",
    "cudnn.version": "cudnns",
    "environments.python": "pythons",
    "environments.pip.indexes.url": "indexes",
    "conda.version": "installers",
    "accept.code": "codes",
}
