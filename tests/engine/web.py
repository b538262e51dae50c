"""A web server on loopback for tests, which can be slow, send elsewhere, or break off."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Site:
    """`folder` is served at `url`; `asked` are the paths of all requests; `moved` sends a prefix to another address;
    `otherwise` is what is answered, as if all were well, for files that are not there.
    """

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    status: int | None = None
    otherwise: bytes | None = None


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: object, site: Site, **options: object) -> None:
        self.site = site
        super().__init__(*arguments, directory=str(site.folder), **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        time.sleep(self.site.delay_seconds)
        target = next((url for prefix, url in self.site.moved.items() if self.path.startswith(prefix)), None)
        if target is not None:
            self.send_response(302)
            self.send_header("Location", target + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.site.status is not None:
            self.send_error(self.site.status)
        elif self.site.otherwise is not None and not Path(self.translate_path(self.path)).exists():
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.site.otherwise)))
            self.end_headers()
            self.wfile.write(self.site.otherwise)
        else:
            super().do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        return


@contextmanager
def serving(folder: Path, certificate: Path | None = None) -> Iterator[Site]:
    """Serve a folder; with `certificate`, a folder with server.pem and server.key, over TLS."""
    folder.mkdir(parents=True, exist_ok=True)
    site = Site(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, site=site))
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "server.pem", certificate / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site.url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


def record(
    name: str, version: str = "1.0", build: str = "h1_0", *depends: str, number: int | None = None, **more: object
) -> dict[str, object]:
    """One package of a channel's index; its hashes are those of nothing."""
    digits = [int(part) for part in build.split("_") if part.isdigit()]
    fields: dict[str, object] = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": number if number is not None else (digits or [0])[-1],
        "depends": list(depends),
        "sha256": f"{abs(hash((name, version, build))):064x}"[-64:],
        "md5": "0" * 32,
        "size": 1234,
        "timestamp": 1_756_684_800_000,
    }
    return {key: value for key, value in (fields | more).items() if value is not None}


def write_channel(folder: Path, *records: dict[str, object], subdir: str = "linux-64", **info: object) -> None:
    """repodata.json of one channel: those records that name a `subdir` of their own go there."""
    for part in {"noarch", subdir}:
        mine = [item for item in records if item.get("subdir", subdir) == part]
        packages = {f"{item['name']}-{item['version']}-{item['build']}.conda": item | {"subdir": part} for item in mine}
        text = json.dumps({"info": {"subdir": part, **info}, "packages": {}, "packages.conda": packages})
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / "repodata.json").write_text(text)
