"""The lab's packages and stand-in driver on real hosts: real apt, dpkg, depmod, modinfo and systemd."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree

import pytest

from lab import definition, network, repositories, root, tools, trial
from lab.host import LabHost, make_key

pytestmark = pytest.mark.hosts

KEY = Path(__file__).parents[2] / "inventory" / "keys" / "lab-archive.asc"
SUITES = {"22.04": ("jammy", "ubuntu2204"), "24.04": ("noble", "ubuntu2404"), "26.04": ("resolute", "ubuntu2604")}
GTX_1080, H100, RTX_5090, NVSWITCH = "10de:1b80", "10de:2330", "10de:2b85", "10de:22a3"
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
HEADERS = "linux-headers-$(uname -r)"
NOT_LOADED = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
    "Make sure that the latest NVIDIA driver is installed and running."
)


class Maker(Protocol):
    def __call__(self, ubuntu: str, *gpus: str, **host: object) -> LabHost: ...


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """Booted hosts with the lab's repositories bound to /srv/lab and named in apt's sources; removed at the end."""
    if os.geteuid() != 0 or tools.missing():
        reason = "needs root and the lab's tools (python3 -m lab.tools names them)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder = tmp_path_factory.mktemp("packages")
    web = folder / "web"
    repositories.build(web, platform.release())
    make_key(folder / "id")
    hosts: list[LabHost] = []

    def booted(ubuntu: str, *gpus: str, **host: object) -> LabHost:
        devices = [{"pci_id": gpu} for gpu in gpus]
        spec = {"name": f"h{len(hosts)}", "address": 10 + len(hosts), "ubuntu": ubuntu, "gpus": devices, **host}
        base = root.ensure("trixie" if ubuntu == "26.04" else "bookworm", print)
        made = definition.Host.model_validate(spec)
        one = LabHost(
            lab.name, lab.subnet, made, folder / made.name, base, folder / "id", (f"--bind-ro={web}:/srv/lab",)
        )
        hosts.append(one)
        one.boot()
        _configure(one)
        return one

    with trial.claim() as lab:
        network.up(lab.name, lab.subnet)
        try:
            yield booted
        finally:
            for one in hosts:
                one.remove()


def _configure(host: LabHost) -> None:
    codename, distro = SUITES[host.spec.ubuntu]
    (host.root / "usr/share/keyrings/lab.asc").write_bytes(KEY.read_bytes())
    option = "deb [signed-by=/usr/share/keyrings/lab.asc] file:/srv/lab"
    lines = [f"{option}/cuda/{distro}/x86_64/ /"]
    lines += [f"{option}/ubuntu {codename}{pocket} main restricted" for pocket in ("", "-updates")]
    (host.root / "etc/apt/sources.list.d/lab.list").write_text("\n".join(lines) + "\n")
    _pin(host, "580.95.05", "l=NVIDIA CUDA")
    host.run("apt-get update")


def _pin(host: LabHost, version: str, release: str) -> None:
    """Prefer one origin, and have one version of the driver's family only.

    Without the second stanza the names of the other scheme keep the newest branch as their candidate, and apt resolves
    the conflict with `libnvidia-gl` by an upgrade of it, which fails.
    """
    text = ""
    for pattern, priority in ((f"{version}-*", 1001), ("*", -1)):
        text += f"Package: *nvidia* cuda-drivers* libxnvctrl0\nPin: version {pattern}\nPin-Priority: {priority}\n\n"
    text += f"Package: *\nPin: release {release}\nPin-Priority: 600\n"
    (host.root / "etc/apt/preferences.d/lab").write_text(text)


def _output(host: LabHost, command: str) -> tuple[int, str]:
    done = host.run(command, check=False)
    return done.returncode, done.stdout.strip()


def _xml(host: LabHost) -> ElementTree.Element:
    return ElementTree.fromstring(host.run("nvidia-smi -q -x").stdout)  # noqa: S314 - the lab's own output


def test_a_driver_is_loaded_after_the_reboot_and_not_before(make: Maker) -> None:
    host = make("24.04", GTX_1080)
    host.reboot()
    assert host.run("ls -d /sys/module/nouveau && readlink /sys/bus/pci/devices/0000:01:00.0/driver").stdout.endswith(
        "drivers/nouveau\n"
    )
    host.run(f"{INSTALL} {HEADERS} cuda-drivers-580 cuda-toolkit-12-9 cuda-toolkit-12-6 cudnn9-cuda-12", timeout=300)

    assert _output(host, "nvidia-smi") == (9, NOT_LOADED)
    assert _output(host, "test -e /proc/driver/nvidia")[0] == 1
    assert host.run("modinfo -F version nvidia").stdout == "580.95.05\n"
    assert host.run("modinfo -F license nvidia").stdout == "NVIDIA\n"
    assert f"nvidia/580.95.05, {platform.release()}, x86_64: installed" in host.run("dkms status").stdout
    assert "release 12.9, V12.9.86" in host.run("/usr/local/cuda/bin/nvcc --version").stdout
    assert host.run("readlink /etc/alternatives/cuda").stdout == "/usr/local/cuda-12.9\n"
    assert "libcudnn.so.9" in host.run("ldconfig -p").stdout
    assert host.run("dpkg --audit").stdout == ""

    host.reboot()
    assert host.run("cat /sys/module/nvidia/version").stdout == "580.95.05\n"
    assert host.run("head -c 60 /proc/driver/nvidia/version").stdout == (
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  R"
    )
    assert _output(host, "test -e /sys/module/nouveau")[0] == 1
    assert host.run("nvidia-smi -L").stdout.startswith("GPU 0: NVIDIA GeForce GTX 1080 (UUID: GPU-")
    assert host.run("systemctl is-system-running").stdout == "running\n"
    _persistence_and_processes(host)
    _mismatch(host)


def _persistence_and_processes(host: LabHost) -> None:
    query = "nvidia-smi --query-gpu=persistence_mode --format=csv,noheader"
    # The stock unit runs with --no-persistence-mode.
    assert host.run("systemctl is-active nvidia-persistenced").stdout == "active\n"
    assert host.run(query).stdout == "Disabled\n"
    host.run("nvidia-smi -pm 1")
    assert host.run(query).stdout == "Enabled\n"
    assert _output(host, "nvidia-smi --query-gpu=nonsense --format=csv")[0] == 2
    declared = "/var/lib/gpufleet-lab/gpu-processes"
    host.run(f"sleep 60 >/dev/null 2>&1 & echo $! > {declared}; echo 999999 >> {declared}")
    found = _xml(host).findall("gpu/processes/process_info/process_name")
    assert [element.text for element in found] == ["/usr/bin/sleep"]
    host.set_gpus(())
    assert _output(host, "nvidia-smi") == (6, "No devices were found")
    host.set_gpus(host.spec.gpus)


def _mismatch(host: LabHost) -> None:
    _pin(host, "580.82.07", "l=NVIDIA CUDA")
    host.run(f"{INSTALL} --allow-downgrades cuda-drivers-580", timeout=300)
    assert _output(host, "nvidia-smi") == (
        18,
        "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.82",
    )
    host.reboot()
    assert host.run("nvidia-smi --query-gpu=driver_version --format=csv,noheader").stdout == "580.82.07\n"


def test_flavour_and_branch_change_in_one_transaction(make: Maker) -> None:
    host = make("22.04", H100, H100, NVSWITCH)
    host.run(f"{INSTALL} {HEADERS} nvidia-open-580 nvidia-fabricmanager", timeout=300)
    host.run("systemctl enable nvidia-fabricmanager")
    host.reboot()
    assert "Open Kernel Module" in host.run("cat /proc/driver/nvidia/version").stdout
    states = _xml(host).findall("gpu/fabric/state")
    assert [state.text for state in states] == ["Completed", "Completed"]

    for version, package in (
        ("570.195.03", "cuda-drivers-570"),
        ("595.71.05", "nvidia-open"),
        ("580.95.05", "nvidia-open-580"),
    ):
        _pin(host, version, "l=NVIDIA CUDA")
        host.run(f"{INSTALL} --allow-downgrades {package}", timeout=300)
        assert host.run("modinfo -F version nvidia").stdout.strip() == version
        assert host.run("dpkg --audit").stdout == ""
        assert host.run("ls /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.*.*").stdout.endswith(f".so.{version}\n")

    host.run("apt-mark hold nvidia-utils-580")
    _pin(host, "595.71.05", "l=NVIDIA CUDA")
    done = host.run(f"{INSTALL} nvidia-open", check=False)
    assert done.returncode == 100
    assert "held" in done.stdout + done.stderr


def test_fabric_manager_of_another_version_fails_in_its_own_words(make: Maker) -> None:
    host = make("22.04", H100, NVSWITCH)
    host.run(f"{INSTALL} {HEADERS} nvidia-open-580", timeout=300)
    host.reboot()
    _pin(host, "580.82.07", "l=NVIDIA CUDA")
    host.run(f"{INSTALL} nvidia-fabricmanager")
    assert host.run("systemctl start nvidia-fabricmanager", check=False).returncode != 0
    assert (
        "fabric manager NVIDIA GPU driver interface version 580.82.07 don't match with driver version 580.95.05. "
        "Please update with matching NVIDIA driver package."
    ) in host.run("journalctl -b -u nvidia-fabricmanager -o cat").stdout


@pytest.mark.parametrize(
    ("gpu", "package", "version", "answer"),
    [
        (RTX_5090, "cuda-drivers-580", "580.95.05", (6, "No devices were found")),
        (GTX_1080, "nvidia-open-580", "580.95.05", (9, NOT_LOADED)),
        (GTX_1080, "cuda-drivers", "595.71.05", (9, NOT_LOADED)),
    ],
)
def test_a_module_that_does_not_drive_the_gpu(
    make: Maker, gpu: str, package: str, version: str, answer: tuple[int, str]
) -> None:
    host = make("24.04", gpu)
    _pin(host, version, "l=NVIDIA CUDA")
    host.run(f"{INSTALL} {HEADERS} {package}", timeout=300)
    host.reboot()
    assert _output(host, "nvidia-smi") == answer
    assert "NVRM: installed in this system" in host.run("journalctl -b -u gpufleet-lab-gpu -o cat").stdout


def test_secure_boot_loads_signed_modules_only(make: Maker) -> None:
    host = make("24.04", H100, secure_boot=True)
    pin = "Package: *\nPin: release o=NVIDIA\nPin-Priority: -1\n"
    (host.root / "etc/apt/preferences.d/lab").write_text(pin)
    host.run(f"{INSTALL} {HEADERS} nvidia-headless-580-open nvidia-utils-580", timeout=300)
    host.reboot()
    assert _output(host, "nvidia-smi") == (9, NOT_LOADED)
    assert "Key was rejected by service" in host.run("journalctl -b -u gpufleet-lab-gpu -o cat").stdout

    host.run(
        f"{INSTALL} linux-modules-nvidia-580-open-generic nvidia-headless-no-dkms-580-open nvidia-dkms-580-open-",
        timeout=300,
    )
    assert host.run("modinfo -F signer nvidia").stdout == "Canonical Ltd. Kernel Module Signing\n"
    host.reboot()
    assert host.run("nvidia-smi -L").stdout.startswith("GPU 0: NVIDIA H100 80GB HBM3")
    # Ubuntu's daemon has no [Install] section: udev starts it with the device.
    assert host.run("systemctl is-enabled nvidia-persistenced", check=False).stdout == "static\n"
    host.run("for i in 1 2 3 4 5; do systemctl is-active -q nvidia-persistenced && exit; sleep 0.2; done; exit 1")


def test_dkms_without_headers_and_with_a_failing_build(make: Maker) -> None:
    host = make("24.04", GTX_1080)
    done = host.run(f"{INSTALL} cuda-drivers-580", timeout=300)
    assert "kernel headers for this kernel do not seem to be installed." in done.stdout
    assert host.run("dkms status").stdout == "nvidia/580.95.05: added\n"
    # The headers' own hook makes up for it.
    host.run(f"{INSTALL} {HEADERS}")
    assert host.run("dkms status").stdout.endswith("x86_64: installed\n")

    host.run("touch /var/lib/gpufleet-lab/dkms-fails")
    _pin(host, "580.82.07", "l=NVIDIA CUDA")
    done = host.run(f"{INSTALL} --allow-downgrades cuda-drivers-580", check=False, timeout=300)
    assert done.returncode == 100
    assert "Error! Bad return status for module build on kernel" in done.stdout + done.stderr
    assert host.run("dpkg-query -W -f '${db:Status-Abbrev}' nvidia-dkms-580").stdout == "iF "
    host.run("rm /var/lib/gpufleet-lab/dkms-fails && dpkg --configure -a")
    assert host.run("modinfo -F version nvidia").stdout == "580.82.07\n"


def test_the_newest_release_verifies_the_key_and_has_the_newest_toolkit_only(make: Maker) -> None:
    host = make("26.04", RTX_5090)
    _pin(host, "610.43.02", "l=NVIDIA CUDA")
    host.run(f"{INSTALL} {HEADERS} nvidia-open cuda-toolkit-13-3 cudnn9-cuda-13", timeout=300)
    assert _output(host, "apt-cache show cuda-toolkit-12-9")[0] == 100
    host.reboot()
    assert host.run("nvidia-smi | sed -n 3p").stdout.startswith(
        "| NVIDIA-SMI 610.43.02   KMD Version: 610.43.02   CUDA UMD Version: 13.3"
    )


def test_a_large_package_overflows_a_small_disk(make: Maker) -> None:
    host = make("24.04", disk_mib=64)
    done = host.run(f"{INSTALL} cuda-libraries-12-9", check=False, timeout=300)
    assert (done.returncode, "No space left on device" in done.stdout + done.stderr) == (100, True)


def test_a_machine_that_is_no_lab_host_refuses(make: Maker) -> None:
    host = make("24.04")
    host.run("rm /etc/gpufleet-lab")
    done = host.run(f"{INSTALL} cuda-keyring", check=False)
    assert done.returncode == 100
    assert "is a stand-in from the gpufleet lab. This machine is no lab host" in done.stderr + done.stdout
