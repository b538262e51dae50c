"""Signs a repository's Release with the lab's archive key, in a GNUPGHOME that lives as long as the signing."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEYS = Path(__file__).parent / "keys"


@contextmanager
def keyring() -> Iterator[Path]:
    """A GNUPGHOME with the archive key; its agent is ended afterwards.

    Raises subprocess.CalledProcessError where gpg cannot read the key.
    """
    # A short path: the agent's socket is in it, and a socket's path has at most 108 bytes (unix(7)).
    with tempfile.TemporaryDirectory(prefix="gpufleet-gpg-") as name:
        home = Path(name)
        try:
            _gpg(home, "--import", str(KEYS / "archive.key"))
            yield home
        finally:
            subprocess.run(["gpgconf", "--homedir", name, "--kill", "all"], check=False, capture_output=True)


def public(home: Path, armoured: bool) -> bytes:
    """The public part of the key."""
    return _gpg(home, *(["--armor"] if armoured else []), "--export")


def sign(home: Path, release: Path) -> None:
    """Write InRelease and Release.gpg beside `release` (apt-secure(8))."""
    _gpg(home, "--clearsign", "--output", str(release.with_name("InRelease")), str(release))
    _gpg(home, "--armor", "--detach-sign", "--output", str(release.with_name("Release.gpg")), str(release))


def _gpg(home: Path, *arguments: str) -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--yes", "--no-tty", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout
