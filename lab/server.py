"""The lab's HTTPS server: static files with ranges and validity dates, as mirrors of an air-gapped site have them."""

import argparse
import re
import ssl
import sys
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from socket import socket
from typing import BinaryIO

BYTES = re.compile(r"bytes=(\d*)-(\d*)")


class Handler(SimpleHTTPRequestHandler):
    """GET and HEAD; conditional requests are the base class's own, single ranges are ours (RFC 9110, 14.2)."""

    protocol_version = "HTTP/1.1"
    server_version = "gpufleet-lab"
    sys_version = ""

    def send_head(self) -> BytesIO | BinaryIO | None:
        """Answer the whole file, one range of it, or 416 when the range lies outside."""
        path = Path(self.translate_path(self.path))
        match = BYTES.fullmatch(self.headers.get("Range", ""))
        if match is None or not path.is_file() or not any(match.groups()):
            return super().send_head()
        size = path.stat().st_size
        first, last = _bounds(match[1], match[2], size)
        if first > last or first >= size:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        self._range_headers(path, first, last, size)
        with path.open("rb") as file:
            file.seek(first)
            return BytesIO(file.read(last - first + 1))

    def _range_headers(self, path: Path, first: int, last: int, size: int) -> None:
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Last-Modified", self.date_time_string(int(path.stat().st_mtime)))
        self.end_headers()

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """One line per request on standard output: time, client, request line, status."""
        sys.stdout.write(f"{self.log_date_time_string()} {self.address_string()} {format % args}\n")
        sys.stdout.flush()


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """First and last byte of "0-99", "100-" and "-100" (the last hundred)."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


class Server(ThreadingHTTPServer):
    """Threads are not waited for, and each does its own TLS handshake, so that one slow client delays no other."""

    daemon_threads = True
    # 200 hosts may ask at once; the base class would keep five waiting (listen(2)).
    request_queue_size = 256

    def shutdown_request(self, request: "socket | tuple[bytes, socket]") -> None:
        """Say TLS's goodbye: apt 3.0 takes a connection without one for a broken download."""
        if isinstance(request, ssl.SSLSocket):
            try:
                request.settimeout(2)
                request = request.unwrap()
            except (OSError, ValueError):
                pass
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is daily business; anything else is worth its line in the log."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | ssl.SSLError | TimeoutError):
            sys.stdout.write(f"error with {client_address}: {error!r}\n")
            sys.stdout.flush()


def serve(address: str, port: int, web: Path, certificate: Path, key: Path) -> None:
    """Serve a folder until the process is ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server((address, port), partial(Handler, directory=str(web)))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


def requests(log: Path) -> Iterator[str]:
    """The request lines of an access log, oldest first: "GET /cuda/... HTTP/1.1"."""
    for line in log.read_text().splitlines() if log.exists() else ():
        yield from re.findall(r'"([A-Z]+ [^"]+)"', line)


def main() -> None:
    """`python -m lab.server ADDRESS FOLDER`: the folder holds web/, server.pem and server.key."""
    parser = argparse.ArgumentParser(prog="python -m lab.server")
    parser.add_argument("marker", help="how the lab finds this process again")
    parser.add_argument("address")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    folder: Path = options.folder
    serve(options.address, 443, folder / "web", folder / "server.pem", folder / "server.key")


if __name__ == "__main__":
    main()
