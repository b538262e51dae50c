"""A control group per host: systemd-nspawn uses the one it is started in, and two systemds in one would fight."""

import contextlib
from pathlib import Path

PARENT = "gpufleet-lab"


def hierarchies() -> list[Path]:
    """Where systemd keeps its groups: the unified hierarchy, and that of version 1 named systemd."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _device, point, kind, options = line.split()[:4]
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            found.append(Path(point))
    return found


def make(machine: str) -> list[Path]:
    """Make a machine's group in each hierarchy; a process enters by writing 0 to its cgroup.procs (cgroups(7))."""
    folders = [hierarchy / PARENT / machine for hierarchy in hierarchies()]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return folders


def remove(machine: str) -> None:
    """Remove a machine's groups, innermost first; one that still holds a dying process is left for the next time."""
    for hierarchy in hierarchies():
        top = hierarchy / PARENT / machine
        inner = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
        for folder in (*inner, top, top.parent):
            with contextlib.suppress(OSError):
                folder.rmdir()
