"""An inventory folder, read; and the hosts of it that a command is about."""

import os
from collections.abc import Iterable
from pathlib import Path

from fleet.errors import RunError
from schema import load, ranges
from schema.fleet import Fleet


def is_inventory(path: str | Path) -> bool:
    """Whether a path is ours to read: a folder, or one host's YAML file."""
    # An empty name is a variable of a script that is not set, and for pathlib the current folder.
    return os.path.isdir(path) or (os.path.isfile(path) and Path(path).suffix in {".yaml", ".yml"})  # noqa: PTH112, PTH113


def read(path: str | Path, limit: Iterable[str] = ()) -> Fleet:
    """The fleet at `path`; `limit` holds host names, groups, globs and ranges, also several with commas between.

    Raises InvalidInventory with every problem of fleet.yaml and the selected hosts, for an inventory without hosts,
    and for a limit that matches none.
    """
    patterns = parts(limit)
    return load.fleet(path, patterns or None)


def parts(limit: Iterable[str]) -> list[str]:
    """The patterns of --limit: it is repeatable, and takes several with commas between."""
    return [part for text in limit for part in ranges.split(text)]


def chosen(fleet: Fleet, limit: Iterable[str] = ()) -> tuple[str, ...]:
    """The valid hosts that a limit selects, in the inventory's order."""
    patterns = parts(limit)
    return tuple(name for name in (fleet.select(patterns)[0] if patterns else fleet.names) if name in fleet.hosts)


def named(fleet: Fleet, names: Iterable[str]) -> frozenset[str]:
    """Hosts named one by one, as --force wants them. Raises RunError for a name that is no host."""
    wanted = frozenset(part.strip() for text in names for part in text.split(",") if part.strip())
    for name in sorted(wanted - fleet.hosts.keys()):
        raise RunError("RUN235", f"--force {name!r}: there is no such host", hint="name hosts, not groups or globs")
    return wanted
