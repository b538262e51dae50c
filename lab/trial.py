"""Labs for tests and benchmarks: each run claims one of its own, and first takes down those of killed runs."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from lab import lab as labs
from lab import paths
from lab.errors import LabError
from lab.lab import Lab

COUNT = 512


@contextmanager
def claim() -> Iterator[Lab]:
    """A lab with an own name, subnet and state folder, not yet up; taken down at the end, whatever happened."""
    sweep()
    for step in range(COUNT):
        number = (os.getpid() + step) % COUNT
        with _owned(number) as mine:
            if mine:
                try:
                    yield labs.numbered(number, paths.trial_states() / str(number))
                finally:
                    labs.down(labs.numbered(number, paths.trial_states() / str(number)))
                return
    raise LabError(f"All {COUNT} trial labs of this machine are in use: see {paths.trial_states()}")


def sweep() -> None:
    """Take down every trial lab whose owner is gone."""
    for folder in sorted(paths.trial_states().glob("[0-9]*")):
        with _owned(int(folder.name)) as mine:
            if mine:
                labs.down(labs.numbered(int(folder.name), folder))
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _owned(number: int) -> Iterator[bool]:
    """Whether a number could be made one's own; it is given back at the end, or with the process (flock(2))."""
    folder = paths.cache() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"trial-{number}").open("w") as owner:
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
