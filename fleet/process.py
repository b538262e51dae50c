"""Run one command on this machine to its end, bounded in time and in what it may say."""

import contextlib

import gevent  # type: ignore[import-untyped]
from gevent import subprocess
from gevent.fileobject import FileObject  # type: ignore[import-untyped]

from fleet.command import Call
from fleet.received import BrokenOff, Received


def run(call: Call, timeout_seconds: float) -> tuple[int, bytearray, bytearray]:
    """Exit code, standard output and standard error. Raises BrokenOff, which is a TimeoutError, with what had come."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", call.line],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    came = Received()
    try:
        with gevent.Timeout(timeout_seconds, BrokenOff(f"no end within {timeout_seconds:.0f} s", came)):
            _talk(process, call.stdin, came)
            return process.wait(), came.stdout, came.stderr
    except BaseException:
        process.kill()
        raise
    finally:
        # Whoever still writes into them, such as a child of the shell, ends with that (signal(7), SIGPIPE).
        for pipe in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()


def _talk(process: "subprocess.Popen[bytes]", stdin: bytes, came: Received) -> None:
    """Write and read to the ends of all three, side by side. Raises TooMuch."""
    beside = [
        gevent.spawn(_write, process.stdin, stdin),
        gevent.spawn(came.read_stderr, lambda size: _read(process.stderr, size), process.kill),
    ]
    try:
        came.read_stdout(lambda size: _read(process.stdout, size))
        gevent.joinall(beside, raise_error=True)
    finally:
        gevent.killall(beside)
    if came.broken is not None:
        raise came.broken


def _read(pipe: FileObject, size: int) -> bytes:
    return pipe.read(size) or b""


def _write(pipe: FileObject, content: bytes) -> None:
    # A command that reads no input has closed its end.
    with contextlib.suppress(BrokenPipeError):
        while content:
            content = content[pipe.write(content) :]
        pipe.close()
