"""A small signed apt repository of NVIDIA's shape, served over HTTP by a server that can be told to lie."""

import gzip
import hashlib
import lzma
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DATE = "Mon, 02 Nov 2026 10:00:00 UTC"


def package(name: str, version: str, *depends: str, architecture: str = "amd64") -> str:
    """A paragraph of Packages, its hash made from name and version."""
    digest = hashlib.sha256(f"{name} {version} {architecture}".encode()).hexdigest()
    needs = f"Depends: {', '.join(depends)}\n" if depends else ""
    return (
        f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n{needs}Size: 1000\nInstalled-Size: 2\n"
        f"SHA256: {digest}\n"
    )


def driver(version: str, branch: str = "580") -> list[str]:
    """The open driver of one version, with a package beside it that nothing needs, and one for i386."""
    full = f"{version}-0ubuntu1"
    return [
        package(f"nvidia-open-{branch}", full, f"nvidia-driver-{branch}-open (= {full})"),
        package(f"nvidia-driver-{branch}-open", full, f"libnvidia-compute-{branch} (= {full})", "libc6 (>= 2.34)"),
        package(f"libnvidia-compute-{branch}", full),
        package(f"libnvidia-compute-{branch}", full, architecture="i386"),
        package(f"libnvidia-extra-{branch}", full),
        package("nvidia-persistenced", full),
    ]


def toolkit(release: str, version: str) -> list[str]:
    dashed = release.replace(".", "-")
    return [
        package(f"cuda-toolkit-{dashed}", f"{version}-1", f"cuda-nvcc-{dashed} (>= {version})"),
        package(f"cuda-nvcc-{dashed}", f"{version}-1", "cuda-toolkit-config-common"),
        package("cuda-toolkit-config-common", f"{version}-1", architecture="all"),
    ]


class Keys:
    """A GNUPGHOME with keys made on the spot."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)
        self.command = ["gpg", "--batch", "--quiet", "--homedir", str(home), "--pinentry-mode", "loopback"]
        self.command += ["--passphrase", ""]

    def make(self, user: str) -> tuple[str, str]:
        """The armoured public key and its fingerprint."""
        self._gpg("--quick-generate-key", user, "ed25519", "sign", "never")
        listed = self._gpg("--with-colons", "--list-keys", user)
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
        return self._gpg("--armor", "--export", user), fingerprint

    def sign(self, text: str, *users: str) -> bytes:
        by = [word for user in users for word in ("--local-user", user)]
        done = subprocess.run([*self.command, *by, "--clearsign"], input=text.encode(), check=True, capture_output=True)
        return done.stdout

    def end(self) -> None:
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False)

    def _gpg(self, *words: str) -> str:
        return subprocess.run([*self.command, *words], check=True, capture_output=True, text=True).stdout


@dataclass
class Site:
    """Answers by path: bytes, a status, or a (status, location) of a redirect. `cut`: paths whose answer breaks off."""

    keys: Keys
    answers: dict[str, bytes | int | tuple[int, str]] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def publish(
        self, *paragraphs: str, users: tuple[str, ...] = ("one@example.org",), date: str = DATE, extra: str = ""
    ) -> None:
        """A whole flat repository."""
        packed = gzip.compress("\n".join(paragraphs).encode(), mtime=0)
        self.release(packed, users=users, date=date, extra=extra)
        self.answers["/Packages.gz"] = packed

    def suite(self, name: str, **components: list[str]) -> None:
        """A suite of an archive: Packages.xz of each component, by its hash alone, as Ubuntu's mirrors have it."""
        rows = []
        for component, paragraphs in components.items():
            packed = lzma.compress("\n".join(paragraphs).encode())
            digest, folder = hashlib.sha256(packed).hexdigest(), f"{component}/binary-amd64"
            rows.append(f" {digest} {len(packed)} {folder}/Packages.xz\n")
            self.answers[f"/dists/{name}/{folder}/by-hash/SHA256/{digest}"] = packed
        text = f"Origin: Ubuntu\nSuite: {name}\nDate: {DATE}\nAcquire-By-Hash: yes\nSHA256:\n{''.join(rows)}"
        self.answers[f"/dists/{name}/InRelease"] = self.keys.sign(text, "one@example.org")

    def release(
        self, packed: bytes, *, users: tuple[str, ...] = ("one@example.org",), date: str = DATE, extra: str = ""
    ) -> None:
        digest = hashlib.sha256(packed).hexdigest()
        text = f"Origin: NVIDIA\nDate: {date}\n{extra}SHA256:\n {digest} {len(packed)} Packages.gz\n"
        self.answers["/InRelease"] = self.keys.sign(text, *users)


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            answer = site.answers.get(self.path, 404)
            if isinstance(answer, bytes):
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer[: len(answer) // 2] if self.path in site.cut else answer)
                return
            status, location = answer if isinstance(answer, tuple) else (answer, "")
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
