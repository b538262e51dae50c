"""The probe on real hosts: what it sees as root and as an ordinary user, that it never hangs, and what it costs."""

import os
import resource
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from facts import probe, snapshot
from lab import boot
from lab.host import LabHost
from schema.snapshot import Snapshot
from tests.hosts.conftest import HostFactory

pytestmark = pytest.mark.hosts

GTX_1080 = "10de:1b80"
LOADED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Release Build"
# A module's folder in /proc, as it is when the driver is loaded.
LOAD = f"mkdir -p /run/t/nvidia && echo '{LOADED}' >/run/t/nvidia/version && mount --bind /run/t /proc/driver"
# The questions of the probe, asked as one would by hand.
BY_HAND = """
uname -a; hostname; cat /etc/os-release; cat /proc/sys/kernel/random/boot_id; free -m; df -h; lspci -nn -k; lsmod
modinfo nvidia; nvidia-smi; nvidia-smi -q -x; nvidia-smi -L; dpkg -l; dpkg -l | grep -i nvidia
dpkg -S /usr/bin/nvidia-smi; apt-cache policy cuda-drivers-580; apt-mark showhold; apt-config dump
cat /etc/apt/sources.list.d/*; systemctl is-active nvidia-persistenced; systemctl is-enabled nvidia-persistenced
systemctl is-active nvidia-fabricmanager; ls /usr/local; readlink -f /usr/local/cuda
update-alternatives --display cuda; dkms status; who; loginctl list-sessions; cat /proc/driver/nvidia/version
ls /boot; systemd-detect-virt; find /opt -maxdepth 3 -name conda"""


@pytest.fixture(scope="module")
def host(lasting_host: HostFactory) -> LabHost:
    return lasting_host("probed", GTX_1080)


def look(host: LabHost, user: str = "root", words: str = "") -> tuple[Snapshot, float]:
    """What the probe saw over SSH, and how many seconds it took."""
    before = time.monotonic()
    done = host.ssh(f"{words} {shlex.quote(probe.script())}" if words else probe.script(), user, timeout=90)
    assert (done.returncode, done.stderr) == (0, "")
    return snapshot.parse(probe.sections(done.stdout.split("\n"))), time.monotonic() - before


def test_root_sees_everything_of_a_bare_host(host: LabHost) -> None:
    seen, _ = look(host)
    assert seen.not_seen == frozenset()
    assert (seen.hostname, seen.release.version, seen.user) == ("probed", "24.04", "root")
    assert [device.pci_id for device in seen.gpu.nvidia] == [GTX_1080]
    assert seen.boot_id == host.boot_id()
    assert [(session.user, session.own) for session in seen.sessions] == [("root", True)]


def test_sudo_carries_the_session_of_its_user(host: LabHost) -> None:
    seen, _ = look(host, "ubuntu", "sudo -n sh -c")
    assert (seen.user, seen.not_seen) == ("root", frozenset())
    assert [(session.user, session.own, session.tty) for session in seen.sessions] == [("ubuntu", True, "")]


def test_an_ordinary_user_sees_what_it_may_and_is_told_the_rest(host: LabHost) -> None:
    host.run("install -d -m 0700 /var/lib/gpufleet && echo '{}' >/var/lib/gpufleet/applied.json")
    host.run("echo x >/etc/modprobe.d/gpufleet-nouveau.conf && chmod 600 /etc/modprobe.d/gpufleet-nouveau.conf")
    seen, _ = look(host, "ubuntu")
    assert seen.not_seen == {"host/applied", "log/kernel", "repository/files"}
    assert seen.user == "ubuntu"
    host.run("rm -r /var/lib/gpufleet /etc/modprobe.d/gpufleet-nouveau.conf")


def test_another_login_with_a_terminal_is_told_from_the_own_one(host: LabHost) -> None:
    options = ["-F", "none", "-tt", "-i", str(host.key), f"-oUserKnownHostsFile={host.key.parent / 'known_hosts'}"]
    words = ["ssh", *options, f"ubuntu@{host.address}", "echo here; sleep 60"]
    other = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"here"
        seen, _ = look(host)
    finally:
        other.terminate()
        other.wait()
    assert {(session.user, session.tty, session.own) for session in seen.sessions} == {
        ("ubuntu", "pts/0", False),
        ("root", "", True),
    }


