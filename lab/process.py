"""Programs: run one, find those that carry a marker in their arguments, end them."""

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.errors import LabError


def run(*command: str | Path, stdin: str | None = None, check: bool = True) -> str:
    """Run a program and return its standard output; raise `LabError` with its last words when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False, errors="replace")
    if check and done.returncode:
        said = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise LabError(f"{shlex.join(words)} ended with exit status {done.returncode}: {said}")
    return done.stdout


def spawn(
    command: Sequence[str | Path], log: Path, folder: Path | None = None, more: Mapping[str, str] | None = None
) -> int:
    """Start a program in a session of its own, so that it outlives the command that starts it; return its id.

    `folder` is where it starts, the current one by default; what it says is appended to `log`; `more` is laid over the
    environment.
    """
    with log.open("ab") as output:
        started = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, **(more or {})},
        )
    # The kernel fills in the arguments a moment after Popen returns, and `find` must not miss them.
    while alive(started.pid) and not any(arguments(started.pid)):
        time.sleep(0.001)
    return started.pid


def find(marker: str) -> list[int]:
    """Ids of the processes that have `marker` as one whole argument, lowest first, this one left out.

    The process table is asked instead of id files: it cannot be stale after a crash, and an id that the kernel
    has given to another program since is never signalled.
    """
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid() and marker in arguments(int(folder.name)):
            found.append(int(folder.name))
    return sorted(found)


def words() -> set[str]:
    """Every argument of every process."""
    numbers = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return {word for number in numbers for word in arguments(number)}


def listening(pid: int, address: str, port: int, seconds: float) -> bool:
    """Wait until a server takes connections; False when it ends or the time is over first."""
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.02)
    return False


def arguments(pid: int) -> list[str]:
    """The argument list of a process, empty for kernel threads and for processes that are gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def children(pid: int) -> list[int]:
    """Ids of the direct children; field 4 of /proc/PID/stat, behind the name in brackets (proc(5))."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(folder.name))
    return sorted(found)


def alive(pid: int) -> bool:
    """Whether a process exists and is more than a zombie that waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def send(pids: Sequence[int], number: signal.Signals) -> None:
    """Signal each process; one that has ended meanwhile is no error."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def wait_gone(pids: Sequence[int], seconds: float) -> list[int]:
    """Wait until the processes are gone; return those still alive when the time is over."""
    deadline = time.monotonic() + seconds
    while left := [pid for pid in pids if alive(pid)]:
        if time.monotonic() > deadline:
            return left
        _reap()
        time.sleep(0.02)
    _reap()
    return []


def _reap() -> None:
    """Collect own children that have ended; they would count as leftovers in the process table otherwise."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def end(pids: Sequence[int], seconds: float = 5) -> None:
    """Ask the processes to end, and kill those that have not done so in time."""
    send(pids, signal.SIGTERM)
    left = wait_gone(pids, seconds)
    send(left, signal.SIGKILL)
    wait_gone(left, seconds)
