"""Run one command over an open SSH connection to its end, bounded in time and in what the host may say."""

from collections.abc import Callable

import gevent  # type: ignore[import-untyped]
from paramiko import Channel, SSHClient, SSHException

from fleet.command import Call

READ_BYTES = 1 << 18
# What a host may send back for one command.
LARGEST = 64 * 1024 * 1024


def run(client: SSHClient | None, call: Call, timeout_seconds: float, pty: bool = False) -> tuple[int, bytes, bytes]:
    """Exit code, standard output and standard error. Raises TimeoutError, and SSHException when the connection breaks
    before the command's end."""
    transport = client.get_transport() if client is not None else None
    if transport is None:
        raise SSHException("the connection is closed")
    with gevent.Timeout(timeout_seconds, TimeoutError(f"no end within {timeout_seconds:.0f} s")):
        channel = transport.open_session(timeout=timeout_seconds)
        try:
            return _talk(channel, call, pty)
        finally:
            channel.close()


def _talk(channel: Channel, call: Call, pty: bool) -> tuple[int, bytes, bytes]:
    """Run a command in a channel to its end. Standard error is read beside, or a full window would stop both."""
    if pty:
        channel.get_pty()
    channel.exec_command(call.line.encode())
    if call.stdin:
        channel.sendall(call.stdin)
    channel.shutdown_write()
    errors = gevent.spawn(_read, channel.recv_stderr)
    try:
        stdout = _read(channel.recv)
        stderr = errors.get()
        code = channel.recv_exit_status()
    finally:
        errors.kill()
    if code == -1:
        raise SSHException("the connection was lost, or the command was killed, before its end")
    return code, stdout, stderr


def _read(receive: Callable[[int], bytes]) -> bytes:
    parts = []
    size = 0
    while part := receive(READ_BYTES):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise SSHException(f"the host sent more than {LARGEST >> 20} MiB for one command")
    return b"".join(parts)
