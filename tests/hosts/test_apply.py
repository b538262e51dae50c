"""The main job on real hosts: bare to confirmed, nothing to do the second time, branches and flavours changed."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import running

from lab.host import LabHost

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

Boot = Callable[..., LabHost]
Write = Callable[..., Path]
SHA256 = {
    line.split()[1]: line.split()[0] for line in (running.CHECKOUT / "lab/installers.sha256").read_text().splitlines()
}
DESK: Mapping[str, object] = {
    "ubuntu": "24.04",
    "gpus": ["GTX 1080"],
    "cuda": {"toolkits": ["12.9", "12.6"], "default": "12.6"},
    "cudnn": {"version": "9.10.2"},
    "conda": {"version": "25.3.1-0", "sha256": SHA256["Miniforge3-25.3.1-0-Linux-x86_64.sh"]},
    "environments": {
        "ds": {"python": "3.12", "packages": ["numpy"], "pip": {"packages": ["einops==0.8.1"]}, "kernel": True}
    },
}


def node(branch: int, modules: str, **more: object) -> dict[str, object]:
    return {
        "ubuntu": "22.04",
        "gpus": [{"pci_id": "10de:2330"}],
        "driver": {"branch": branch, "modules": modules},
        **more,
    }


def loaded(host: LabHost) -> str:
    return host.run("cat /proc/driver/nvidia/version", check=False).stdout


def test_a_bare_desktop_becomes_a_confirmed_host_and_stays_so(
    bare_host: Boot, write_inventory: Write, requests_served: Callable[[], list[str]]
) -> None:
    desk = bare_host("desk", "10de:1b80")
    folder = write_inventory(desk=DESK)
    dry = running.run(running.command(folder, "--dry"))
    assert dry.code == 0, dry.text

    first = running.apply(folder)
    assert first.code == 0, first.text
    assert "confirmed" in first.text
    for name in first.operations:
        assert name in dry.text
    assert "NVRM version" in loaded(desk)
    assert "Open Kernel Module" not in loaded(desk)
    shown = desk.ssh(
        "bash -lc 'nvcc --version && conda activate ds && python -c \"import numpy, einops\" && nvidia-smi'"
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "release 12.6" in shown.stdout
    assert desk.run("test -e /usr/local/share/jupyter/kernels/ds/kernel.json", check=False).returncode == 0
    assert desk.run("stat -c %a:%U /var/lib/gpufleet/applied.json").stdout.strip() == "644:root"

    boot, commands, served = desk.boot_id(), running.commands_seen(desk), len(requests_served())
    second = running.apply(folder)
    assert second.code == 0, second.text
    assert second.operations == []
    assert running.commands_seen(desk) == commands + 1
    assert desk.boot_id() == boot
    assert len(requests_served()) == served


def test_branch_up_and_down_and_another_flavour_in_one_run_each(lasting_host: Boot, write_inventory: Write) -> None:
    host = lasting_host("node", "10de:2330", ubuntu="22.04")
    steps = [
        (570, "open", "570."),
        (595, "open", "595."),
        (580, "open", "580."),
        (580, "proprietary", "580."),
        (580, "open", "580."),
    ]
    for branch, modules, starts in steps:
        done = running.apply(write_inventory(node=node(branch, modules)))
        assert done.code == 0, f"{branch} {modules}\n{done.text}"
        text = loaded(host)
        assert f" {starts}" in text, text
        assert ("Open Kernel Module" in text) == (modules == "open")
        again = running.apply(write_inventory(node=node(branch, modules)))
        assert (again.code, again.operations) == (0, []), again.text


def test_an_exact_version_pins_the_whole_set(bare_host: Boot, write_inventory: Write) -> None:
    host = bare_host("node", "10de:2330", ubuntu="22.04")
    spec = node(595, "open") | {"driver": {"branch": 595, "version": "595.58.03", "modules": "open"}}
    done = running.apply(write_inventory(node=spec))
    assert done.code == 0, done.text
    assert running.version(host, "nvidia-open").startswith("595.58.03")
    assert running.version(host, "libnvidia-compute").startswith("595.58.03")
    upgrade = host.run("apt-get -s dist-upgrade").stdout
    assert "Inst nvidia" not in upgrade, upgrade
    assert "Inst libnvidia" not in upgrade, upgrade


def test_without_a_reboot_the_first_install_ends_as_pending(bare_host: Boot, write_inventory: Write) -> None:
    host = bare_host("node", "10de:2330", ubuntu="22.04")
    folder = write_inventory(node=node(580, "open", reboot="never"))
    boot = host.boot_id()
    first = running.apply(folder)
    assert first.code == 0, first.text
    assert "pending: reboot" in first.text
    assert host.boot_id() == boot
    second = running.apply(folder)
    assert (second.code, second.operations) == (0, []), second.text
    assert "pending: reboot" in second.text
    host.reboot()
    third = running.apply(folder)
    assert third.code == 0, third.text
    assert "pending" not in third.text


def test_the_archive_is_the_other_source(bare_host: Boot, write_inventory: Write) -> None:
    host = bare_host("node", "10de:2330", ubuntu="24.04")
    spec = node(580, "open") | {"ubuntu": "24.04", "driver": {"branch": 580, "modules": "open", "source": "ubuntu"}}
    done = running.apply(write_inventory(node=spec))
    assert done.code == 0, done.text
    assert "Open Kernel Module" in loaded(host)
    again = running.apply(write_inventory(node=spec))
    assert (again.code, again.operations) == (0, []), again.text
