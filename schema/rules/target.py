"""nvcc's targets: whether code that a CUDA toolkit makes runs on a GPU."""

import functools
from typing import Literal

from schema.compat import data
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import cards
from schema.rules.cards import Kind

Fit = Literal["exact", "lower", "none"]


@functools.lru_cache(maxsize=256)
def targets(version: str) -> dict[str, bool]:
    """The compute capabilities that nvcc of a toolkit makes code for, and whether that is confirmed."""
    key = version_key(version)[:2]
    return {
        compute: row.confirmed
        for row in data.architectures().values()
        for compute, first in row.compute.items()
        if (first is None or key >= version_key(first)) and (row.last_cuda is None or key <= version_key(row.last_cuda))
    }


# Devices of Jetson boards: their code runs on no other device, nor that of others on them
# (https://docs.nvidia.com/cuda/cuda-c-programming-guide, "Binary compatibility is supported only for the desktop").
TEGRA = frozenset({"5.3", "6.2", "7.2", "8.7", "11.0"})


@functools.lru_cache(maxsize=256)
def names(version: str) -> frozenset[str]:
    """The compute capabilities of `targets` alone."""
    return frozenset(targets(version))


@functools.lru_cache(maxsize=1 << 12)
def runnable(compute: str, known: frozenset[str]) -> str | None:
    """The target whose code runs on `compute`: itself, else the highest lower minor of its major; None without one.

    Code runs on devices of the same major and an equal or higher minor capability
    (https://docs.nvidia.com/cuda/cuda-c-programming-guide, "Binary Compatibility").
    """
    if compute in TEGRA:
        return compute if compute in known else None
    major, minor = version_key(compute)
    below = [key for key in map(version_key, known - TEGRA) if key[0] == major and key[1] <= minor]
    return ".".join(map(str, max(below))) if below else None


def fit(kind: Kind, version: str) -> Fit:
    found = runnable(kind.compute, names(version))
    return "none" if found is None else "exact" if found == kind.compute else "lower"


def suits(spec: HostSpec, version: str) -> bool:
    """Whether a toolkit makes code for every known GPU, under one meaning of its name at least."""
    return cards.possible(spec, lambda kind: fit(kind, version) != "none")
