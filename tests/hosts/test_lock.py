"""fleet.lock on a real host: an apply obeys it, a repository that moves on changes nothing, and --update moves it."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import running
from test_apply import DESK

from lab import inventory, repositories, signing
from lab.host import LabHost
from lab.lab import Lab
from schema.lock import read

pytestmark = [pytest.mark.hosts, pytest.mark.slow]
FLEET = str(Path(sys.executable).with_name("fleet"))
OLD, NEW = "580.82.07-0ubuntu1", "580.95.05-0ubuntu1"
NODE = {
    "ubuntu": "22.04",
    "gpus": [{"pci_id": "10de:2330"}],
    "driver": {"branch": 580, "modules": "open"},
    "cuda": {"toolkits": ["12.9"]},
}


@dataclass(frozen=True)
class Locked:
    host: LabHost
    folder: Path
    repository: Path

    @property
    def lock(self) -> bytes:
        return (self.folder / "fleet.lock").read_bytes()


def fleet(*words: str) -> running.Run:
    return running.run([FLEET, *words])


def serve(repository: Path, whole: Path, *, without: str = "", change: Callable[[str], str] = str) -> None:
    """Sign the repository's index anew: of `whole`, without the packages of one version, and with a change."""
    paragraphs = (whole / "Packages").read_text().split("\n\n")
    kept = [change(item) for item in paragraphs if not (without and f"\nVersion: {without}\n" in f"{item}\n")]
    for name in ("Packages", "Packages.gz", "Release", "InRelease", "Release.gpg"):
        (repository / name).unlink(missing_ok=True)
    body = "\n\n".join(kept).encode()
    (repository / "Packages").write_bytes(body)
    (repository / "Packages.gz").write_bytes(gzip.compress(body, mtime=0))
    fields = {"Origin": "NVIDIA", "Label": "NVIDIA CUDA", "Architecture": "x86_64"}
    with signing.keyring() as home:
        repositories._release(repository, fields, ("Packages", "Packages.gz"), home)


