"""Ailments of a converged host, made by hand and told together by one look; the host is clean before and after."""

from collections.abc import Callable
from pathlib import Path

import pytest
import running
from test_drift import Document, drift, findings

from lab import inventory
from lab.host import LabHost
from lab.lab import Lab
from lab.packages import kernel

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

SPEC: dict[str, object] = {
    "ubuntu": "24.04",
    "gpus": ["GTX 1080"],
    "driver": {"branch": 580, "modules": "proprietary"},
    "reboot": "if-needed",
}
VENDOR = "https://developer.download.nvidia.com/compute/cuda/repos"
LISTS = "/etc/apt/sources.list.d"
# Two sources of one repository, of which apt itself must say that it reads none; the rest is one look's.
CONFLICT = f"""
set -e; . /etc/os-release
uri=$(sed -n 's/^URIs: //p' {LISTS}/gpufleet-cuda.sources)
echo "deb $uri /" >{LISTS}/zz-second.list
"""
MADE = f"""
set -e; kernel=$(uname -r)
rings=/usr/share/keyrings
echo "deb [signed-by=$rings/cuda-archive-keyring.gpg] {VENDOR}/ubuntu2204/x86_64/ /" >{LISTS}/cuda-ubuntu2204.list
install -m 0600 $rings/gpufleet-cuda.asc $rings/nvidia-site.asc
echo "deb [signed-by=$rings/nvidia-site.asc] https://site.example.org/nvidia/ /" >{LISTS}/nvidia-site.list
printf 'Package: nvidia-settings\\nPin: version 580.82.07-*\\nPin-Priority: 1002\\n' >/etc/apt/preferences.d/00-site
: >/usr/lib/x86_64-linux-gnu/libcuda.so.575.64.03
mkdir -p /lib/modules/$kernel/kernel/drivers/gpu/drm/nouveau
: >/lib/modules/$kernel/kernel/drivers/gpu/drm/nouveau/nouveau.ko
touch -d '+1 minute' /etc/modprobe.d/gpufleet-nouveau.conf
echo /usr/local/cuda/lib64/stubs >/etc/ld.so.conf.d/stubs.conf
ln -s /usr/local/cuda-11.8 /usr/local/cuda
touch -d '+2 days' /var/lib/apt/lists/site.example.org_InRelease
apt-get install -y --no-install-recommends linux-image-generic-hwe-24.04 >/dev/null
mkdir -p /srv/u/DEBIAN && cd /srv
printf 'Package: unattended-upgrades\\nVersion: 2.9\\nArchitecture: all\\n' >u/DEBIAN/control
printf 'Maintainer: T <t@example.org>\\nDescription: t\\n' >>u/DEBIAN/control
dpkg-deb -b u u.deb >/dev/null && dpkg -i u.deb >/dev/null
cat >/etc/apt/apt.conf.d/52site <<'X'
// "nvidia-";
#clear Unattended-Upgrade::Package-Blacklist;
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Origins-Pattern {{
    "origin=*,label=NVIDIA CUDA";
    "o=${{distro_id}},a=${{distro_codename}}-security";
}};
X
systemctl -q unmask apt-daily-upgrade.timer; systemctl -q enable apt-daily-upgrade.timer
mkdir -p /srv/boot && cp -a /boot/. /srv/boot && mount -t tmpfs -o size=40M tmpfs /boot && cp -a /srv/boot/. /boot
truncate -s 30M /srv/image && cat /srv/image >>/boot/initrd.img-$kernel
touch -d '-1 minute' /boot/initrd.img-$kernel
"""
UNDONE = f"""
set -e; umount /boot; touch /boot/initrd.img-*
apt-get purge -y unattended-upgrades linux-image-generic-hwe-24.04 >/dev/null
rm {LISTS}/cuda-ubuntu2204.list {LISTS}/nvidia-site.list /usr/share/keyrings/nvidia-site.asc
rm /usr/lib/x86_64-linux-gnu/libcuda.so.575.64.03 /etc/ld.so.conf.d/stubs.conf /usr/local/cuda
systemctl -q disable apt-daily-upgrade.timer; systemctl -q mask apt-daily-upgrade.timer
rm /etc/apt/preferences.d/00-site /etc/apt/apt.conf.d/52site
rm -r /lib/modules/$(uname -r)/kernel/drivers/gpu/drm/nouveau /var/lib/apt/lists/site.example.org_InRelease
touch -d '-1 minute' /etc/modprobe.d/gpufleet-nouveau.conf
"""


@pytest.fixture(scope="module")
def host(lasting_host: Callable[..., LabHost]) -> LabHost:
    return lasting_host("desk", "10de:1b80")


