"""One run of a verb at a time for each host of an inventory, by locks that the kernel takes back with the process.

A run keeps a small file of its own in $XDG_STATE_HOME/gpufleet/running, locked with flock(2) for as long as it works:
a file whose lock can be had belongs to no run, whatever ended it. So a killed run leaves nothing that is in the way.
"""

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

import click
from pydantic import ValidationError

from fleet import log
from fleet.errors import RunError
from fleet.report.clock import stamp
from schema.errors import printable
from schema.model import Model

PAUSE = 0.5
UNTOLD = "RUN451"


class Run(Model):
    """Who holds a turn: `started` is RFC 3339 in UTC."""

    verb: str
    process: int
    started: str
    hosts: frozenset[str]


def folder(root: str) -> Path:
    """Where the runs of one inventory are kept: two inventories do not know of each other."""
    name = hashlib.sha256(os.fsencode(Path(root).resolve())).hexdigest()[:16]
    return log.state_folder() / "running" / name


@contextlib.contextmanager
def taken(verb: str, root: str, hosts: Collection[str], wait: float = 0) -> Iterator[bool]:
    """Hold the turn of these hosts; whether another run was waited for.

    Raises RunError (RUN450) where another run of the verb has one of them.

    `wait` is how many seconds to wait for it. Where the state folder takes no files the run goes on and says so.
    """
    mine = Run(verb=verb, process=os.getpid(), started=_now(), hosts=frozenset(hosts))
    waited = False
    with contextlib.ExitStack() as held:
        try:
            waited = held.enter_context(_claimed(folder(root), mine, time.monotonic() + wait))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            click.echo(f"{UNTOLD} runs at the same time are not told apart: {folder(root)}: {reason}", err=True)
        yield waited


def beside(verb: str, root: str, hosts: Collection[str]) -> str:
    """A line about a run of another verb that is at work on these hosts, "" without one; nothing is waited for."""
    mine = Run(verb=verb, process=os.getpid(), started=_now(), hosts=frozenset(hosts))
    try:
        other = _other(folder(root), mine)
    except OSError:
        other = None
    if other is None:
        return ""
    since = f"process {other.process}, since {other.started}"
    return f"a fleet {verb} of the same hosts is at work ({since}): what it is about to change may be told as drift"


@contextlib.contextmanager
def _claimed(place: Path, mine: Run, until: float) -> Iterator[bool]:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    said = False
    while True:
        with (place / "door").open("a") as door:
            # Held for as long as the others are looked at, so that two runs do not both find nobody.
            fcntl.flock(door, fcntl.LOCK_EX)
            other = _other(place, mine)
            if other is None:
                kept = _keep(place, mine)
                break
        if time.monotonic() >= until:
            raise _busy(mine, other)
        if not said:
            click.echo(f"waiting for another fleet {other.verb}: process {other.process}", err=True)
            said = True
        time.sleep(PAUSE)
    try:
        yield said
    finally:
        Path(kept.name).unlink(missing_ok=True)
        kept.close()


def _keep(place: Path, mine: Run) -> IO[str]:
    """Write who we are and lock it; the lock lasts until the file is closed or the process ends, however it does."""
    file = (place / f"{mine.verb}-{mine.process}-{time.monotonic_ns()}.json").open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    json.dump(mine.model_dump(mode="json"), file)
    file.flush()
    return file


def _other(place: Path, mine: Run) -> Run | None:
    """A run at work that has one of our hosts; what an ended one left is removed."""
    for path in sorted(place.glob(f"{mine.verb}-*.json")):
        try:
            with path.open() as file:
                if _free(file):
                    path.unlink(missing_ok=True)
                    continue
                found = Run.model_validate_json(file.read())
        except (FileNotFoundError, ValidationError):
            # It ended meanwhile.
            continue
        if found.hosts & mine.hosts:
            return found
    return None


def _free(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy(mine: Run, other: Run) -> RunError:
    shared = sorted(mine.hosts & other.hosts)
    more = f" and {len(shared) - 3} more" if len(shared) > 3 else ""
    return RunError(
        "RUN450",
        f"another fleet {other.verb} of this inventory is at work: process {other.process}, since {other.started}",
        evidence=printable(f"both have {', '.join(shared[:3])}{more}"),
        state="this run looked at no host and wrote no report",
        hint=f"let it end, or wait for it: --wait 3600; what it does: ps -fp {other.process}",
    )


def _now() -> str:
    return stamp(datetime.datetime.now(tz=datetime.UTC))