def test_the_probe_changes_nothing_and_leaves_no_process(host: LabHost) -> None:
    listing = (
        "find /etc /usr /var /run /opt /tmp -newer /run/before -not -path '*/journal/*' -not -path '/run/systemd/*'"
    )
    host.run("touch /run/before; sleep 1")
    host.run(probe.script())
    changed = [line for line in host.run(listing).stdout.splitlines() if line not in {"/run/before", "/run"}]
    assert changed == []
    assert host.run("pgrep -f '[g]pufleet 1'", check=False).stdout == ""


@pytest.fixture
def hanging(host: LabHost) -> Iterator[LabHost]:
    """The host with a loaded module and an nvidia-smi that never ends."""
    host.run(LOAD)
    host.run("printf '#!/bin/sh\\ntrap \"\" TERM\\nsleep 777 & wait\\nsleep 777\\n' >/usr/bin/nvidia-smi")
    host.run("chmod 755 /usr/bin/nvidia-smi")
    yield host
    host.run("pkill -KILL -f 'sleep 777'", check=False)
    host.run("rm /usr/bin/nvidia-smi && umount /proc/driver")


def test_an_nvidia_smi_that_hangs_costs_fifteen_seconds_and_nothing_else(hanging: LabHost) -> None:
    hanging.run("mkdir -p /dev/shm; : >/dev/nvidia0; sleep 778 </dev/nvidia0 >/dev/null 2>&1 & echo $! >/run/holder")
    seen, seconds = look(hanging)
    assert 14 < seconds < 25
    assert seen.gpu.smi is not None
    assert (seen.gpu.smi.exit_code, seen.not_seen) == (124, {"gpu/smi"})
    assert (seen.driver.loaded_version, seen.disks[0].path) == ("580.95.05", "/")
    assert seen.devices_in_use == (int(hanging.run("cat /run/holder").stdout),)
    hanging.run("kill $(cat /run/holder); rm /dev/nvidia0")


def test_an_nvidia_smi_that_no_signal_ends_cannot_hold_the_answer(hanging: LabHost) -> None:
    """A process in the freezer cannot even be killed, as one that waits for a GPU that fell off its bus."""
    freezer = Path("/sys/fs/cgroup/freezer") / f"probe-{os.getpid()}"
    try:
        freezer.mkdir()
    except OSError:
        pytest.skip("needs the freezer of control groups, version 1, to make a process that no signal ends")
    running = subprocess.Popen(
        ["nsenter", f"--target={boot.leader(hanging.machine)}", "--all", "--", "sh", "-c", probe.script()],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        before = time.monotonic()
        (freezer / "cgroup.procs").write_text(str(_descendant(running.pid, "/usr/bin/nvidia-smi")))
        (freezer / "freezer.state").write_text("FROZEN")
        output, _ = running.communicate(timeout=80)
        assert time.monotonic() - before < 25
        seen = snapshot.parse(probe.sections(output.split("\n")))
        assert (seen.not_seen, seen.disks[0].path) == ({"gpu/smi"}, "/")
    finally:
        (freezer / "freezer.state").write_text("THAWED")
        _remove(freezer)


def _descendant(pid: int, argument: str) -> int:
    """The descendant of a process that has this argument, waited for."""
    for _ in range(100):
        waiting = [pid]
        while waiting:
            one = waiting.pop()
            children = Path(f"/proc/{one}/task/{one}/children")
            waiting += [int(child) for child in children.read_text().split()] if children.exists() else []
            if argument in Path(f"/proc/{one}/cmdline").read_text().split("\0")[1:2]:
                return one
        time.sleep(0.05)
    raise LookupError(argument)


def _remove(freezer: Path) -> None:
    for _ in range(100):
        try:
            freezer.rmdir()
        except OSError:
            # Its process has not ended yet.
            for line in (freezer / "cgroup.procs").read_text().split():
                os.kill(int(line), 9)
            time.sleep(0.05)
        else:
            return


def test_it_costs_half_of_what_the_questions_cost_by_hand(host: LabHost) -> None:
    lean, by_hand = _cpu_seconds(host, probe.script()), _cpu_seconds(host, BY_HAND)
    print(f"CPU on the host: probe {lean * 1000:.0f} ms, by hand {by_hand * 1000:.0f} ms")
    assert lean < by_hand / 2


def _cpu_seconds(host: LabHost, script: str) -> float:
    """CPU time of one run and of all that it starts, the least of five."""
    words = ["nsenter", f"--target={boot.leader(host.machine)}", "--all", "--", "sh", "-c", script]
    costs = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(costs)
