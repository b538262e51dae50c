"""Discovered hosts show no drift: set up by gpufleet, set up by hand, or named by an Ansible inventory."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import running
import yaml
from test_apply import DESK

from lab.host import LabHost
from lab.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

Boot = Callable[..., LabHost]
FLEET = Path(sys.executable).with_name("fleet")
H100 = "10de:2330"
INSTALLER = "Miniforge3-25.3.1-0-Linux-x86_64.sh"
# As people do it from the vendor's guide: a key, a source, and packages.
BY_HAND = """
set -e
export DEBIAN_FRONTEND=noninteractive
signed=signed-by=/usr/share/keyrings/site.asc
for line in 'cuda/ubuntu2404/x86_64 /' 'ubuntu noble main restricted' 'ubuntu noble-updates main restricted'; do
    echo "deb [$signed] https://SERVER/$line"
done > /etc/apt/sources.list.d/site.list
apt-get update -q
"""
VENDORS = f"""{BY_HAND}
apt-get install -qy nvidia-driver-pinning-580
apt-get install -qy linux-headers-$(uname -r) nvidia-open-580 cuda-toolkit-12-9 libcudnn9-cuda-12
"""
# Ubuntu's own driver, a held package, a PPA that was tried, and a toolkit from a runfile.
ARCHIVES = f"""{BY_HAND}
printf 'Package: *\\nPin: release l=NVIDIA CUDA\\nPin-Priority: -1\\n' > /etc/apt/preferences.d/archive
apt-get install -qy linux-headers-$(uname -r) nvidia-driver-580-open
apt-mark hold nvidia-driver-580-open
mkdir -p /usr/local/cuda-12.4/bin
echo '{{"cuda": {{"version": "12.4.1"}}}}' > /usr/local/cuda-12.4/version.json
ln -s /usr/local/cuda-12.4 /usr/local/cuda
"""
RUNFILE = """
set -e
touch /usr/bin/nvidia-uninstall
echo 'deb https://ppa.launchpadcontent.net/graphics-drivers/ppa/ubuntu noble main' > /etc/apt/sources.list.d/ppa.list
"""
CONDA = """
set -e
export HOME=/root SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt
export CONDA_SSL_VERIFY=/etc/ssl/certs/ca-certificates.crt
sh /srv/INSTALLER -b -p /opt/miniforge3
printf 'channel_alias: https://SERVER/conda\\nchannels: [conda-forge]\\n' > /opt/miniforge3/.condarc
/opt/miniforge3/bin/conda create -qy -n study python=3.12 'numpy>=2' pip
/opt/miniforge3/envs/study/bin/python -m pip install -q --index-url https://SERVER/pypi/simple einops==0.8.1
"""


class Site:
    """A user with known hosts, a folder, and the commands."""

    def __init__(self, home: Path, *hosts: LabHost) -> None:
        self.home, self.folder, self.hosts = home, home / "fleet", hosts
        (home / ".ssh").mkdir(mode=0o700, parents=True)
        (home / ".ssh" / "known_hosts").write_bytes((hosts[0].key.parent / "known_hosts").read_bytes())

    def fleet(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [str(FLEET), *map(str, words)],
            env={**os.environ, "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done

    def discover(self) -> dict[str, Any]:
        names = [f"ubuntu@{host.address}" for host in self.hosts]
        done = self.fleet("discover", *names, "--key", self.hosts[0].key, "--into", self.folder, "--format", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def in_sync(self) -> None:
        valid = self.fleet("validate", self.folder)
        assert valid.returncode == 0, valid.stdout
        drift = self.fleet("drift", self.folder)
        files = "\n".join(path.read_text() for path in self.folder.rglob("*.yaml"))
        assert drift.returncode == 0, drift.stdout + drift.stderr + files


def test_what_gpufleet_set_up_is_discovered_in_a_new_folder_without_drift(
    bare_host: Boot, write_inventory: Callable[..., Path], tmp_path: Path
) -> None:
    desk, node = bare_host("desk", "10de:1b80"), bare_host("node", H100, ubuntu="22.04")
    spec: dict[str, object] = {
        "ubuntu": "22.04",
        "gpus": [{"pci_id": H100}],
        "driver": {"branch": 580, "modules": "open", "install": "compute"},
    }
    applied = running.apply(write_inventory(desk=DESK, node=spec))
    assert applied.code == 0, applied.text
    site = Site(tmp_path / "home", desk, node)
    found = site.discover()
    assert [(host["drift"], host["external"]) for host in found["hosts"]] == [("in-sync", False)] * 2
    site.in_sync()
    content = yaml.safe_load((site.folder / "hosts" / "desk.yaml").read_text())
    assert content["cuda"] == {"toolkits": ["12.6", "12.9"], "default": "12.6"}
    assert content["environments"]["ds"]["packages"] == ["numpy"]
    assert content["environments"]["ds"]["pip"] == {"packages": ["einops==0.8.1"]}
    assert content["environments"]["ds"]["kernel"] is True
    assert content["conda"]["version"] == "25.3.1-0"


def test_what_was_set_up_by_hand_is_declared_external_and_adopted_by_deleting_a_line(
    bare_host: Boot, lab: Lab, tmp_path: Path
) -> None:
    host = bare_host("hand", H100)
    host.trust_lab_ca()
    key = (running.CHECKOUT / "inventory/keys/lab-archive.asc").read_text()
    host.run("cat > /usr/share/keyrings/site.asc", stdin=key)
    out = host.run("sh -e", stdin=VENDORS.replace("SERVER", lab.address), timeout=240, check=False)
    assert out.returncode == 0, out.stdout + out.stderr
    host.run("cat > /srv/" + INSTALLER, stdin=(lab.web / "installers" / INSTALLER).read_text(errors="surrogateescape"))
    host.run(
        "env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin sh -e",
        stdin=CONDA.replace("SERVER", lab.address).replace("INSTALLER", INSTALLER),
        timeout=240,
    )
    host.reboot()
    site = Site(tmp_path / "home", host)
    found = site.discover()["hosts"][0]
    file = site.folder / "hosts" / "hand.yaml"
    assert (found["drift"], found["external"]) == ("in-sync", True), file.read_text()
    site.in_sync()
    content = yaml.safe_load(file.read_text())
    assert content["external"] is True
    assert (content["driver"]["source"], content["driver"]["branch"], content["driver"]["modules"]) == (
        "nvidia",
        580,
        "open",
    )
    assert content["cuda"]["toolkits"] == ["12.9"]
    assert content["cudnn"]["version"].startswith("9.")
    assert content["conda"]["prefix"] == "/opt/miniforge3"
    assert content["environments"]["study"]["packages"] == ["numpy>=2"]
    assert content["environments"]["study"]["pip"] == {"packages": ["einops==0.8.1"]}
    assert "Without the next line a run would bring" in file.read_text()

    host.run("/opt/miniforge3/envs/study/bin/python -m pip uninstall -qy einops", timeout=120)
    changed = site.fleet("drift", site.folder)
    assert changed.returncode == 2
    assert "GPU190" in changed.stdout
    assert "study/einops" in changed.stdout
    applied = site.fleet("apply", site.folder, "-y")
    assert "GPU191" in site.fleet("plan", site.folder).stdout
    assert host.run("ls /etc/apt/sources.list.d").stdout.split() == ["site.list"], applied.stdout

    file.write_text(file.read_text().replace("external: true\n", ""))
    adopted = site.fleet("plan", site.folder)
    assert "/etc/apt/sources.list.d/gpufleet-cuda.sources" in adopted.stdout


def test_the_archives_driver_and_the_traces_of_others_are_declared_and_commented(
    bare_host: Boot, lab: Lab, tmp_path: Path
) -> None:
    archive, runfile = bare_host("archive", H100), bare_host("runfile", "10de:1b80")
    archive.trust_lab_ca()
    key = (running.CHECKOUT / "inventory/keys/lab-archive.asc").read_text()
    archive.run("cat > /usr/share/keyrings/site.asc", stdin=key)
    out = archive.run("sh -e", stdin=ARCHIVES.replace("SERVER", lab.address), timeout=240, check=False)
    assert out.returncode == 0, out.stdout + out.stderr
    archive.reboot()
    runfile.run("sh -e", stdin=RUNFILE)
    site = Site(tmp_path / "home", archive, runfile)
    assert [host["drift"] for host in site.discover()["hosts"]] == ["in-sync", "in-sync"]
    site.in_sync()
    text = (site.folder / "hosts" / "archive.yaml").read_text()
    driver = yaml.safe_load(text)["driver"]
    assert (driver["source"], driver["branch"], driver["modules"], driver["delivery"]) == (
        "ubuntu",
        580,
        "open",
        "dkms",
    )
    assert "# Held with apt-mark, which no key says: nvidia-driver-580-open" in text
    assert "# /usr/local/cuda-12.4 belongs to no package and is left alone." in text
    other = (site.folder / "hosts" / "runfile.yaml").read_text()
    assert "driver: none  # runfile left traces, and no driver of it is there" in other
    assert "# A PPA with drivers is among apt's sources" in other


def test_an_imported_ansible_inventory_is_completed_and_in_sync(bare_host: Boot, tmp_path: Path) -> None:
    one, two = bare_host("one", "10de:1b80"), bare_host("two", ubuntu="22.04")
    site = Site(tmp_path / "home", one, two)
    source = tmp_path / "hosts.ini"
    source.write_text(
        f"[gpu]\none ansible_host={one.address}\n[other]\ntwo ansible_host={two.address} ntp=x\n"
        f"[all:vars]\nansible_user=ubuntu\nansible_ssh_private_key_file={one.key}\nansible_become=true\n"
    )
    assert site.fleet("import", "ansible", source, "--into", site.folder).returncode == 0
    assert site.fleet("validate", site.folder).returncode == 1
    file = site.folder / "hosts" / "one.yaml"
    before = file.read_text()
    done = site.fleet("discover", "-i", site.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert file.read_text().startswith(before)
    site.in_sync()
    content = yaml.safe_load(file.read_text())
    assert (content["ubuntu"], content["groups"], content["driver"]) == ("24.04", ["gpu"], "none")
    assert content["gpus"] == [{"model": "GeForce GTX 1080", "count": 1}]
    again = site.fleet("discover", "-i", site.folder)
    assert (again.returncode, "RUN294" in again.stderr) == (1, True)
    named = site.fleet("discover", "one", "-i", site.folder)
    assert (named.returncode, "unchanged" in named.stdout) == (0, True)
    shutil.rmtree(site.folder)
