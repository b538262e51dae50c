"""The lab itself: its hosts are real where the tool looks, and nothing of it stays behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import cgroup, definition, network, paths, process, server, trial
from lab import lab as labs
from lab.host import LabHost
from lab.lab import Lab
from tests.hosts.conftest import HostFactory, InventoryWriter

pytestmark = pytest.mark.hosts

GTX_1080, H100, NVSWITCH = "10de:1b80", "10de:2330", "10de:22a3"
SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


@pytest.fixture(scope="module")
def host(lasting_host: HostFactory) -> LabHost:
    return lasting_host("lasting", GTX_1080, ubuntu="24.04", secure_boot=True)


def test_a_host_boots_to_running_without_failed_units(host: LabHost) -> None:
    assert host.run("systemctl is-system-running", check=False).stdout.strip() == "running"


@pytest.mark.parametrize(
    ("ubuntu", "pretty", "codename"),
    [("22.04", "Ubuntu 22.04.5 LTS", "jammy"), ("26.04", "Ubuntu 26.04 LTS", "resolute")],
)
def test_real_tools_take_a_host_for_its_ubuntu_release(
    bare_host: HostFactory, ubuntu: str, pretty: str, codename: str
) -> None:
    host = bare_host(ubuntu=ubuntu)
    assert host.run("lsb_release -sd").stdout.strip() == pretty
    assert host.run("lsb_release -sc").stdout.strip() == codename
    assert host.run('. /etc/os-release; echo "$ID $VERSION_ID"').stdout.split() == ["ubuntu", ubuntu]
    assert host.run("dpkg --print-architecture").stdout.strip() == "amd64"


def test_a_bare_host_has_neither_python_nor_a_damaged_package(host: LabHost) -> None:
    assert host.run("command -v python3 python", check=False).stdout == ""
    assert host.run("dpkg --audit").stdout == ""
    assert host.run("apt-get check").returncode == 0


def test_the_running_kernel_is_an_installed_package_without_headers(host: LabHost) -> None:
    release = os.uname().release
    assert host.run(f"dpkg-query -W -f '${{db:Status-Abbrev}}' linux-image-{release}").stdout == "ii "
    assert host.run(f"test -e /boot/vmlinuz-{release} && readlink /boot/vmlinuz").stdout.strip() == f"vmlinuz-{release}"
    assert host.run(f"test -e /lib/modules/{release}/build", check=False).returncode == 1


def test_a_user_logs_in_with_the_host_key_checked_and_has_a_login_session(host: LabHost) -> None:
    assert host.ssh("id -un").stdout.strip() == "ubuntu"
    assert host.ssh("sudo -n id -u").stdout.strip() == "0"
    assert "ubuntu" in host.ssh("loginctl --no-legend list-sessions").stdout


def test_sudo_asks_for_a_password_where_it_is_told_to(bare_host: HostFactory) -> None:
    host = bare_host(sudo="password")
    assert "password is required" in host.ssh("sudo -n id").stderr
    assert host.ssh("echo lab-password | sudo -S id -u").stdout.strip() == "0"
    assert host.ssh("echo wrong | sudo -S id -u").returncode == 1


def test_a_reboot_from_inside_gives_a_new_boot_id_and_keeps_the_disk(host: LabHost) -> None:
    host.run("echo kept > /srv/kept; echo gone > /run/gone")
    before = host.boot_id()
    host.ssh("sudo systemctl reboot")
    assert _until(lambda: host.ssh("true").returncode == 0 and host.boot_id() != before)
    assert host.run("cat /srv/kept").stdout == "kept\n"
    assert host.run("test -e /run/gone", check=False).returncode == 1
    assert float(host.run("cat /proc/uptime").stdout.split()[0]) < 60


def test_a_host_that_powers_itself_off_stays_off_until_it_is_booted(bare_host: HostFactory) -> None:
    host = bare_host()
    host.ssh("sudo systemctl poweroff")
    assert _until(lambda: not process.find(f"--machine={host.machine}"))
    host.boot()
    assert host.ssh("true").returncode == 0


def test_a_reset_host_has_an_empty_disk_and_the_same_ssh_key(bare_host: HostFactory) -> None:
    host = bare_host("again", GTX_1080)
    host.run("touch /srv/mine; dpkg --force-depends --purge less")
    host.set_gpus(())
    host.reset()
    assert host.run("test -e /srv/mine", check=False).returncode == 1
    assert host.run("dpkg-query -W -f '${db:Status-Abbrev}' less").stdout == "ii "
    assert "10de" in host.run("lspci -n").stdout
    assert host.ssh("true").returncode == 0


def test_pci_devices_show_in_sysfs_and_in_lspci_and_can_be_pulled_live(bare_host: HostFactory) -> None:
    host = bare_host("gpus", GTX_1080, H100, NVSWITCH)
    listed = host.run("lspci -nn -d 10de:").stdout
    assert [line.split("]")[0].split("[")[-1] for line in listed.splitlines()] == ["0300", "0403", "0302", "0680"]
    assert host.run("cat /sys/bus/pci/devices/0000:02:00.0/class").stdout.strip() == "0x030200"
    declared = json.loads(host.run("cat /var/lib/gpufleet-lab/gpus.json").stdout)
    assert [gpu["bus_id"] for gpu in declared] == ["0000:01:00.0", "0000:02:00.0"]
    host.set_gpus(host.spec.gpus[:1])
    assert host.run("ls /sys/bus/pci/devices").stdout.split() == ["0000:01:00.0", "0000:01:00.1"]


@pytest.mark.parametrize("secure_boot", [True, False])
def test_secure_boot_is_read_at_the_real_path(bare_host: HostFactory, secure_boot: bool) -> None:
    host = bare_host(secure_boot=secure_boot)
    assert host.ssh(f"od -An -tu1 {SECURE_BOOT}").stdout.split() == ["6", "0", "0", "0", str(int(secure_boot))]


def test_a_small_disk_gets_full(bare_host: HostFactory) -> None:
    host = bare_host(disk_mib=64)
    done = host.run("dd if=/dev/zero of=/var/big bs=1M count=128", check=False)
    assert "No space left on device" in done.stderr


def test_a_pulled_cable_makes_a_host_unreachable_until_it_is_back(bare_host: HostFactory) -> None:
    host = bare_host()
    host.set_link(False)
    assert host.ssh("true").returncode == 255
    host.set_link(True)
    assert _until(lambda: host.ssh("true").returncode == 0)


def test_a_host_reaches_the_lab_and_nothing_else(host: LabHost, lab: Lab) -> None:
    assert host.run("ip route show default").stdout == ""
    assert host.run(f"curl -s -o /dev/null https://{lab.address}/", check=False).returncode == 60  # CA not trusted.
    host.trust_lab_ca()
    assert host.run(f"curl -sf -o /dev/null https://{lab.address}/cuda/ubuntu2404/x86_64/Release").returncode == 0


def test_the_server_answers_ranges_and_validity_dates(host: LabHost, lab: Lab) -> None:
    host.trust_lab_ca()
    url = f"https://{lab.address}/cuda/ubuntu2404/x86_64/Packages"
    whole = host.run(f"curl -sf {url}").stdout
    assert host.run(f"curl -sf -r 9-18 {url}").stdout == whole[9:19]
    assert host.run(f"curl -sf -r -10 {url}").stdout == whole[-10:]
    again = f"curl -s -D /tmp/h -o /dev/null {url} && date=$(sed -n 's/^Last-Modified: //ip' /tmp/h | tr -d '\\r')"
    ask = f"curl -s -o /dev/null -w '%{{http_code}}' -H \"If-Modified-Since: $date\" {url}"
    assert host.run(f"{again} && {ask}").stdout == "304"
    assert host.run(f"curl -s -o /dev/null -w '%{{http_code}}' {url}.none").stdout == "404"
    assert any("Packages HTTP/1.1" in line for line in server.requests(lab.access_log))


def test_the_inventory_of_a_lab_names_its_own_addresses(
    bare_host: HostFactory, lab: Lab, write_inventory: InventoryWriter
) -> None:
    host = bare_host("desk")
    folder = write_inventory(desk={"ubuntu": "24.04"})
    text = (folder / "fleet.yaml").read_text()
    assert lab.address in text
    assert str(lab.key) in text
    assert "198.51.100." not in text
    assert host.address in (folder / "hosts" / "desk.yaml").read_text()


@pytest.fixture
def other() -> Iterator[Lab]:
    with trial.claim() as claimed:
        yield claimed


def test_down_leaves_nothing_behind(other: Lab) -> None:
    before = _traces(other)
    labs.up(other, definition.load())
    assert _traces(other) != before
    labs.down(other)
    assert _traces(other) == before
    assert not other.state.exists()
    labs.down(other)


def test_up_again_keeps_what_runs_and_switches_on_what_is_off(other: Lab) -> None:
    desk, node = labs.up(other, definition.load())
    desk.run("touch /srv/mine")
    boots = desk.boot_id(), node.boot_id()
    desk.power_off()
    desk, node = labs.up(other, definition.load())
    assert desk.run("test -e /srv/mine").returncode == 0
    assert desk.boot_id() != boots[0]
    assert node.boot_id() == boots[1]


@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.5])
def test_a_killed_up_is_mended_by_the_next_and_cleaned_by_down(other: Lab, seconds: float) -> None:
    before = _traces(other)
    code = (
        "from pathlib import Path; from lab import definition, lab; "
        f"lab.up(lab.Lab({other.name!r}, {other.subnet!r}, Path({str(other.state)!r})), definition.load())"
    )
    running = subprocess.Popen([sys.executable, "-c", code], cwd=paths.CHECKOUT)
    time.sleep(seconds)
    running.send_signal(signal.SIGKILL)
    running.wait()
    hosts = labs.up(other, definition.load())
    assert [host.ssh("systemctl is-system-running --wait").stdout.strip() for host in hosts] == ["running"] * 2
    labs.down(other)
    assert _traces(other) == before


def test_down_cleans_up_when_the_files_are_gone_and_systemd_nspawn_was_killed(other: Lab) -> None:
    before = _traces(other)
    desk, _node = labs.up(other, definition.load())
    process.send(process.find(f"--machine={desk.machine}"), signal.SIGKILL)
    (other.state / "lab.json").unlink()
    (other.state / "known_hosts").unlink()
    labs.down(other)
    assert _traces(other) == before


def _traces(lab: Lab) -> dict[str, list[str]]:
    """What a lab leaves on a machine: lines of mounts, namespaces, interfaces, routes and processes with its names."""
    mine = (f"{lab.name}-", f"{lab.subnet}.", str(lab.state))
    groups = [path for top in cgroup.hierarchies() for path in top.glob(f"{cgroup.PARENT}/{lab.name}-*")]
    return {
        "mounts": [line for line in Path("/proc/self/mounts").read_text().splitlines() if any(m in line for m in mine)],
        "namespaces": network.namespaces(lab.name),
        "links": [path.name for path in Path("/sys/class/net").glob(f"{lab.name}-*")],
        "routes": [line for line in process.run("ip", "route").splitlines() if f"{lab.subnet}." in line],
        "processes": sorted(word for word in process.words() if any(m in word for m in mine)),
        "groups": [str(path) for path in groups],
        "limits": [Path("/proc/sys/fs/inotify/max_user_instances").read_text()],
    }


def _until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether a condition holds within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
