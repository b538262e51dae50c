"""What an SSH server may send before and as packets, so that none can fill this machine's memory or hold up others."""

import socket
import time
from typing import cast

import gevent  # type: ignore[import-untyped]
from paramiko import SSHException
from paramiko.packet import Packetizer

# RFC 4253, 4.2: lines of text may come before the version. OpenSSH takes 1,024 of up to 8 KiB, and real ones are few.
LARGEST_GREETING = 256 << 10
# RFC 4253, 6.1 asks for 35,000 bytes; OpenSSH takes no larger ones than this (PACKET_MAX_SIZE).
LARGEST_PACKET = 256 << 10
# A server that sends without a pause never lets gevent turn to another host; this often it does all the same.
READS = 64


class Packets(Packetizer):
    """paramiko's (4.0, `Transport(packetizer_class=)`), bounded: it trusts any length, and waits anew for each byte."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._greeted, self._reads, self._deadline = 0, 0, 0.0

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        if n > LARGEST_PACKET:
            raise SSHException(f"it sent a packet of {n} bytes, which no SSH server does")
        self._turn()
        return super().read_all(n, check_rekey)

    def _read_timeout(self, timeout: float) -> bytes:
        """Some bytes of what comes before the packets; `timeout` is for all of a line, however slowly it comes."""
        self._turn()
        now = time.monotonic()
        self._deadline = self._deadline or now + timeout
        if now >= self._deadline:
            raise SSHException("it did not come to its SSH version in time")
        part = cast("bytes", super()._read_timeout(self._deadline - now))  # type: ignore[misc]
        self._greeted += len(part)
        if self._greeted > LARGEST_GREETING:
            raise SSHException(f"it sent more than {LARGEST_GREETING >> 10} KiB and no SSH version")
        return part

    def _turn(self) -> None:
        self._reads += 1
        if self._reads % READS == 0:
            gevent.sleep(0)