@pytest.fixture(scope="module")
def folder(host: LabHost, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = inventory.write(lab, tmp_path_factory.mktemp("ailments") / "inventory", {host.name: SPEC})
    done = running.apply(written)
    assert done.code == 0, done.text
    clean(written)
    return written


def clean(folder: Path) -> None:
    row = drift(folder, 0)
    assert (row["status"], row["changes"], findings(row), row["not_seen"]) == ("in-sync", [], {}, [])


def told(row: Document, **expected: str) -> None:
    """Just these findings beside advice, each with these words of its evidence."""
    found = {code: item for code, item in findings(row).items() if item["severity"] != "info"}
    assert set(found) == set(expected), found
    for code, words in expected.items():
        assert words in found[code]["evidence"], found[code]


def test_two_sources_with_different_keys_stop_apt(host: LabHost, folder: Path) -> None:
    host.run(CONFLICT)
    said = host.run("apt-get update", check=False)
    assert "Conflicting values set for option Signed-By" in said.stderr
    told(
        drift(folder, 2),
        GPU146=f"{LISTS}/zz-second.list",
        GPU218=f"{LISTS}/zz-second.list",
    )
    host.run(f"rm {LISTS}/zz-second.list")


def test_ailments_of_packages_repositories_and_the_system(host: LabHost, folder: Path) -> None:
    host.run(MADE)
    assert "Candidate: 580.82.07" in host.run("apt-cache policy nvidia-settings").stdout
    row = drift(folder, 2)
    running_kernel = host.run("uname -r").stdout.strip()
    told(
        row,
        GPU145="allowed origin: origin=*,label=NVIDIA CUDA",
        GPU200="/usr/lib/x86_64-linux-gnu/libcuda.so.575.64.03",
        GPU204="linux-headers-generic-hwe-24.04 is not",
        GPU206=f"/boot/initrd.img-{running_kernel}",
        GPU213=f"{LISTS}/cuda-ubuntu2204.list",
        GPU216="",
        GPU220="/etc/apt/preferences.d/00-site: Package: nvidia-settings",
        GPU223="/boot: ",
        GPU225="/usr/local/cuda -> /usr/local/cuda-11.8",
        GPU226="/etc/ld.so.conf.d/stubs.conf: /usr/local/cuda/lib64/stubs",
        GPU227="site.example.org_InRelease",
    )
    keys = [item["evidence"] for item in row["findings"] if item["code"] == "GPU216"]
    assert "/usr/share/keyrings/cuda-archive-keyring.gpg is not there" in keys[0]
    assert keys[1] == "/usr/share/keyrings/nvidia-site.asc has mode 600"
    host.run(UNDONE)
    clean(folder)


def test_a_kernel_that_dkms_has_not_built_for(host: LabHost, folder: Path) -> None:
    newer = kernel.following(host.run("uname -r").stdout.strip())
    install = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
    host.run(f"{install} linux-image-{newer}", check=False)
    row = drift(folder, 2)
    assert f"linux-headers-{newer}" in {change["item"] for change in row["changes"]}
    told(row, GPU116="module on disk: none", GPU202="added", GPU203=f"/lib/modules/{newer}/build has no Makefile")

    host.run("mkdir -p /var/lib/gpufleet-lab; touch /var/lib/gpufleet-lab/dkms-fails")
    host.run(f"{install} linux-headers-{newer}", check=False)
    row = drift(folder, 2)
    told(row, GPU116="module on disk: none", GPU201="make: *** [Makefile:95: modules] Error 2")
    assert f"-k {newer}" in findings(row)["GPU201"]["hint"]

    host.run("rm /var/lib/gpufleet-lab/dkms-fails; dpkg --configure -a", check=False)
    host.run(f"dkms install -m nvidia/580.95.05 -k {newer}", check=False)
    version = host.run("ls /var/lib/dkms/nvidia").stdout.split()
    host.run("; ".join(f"dkms install -m nvidia -v {one} -k {newer}" for one in version if one[0].isdigit()))
    row = drift(folder, 0)
    assert {code for code, item in findings(row).items()} == {"GPU222"}, row


def test_secure_boot_is_told_before_anything_is_installed(
    bare_host: Callable[..., LabHost], lab: Lab, tmp_path: Path
) -> None:
    """Of a driver that something else installs; root sees the kernel's keys, and says that none is the host's own."""
    host = bare_host("secure", "10de:1b80", secure_boot=True)
    spec = {"ubuntu": "24.04", "gpus": ["GTX 1080"], "driver": {"source": "external"}}
    row = drift(inventory.write(lab, tmp_path / "inventory", {host.name: spec}), 2)
    warned = findings(row)["GPU228"]
    assert "SecureBoot = 1 in /sys/firmware/efi/efivars" in warned["evidence"]
    assert row["not_seen"] == []
    user = inventory.write(lab, tmp_path / "user", {host.name: {**spec, "connection": {"sudo": False}}})
    assert "kernel/keyring" in drift(user, 2)["not_seen"]
