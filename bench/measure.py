"""Run a command and weigh it: CPU seconds of it and of all that it started, and wall seconds."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# Where control groups are: version 1's own accounting (cgroup-v1/cpuacct.rst), else version 2's (cgroup-v2.rst).
ACCOUNTING = (Path("/sys/fs/cgroup/cpuacct"), "cpuacct.usage", 1e9)
UNIFIED = (Path("/sys/fs/cgroup"), "cpu.stat", 1e6)


@dataclass(frozen=True)
class Cost:
    """`cpu` and `wall` in seconds for the whole command; `code` its exit status; `tail` what it said last.

    `load` is the machine's when it ended.
    """

    cpu: float
    wall: float
    code: int
    tail: str
    load: float = 0.0

    def per_host(self, hosts: int) -> tuple[float, float]:
        """Controller CPU and wall time per host, in milliseconds."""
        return 1000 * self.cpu / hosts, 1000 * self.wall / hosts


class Group:
    """A control group of one command: what daemons of it use counts too, though nobody waits for them."""

    def __init__(self) -> None:
        folder, self._file, self._unit = ACCOUNTING if (ACCOUNTING[0] / ACCOUNTING[1]).exists() else UNIFIED
        self.folder: Path | None = folder / f"gpufleet-bench-{os.getpid()}"
        try:
            self.folder.mkdir(exist_ok=True)
            self.cpu()
        except OSError:
            self.folder = None

    def cpu(self) -> float:
        """Seconds of CPU so far. Raises OSError where it is not accounted for."""
        if self.folder is None:
            raise OSError("no control groups")
        words = (self.folder / self._file).read_text().split()
        return int(words[words.index("usage_usec") + 1] if "usage_usec" in words else words[0]) / self._unit

    def entered(self, command: Sequence[str]) -> list[str]:
        """The command, entering the group first."""
        if self.folder is None:
            return list(command)
        return ["sh", "-c", 'echo $$ >"$1"; shift; exec "$@"', "sh", str(self.folder / "cgroup.procs"), *command]

    def end(self) -> None:
        """End what the command left behind, such as Ansible's shared connections, and remove the group."""
        if self.folder is None:
            return
        for _ in range(50):
            left = (self.folder / "cgroup.procs").read_text().split()
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGTERM)
            if not left:
                self.folder.rmdir()
                return
            time.sleep(0.1)


@contextlib.contextmanager
def group() -> Iterator[Group]:
    made = Group()
    try:
        yield made
    finally:
        made.end()


def cost(command: Sequence[str], folder: Path, environment: dict[str, str], stdin: Path | None = None) -> Cost:
    """Weigh one command: by its control group, else by getrusage(2) RUSAGE_CHILDREN, which counts processes that were
    waited for. sshd and what it starts are children of the lab host's init, so the targets' work is in neither.
    """
    with group() as own, (stdin or Path("/dev/null")).open("rb") as source:
        before, started = used(own), time.monotonic()
        done = subprocess.run(
            own.entered(command),
            cwd=folder,
            env=environment,
            stdin=source,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        wall = time.monotonic() - started
        return Cost(used(own) - before, wall, done.returncode, (done.stdout + done.stderr)[-2000:], os.getloadavg()[0])


def used(own: Group) -> float:
    if own.folder is not None:
        return own.cpu()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
