"""python -m bench.server PORT HOSTS HOST_KEY: an SSH server that lets anybody in and answers each probe as recorded.

It listens on every address; 127.1.A.B is the host of number 256 * A + B. Several of it share the port (SO_REUSEPORT).
"""

from gevent import monkey  # type: ignore[import-untyped]

monkey.patch_all()

import logging  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402

import gevent  # type: ignore[import-untyped]  # noqa: E402
import paramiko  # noqa: E402

from bench import answers  # noqa: E402

HELD_SECONDS = 90
# What a client does that goes away is no news here.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


def address(number: int) -> str:
    return f"127.1.{number // 256}.{number % 256}"


class Anybody(paramiko.ServerInterface):
    """Takes any key; `ready` is set when a command has come."""

    def __init__(self) -> None:
        self.ready = threading.Event()

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.ready.set()
        return True


def serve(connection: socket.socket, hosts: int, key: paramiko.PKey) -> None:
    """One login and one command; whatever goes wrong is this connection's own."""
    high, low = connection.getsockname()[0].split(".")[2:]
    transport = paramiko.Transport(connection)
    try:
        transport.add_server_key(key)
        server = Anybody()
        transport.start_server(server=server)
        channel = transport.accept(HELD_SECONDS)
        if channel is not None and server.ready.wait(HELD_SECONDS):
            code, said, complained = answers.answer(256 * int(high) + int(low), hosts)
            channel.sendall_stderr(complained)
            channel.sendall(said)
            channel.send_exit_status(code)
            channel.close()
            transport.join(5)
    except (paramiko.SSHException, OSError, EOFError):
        return
    finally:
        transport.close()


def main() -> None:
    port, hosts, key = int(sys.argv[1]), int(sys.argv[2]), paramiko.ECDSAKey.from_private_key_file(sys.argv[3])
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("0.0.0.0", port))  # noqa: S104 - in a network of its own, which has the loopback interface only.
        listener.listen(1024)
        while True:
            connection, _ = listener.accept()
            gevent.spawn(serve, connection, hosts, key)


if __name__ == "__main__":
    main()
