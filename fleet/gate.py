"""How much of a run goes on at once. TCP connections to hosts that do not answer are cheap and may be many; logins cost
the controller CPU; looks wait for their hosts.

A host that is dead holds a place among WIDE for its whole time limit, one that lives for a round trip: so the dead of a
fleet cost a run one time limit together, and not one after the other.
"""

import contextlib
import resource
from collections.abc import Callable, Iterator

from gevent.lock import BoundedSemaphore  # type: ignore[import-untyped]

WIDE = 1024
# Connections that are being made or wait for their turn to log in; one that is late is counted no more. It bounds how
# many hosts wait at once: sshd hangs up after two minutes without a login (sshd_config(5), LoginGraceTime).
YOUNG = 128
LOGINS = 48
LOOKS = 128
# What Python, the log, the report and ssh_config's commands need beside connections.
SPARE_FILES = 96
WANTED_FILES = 4096


class Gate:
    """The places of one run."""

    def __init__(self) -> None:
        self.wide = width(raised_files())
        self.young = BoundedSemaphore(min(YOUNG, self.wide))
        self.logins = BoundedSemaphore(LOGINS)
        self.looks = BoundedSemaphore(min(LOOKS, self.wide))

    @contextlib.contextmanager
    def young_place(self) -> Iterator[Callable[[], None]]:
        """A place among the young; the function that it gives leaves it early."""
        held = [self.young]
        self.young.acquire()

        def leave() -> None:
            if held:
                held.pop().release()

        try:
            yield leave
        finally:
            leave()


def raised_files() -> int:
    """How many files this process may have open, raised as far as it may be: shells give 1024 (setrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            return soft
        return wanted
    return WANTED_FILES if soft == resource.RLIM_INFINITY else soft


def width(files: int) -> int:
    """Connections at once: never so many that files run out, and never none."""
    return max(4, min(WIDE, files - SPARE_FILES))
