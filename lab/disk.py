"""The disk of a host: a writable overlay on a base root, kept over power cycles, emptied to reset."""

import os
import shutil
from pathlib import Path

from lab import process

FINISHED = "finished"


def mount(machine: str, base: Path, folder: Path, size_mib: int | None) -> bool:
    """Mount `folder`/root; True when the disk is empty. With a size the disk is one of RAM.

    A disk that `finish` was never called for is emptied: its making was interrupted.
    """
    store = folder / "disk"
    if not (store / FINISHED).exists():
        unmount(folder)
        wipe(folder)
    for point in (folder / "root", store):
        point.mkdir(parents=True, exist_ok=True)
    if size_mib and not os.path.ismount(store):
        process.run("mount", "-t", "tmpfs", "-o", f"size={size_mib}m,mode=755", f"{machine}-disk", store)
    upper, work = store / "upper", store / "work"
    upper.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    if not os.path.ismount(folder / "root"):
        options = f"lowerdir={base},upperdir={upper},workdir={work}"
        process.run("mount", "-t", "overlay", machine, "-o", options, folder / "root")
    return not (store / FINISHED).exists()


def finish(folder: Path) -> None:
    """Say that a fresh disk holds all it needs to boot."""
    (folder / "disk" / FINISHED).touch()


def unmount(folder: Path) -> None:
    """Unmount all that is mounted below a host's folder, innermost first; what is not mounted is no error."""
    for point in mounts_below(folder):
        process.run("umount", "--lazy", point)


def mounts_below(folder: Path) -> list[str]:
    """Mount points in a folder, innermost first; octal escapes as in proc(5), /proc/self/mounts."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        point = line.split()[1].encode().decode("unicode_escape")
        if Path(point).is_relative_to(folder):
            found.append(point)
    return sorted(found, key=len, reverse=True)


def wipe(folder: Path) -> None:
    """Empty an unmounted disk."""
    shutil.rmtree(folder / "disk", ignore_errors=True)
