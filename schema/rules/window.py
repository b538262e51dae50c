"""Which driver branches and module flavours drive a GPU, and all GPUs of a host together."""

import functools
from typing import NamedTuple

from schema import compat
from schema.compat import data
from schema.host import HostSpec
from schema.model import version_key
from schema.once import once
from schema.rules import cards
from schema.rules.cards import Kind

Flavours = frozenset[compat.Flavour]


class Window(NamedTuple):
    """`first` and `last` branch, 0 and None where nothing limits them, and the flavours that drive it."""

    first: int
    last: int | None
    flavours: Flavours

    def holds(self, branch: int) -> bool:
        return self.first <= branch and (self.last is None or branch <= self.last)


def first_branch(kind: Kind) -> int:
    """The branch of the driver that the first toolkit for this exact compute capability came with (5090: 12.8, 570)."""
    version = kind.generation.compute.get(kind.compute)
    toolkit = compat.toolkit(version) if version is not None else None
    if toolkit is not None and toolkit.floor_full is not None:
        return version_key(toolkit.floor_full)[0]
    return kind.generation.first_branch or 0


def of(kind: Kind) -> Window:
    return _of(kind.generation.name, kind.compute)


@functools.cache
def _of(generation: str, compute: str) -> Window:
    """By name: a row of the data has no hash, and every rule about branches asks for this again."""
    row = data.architectures()[generation]
    return Window(first_branch(Kind(row, compute)), row.last_branch, frozenset(row.flavours))


def drives(kind: Kind, branch: int, modules: str = "auto") -> bool:
    """Whether some flavour of `branch`, or the one asked for, drives it."""
    window = of(kind)
    possible = window.flavours & frozenset(compat.flavours(branch))
    return window.holds(branch) and (bool(possible) if modules == "auto" else modules in possible)


def drives_all(spec: HostSpec, branch: int, modules: str = "auto") -> bool:
    """Whether one flavour of `branch` drives every known GPU, under one meaning of its name at least."""
    flavours = compat.flavours(branch) if modules == "auto" else (modules,)
    return any(_all(spec, branch, flavour) for flavour in flavours)


def _all(spec: HostSpec, branch: int, flavour: str) -> bool:
    return cards.possible(spec, lambda kind: drives(kind, branch, flavour))


@once
def drivable(spec: HostSpec) -> bool:
    """Whether any known branch drives all the GPUs together."""
    return any(drives_all(spec, row.number) for row in compat.branches())
