"""What was broken by hand on a converged host is named by the drift check and mended by the next run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import running
from test_apply import DESK

from lab import inventory
from lab.host import LabHost
from lab.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

EXACT = {"python": "3.12", "packages": ["numpy"], "pip": {"packages": ["einops==0.8.1"]}, "exact": True}
# Without the environment of this machine, whose own pip settings would come along.
PIP = (
    "env -i HOME=/root PATH=/usr/bin:/bin PIP_CERT=/etc/ssl/certs/ca-certificates.crt "
    "/opt/conda/envs/ds/bin/python -m pip"
)


@dataclass(frozen=True)
class Converged:
    host: LabHost
    folder: Path


@pytest.fixture(scope="module")
def converged(
    lab: Lab, lasting_host: Callable[..., LabHost], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Converged]:
    host = lasting_host("desk", "10de:1b80")
    spec = DESK | {"environments": {"ds": EXACT}}
    folder = inventory.write(lab, tmp_path_factory.mktemp("converged") / "inventory", {"desk": spec})
    done = running.apply(folder)
    assert done.code == 0, done.text
    yield Converged(host, folder)


@pytest.mark.parametrize(
    ("breaking", "named"),
    [
        ("apt-get install -y --allow-downgrades nvidia-settings=580.82.07-0ubuntu1", "nvidia-settings"),
        ("rm /etc/apt/preferences.d/gpufleet", "/etc/apt/preferences.d/gpufleet"),
        ("rm /etc/apt/apt.conf.d/51gpufleet-unattended-upgrades", "51gpufleet-unattended-upgrades"),
        ("apt-get remove -y cuda-toolkit-12-9 cuda-nvcc-12-9", "cuda-toolkit-12-9"),
        ("update-alternatives --set cuda /usr/local/cuda-12.9", "/usr/local/cuda"),
        ("rm /opt/conda/envs/ds/conda-meta/numpy-*.json", "ds/numpy"),
        (f"{PIP} uninstall -qy einops", "ds/einops"),
        (f"{PIP} install -q --index-url https://SERVER/pypi/simple tqdm", "ds/tqdm"),
        ("apt-get remove -y nvidia-utils-580", "nvidia-utils-580"),
        ("rm /etc/modprobe.d/gpufleet-nouveau.conf", "gpufleet-nouveau.conf"),
        ("systemctl disable -q nvidia-persistenced; nvidia-smi -pm 0", "persistence"),
    ],
)
def test_what_was_broken_is_named_and_mended(converged: Converged, lab: Lab, breaking: str, named: str) -> None:
    environment = "export DEBIAN_FRONTEND=noninteractive; "
    converged.host.run(environment + breaking.replace("SERVER", lab.address), timeout=120)
    words = [str(running.PYINFRA), str(converged.folder), "deploys/drift.py"]
    seen = running.run([*words, "-y"])
    assert seen.code == 1, seen.text
    assert named in seen.text
    assert "RUN129" in seen.text
    assert "Traceback" not in seen.text
    mended = running.apply(converged.folder)
    assert mended.code == 0, mended.text
    again = running.run([*words, "-y"])
    assert again.code == 0, again.text
    assert "in sync" in again.text


def test_secure_boot_refuses_an_unsigned_module_before_anything_is_touched(
    bare_host: Callable[..., LabHost], write_inventory: Callable[..., Path]
) -> None:
    host = bare_host("node", "10de:2330", secure_boot=True)
    spec: dict[str, object] = {
        "ubuntu": "24.04",
        "gpus": [{"pci_id": "10de:2330"}],
        "driver": {"branch": 580, "modules": "open"},
    }
    done = running.apply(write_inventory(node=spec))
    assert done.code == 1, done.text
    assert "RUN101" in done.text
    assert "Secure Boot" in done.text
    assert "next: " in done.text
    assert (
        host.run("ls /etc/apt/sources.list.d | grep gpufleet; test -e /var/lib/gpufleet", check=False).returncode == 1
    )
    signed = spec | {
        "kernel": {"flavour": "generic"},
        "driver": {"branch": 580, "modules": "open", "source": "ubuntu", "delivery": "prebuilt", "install": "compute"},
    }
    way_out = running.apply(write_inventory(node=signed))
    assert way_out.code == 0, way_out.text
