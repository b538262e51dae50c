"""Machines that are known as a whole: Jetson boards with their releases of L4T, families of clouds."""

import functools

from schema.compat import data, names
from schema.compat.models import CloudFamily, L4t, PackageNames, Soc
from schema.model import version_key


@functools.cache
def socs() -> tuple[Soc, ...]:
    """All Jetson chips, oldest first."""
    return tuple(map(Soc.model_validate, data.rows("jetson.yaml")))


@functools.cache
def l4ts() -> tuple[L4t, ...]:
    """All known releases of L4T, newest first."""
    return tuple(map(L4t.model_validate, data.rows("jetson.yaml", "releases")))


@functools.lru_cache(maxsize=256)
def jetson(name: str) -> Soc | None:
    """The chip of a Jetson board by any usual spelling ("Xavier NX"), None for what is no Jetson."""
    found = {chip.soc: chip for gpu in names.by_name(name) for chip in socs() if gpu.name in chip.boards}
    return next(iter(found.values())) if len(found) == 1 else None


@functools.lru_cache(maxsize=256)
def l4t(version: str) -> L4t | None:
    """The release that a version ("36.4", "36.4.3") is of: the nearest before it with the same first two numbers."""
    key = version_key(version)
    return next(
        (row for row in l4ts() if version_key(row.version)[:2] == key[:2] and version_key(row.version) <= key), None
    )


@functools.cache
def clouds() -> tuple[CloudFamily, ...]:
    return tuple(map(CloudFamily.model_validate, data.rows("clouds.yaml")))


@functools.lru_cache(maxsize=256)
def cloud(name: str) -> CloudFamily | None:
    """A family by its name ("NC_A100_v4", "azure NCv3"), None when the data does not have it."""
    wanted = name.lower().replace("standard_", "")
    rows = [row for row in clouds() if wanted in {row.name.lower(), f"{row.provider} {row.name.lower()}"}]
    return rows[0] if len(rows) == 1 else None


@functools.cache
def package_names() -> tuple[PackageNames, ...]:
    """What the driver's packages are called, by repository, kind and branch."""
    return tuple(map(PackageNames.model_validate, data.rows("package_names.yaml")))
