"""Kernel limits that many hosts need raised, and their way back."""

from pathlib import Path

INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
# A booted host was measured to use about 2.5 instances; the kernel's default of 128 ends at 51 hosts (inotify(7)).
PER_HOST = 4


def raise_inotify(hosts: int) -> str | None:
    """Raise fs.inotify.max_user_instances where it is too low for so many hosts; return the old value if changed."""
    before = INOTIFY.read_text().strip()
    needed = 64 + PER_HOST * hosts
    if int(before) >= needed:
        return None
    INOTIFY.write_text(str(needed))
    return before


def restore_inotify(before: str | None) -> None:
    """Put the old value back; nothing when it was not changed."""
    if before:
        INOTIFY.write_text(before)
