"""Run one command over an open SSH connection to its end, bounded in time and in what the host may say."""

import gevent  # type: ignore[import-untyped]
from paramiko import Channel, SSHClient, SSHException

from fleet.command import Call
from fleet.received import BrokenOff, Received


def run(
    client: SSHClient | None, call: Call, timeout_seconds: float, pty: bool = False
) -> tuple[int, bytearray, bytearray]:
    """Exit code, standard output and standard error. Raises BrokenOff, which is a TimeoutError, with what had come, and
    SSHException where the connection is closed."""
    transport = client.get_transport() if client is not None else None
    if transport is None:
        raise SSHException("the connection is closed")
    came = Received()
    with gevent.Timeout(timeout_seconds, BrokenOff(f"no end within {timeout_seconds:.0f} s", came)):
        channel = transport.open_session(timeout=timeout_seconds)
        try:
            code = _talk(channel, call, pty, came)
        finally:
            channel.close()
    return code, came.stdout, came.stderr


def _talk(channel: Channel, call: Call, pty: bool, came: Received) -> int:
    """Run a command in a channel to its end. Standard error is read beside, or a full window would stop both."""
    if pty:
        channel.get_pty()
    channel.exec_command(call.line.encode())
    if call.stdin:
        channel.sendall(call.stdin)
    channel.shutdown_write()
    errors = gevent.spawn(came.read_stderr, channel.recv_stderr, channel.close)
    try:
        came.read_stdout(channel.recv)
        errors.get()
        if came.broken is not None:
            raise came.broken
        code = channel.recv_exit_status()
    finally:
        errors.kill()
    if code == -1:
        raise BrokenOff("the connection was lost, or the command was killed, before its end", came)
    return code
