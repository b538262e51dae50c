"""Which cuDNN releases suit the CUDA majors, GPUs and repository of a host, and the one to type."""

import functools

from schema import compat
from schema.cuda import CudaSpec
from schema.host import HostSpec
from schema.model import version_key, within
from schema.rules import cards
from schema.rules.cards import Kind

NEAREST = 4


def majors(spec: HostSpec) -> tuple[str, ...]:
    """The CUDA majors of the declared toolkits, oldest first."""
    toolkits = spec.cuda.toolkits if isinstance(spec.cuda, CudaSpec) else ()
    return tuple(sorted({version.split(".")[0] for version in toolkits}, key=int))


@functools.lru_cache(maxsize=1024)
def meant(version: str) -> tuple[compat.Cudnn, ...]:
    """The releases that a version means: one for "9.10.2" and "9.10.2.21", several for "9.10", () for none known."""
    if len(version_key(version)) >= 3:
        row = compat.cudnn(version)
        return (row,) if row is not None else ()
    return tuple(row for row in compat.cudnns() if within(row.version, version))


def nearest(version: str) -> list[str]:
    """The known releases around a version, oldest first."""
    names = sorted((row.version for row in compat.cudnns()), key=version_key)
    below = sum(version_key(name) < version_key(version) for name in names)
    start = max(0, min(below - NEAREST // 2, len(names) - NEAREST))
    return names[start : start + NEAREST]


def holds(row: compat.Cudnn, kind: Kind) -> bool:
    """Whether a release has code for a GPU."""
    compute = version_key(kind.compute)
    last = row.last_compute
    return version_key(row.first_compute) <= compute and (last is None or compute <= version_key(last))


def span(kind: Kind) -> str:
    """Which releases have code for a GPU: "the last that does is 9.10.2"."""
    having = [row for row in compat.cudnns() if holds(row, kind)]
    if not having:
        return "none that is known does"
    newest = having[0].version == compat.cudnns()[0].version
    return f"the first that does is {having[-1].version}" if newest else f"the last that does is {having[0].version}"


def fitting(spec: HostSpec, wanted: tuple[str, ...]) -> list[compat.Cudnn]:
    """The confirmed releases that suit `wanted` CUDA majors and everything else of the host, newest first."""
    row = compat.release(spec.ubuntu)
    last = row.last_cudnn if row is not None and spec.mirrors.cuda is None else None
    limit = version_key(last) if last is not None else None
    return [
        one
        for one in compat.cudnns()
        if one.confirmed
        and set(wanted) <= set(one.builds)
        and (limit is None or version_key(one.version) <= limit)
        and all(_for(spec, one, major) for major in wanted)
        and cards.possible(spec, functools.partial(holds, one))
    ]


def _for(spec: HostSpec, row: compat.Cudnn, major: str) -> bool:
    only = row.builds[major].toolkits
    toolkits = spec.cuda.toolkits if isinstance(spec.cuda, CudaSpec) else ()
    mine = [version for version in toolkits if version.split(".")[0] == major]
    return not only or all(any(within(version, one) for one in only) for version in mine)


def hint(spec: HostSpec, near: str, wanted: tuple[str, ...]) -> str:
    """The nearest release to type for all of `wanted`, or one for each, or what to change where none suits."""
    found = _closest(fitting(spec, wanted), near)
    if found is not None:
        return f'Write "{found}".'
    each = {major: _closest(fitting(spec, (major,)), near) for major in wanted}
    if len(each) > 1 and all(each.values()):
        pairs = ", ".join(f'"{major}": "{version}"' for major, version in each.items())
        return f"Write version: {{{pairs}}}."
    lacking = cards.joined(major for major, version in each.items() if version is None)
    return (
        f"Use a toolkit of another CUDA major: no cuDNN for {lacking} suits the GPUs." if lacking else "Delete cudnn."
    )


def _closest(rows: list[compat.Cudnn], near: str) -> str | None:
    """The newest within `near`, else the newest that is no newer, else the oldest that is newer."""
    inside = [row for row in rows if within(row.version, near)]
    older = inside or [row for row in rows if version_key(row.version) <= version_key(near)]
    chosen = older[0] if older else rows[-1] if rows else None
    return chosen.version if chosen is not None else None
