"""fleet discover against real hosts: what it writes, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lab.host import LabHost
from schema import load
from tests.hosts.conftest import HostFactory

pytestmark = pytest.mark.hosts

FLEET = Path(sys.executable).with_name("fleet")
GTX_1080 = "10de:1b80"


@pytest.fixture(scope="module")
def host(lasting_host: HostFactory) -> LabHost:
    return lasting_host("found", GTX_1080)


def discover(host: LabHost, home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """`fleet discover` of a user whose known_hosts has this host."""
    (home / ".ssh").mkdir(exist_ok=True, mode=0o700)
    (home / ".ssh" / "known_hosts").write_bytes((host.key.parent / "known_hosts").read_bytes())
    line = [str(FLEET), "discover", *words, "--key", str(host.key), "--into", str(home / "fleet")]
    environment = {**os.environ, "HOME": str(home)}
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_host_file_is_written_and_loads_and_is_not_overwritten(host: LabHost, tmp_path: Path) -> None:
    first = discover(host, tmp_path, f"ubuntu@{host.address}")
    file = tmp_path / "fleet" / "hosts" / "found.yaml"
    assert (first.returncode, first.stderr) == (0, "")
    assert f"wrote {file}" in first.stdout
    assert f"next: read the files, then: fleet plan {tmp_path / 'fleet'}" in first.stdout
    content = yaml.safe_load(file.read_text())
    assert content["connection"] == {"address": host.address, "user": "ubuntu", "key": str(host.key)}
    assert (content["ubuntu"], content["driver"]) == ("24.04", "none")
    assert load.fleet(tmp_path / "fleet").hosts["found"].gpus

    file.write_text("# mine\n")
    again = discover(host, tmp_path, f"ubuntu@{host.address}")
    assert (again.returncode, file.read_text()) == (1, "# mine\n")
    assert "RUN291" in again.stderr
    assert discover(host, tmp_path, f"ubuntu@{host.address}", "--force").returncode == 0
    assert file.read_text().startswith("# found: Ubuntu 24.04")


def test_an_unreachable_machine_does_not_keep_the_others_from_being_written(host: LabHost, tmp_path: Path) -> None:
    nobody = host.address.rpartition(".")[0] + ".250"
    done = discover(host, tmp_path, f"root@{nobody}", f"root@{host.address}")
    assert done.returncode == 1
    assert [path.name for path in (tmp_path / "fleet" / "hosts").iterdir()] == ["found.yaml"]
    assert nobody in done.stderr


def test_an_unknown_host_key_is_refused(host: LabHost, tmp_path: Path) -> None:
    words = [str(FLEET), "discover", f"root@{host.address}", "--key", str(host.key), "--into", str(tmp_path / "fleet")]
    done = subprocess.run(
        words, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "key" in done.stderr
    assert not (tmp_path / "fleet").exists()


@pytest.mark.parametrize("target", ["a b", "@host", "x;reboot@host", "user@", "host:22"])
def test_what_is_no_target_is_refused_before_connecting(target: str, host: LabHost, tmp_path: Path) -> None:
    done = discover(host, tmp_path, target)
    assert (done.returncode, "RUN290" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