@pytest.fixture(scope="module")
def whole(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The index of Ubuntu 22.04's repository as the lab made it; it is put back at the end."""
    repository, kept = lab.web / "cuda/ubuntu2204/x86_64", tmp_path_factory.mktemp("whole")
    shutil.copy2(repository / "Packages", kept / "Packages")
    yield kept
    serve(repository, kept)


@pytest.fixture(scope="module")
def locked(
    lab: Lab, lasting_host: Callable[..., LabHost], whole: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Locked]:
    """A node that was locked and brought up while the repository's newest build was not there yet."""
    host = lasting_host("node", "10de:2330", ubuntu="22.04")
    folder = inventory.write(lab, tmp_path_factory.mktemp("locked") / "inventory", {"node": NODE})
    repository = lab.web / "cuda/ubuntu2204/x86_64"
    serve(repository, whole, without=NEW)
    made = fleet("lock", str(folder))
    assert made.code == 0, made.text
    assert OLD.encode() in (folder / "fleet.lock").read_bytes()
    serve(repository, whole)
    yield Locked(host, folder, repository)


def test_an_apply_takes_the_locks_versions_and_not_the_newest(locked: Locked) -> None:
    first = running.apply(locked.folder)
    assert first.code == 0, first.text
    assert "confirmed" in first.text
    assert "versions float" not in first.text
    assert running.version(locked.host, "nvidia-open-580") == OLD
    assert running.version(locked.host, "libnvidia-compute-580") == OLD
    assert "580.82.07" in locked.host.run("cat /proc/driver/nvidia/version").stdout


def test_a_newer_build_in_the_repository_changes_nothing(locked: Locked) -> None:
    before = locked.lock
    second = running.apply(locked.folder)
    assert (second.code, second.operations) == (0, []), second.text
    assert fleet("lock", str(locked.folder)).code == 0
    assert locked.lock == before
    assert fleet("drift", str(locked.folder)).code == 0


def test_a_package_upgraded_by_hand_is_named_and_brought_back(locked: Locked) -> None:
    locked.host.run(
        "rm /etc/apt/preferences.d/gpufleet; apt-get update; "
        "printf 'Package: *\\nPin: version 580.95.05*\\nPin-Priority: 1001\\n' > /etc/apt/preferences.d/user; "
        "DEBIAN_FRONTEND=noninteractive apt-get dist-upgrade -y; rm /etc/apt/preferences.d/user"
    )
    assert running.version(locked.host, "nvidia-open-580") == NEW
    shown = fleet("drift", str(locked.folder), "--format", "json")
    changes = {item["item"]: item for item in json.loads(shown.text[shown.text.index("{") :])["hosts"][0]["changes"]}
    assert (changes["nvidia-open-580"]["observed"], changes["nvidia-open-580"]["desired"]) == (NEW, OLD)
    planned = fleet("plan", str(locked.folder)).text
    assert f"nvidia-open-580  {NEW} -> {OLD}" in planned
    assert f"libnvidia-gl-580  {NEW} -> {OLD}" in planned
    mended = running.apply(locked.folder)
    assert mended.code == 0, mended.text
    assert running.version(locked.host, "nvidia-open-580") == OLD
    assert running.version(locked.host, "nvidia-utils-580") == OLD


def test_another_file_under_the_locked_version_stops_the_host(locked: Locked, whole: Path) -> None:
    locked.host.run("DEBIAN_FRONTEND=noninteractive apt-get remove -y cuda-gdb-12-9 2>&1 | tail -1")

    def other(paragraph: str) -> str:
        own = paragraph.startswith("Package: cuda-gdb-12-9\n")
        return re.sub(r"SHA256: \w+", f"SHA256: {'0' * 64}", paragraph) if own else paragraph

    serve(locked.repository, whole, change=other)
    try:
        stopped = running.apply(locked.folder)
        assert stopped.code == 1, stopped.text
        assert "RUN321" in stopped.text
        assert "cuda-gdb-12-9" in stopped.text
        assert running.version(locked.host, "cuda-gdb-12-9") == ""
    finally:
        serve(locked.repository, whole)
    assert running.apply(locked.folder).code == 0


def test_a_version_that_is_gone_stops_the_host_and_names_the_way_out(locked: Locked, whole: Path) -> None:
    locked.host.run("DEBIAN_FRONTEND=noninteractive apt-get remove -y nvidia-open-580 2>&1 | tail -1")
    serve(locked.repository, whole, without=OLD)
    try:
        stopped = running.apply(locked.folder)
        assert stopped.code == 1, stopped.text
        assert "RUN320" in stopped.text
        assert "fleet lock --update nvidia-open-580" in stopped.text
    finally:
        serve(locked.repository, whole)
    assert running.apply(locked.folder).code == 0


def test_an_update_shows_old_to_new_and_an_apply_moves(locked: Locked) -> None:
    shown = fleet("lock", str(locked.folder), "--update", "nvidia-open-580")
    assert shown.code == 0, shown.text
    assert f"driver nvidia-open-580: {OLD} -> {NEW}" in shown.text
    assert "cuda" not in "".join(line for line in shown.text.splitlines() if "->" in line).replace("cuda-drivers", "")
    moved = running.apply(locked.folder)
    assert moved.code == 0, moved.text
    assert running.version(locked.host, "nvidia-open-580") == NEW
    assert fleet("drift", str(locked.folder)).code == 0
    assert subprocess.run([FLEET, "lock", str(locked.folder), "--check"], check=False).returncode == 0


def test_a_desktop_with_environments_is_brought_to_its_lock_and_stays_there(
    bare_host: Callable[..., LabHost], write_inventory: Callable[..., Path]
) -> None:
    desk = bare_host("desk", "10de:1b80")
    folder = write_inventory(desk=DESK)
    locked = fleet("lock", str(folder))
    assert locked.code == 0, locked.text
    first = running.apply(folder)
    assert first.code == 0, first.text
    second = running.apply(folder)
    assert (second.code, second.operations) == (0, []), second.text
    lock = read.load(folder)
    assert lock is not None
    (environment,) = lock.environments.values()
    there = desk.run("ls /opt/conda/envs/ds/conda-meta").stdout
    assert all(f"{item.name}-{item.version}-{item.build}.json" in there for item in environment.packages)
    desk.run("rm /opt/conda/envs/ds/conda-meta/numpy-*.json")
    assert "environments ds/numpy: absent -> " in fleet("drift", str(folder)).text
    assert running.apply(folder).code == 0
    assert fleet("drift", str(folder)).code == 0


def test_the_archives_driver_is_held_to_the_lock_too(
    bare_host: Callable[..., LabHost], write_inventory: Callable[..., Path]
) -> None:
    host = bare_host("desk", "10de:2684")
    spec = {"ubuntu": "24.04", "gpus": ["RTX 4090"], "driver": {"source": "ubuntu", "branch": 580}}
    folder = write_inventory(desk=spec)
    locked = fleet("lock", str(folder))
    assert locked.code == 0, locked.text
    first = running.apply(folder)
    assert first.code == 0, first.text
    lock = read.load(folder)
    assert lock is not None
    (repository,) = lock.repositories.values()
    (packages,) = repository.sets.values()
    assert running.version(host, "nvidia-driver-580-open") == packages["nvidia-driver-580-open"].version
    assert "Package: nvidia-driver-580-open\nPin: version" in host.run("cat /etc/apt/preferences.d/gpufleet").stdout
    second = running.apply(folder)
    assert (second.code, second.operations) == (0, []), second.text
    assert fleet("drift", str(folder)).code == 0
