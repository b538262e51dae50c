"""Run one command on this machine to its end, bounded in time."""

import gevent  # type: ignore[import-untyped]
from gevent import subprocess

from fleet.command import Call


def run(call: Call, timeout_seconds: float) -> tuple[int, bytes, bytes]:
    """Exit code, standard output and standard error. Raises TimeoutError."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", call.line],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        with gevent.Timeout(timeout_seconds, TimeoutError(f"no end within {timeout_seconds:.0f} s")):
            stdout, stderr = process.communicate(call.stdin)
    except TimeoutError:
        process.kill()
        raise
    return process.returncode, stdout, stderr
