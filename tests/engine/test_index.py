"""Reading a signed index over HTTP: real gpg signatures, a real server on loopback."""

import gzip
import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fleet import index
from fleet.index import Repository, UnknownIndex

pytestmark = pytest.mark.skipif(
    not (shutil.which("gpg") and shutil.which("gpgv")), reason="needs gpg and gpgv: apt-get install gnupg"
)
PACKAGES = b"Package: nvidia-open-580\nVersion: 580.95.05-0ubuntu1\nSize: 1\n\n"


def sign(folder: Path, home: Path, user: str) -> str:
    """Write InRelease for the folder's Packages.gz, signed by a fresh key; returns the armoured public key."""
    gpg = ["gpg", "--batch", "--quiet", "--homedir", str(home), "--pinentry-mode", "loopback", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-generate-key", user, "ed25519", "sign", "never"], check=True, capture_output=True)
    digest = hashlib.sha256((folder / "Packages.gz").read_bytes()).hexdigest()
    release = f"Origin: NVIDIA\nSHA256:\n {digest} 10 Packages.gz\n"
    signing = [*gpg, "--local-user", user, "--clearsign", "--yes", "--output", str(folder / "InRelease")]
    subprocess.run(signing, input=release, text=True, check=True)
    return subprocess.run([*gpg, "--armor", "--export", user], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("gnupg")
    folder.chmod(0o700)
    yield folder
    subprocess.run(["gpgconf", "--homedir", str(folder), "--kill", "gpg-agent"], check=False)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "Packages.gz").write_bytes(gzip.compress(PACKAGES))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_signed_index_is_read_and_kept_by_its_hash(served: tuple[Path, str], home: Path, tmp_path: Path) -> None:
    folder, url = served
    repository = Repository(url, (sign(folder, home, "one@example.org"),))
    assert index.read(repository, tmp_path / "cache") == PACKAGES
    (folder / "Packages.gz").unlink()
    assert index.read(repository, tmp_path / "cache") == PACKAGES


def test_another_signer_is_refused(served: tuple[Path, str], home: Path, tmp_path: Path) -> None:
    folder, url = served
    key = sign(folder, home, "one@example.org")
    sign(folder, home, "two@example.org")
    with pytest.raises(UnknownIndex, match="not signed by the declared key"):
        index.read(Repository(url, (key,)), tmp_path)


def test_a_changed_packages_file_is_refused(served: tuple[Path, str], home: Path, tmp_path: Path) -> None:
    folder, url = served
    key = sign(folder, home, "one@example.org")
    (folder / "Packages.gz").write_bytes(gzip.compress(PACKAGES + b"Package: evil\nVersion: 1\n\n"))
    with pytest.raises(UnknownIndex, match="sha256"):
        index.read(Repository(url, (key,)), tmp_path)


def test_a_missing_index_says_so_in_a_few_words(served: tuple[Path, str], tmp_path: Path) -> None:
    with pytest.raises(UnknownIndex, match="HTTP 404"):
        index.read(Repository(served[1], ("",)), tmp_path)


def test_something_that_is_no_key_is_named(served: tuple[Path, str], home: Path, tmp_path: Path) -> None:
    folder, url = served
    sign(folder, home, "one@example.org")
    with pytest.raises(UnknownIndex, match="not an ASCII-armoured public key"):
        index.read(Repository(url, ("hello",)), tmp_path)
