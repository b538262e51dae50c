"""The smoke test on one converged host: over SSH, with a stand-in of libcuda that is asked to fail in each way."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import running
from test_apply import DESK

from facts import compute as facts
from lab import inventory
from lab.host import LabHost
from lab.lab import Lab
from schema.compute import Compute, Request, Torch, read
from schema.kernel import KernelState
from schema.snapshot import Release, Snapshot

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

FLEET = Path(sys.executable).with_name("fleet")
GPU = "10de:1b80"
SPEC: dict[str, object] = {
    **DESK,
    "gpus": [{"model": "GTX 1080", "count": 2}],
    "environments": {"ml": {"python": "3.12", "pip": {"packages": ["torch==2.8.0"], "indexes": "auto"}}},
}
FAULTS = "/var/lib/gpufleet-lab"
SEEN = Snapshot(
    hostname="desk",
    release=Release(id="ubuntu", version="24.04"),
    architecture="x86_64",
    kernel=KernelState(running="6.8.0-51-generic"),
)


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


def faults(host: LabHost, *lines: str) -> None:
    host.run(f"cat >{FAULTS}/cuda-faults", stdin="".join(f"{line}\n" for line in lines))


def asked(host: LabHost, *, user: str = "root", each: int = 4, prefix: str = "/opt/conda", path: str = "") -> Compute:
    """The test alone, as a login would run it, with its own short time for each GPU; and what it came to."""
    environments = (Torch(name="ml", prefix="/opt/conda/envs/ml"),) if path else ()
    request = Request(nvcc=path or None, environments=environments, prefix=prefix)
    stdin = f"a password that nobody asked for\n{facts.script(request, each=each)}"
    become = f"setpriv --reuid={user} --regid={user} --init-groups"
    said = host.run(f"{become} sh -c {shlex.quote(facts.COMMAND)}", stdin=stdin, timeout=120).stdout
    return read(request, facts.parse(said.splitlines()), SEEN)


def test_a_wrong_result_a_hang_and_a_crash_are_each_told_of_one_gpu_alone(folder: Path, host: LabHost) -> None:
    first, second = host.run("nvidia-smi --query-gpu=uuid --format=csv,noheader").stdout.split()
    faults(host, f"{first} wrong", f"{second} hang")
    made = asked(host)
    assert [(item.outcome, item.reason) for item in made.results] == [("failed", "wrong"), ("failed", "hang")]
    assert "1 of 512 rows differ, the first in row 3, column 17" in made.results[0].text
    assert made.results[1].text.startswith("no end within 4 s (waiting in ")
    assert host.run("pgrep -f -- '[-]I -B -'", check=False).stdout == ""

    faults(host, f"{first} memory", f"{second} crash")
    made = asked(host)
    assert [(item.reason, item.number) for item in made.results] == [("cuda", 2), ("died", None)]
    assert "signal 6" in made.results[1].text


def test_an_ordinary_user_tests_too_and_a_host_without_python_is_not_seen(folder: Path, host: LabHost) -> None:
    made = asked(host, user="ubuntu", path="/usr/local/cuda-12.6/bin/nvcc")
    assert [(item.way, item.outcome) for item in made.results] == [
        *[("driver", "passed")] * 2,
        *[("nvcc", "passed")] * 2,
        *[("torch", "passed")] * 3,
    ]
    nothing = asked(host, prefix="/opt/nothing")
    assert (nothing.ran, nothing.seen) == (False, False)
    assert "no python3 on the host" in nothing.why


def test_an_environment_of_a_user_runs_as_that_user(folder: Path, host: LabHost) -> None:
    module = "/opt/conda/envs/ml/lib/python3.12/site-packages/torch/__init__.py"
    host.run(
        f'chown -R ubuntu: /opt/conda/envs/ml && echo \'open("/tmp/who", "a").write(str(os.geteuid()))\' >>{module}'
    )
    try:
        made = asked(host, path="/usr/local/cuda-12.6/bin/nvcc")
        assert made.results[-1].outcome == "passed"
        assert host.run("cat /tmp/who; echo; id -u ubuntu").stdout.split() == ["1000", "1000"]
    finally:
        host.run(f"sed -i '$d' {module}; chown -R root: /opt/conda/envs/ml; rm -f /tmp/who")


def test_a_gpu_in_use_is_left_alone_and_the_other_is_slow(folder: Path, host: LabHost) -> None:
    faults(host, "* slow")
    worker = host.run("sleep 600 >/dev/null 2>&1 & echo $!").stdout.strip()
    host.run(f"echo '{worker} 0000:01:00.0 4096' >{FAULTS}/gpu-processes")
    row = deep(folder, 0)
    assert outcomes(row)[:2] == [("driver", "skipped"), ("driver", "passed")]
    text = row["compute"]["results"][0]["text"]
    assert text.startswith("left alone: in use by ") and f"process {worker}, 4096 MiB" in text
    slow = next(item for item in row["findings"] if item["code"] == "GPU267")
    assert slow["severity"] == "warning" and "reckons at 3.0% of its peak" in slow["message"]
    host.run(f"kill {worker}")


def test_pytorch_and_nvcc_are_told_where_they_fail(folder: Path, host: LabHost) -> None:
    host.run(
        f"echo wrong >{FAULTS}/torch-faults; echo 'nvcc fatal   : Unsupported gpu architecture' >{FAULTS}/nvcc-fault"
    )
    row = deep(folder, 2)
    assert [item["code"] for item in row["findings"] if item["severity"] != "info"] == ["GPU268"] * 2 + ["GPU274"] * 2
    host.run(f"echo unavailable Error 804: forward compatibility was attempted >{FAULTS}/torch-faults")
    row = deep(folder, 2)
    found = [item for item in row["findings"] if item["severity"] == "error"]
    assert [item["code"] for item in found] == ["GPU273"]
    assert "cuda-compat" in found[0]["hint"]


def test_an_apply_ends_with_the_test_and_a_failed_one_fails_the_host(folder: Path, host: LabHost) -> None:
    host.run("rm /etc/apt/preferences.d/gpufleet")
    faults(host, "* wrong")
    done = running.apply(folder)
    assert done.code == 1, done.text
    assert done.operations[-1] == "Have the idle GPUs compute"
    assert "RUN401 desk is as declared, and fails its smoke test: GPU 0 NVIDIA GeForce GTX 1080" in done.text
    assert "GPU260" in done.text and "row 3, column 17" in done.text

    host.run(f"rm /etc/apt/preferences.d/gpufleet {FAULTS}/cuda-faults")
    done = running.apply(folder)
    assert done.code == 0, done.text
    assert "smoke test passed: 2 GPUs by driver, nvcc, torch ml" in done.text
