"""Run a command and weigh it: CPU seconds of it and of all it waited for, and wall seconds."""

import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """`cpu` and `wall` in seconds for the whole command; `code` its exit status; `tail` what it said last."""

    cpu: float
    wall: float
    code: int
    tail: str

    def per_host(self, hosts: int) -> tuple[float, float]:
        """Controller CPU and wall time per host, in milliseconds."""
        return 1000 * self.cpu / hosts, 1000 * self.wall / hosts


def cost(command: Sequence[str], folder: Path, environment: dict[str, str], stdin: Path | None = None) -> Cost:
    """Weigh one command.

    getrusage(2) RUSAGE_CHILDREN counts processes that were waited for: the controller's own. sshd and what it starts
    are children of the lab host's init, so the targets' work is not in it.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with (stdin or Path("/dev/null")).open("rb") as source:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=source,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall, done.returncode, (done.stdout + done.stderr)[-2000:])
