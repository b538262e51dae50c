"""Since when and why, on a real host: what apt, a user's sudo, dpkg by hand and a rotated log leave behind."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import running

from facts import history, probe
from lab import inventory
from lab.host import LabHost
from lab.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

Row = dict[str, Any]
FLEET = Path(sys.executable).with_name("fleet")
OLD, NEW = "580.82.07-0ubuntu1", "580.95.05-0ubuntu1"
SPEC = {"ubuntu": "24.04", "gpus": ["GTX 1080"], "driver": {"branch": 580, "version": "580.82.07"}}
LIBRARY = "libnvidia-compute-580"
# A package that no repository has, as one that somebody was sent.
REBUILT = """
cd /root && apt-get -q download libnvidia-encode-580=580.95.05-0ubuntu1 && dpkg-deb -R *.deb other &&
sed -i 's/^Version: .*/Version: 580.105.08-0ubuntu1/' other/DEBIAN/control && dpkg-deb -b other other.deb &&
dpkg -i --force-all other.deb"""
USERS = ("root", "ubuntu")
APT = "sudo DEBIAN_FRONTEND=noninteractive apt-get -y"


@pytest.fixture(scope="module")
def site(
    lab: Lab, lasting_host: Callable[..., LabHost], tmp_path_factory: pytest.TempPathFactory
) -> tuple[LabHost, Path]:
    host = lasting_host("desk", "10de:1b80")
    folder = inventory.write(lab, tmp_path_factory.mktemp("since") / "inventory", {"desk": SPEC})
    done = running.apply(folder)
    assert done.code == 0, done.text
    # systemd-nspawn gives a machine the zone of its own host at each boot.
    host.run("ln -sf /usr/share/zoneinfo/Asia/Kathmandu /etc/localtime")
    return host, folder


def drift(folder: Path) -> tuple[Row, str]:
    """The host's part of the JSON, and the text, of one look."""
    file = folder.parent / "drift.json"
    words = [str(FLEET), "drift", str(folder), "-o", "-", "-o", str(file)]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode in {0, 2}, done.stdout + done.stderr
    row: Row = json.loads(file.read_text())["hosts"][0]
    return row, done.stdout


def cause(row: Row, item: str) -> Row:
    found: Row = next(change for change in row["changes"] if change["item"] == item)["cause"]
    return found


def by_user(host: LabHost, command: str) -> None:
    done = host.ssh(command, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_upgrade_by_a_user_is_named_with_its_command_and_the_boot_that_is_older(site: tuple[LabHost, Path]) -> None:
    host, folder = site
    by_user(host, f"sudo rm /etc/apt/preferences.d/gpufleet && {APT} install cuda-drivers-580")
    row, text = drift(folder)
    found = cause(row, LIBRARY)
    command = "apt-get -y install cuda-drivers-580"
    assert (found["by"], found["user"], found["command"]) == ("apt-get", "ubuntu (1000)", command)
    assert (found["action"], found["before"], found["after"], found["error"]) == ("upgrade", OLD, NEW, None)
    assert found["time"].endswith("+05:45")
    assert found["since"] == found["time"]
    line = f"{command} (asked by ubuntu (1000)), {OLD} -> {NEW}"
    assert [shown for shown in text.splitlines() if line in shown and "since 20" in shown]
    evidence = next(item["evidence"] for item in row["findings"] if item["code"] == "GPU110")
    assert f"by {command} (asked by ubuntu (1000)): 580.82.07 -> 580.95.05" in evidence
    assert evidence.index("booted 20") < evidence.index("upgraded 20")


def test_a_rotated_log_is_read_as_well(site: tuple[LabHost, Path]) -> None:
    host, folder = site
    before, _ = drift(folder)
    host.run("cd /var/log/apt && cp -p history.log history.log.1 && gzip history.log.1 && : >history.log")
    after, _ = drift(folder)
    assert after["changes"] == before["changes"]
    assert cause(after, LIBRARY)["user"] == "ubuntu (1000)"


def test_what_dpkg_did_alone_is_told_from_apt_and_the_chain_back_to_the_declared_version(
    site: tuple[LabHost, Path],
) -> None:
    host, folder = site
    first = cause(drift(folder)[0], "libnvidia-encode-580")
    host.run(REBUILT)
    row, text = drift(folder)
    found = cause(row, "libnvidia-encode-580")
    assert (found["by"], found["user"], found["command"]) == ("dpkg directly", None, None)
    assert (found["before"], found["after"]) == (NEW, "580.105.08-0ubuntu1")
    assert (found["since"], found["since"] < found["time"]) == (first["time"], True)
    assert f"dpkg directly, {NEW} -> 580.105.08-0ubuntu1" in text
    # What came by dpkg leaves what apt did to the others as it was.
    assert cause(row, LIBRARY)["by"] == "apt-get"


def test_a_user_without_sudo_sees_the_same_history(site: tuple[LabHost, Path]) -> None:
    host, _ = site
    seen = [probe.sections(host.ssh(probe.script(("host", "history")), user).stdout.split("\n")) for user in USERS]
    ours, theirs = (history.parse(found) for found in seen)
    assert ours.transactions == theirs.transactions
    by = [one.by for one in ours.transactions]
    assert by[0] == "dpkg directly"
    assert by[-1] == "gpufleet"
