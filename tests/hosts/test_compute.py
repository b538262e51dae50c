"""The smoke test on one converged host: over SSH, with a stand-in of libcuda that is asked to fail in each way."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import running
from test_apply import DESK

from lab import inventory
from lab.host import LabHost
from lab.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

FLEET = Path(sys.executable).with_name("fleet")
GPU = "10de:1b80"
SPEC: dict[str, object] = {
    **DESK,
    "gpus": [{"model": "GTX 1080", "count": 2}],
    "environments": {"ml": {"python": "3.12", "pip": {"packages": ["torch==2.8.0"], "indexes": "auto"}}},
}
FAULTS = "/var/lib/gpufleet-lab"


@pytest.fixture(scope="module")
def host(lasting_host: Callable[..., LabHost]) -> LabHost:
    made = lasting_host("desk", GPU, GPU)
    made.trust_lab_ca()
    return made


@pytest.fixture(scope="module")
def folder(lab: Lab, host: LabHost, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = inventory.write(lab, tmp_path_factory.mktemp("site") / "inventory", {"desk": SPEC})
    done = running.apply(made)
    assert done.code == 0, done.text
    return made


@pytest.fixture(autouse=True)
def sound(host: LabHost) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    host.run(f"rm -f {FAULTS}/*-fault {FAULTS}/*-faults {FAULTS}/gpu-processes")


def deep(folder: Path, code: int, *flags: str) -> dict[str, Any]:
    """The one host of `fleet drift --deep --format json`, which must end with this exit code."""
    words = [str(FLEET), "drift", str(folder), "--deep", "--format", "json", *flags]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    row: dict[str, Any] = json.loads(done.stdout)["hosts"][0]
    return row


def outcomes(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["way"], item["outcome"]) for item in row["compute"]["results"]]


def test_every_way_passes_on_every_gpu_in_one_more_command_and_leaves_nothing(folder: Path, host: LabHost) -> None:
    kept = "ls -A /tmp /root /var/tmp /dev/shm"
    before = host.run(kept).stdout
    seen, logins = running.commands_seen(host), host.ssh_logins()
    row = deep(folder, 0)
    assert (running.commands_seen(host), host.ssh_logins()) == (seen + 2, logins + 1)
    assert host.run(kept).stdout == before
    assert outcomes(row) == [("driver", "passed")] * 2 + [("nvcc", "passed")] * 2 + [("torch", "passed")] * 3
    first = row["compute"]["results"][0]
    assert (first["capability"], first["peak_tflops"], first["known_tflops"]) == ("6.1", 8.876, 8.873)
    assert first["rate_tflops"] == pytest.approx(0.6 * 8.876, rel=0.01)


def test_cuda_that_is_not_ready_is_named_and_nothing_else_is_blamed(folder: Path, host: LabHost) -> None:
    host.run(f"echo '* error 802' >{FAULTS}/cuda-faults; echo unavailable Error 802: not yet >{FAULTS}/torch-faults")
    row = deep(folder, 2)
    assert row["status"] == "unhealthy"
    found = [item for item in row["findings"] if item["severity"] != "info"]
    assert [item["code"] for item in found] == ["GPU262", "GPU262"]
    assert "cuInit: error 802 CUDA_ERROR_SYSTEM_NOT_READY" in found[0]["evidence"]
    assert outcomes(row) == [("driver", "failed")] * 2 + [("torch", "not-seen")]
