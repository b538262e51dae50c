"""`auto` on real hosts: all of it follows from one GPU's name, the second run does nothing, what is there stays."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import running
from test_apply import SHA256, node

from lab.host import LabHost

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

Boot = Callable[..., LabHost]
Write = Callable[..., Path]
EVERYTHING: Mapping[str, object] = {
    "ubuntu": "24.04",
    "gpus": ["GTX 1080"],
    "driver": {},
    "cuda": {"toolkits": "auto"},
    "cudnn": {"version": "auto"},
    "conda": {"version": "25.3.1-0", "sha256": SHA256["Miniforge3-25.3.1-0-Linux-x86_64.sh"]},
    "environments": {"ds": {"python": "3.12", "pip": {"packages": ["torch==2.8.0"], "indexes": "auto"}}},
}


def test_everything_follows_from_the_gpu_and_the_second_run_does_nothing(
    bare_host: Boot, write_inventory: Write
) -> None:
    desk = bare_host("desk", "10de:1b80")
    folder = write_inventory(desk=EVERYTHING)
    first = running.apply(folder)
    assert first.code == 0, first.text
    assert "confirmed" in first.text
    assert running.version(desk, "cuda-drivers-580").startswith("580."), "proprietary: Pascal takes no other"
    assert running.version(desk, "cuda-toolkit-12-9").startswith("12.9.1")
    assert running.version(desk, "libcudnn9-cuda-12").startswith("9.10.2"), "9.17 has no code for Pascal"
    told = desk.ssh("bash -lc 'conda activate ds && python -c \"import torch; print(torch.__version__)\"'")
    assert told.stdout.strip().endswith("2.8.0+cu126"), told.stdout + told.stderr
    second = running.apply(folder)
    assert (second.code, second.operations) == (0, []), second.text


def test_what_was_declared_stays_when_it_becomes_auto(bare_host: Boot, write_inventory: Write) -> None:
    """The rule would say 580, CUDA 13.0 and a newer cuDNN; what works on the host comes before it."""
    host = bare_host("node", "10de:2330", ubuntu="22.04")
    old = node(570, "proprietary", cuda={"toolkits": ["12.6"]}, cudnn={"version": "9.10.2"})
    done = running.apply(write_inventory(node=old))
    assert done.code == 0, done.text
    auto = {"cuda": {"toolkits": "auto"}, "cudnn": {"version": "auto"}, "driver": {}}
    again = running.apply(write_inventory(node=old | auto))
    assert (again.code, again.operations) == (0, []), again.text
    assert running.version(host, "cuda-toolkit-12-6").startswith("12.6.3")
