"""What ails GPUs, made on one host of the lab: the log of its kernel, its bus, device files and containers."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import running

from lab import inventory
from lab.host import LabHost
from lab.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

FLEET = Path(sys.executable).with_name("fleet")
SPEC: dict[str, object] = {
    "ubuntu": "24.04",
    "gpus": [{"pci_id": "10de:2330", "count": 3, "memory_gib": 80, "mig": False}],
    "driver": {"branch": 580},
    "reboot": "if-needed",
}
# Lines as drivers of data centres wrote them; the time is that of the moment.
LOG = """
log() { read -r up _ </proc/uptime; printf '[%12s] %s\\n' "${up}0000" "$1" >>/run/gpufleet-lab/kernel.log; }
log "NVRM: Xid (PCI:0000:01:00): 31, pid=4711, name=python, Ch 00000008, intr 00000000. MMU Fault: ENGINE GRAPHICS"
log "NVRM: Xid (PCI:0000:01:00): 119, pid=3822, name=nvidia-smi, Timeout after 6s of waiting for RPC response"
log "NVRM: Xid (PCI:0000:02:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus."
log "nvidia 0000:01:00.0: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer, (Requester ID)"
"""
FILES = """
rm /dev/nvidia-uvm && rm -r /run/gpufleet-lab/module/nvidia_uvm
chmod 660 /dev/nvidia0 && chgrp video /dev/nvidia0
mkdir -p /etc/docker /etc/cdi /etc/nvidia-container-runtime
for name in dockerd nvidia-ctk nvidia-container-runtime; do : >/usr/bin/$name && chmod 755 /usr/bin/$name; done
echo '{"exec-opts": ["native.cgroupdriver=systemd"]}' >/etc/docker/daemon.json
printf '[nvidia-container-runtime]\\nmode = "legacy"\\n' >/etc/nvidia-container-runtime/config.toml
echo '  - hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.570.172.08' >/etc/cdi/nvidia.yaml
"""


def drift(folder: Path) -> dict[str, dict[str, Any]]:
    """The findings of one look by code; without the advice on the host's memory, which is this machine's."""
    words = [str(FLEET), "drift", str(folder), "--format", "json"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in {0, 2}, done.stdout + done.stderr
    (row,) = json.loads(done.stdout)["hosts"]
    assert row["changes"] == []
    assert row["not_seen"] == []
    return {item["code"]: item for item in row["findings"] if item["code"] != "GPU137"}


@pytest.fixture(scope="module")
def site(
    lab: Lab, lasting_host: Callable[..., LabHost], tmp_path_factory: pytest.TempPathFactory
) -> tuple[LabHost, Path]:
    host = lasting_host("rack", "10de:2330", "10de:2330", "10de:2330")
    folder = inventory.write(lab, tmp_path_factory.mktemp("rack") / "inventory", {"rack": SPEC})
    done = running.apply(folder)
    assert done.code == 0, done.text
    return host, folder


def link(host: LabHost, width: str) -> None:
    """What the registers of the second GPU's link read."""
    for name in ("current_link_width", "max_link_width"):
        (host.pci / "0000:02:00.0" / name).write_text(f"{width}\n")


def test_a_host_that_a_run_left_has_no_finding(site: tuple[LabHost, Path]) -> None:
    assert drift(site[1]) == {}


def test_each_ailment_is_named_with_its_evidence_in_one_look(site: tuple[LabHost, Path]) -> None:
    host, folder = site
    host.run(f"{LOG}\n{FILES}")
    link(host, "63")
    (host.pci / "0000:03:00.0" / "driver").unlink()
    (host.pci / "0000:03:00.0" / "driver").symlink_to("../../../bus/pci/drivers/vfio-pci")
    found = drift(folder)
    severities = {code: item["severity"] for code, item in found.items()}
    assert severities == {
        "GPU230": "warning",
        "GPU233": "warning",
        "GPU239": "warning",
        "GPU240": "warning",
        "GPU255": "warning",
        "GPU256": "error",
        "GPU257": "warning",
        "GPU258": "warning",
    }
    assert "every bit of its PCI configuration" in found["GPU230"]["evidence"]
    assert "Timeout after 6s of waiting for RPC response" in found["GPU233"]["evidence"]
    assert "/dev/nvidia0: mode 0660, root:video" in found["GPU255"]["evidence"]
    assert "/sys/module/nvidia_uvm: missing" in found["GPU256"]["evidence"]
    assert "native.cgroupdriver=systemd" in found["GPU257"]["evidence"]
    assert "/etc/cdi/nvidia.yaml: libcuda.so.570.172.08" in found["GPU258"]["evidence"]


def test_what_a_boot_mends_is_not_told_after_it(site: tuple[LabHost, Path]) -> None:
    host, folder = site
    link(host, "16")
    host.run("rm /usr/bin/dockerd /etc/cdi/nvidia.yaml")
    host.reboot()
    assert drift(folder) == {}
