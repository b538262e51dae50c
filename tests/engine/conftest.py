"""The real commands in processes of their own, and a real sshd on loopback."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[..., subprocess.CompletedProcess[str]]


def _runner(script: str, tmp_path: Path) -> Command:
    def call(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / script), *arguments]
        env = os.environ | {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        return subprocess.run(
            command,
            cwd=cwd,
            env=env | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return call


@pytest.fixture
def pyinfra(tmp_path: Path) -> Command:
    """Run the pyinfra command in the checkout, where its config.py lies."""
    return _runner("pyinfra", tmp_path)


@pytest.fixture
def fleet(tmp_path: Path) -> Command:
    return _runner("fleet", tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An inventory of this machine under the name "desk", in the group "desks"."""
    made = tmp_path / "site"
    (made / "hosts").mkdir(parents=True)
    (made / "fleet.yaml").write_text("groups: {desks: {}}\n")
    text = 'connection: local\nubuntu: "24.04"\ngpus: [GTX 1080]\ngroups: [desks]\n'
    (made / "hosts" / "desk.yaml").write_text(text)
    return made


@dataclass(frozen=True)
class Sshd:
    """A running sshd: `port` on 127.0.0.1, login as root with `key`."""

    port: int
    key: Path
    host_key: str
    folder: Path

    def known(self, name: str = "127.0.0.1") -> Path:
        """A known_hosts file that has this host's key under `name`."""
        file = self.folder / f"known-{name}"
        file.write_text(f"[{name}]:{self.port} {self.host_key}\n")
        return file


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """One that runs what it is asked to, on this machine."""
    with serve(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@contextmanager
def serve(made: Path, **more: object) -> Iterator[Sshd]:
    """An sshd for root with `more` of sshd_config(5), such as ForceCommand."""
    program = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None or os.geteuid() != 0:
        pytest.skip("needs root and sshd: apt-get install openssh-server")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(made / name)], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    Path("/run/sshd").mkdir(exist_ok=True)
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": made / "host",
        "AuthorizedKeysFile": made / "user.pub",
        "StrictModes": "no",
        "UsePAM": "no",
        "PidFile": "none",
    } | more
    (made / "conf").write_text("".join(f"{key} {value}\n" for key, value in options.items()))
    process = subprocess.Popen([program, "-D", "-f", str(made / "conf")], stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        host_key = " ".join((made / "host.pub").read_text().split()[:2])
        yield Sshd(port, made / "user", host_key, made)
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
