"""When it goes wrong: each case ends with a code, evidence and a next step, and with a host that the next run mends."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import running

from lab.host import LabHost
from lab.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

Boot = Callable[..., LabHost]
Write = Callable[..., Path]
H100 = "10de:2330"
NODE: dict[str, object] = {
    "ubuntu": "22.04",
    "gpus": [{"pci_id": H100}],
    "driver": {"branch": 580, "modules": "open"},
}
SLOW = "echo 'DPkg::Pre-Invoke {\"sleep 15\";};' > /etc/apt/apt.conf.d/99slow"
# A package whose script keeps dpkg's locks for as long as it sleeps.
SLEEPER = """
set -e; mkdir -p /srv/s/DEBIAN; cd /srv
printf 'Package: sleeper\\nVersion: 1\\nArchitecture: all\\n' > s/DEBIAN/control
printf 'Maintainer: T <t@example.org>\\nDescription: t\\n' >> s/DEBIAN/control
printf '#!/bin/sh\\nsleep 20\\n' > s/DEBIAN/postinst; chmod 755 s/DEBIAN/postinst; dpkg-deb -b s sleeper.deb
systemd-run -q --collect --unit=holder apt-get install -y /srv/sleeper.deb; sleep 2
"""
FOREIGN = """
set -e; mkdir -p /srv/f/DEBIAN; cd /srv
printf 'Package: foreign\\nVersion: 1\\nArchitecture: all\\nConflicts: dkms\\n' > f/DEBIAN/control
printf 'Maintainer: T <t@example.org>\\nDescription: t\\n' >> f/DEBIAN/control
dpkg-deb -b f foreign.deb; dpkg -i foreign.deb
"""


def failed(run: running.Run, code: str) -> None:
    """A failure as every failure must be: the code, evidence, a next step, exit status 1, and no traceback."""
    assert run.code == 1, run.text
    assert re.search(rf"\b{code}\b", run.text), run.text
    assert "next: " in run.text
    assert "  | " in run.text
    assert "Traceback" not in run.text


def mended(folder: Path, *flags: str) -> None:
    done = running.apply(folder, *flags)
    assert done.code == 0, done.text
    again = running.apply(folder)
    assert (again.code, again.operations) == (0, []), again.text


def test_apts_lock_is_held(bare_host: Boot, write_inventory: Write) -> None:
    host, folder = bare_host("node", H100, ubuntu="22.04"), write_inventory(node=NODE)
    host.run(SLEEPER)
    done = running.apply(folder, "--data", "lock_timeout=3")
    failed(done, "RUN102")
    assert "held by process" in done.text
    assert running.version(host, "nvidia-open-580") == ""
    mended(folder)


def test_the_repository_is_signed_by_another_key(bare_host: Boot, write_inventory: Write, tmp_path: Path) -> None:
    host, folder = bare_host("node", H100, ubuntu="22.04"), write_inventory(node=NODE)
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    subprocess.run([*gpg, "--passphrase", "", "--quick-gen-key", "other", "rsa2048", "sign", "never"], check=True)
    listed = subprocess.run([*gpg, "--with-colons", "-k"], check=True, capture_output=True, text=True).stdout
    fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
    other = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True, text=True).stdout
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=True)
    fleet, key = folder / "fleet.yaml", folder / "keys" / "lab-archive.asc"
    good_fleet, good_key = fleet.read_text(), key.read_text()
    key.write_text(other)
    mismatch = running.apply(folder)
    assert mismatch.code == 1
    assert "fingerprint" in mismatch.text
    assert running.commands_seen(host) == 0
    fleet.write_text(re.sub(r"\b[0-9A-F]{40}\b", fingerprint, good_fleet))
    failed(running.apply(folder), "RUN112")
    assert running.version(host, "nvidia-open-580") == ""
    fleet.write_text(good_fleet)
    key.write_text(good_key)
    mended(folder)


def test_the_offered_key_has_another_fingerprint(bare_host: Boot, write_inventory: Write, lab: Lab) -> None:
    host, folder = bare_host("node", H100, ubuntu="22.04"), write_inventory(node=NODE)
    fleet = folder / "fleet.yaml"
    good = fleet.read_text()
    # A mirror that brings no key of its own is expected to offer NVIDIA's.
    fleet.write_text(re.sub(r"\n +keys: .*", "", good, count=1))
    offered = lab.web / "cuda/ubuntu2204/x86_64/3bf863cc.pub"
    failed(running.apply(folder), "RUN106")
    offered.write_text((folder / "keys/lab-archive.asc").read_text())
    try:
        done = running.apply(folder)
    finally:
        offered.unlink()
    failed(done, "RUN105")
    assert "EB693B3035CD5710E231E123A4B469963BF863CC" in done.text
    assert host.run("ls /etc/apt/sources.list.d /usr/share/keyrings | grep gpufleet-cuda", check=False).stdout == ""
    fleet.write_text(good)
    mended(folder)


def test_the_installer_has_another_hash(bare_host: Boot, write_inventory: Write) -> None:
    host = bare_host("plain", ubuntu="24.04")
    conda = {"version": "25.3.1-0", "sha256": "0" * 64}
    folder = write_inventory(plain={"ubuntu": "24.04", "gpus": [], "conda": conda})
    failed(running.apply(folder), "RUN107")
    assert host.run("ls -A /opt").stdout.split() in ([], ["gpufleet-lab"])
    lines = (running.CHECKOUT / "lab/installers.sha256").read_text().splitlines()
    conda["sha256"] = next(line.split()[0] for line in lines if "Miniforge3-25.3.1-0" in line)
    mended(write_inventory(plain={"ubuntu": "24.04", "gpus": [], "conda": conda}))


def test_the_version_is_not_in_the_repository(bare_host: Boot, write_inventory: Write) -> None:
    host = bare_host("node", H100, ubuntu="22.04")
    driver = {"branch": 580, "modules": "open", "version": "580.1.2"}
    done = running.apply(write_inventory(node=NODE | {"driver": driver}))
    failed(done, "RUN108")
    assert "580.95.05" in done.text
    assert running.version(host, "nvidia-open-580") == ""
    mended(write_inventory(node=NODE))


def test_foreign_packages_would_be_removed(bare_host: Boot, write_inventory: Write) -> None:
    host, folder = bare_host("node", H100, ubuntu="22.04"), write_inventory(node=NODE)
    host.run(FOREIGN)
    done = running.apply(folder)
    failed(done, "RUN109")
    assert "foreign" in done.text
    assert running.version(host, "foreign") == "1"
    assert host.run("test -e /etc/apt/preferences.d/gpufleet", check=False).returncode != 0
    host.run("dpkg -r foreign")
    mended(folder)


def test_the_disk_is_full_during_the_install(bare_host: Boot, write_inventory: Write) -> None:
    host, folder = bare_host("node", H100, ubuntu="22.04", disk_mib=512), write_inventory(node=NODE)
    fill = 'DPkg::Pre-Invoke {"dd if=/dev/zero of=/var/filler bs=64k 2>/dev/null || :; sync";};'
    host.run(f"cat > /etc/apt/apt.conf.d/99fill <<'X'\n{fill}\nX")
    failed(running.apply(folder), "RUN110")
    host.run("rm -f /var/filler /etc/apt/apt.conf.d/99fill")
    mended(folder)


def wait_for(host: LabHost, words: str, seconds: float = 60) -> None:
    """Wait until the transaction's log says `words`."""
    deadline = time.monotonic() + seconds
    while words not in host.run("cat /var/lib/gpufleet/apt/log", check=False).stdout:
        assert time.monotonic() < deadline, f"the transaction did not come to {words!r}"
        time.sleep(0.05)


