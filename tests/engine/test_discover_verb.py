"""fleet discover on folders and over a real sshd: what is completed, what is refused, and what it says."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def site(root: Path, **hosts: str) -> Path:
    (root / "hosts").mkdir(parents=True)
    for name, text in hosts.items():
        (root / "hosts" / f"{name}.yaml").write_text(text)
    return root


def refused(done: "subprocess.CompletedProcess[str]", code: str) -> None:
    assert (done.returncode, code in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr
    assert "next: " in done.stderr


def test_without_machines_and_without_hosts_there_is_nothing_to_do(fleet: Command, tmp_path: Path) -> None:
    refused(fleet("discover", "--into", str(tmp_path / "none")), "RUN293")
    assert not (tmp_path / "none").exists()


def test_a_folder_whose_hosts_say_all_that_is_needed(fleet: Command, tmp_path: Path) -> None:
    folder = site(tmp_path / "site", a='ubuntu: "24.04"\ngpus: []\n')
    refused(fleet("discover", "-i", str(folder)), "RUN294")
    refused(fleet("discover", "-i", str(folder), "--limit", "nobody"), "RUN294")


def test_a_host_whose_connection_is_wrong_is_refused_before_connecting(fleet: Command, tmp_path: Path) -> None:
    folder = site(tmp_path / "site", a="connection: {port: many}\n")
    refused(fleet("discover", "-i", str(folder)), "RUN295")


def test_a_host_that_is_not_there_leaves_its_file_and_the_report_says_so(fleet: Command, tmp_path: Path) -> None:
    text = "# mine\nconnection: {address: 127.0.0.1, port: 1, timeout: 2}\n"
    folder = site(tmp_path / "site", a=text)
    done = fleet("discover", "-i", str(folder), "--format", "json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    host = document["hosts"][0]
    assert (host["host"], host["result"], host["error"]["code"], host["file"]) == ("a", "failed", "RUN201", None)
    assert (folder / "hosts" / "a.yaml").read_text() == text


def test_a_machine_that_is_no_ubuntu_is_named_and_nothing_written(fleet: Command, tmp_path: Path, sshd: object) -> None:
    release = Path("/etc/os-release").read_text()
    if "ID=ubuntu" in release.splitlines():
        pytest.skip("this machine is an Ubuntu")
    port, key, known = sshd.port, sshd.key, sshd.known()  # type: ignore[attr-defined]
    text = f"connection: {{address: 127.0.0.1, port: {port}, user: root, key: {key}, known_hosts: {known}}}\n"
    folder = site(tmp_path / "site", a=text)
    done = fleet("discover", "a", "-i", str(folder))
    refused(done, "RUN292")
    assert (folder / "hosts" / "a.yaml").read_text() == text


def test_a_file_in_one_line_of_braces_is_not_made_worse(fleet: Command, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs a machine to look at")
    folder = site(tmp_path / "site", a="{connection: {address: 127.0.0.1, port: 1, timeout: 2}, groups: []}\n")
    before = (folder / "hosts" / "a.yaml").read_text()
    assert fleet("discover", "-i", str(folder)).returncode == 1
    assert (folder / "hosts" / "a.yaml").read_text() == before


def test_this_machine_does_not_keep_the_others_waiting(fleet: Command, tmp_path: Path) -> None:
    far = "connection: {address: 127.0.0.1, port: 1, timeout: 2}\n"
    folder = site(tmp_path / "site", here="connection: local\n", far=far)
    document = json.loads(fleet("discover", "-i", str(folder), "--format", "json").stdout)
    codes = {host["host"]: host["error"] and host["error"]["code"] for host in document["hosts"]}
    assert codes["far"] == "RUN201"
    if "ID=ubuntu" not in Path("/etc/os-release").read_text().splitlines():
        assert codes["here"] is not None
