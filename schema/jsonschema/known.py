"""What is known to be possible for a key, from the compatibility data: what an editor completes with.

None of it is a limit: every other text of the key's form stays allowed, since data can be behind the world.
"""

import functools
from collections.abc import Callable, Iterable

from schema import codes, compat
from schema.compat import data
from schema.rules.accept import REFUSALS

Json = dict[str, object]
# Each value with what an editor shows beside it.
Values = Iterable[tuple[object, str]]


def reference(path: str) -> list[Json]:
    """The known values at a path, as one schema; [] where any value is as good as another."""
    return [{"$ref": f"#/definitions/{KNOWN[path]}"}] if path in KNOWN else []


@functools.cache
def definitions() -> dict[str, Json]:
    """What `reference` leads to; an editor's message for another value is short instead of the whole list."""
    found = {name: (dict(made()), words) for name, (made, words) in LISTS.items()}
    return {
        name: {"enum": list(row), "enumDescriptions": list(row.values()), "errorMessage": f"Write {words}."}
        for name, (row, words) in found.items()
    }


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
        yield row.number, f"{row.state}; kernel modules: {', '.join(row.flavours)}"


def _toolkits() -> Values:
    for version in reversed(compat.toolkits()):
        row = compat.toolkit(version)
        floor = row.floor_minor or row.floor_full if row is not None else None
        yield version, f"Driver {floor} or newer." if floor is not None else "No source says which driver it needs."


def _installers() -> Values:
    for distribution in ("miniforge", "miniconda", "anaconda"):
        for version in compat.installer_versions(distribution, "x86_64"):
            yield version, f"{distribution}, its sha256 is known"


def _codes() -> Values:
    for code, entry in codes.all_codes().items():
        if code.startswith(("CMP", "GPU")) and not code.startswith(REFUSALS):
            yield code, entry.title


LISTS: dict[str, tuple[Callable[[], Values], str]] = {
    "gpus": (_gpus, "a GPU's name such as GTX 1080, H100 SXM or A100 80GB"),
    "branches": (_branches, "auto or a branch number such as 580"),
    "toolkits": (_toolkits, 'a CUDA version such as "12.9"'),
    "installers": (_installers, "an installer's version such as 25.3.1-0"),
    "codes": (_codes, "a code such as CMP001 or GPU120; fleet explain lists all"),
}
KNOWN = {
    "gpus.model": "gpus",
    "driver.branch": "branches",
    "cuda.toolkits[]": "toolkits",
    "cuda.default": "toolkits",
    "conda.version": "installers",
    "accept.code": "codes",
}
