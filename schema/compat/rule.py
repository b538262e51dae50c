"""`auto` without a lock and without a working driver: the branch and the module flavour that drive all the GPUs."""

import functools
from collections.abc import Iterable
from typing import Literal

from schema.compat import data
from schema.compat.models import Flavour, GpuModel
from schema.model import version_key

# Open modules are NVIDIA's default from R560 on (driver installation guide, kernel modules).
OPEN_DEFAULT_FROM = 560
# Kept up for a year and for three (NVIDIA's data centre drivers, driver lifecycle).
LONG_LIVED = frozenset({"production", "long-term"})


def rule_branch(
    architectures: Iterable[str],
    ubuntu: str,
    toolkits: Iterable[str] = (),
    policy: Literal["minor-compatible", "strict"] = "minor-compatible",
) -> int:
    """The first of the preferred branches that drives all of `architectures` and `toolkits`.

    Raises LookupError, with the reason in words, where no branch does. Unknown architectures and toolkits are passed
    over: nothing is known that would speak against any branch. `ubuntu` limits nothing that is confirmed.
    """
    known = [data.architectures()[name] for name in architectures if name in data.architectures()]
    needs = [toolkit for toolkit in (data.toolkits().get(version) for version in toolkits) if toolkit is not None]
    floors = [need.floor_full if policy == "strict" else need.floor_minor for need in needs]
    lowest = max(
        [version_key(floor)[0] for floor in floors if floor]
        + [architecture.first_branch for architecture in known if architecture.first_branch],
        default=0,
    )
    highest = min([item.last_branch for item in known if item.last_branch], default=max(data.branches()))
    for branch in preferred_branches():
        usable = lowest <= branch <= highest and branch in data.branches()
        if usable and (not known or _flavours([item.flavours for item in known], branch)):
            return branch
    raise LookupError(_why(sorted({item.title for item in known}), list(toolkits), lowest, highest))


def rule_modules(architectures: Iterable[str], branch: int) -> Flavour:
    """Open modules where `branch` prefers them, or has no others, and all of `architectures` can use them."""
    known = [data.architectures()[name].flavours for name in architectures if name in data.architectures()]
    possible = _flavours(known, branch)
    preferred: Flavour = "open" if branch >= OPEN_DEFAULT_FROM else "proprietary"
    return preferred if preferred in possible or not possible else min(possible)


def flavours(branch: int) -> tuple[Flavour, ...]:
    """The module flavours that `branch` comes in; of one that the data does not have, those of its neighbours."""
    row = data.branches().get(branch)
    if row is not None:
        return row.flavours
    older = [known for known in data.branches().values() if known.number < branch]
    return older[0].flavours if older else ("proprietary",)


def needed(gpus: Iterable[GpuModel]) -> frozenset[str]:
    return frozenset(gpu.architecture for gpu in gpus)


def _flavours(architectures: list[tuple[Flavour, ...]], branch: int) -> frozenset[Flavour]:
    return frozenset(flavours(branch)).intersection(*architectures)


@functools.cache
def preferred_branches() -> tuple[int, ...]:
    """Long-lived branches first, that which NVIDIA keeps up longest before others: 580, until June 2028, before 595,
    until March 2027 (https://docs.nvidia.com/datacenter/tesla/drivers/620/supported-drivers-and-cuda-toolkit-versions.html).

    Then what was superseded, from the newest down; new-feature branches, nearest first; and those that have ended.
    """
    rows = [row for row in data.branches().values() if row.confirmed]
    lasting = sorted((row for row in rows if row.state in LONG_LIVED), key=lambda row: row.ends or "", reverse=True)
    superseded = [row.number for row in rows if row.state == "superseded"]
    features = sorted(row.number for row in rows if row.state == "new-feature")
    ended = [row.number for row in rows if row.state == "ended"]
    return (*(row.number for row in lasting), *superseded, *features, *ended)


def _why(titles: list[str], toolkits: list[str], lowest: int, highest: int) -> str:
    wanted = " and ".join(titles + [f"CUDA {version}" for version in toolkits])
    if lowest > highest:
        return f"no driver branch suits {wanted}: at least {lowest} is needed and at most {highest} is possible"
    return f"no driver branch suits {wanted}: they need different kernel module flavours"
