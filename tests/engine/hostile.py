"""SSH servers that misbehave, for tests: each answers on a port of its own in this process, until it is closed."""

import contextlib
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko

Way = Callable[[socket.socket], None]


def silent(link: socket.socket) -> None:
    """Accepts and says nothing."""
    time.sleep(60)


def floods(link: socket.socket) -> None:
    """Bytes without end, and without a line end, before its version."""
    while True:
        link.sendall(b"\x1b[2J" * 20_000)


def greets_for_ever(link: socket.socket) -> None:
    """Lines without end before its version (RFC 4253, 4.2 allows some)."""
    while True:
        link.sendall(b"welcome\r\n" * 8_000)


def drips(link: socket.socket) -> None:
    """A byte of its version each tenth of a second."""
    for byte in b"SSH-2.0-" + b"x" * 10_000:
        link.sendall(bytes((byte,)))
        time.sleep(0.1)


def no_ssh(link: socket.socket) -> None:
    link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>\x1b]52;c;aGk=\x07</html>\r\n")


def closes(link: socket.socket) -> None:
    link.sendall(b"SSH-2.0-")


def giant_packet(link: socket.socket) -> None:
    """A packet that says it is four gigabytes, and begins."""
    link.sendall(b"SSH-2.0-hostile\r\n" + struct.pack(">IB", 0xFFFFFFF4, 4))
    while True:
        link.sendall(b"A" * 65_536)


def ignore_flood(link: socket.socket) -> None:
    """SSH_MSG_IGNORE without end (RFC 4253, 11.2): well-formed packets that lead nowhere."""
    packet = struct.pack(">IBB", 28, 6, 2) + struct.pack(">I", 16) + b"A" * 16 + b"\0" * 6
    link.sendall(b"SSH-2.0-hostile\r\n")
    while True:
        link.sendall(packet * 2_000)


@contextlib.contextmanager
def raw(way: Way) -> Iterator[int]:
    """A server that treats each connection in a `way`; its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                way(self.request)

    with _served(Handler) as port:
        yield port


@contextlib.contextmanager
def shell(answer: Callable[[paramiko.Channel, str], None], key: Path) -> Iterator[int]:
    """A real SSH server whose every command is `answer(channel, command)`; its host key is written to `key`."""
    host_key = paramiko.ECDSAKey.generate()
    key.write_text(f"{host_key.get_name()} {host_key.get_base64()}\n")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            transport = paramiko.Transport(self.request)
            transport.add_server_key(host_key)
            with contextlib.suppress(EOFError, OSError, paramiko.SSHException):
                transport.start_server(server=Server(answer))
                transport.join()

    with _served(Handler) as port:
        yield port


class Server(paramiko.ServerInterface):
    """Lets anybody in."""

    def __init__(self, answer: Callable[[paramiko.Channel, str], None]) -> None:
        self.answer = answer

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.common.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        def run() -> None:
            # The answer to the request itself goes first.
            time.sleep(0.1)
            with contextlib.suppress(OSError, EOFError):
                self.answer(channel, command.decode())
            channel.close()

        threading.Thread(target=run, daemon=True).start()
        return True


@contextlib.contextmanager
def _served(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    class Threads(socketserver.ThreadingTCPServer):
        daemon_threads, block_on_close, allow_reuse_address = True, False, True

    with Threads(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