def test_the_connection_is_cut_during_the_transaction(bare_host: Boot, write_inventory: Write) -> None:
    host, folder = bare_host("node", H100, ubuntu="22.04"), write_inventory(node=NODE)
    host.run(SLOW)

    def cut() -> None:
        wait_for(host, "Fetched")
        host.set_link(False)
        time.sleep(50)
        host.set_link(True)

    thread = threading.Thread(target=cut)
    thread.start()
    done = running.apply(folder)
    thread.join()
    assert done.code == 0, done.text
    assert "connection lost" in done.text
    assert running.version(host, "nvidia-open-580")
    host.run("rm /etc/apt/apt.conf.d/99slow")
    mended(folder)


def test_the_controller_is_killed_in_the_middle(bare_host: Boot, write_inventory: Write) -> None:
    host, folder = bare_host("node", H100, ubuntu="22.04"), write_inventory(node=NODE)
    host.run(SLOW)
    words = running.command(folder, "-y")
    process = subprocess.Popen(words, cwd=running.CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(host, "Fetched")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = running.apply(folder)
    assert done.code == 0, done.text
    assert "an earlier run" in done.text
    mended(folder)


def test_the_host_loses_power_in_the_middle(bare_host: Boot, write_inventory: Write) -> None:
    host, folder = bare_host("node", H100, ubuntu="22.04"), write_inventory(node=NODE)
    process = subprocess.Popen(
        running.command(folder, "-y"), cwd=running.CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    # Some packages are unpacked and none is configured when the power goes.
    wait_for(host, "Unpacking libnvidia")
    host.power_off(hard=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    host.boot()
    mended(folder)


def test_nobodys_gpu_work_is_ended(bare_host: Boot, write_inventory: Write) -> None:
    host = bare_host("node", H100, ubuntu="22.04")
    mended(write_inventory(node=NODE | {"driver": {"branch": 570, "modules": "open"}}))
    host.run(
        "systemd-run -q --unit=work sleep 1000; systemctl show -P MainPID work > /var/lib/gpufleet-lab/gpu-processes"
    )
    boot, pid = host.boot_id(), host.run("systemctl show -P MainPID work").stdout.strip()
    folder = write_inventory(node=NODE)
    done = running.apply(folder)
    failed(done, "RUN123")
    assert pid in done.text
    assert host.boot_id() == boot
    assert running.version(host, "nvidia-open-570")
    forced = running.apply(folder, "--data", "force=node")
    assert forced.code == 0, forced.text
    assert host.boot_id() != boot
    assert running.version(host, "nvidia-open-580")


def test_one_broken_host_does_not_stop_the_others(bare_host: Boot, write_inventory: Write) -> None:
    broken, good = bare_host("broken", H100, ubuntu="22.04"), bare_host("good", H100, ubuntu="22.04")
    gone = bare_host("gone", H100, ubuntu="22.04")
    folder = write_inventory(broken=NODE, good=NODE, gone=NODE)
    broken.run("mkdir -p /etc/apt/sources.list.d/gpufleet-cuda.sources/x")
    gone.power_off()
    done = running.apply(folder, seconds=900)
    assert done.code == 1, done.text
    assert "Traceback" not in done.text
    assert "next: " in done.text
    assert good.run("nvidia-smi", check=False).returncode == 0
    gone.boot()
    broken.run("rm -r /etc/apt/sources.list.d/gpufleet-cuda.sources")
    mended(folder)


def test_the_source_of_cuda_keyring_is_kept_where_its_key_is_right_and_refused_where_not(
    bare_host: Boot, write_inventory: Write
) -> None:
    node = bare_host("node", H100, ubuntu="22.04")
    folder = write_inventory(node=NODE)
    url = re.findall(r'url: "(\S+)/\{distro\}/\{nvidia_arch\}', (folder / "fleet.yaml").read_text())[0]
    listed, ring = "/etc/apt/sources.list.d/cuda-ubuntu2204-x86_64.list", "/usr/share/keyrings/cuda-archive-keyring.gpg"
    node.run(f"echo 'deb [trusted=yes] {url}/ubuntu2204/x86_64/ /' >{listed}")
    refused = running.apply(folder)
    failed(refused, "GPU009")
    assert f"{listed}: signed by any trusted key" in refused.text
    assert "apt purge cuda-keyring" in refused.text
    node.run("apt-cache policy")
    key = next((folder / "keys").glob("*.asc")).read_text()
    node.run(f"gpg --dearmor >{ring}", stdin=key)
    node.run(f"echo 'deb [signed-by={ring}] {url}/ubuntu2204/x86_64/ /' >{listed}")
    mended(folder)
    assert f"Signed-By: {ring}" in node.run("cat /etc/apt/sources.list.d/gpufleet-cuda.sources").stdout
    node.run("apt-cache policy")
    node.run(f"rm {listed} {ring}")
    mended(folder)
    assert ring not in node.run("cat /etc/apt/sources.list.d/gpufleet-cuda.sources").stdout
