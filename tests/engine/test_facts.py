"""The facts on this machine: the probe in each POSIX shell there is, and through the pyinfra command."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from facts import conda, cuda, cudnn, driver, environments, gpu, history, host, kernel, probe, repository, snapshot

PYINFRA = Path(sys.executable).with_name("pyinfra")
CHECKOUT = Path(__file__).parents[2]
FACTS = (
    host.Host,
    gpu.Gpus,
    kernel.Kernel,
    driver.Driver,
    repository.Apt,
    cuda.Cuda,
    cudnn.Cudnn,
    conda.Conda,
    environments.Environments,
    history.History,
    snapshot.HostSnapshot,
)

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="the probe reads Linux")


def printed(shell: list[str], script: str, **environment: str) -> str:
    done = subprocess.run(
        [*shell, "-c", script], capture_output=True, timeout=90, check=False, env={**os.environ, **environment}
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode("utf-8")


@pytest.mark.parametrize("shell", [["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]], ids=" ".join)
def test_every_posix_shell_sees_the_same(shell: list[str]) -> None:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"needs {shell[0]}")
    seen = snapshot.parse(probe.sections(printed(shell, probe.script()).split("\n")))
    assert seen.kernel.running == platform.release()
    assert seen.hostname == platform.node()
    assert seen.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert any(disk.path == "/" for disk in seen.disks)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_each_fact_reads_its_own_part_and_says_its_shape(fact: type) -> None:
    one = fact()
    output = printed(["sh"], one.command()).split("\n")
    assert getattr(snapshot.HostSnapshot().process(output), "hostname", None) is not None
    assert json.dumps(one.process(output), default=lambda value: value.to_json()) is not None
    assert fact.__doc__


def test_the_users_environment_does_not_change_what_is_run(tmp_path: Path) -> None:
    """A PATH of the user's own must not choose programs for root."""
    trap = tmp_path / "df"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    trap.chmod(0o755)
    printed(["sh"], probe.script(), PATH=f"{tmp_path}:{os.environ['PATH']}", CDPATH="/", LC_ALL="de_DE.UTF-8")
    assert not (tmp_path / "ran").exists()


def test_pyinfra_shows_a_fact_as_json() -> None:
    done = subprocess.run(
        [str(PYINFRA), "@local", "fact", "facts.kernel.Kernel"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, f'"running": "{platform.release()}"' in done.stdout + done.stderr) == (0, True)
