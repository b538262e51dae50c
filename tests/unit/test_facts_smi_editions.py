"""nvidia-smi's XML in each edition, from release 270 to 610, trimmed and whole; and error texts in its place."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from facts import gpu, probe
from schema.gpu import Gpu, MigDevice, NvidiaSmi

FOLDER = Path(__file__).parents[1] / "captures" / "nvidia-smi"
REAL = Path(os.environ.get("GPUFLEET_CAPTURES", "/nonexistent")) / "nvidia-smi"


def seen(name: str) -> NvidiaSmi:
    return gpu.parse_nvidia_smi((FOLDER / name).read_text())


EDITIONS: list[tuple[str, str, str | None, dict[str, object]]] = [
    (
        "v0-270-geforce.xml",
        "270.41.06",
        None,
        {
            "name": "GeForce 9800 GTX/9800 GTX+",
            "uuid": None,
            "pci_bus_id": "0:1:0",
            "slot": "0000:01:00.0",
            "pci_device_id": "61310DE",
            "pci_id": "10de:0613",
            "memory_total_mib": 511,
            "persistence_mode": False,
            "ecc_current": None,
            "power_limit_watts": None,
            "mig_current": None,
        },
    ),
    (
        "v4-304-k20.xml",
        "304.54",
        None,
        {
            "slot": "0000:02:00.0",
            "pci_id": "10de:1028",
            "memory_total_mib": 4799,
            "ecc_current": True,
            "ecc_pending": False,
            "ecc_corrected_volatile": 7,
            "ecc_uncorrected_volatile": 2,
            "ecc_corrected_aggregate": 9,
            "ecc_uncorrected_aggregate": 3,
            "power_limit_watts": 225.0,
            "link_generation": 1,
            "max_link_generation": 2,
            "slowdowns": ("sw_power_cap",),
            "compute_mode": "Exclusive_Process",
        },
    ),
    (
        "v8-375-gtx1060.xml",
        "375.66",
        None,
        {
            "name": "GeForce GTX 1060 6GB",
            "slot": "0000:01:00.0",
            "memory_total_mib": 6072,
            "persistence_mode": False,
            "power_limit_watts": 120.0,
            "power_max_watts": 140.0,
            "virtualization_mode": None,
            "max_link_width": 16,
        },
    ),
    (
        "v9-390-m10-vgpu-host.xml",
        "390.94",
        None,
        {
            "virtualization_mode": "Host VGPU",
            "link_width": 8,
            "ecc_uncorrected_volatile": None,
            "retired_pages": None,
            "retired_pending": None,
            "power_limit_watts": 53.0,
            "slowdowns": (),
        },
    ),
    (
        "v10-440-v100.xml",
        "440.82",
        "10.2",
        {
            "slot": "0001:00:00.0",
            "pci_bus_id": "00000001:00:00.0",
            "ecc_uncorrected_volatile": 2,
            "ecc_uncorrected_aggregate": 5,
            "ecc_corrected_aggregate": 4,
            "retired_pages": 3,
            "retired_pending": True,
            "power_limit_watts": 200.0,
            "power_default_watts": 250.0,
        },
    ),
    (
        "v11-470-a100.xml",
        "470.129.06",
        "11.4",
        {
            "mig_current": False,
            "mig_pending": True,
            "mig_devices": (),
            "minor_number": 3,
            "ecc_corrected_volatile": 11,
            "ecc_uncorrected_volatile": 5,
            "ecc_uncorrected_aggregate": 6,
            "remapped_correctable": 1,
            "remapped_uncorrectable": 2,
            "remapped_pending": True,
            "remapped_failure": False,
            "retired_pages": None,
            "link_generation": 3,
            "link_width": 8,
            "gsp_firmware_version": None,
            "slowdowns": ("hw_slowdown", "hw_thermal_slowdown"),
        },
    ),
    (
        "v12-535-a100-mig.xml",
        "535.129.03",
        "12.2",
        {
            "mig_current": True,
            "mig_pending": False,
            "mig_devices": (
                MigDevice(
                    index=0,
                    gpu_instance_id=1,
                    compute_instance_id=0,
                    multiprocessors=42,
                    memory_total_mib=40192,
                    ecc_uncorrected_volatile=4,
                ),
                MigDevice(index=1, gpu_instance_id=5, compute_instance_id=0, multiprocessors=28),
            ),
            "remapped_pending": None,
            "recovery_action": "Drain and Reset",
            "power_limit_watts": 400.0,
            "power_default_watts": 500.0,
            "max_link_generation": 4,
        },
    ),
    (
        "v12-536-laptop-wsl.xml",
        "536.40",
        "12.2",
        {
            "name": "NVIDIA GeForce RTX 4070 Laptop GPU",
            "persistence_mode": None,
            "minor_number": None,
            "mig_current": None,
            "power_limit_watts": None,
            "power_default_watts": 80.0,
            "max_link_width": 8,
            "slowdowns": ("sw_power_cap",),
        },
    ),
    (
        "v13-580-gb300-lost.xml",
        "580.173.02",
        "13.0",
        {
            "slot": "0008:06:00.0",
            "pci_id": "10de:31c2",
            "ecc_uncorrected_volatile": 7,
            "ecc_uncorrected_aggregate": 24,
            "remapped_failure": True,
            "repair_pending": True,
            "sram_threshold_exceeded": True,
            "recovery_action": None,
            "power_limit_watts": 1400.0,
            "fabric_state": "Completed",
            "fabric_status": "Success",
            "fabric_clique": 32766,
            "fabric_cluster": "00000001-0000-0000-0000-000000000001",
            "fabric_health": {
                "summary": "Unhealthy",
                "bandwidth": "Full",
                "route_recovery_in_progress": "False",
                "route_unhealthy": "True",
                "access_timeout_recovery": "False",
            },
        },
    ),
    (
        "v13-580-vgpu-guest.xml",
        "580.105.08",
        "13.0",
        {
            "name": "NVIDIA L40S-2Q",
            "virtualization_mode": "VGPU",
            "license_status": "Unlicensed (Unrestricted)",
            "max_link_generation": None,
            "max_link_width": None,
            "power_limit_watts": None,
            "memory_total_mib": 2048,
        },
    ),
    (
        "v13-610-b200.xml",
        "610.57.04",
        "13.3",
        {"name": "NVIDIA B200", "persistence_mode": True, "memory_total_mib": 183359, "power_limit_watts": 1000.0},
    ),
]


@pytest.mark.parametrize(("name", "driver", "cuda", "values"), EDITIONS, ids=[row[0] for row in EDITIONS])
def test_each_edition_is_read(name: str, driver: str, cuda: str | None, values: dict[str, object]) -> None:
    found = seen(name)
    assert (found.exit_code, found.text, found.complete) == (0, "", True)
    assert (found.driver_version, found.cuda_version) == (driver, cuda)
    assert {key: getattr(found.gpus[0], key) for key in values} == values


def test_of_a_lost_gpu_only_its_place_is_known() -> None:
    lost = seen("v13-580-gb300-lost.xml").gpus[1]
    assert lost == Gpu(
        index=1,
        name="NVIDIA GB300",
        pci_bus_id="00000009:06:00.0",
        pci_device_id="31C210DE",
        recovery_action="Reboot",
    )


def test_processes_of_mig_devices_and_of_other_users_are_read() -> None:
    assert [(item.gpu, item.pid, item.name, item.kind) for item in seen("v12-535-a100-mig.xml").processes] == [
        ("0000:10:00.0", 4242, "python3", "C")
    ]
    assert [(item.name, item.kind) for item in seen("v12-536-laptop-wsl.xml").processes] == [("", "C+G")]


def test_a_document_that_breaks_off_gives_what_was_whole_and_the_error() -> None:
    found = seen("broken-off.txt")
    assert (found.complete, found.driver_version, found.cuda_version) == (False, "550.163.01", "12.4")
    assert [(item.slot, item.memory_total_mib) for item in found.gpus] == [("0000:01:00.0", 16376)]
    assert found.text == "Unable to determine the device handle for GPU1: 0000:5F:00.0: Unknown Error"
    assert found.exit_code not in {0, None}


def test_release_610_in_each_way_that_it_may_name_its_versions() -> None:
    deprecated = "[Deprecated; will be removed in CUDA 14.0. Use KMD Version instead]"
    for head in (
        f"<driver_version>610.57.04 {deprecated}</driver_version><cuda_version>13.3 {deprecated}</cuda_version>",
        "<kmd_version>610.57.04</kmd_version><cuda_umd_version>13.3</cuda_umd_version>",
        "<driver_version>N/A</driver_version><kmd_version>610.57.04</kmd_version>"
        "<cuda_version>Not Found</cuda_version><cuda_umd_version>13.3</cuda_umd_version>",
    ):
        found = gpu.parse_nvidia_smi(f"<nvidia_smi_log>{head}</nvidia_smi_log>")
        assert (found.driver_version, found.cuda_version) == ("610.57.04", "13.3")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.82", 18),
        (
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest "
            "NVIDIA driver is installed and running.\n",
            9,
        ),
        ("Failed to initialize NVML: Driver Not Loaded", 9),
        (
            "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the NVIDIA Display "
            "Driver is properly installed and present in your system.",
            12,
        ),
        ("Failed to initialize NVML: NVML Shared Library Not Found", 12),
        ("Failed to initialize NVML: Function Not Found", 13),
        ("WARNING: infoROM is corrupted at gpu 0000:0A:00.0", 14),
        (
            "Unable to determine the device handle for GPU 0000:01:00.0: GPU is lost.  Reboot the system to recover "
            "this GPU",
            15,
        ),
        ("Failed to initialize NVML: GPU access blocked by the operating system", 17),
        ("Failed to initialize NVML: Insufficient Permissions", 4),
        ("No devices were found", 6),
        ("Failed to initialize NVML: Unknown Error", 255),
        ("Unable to determine the device handle for GPU0000:CB:00.0: Unknown Error", 255),
        ("sh: 1: nvidia-smi: not found", 127),
        ("bash: nvidia-smi: command not found", 127),
        ("", None),
        ("Segmentation fault (core dumped)", None),
    ],
)
def test_error_texts_in_place_of_a_document(text: str, code: int | None) -> None:
    found = gpu.parse_nvidia_smi(text)
    assert (found.exit_code, found.text, found.complete) == (code, text.strip(), False)
    assert (found.driver_version, found.cuda_version, found.gpus, found.processes) == (None, None, (), ())


NOTHING = [
    "N/A",
    "[N/A]",
    "n/a",
    "None",
    "Not Supported",
    "[Not Supported]",
    "Unknown Error",
    "[Unknown Error]",
    "ERR!",
    "[GPU is lost]",
    "GPU is lost.  Reboot the system to recover this GPU",
    "Insufficient Permissions",
    "[Insufficient Permissions]",
    "[Requested functionality has been deprecated]",
    "Requested functionality has been deprecated",
    "Undefined",
    "Unknown",
    "Not Found",
    "GPU requires reset",
    "",
    "  \n ",
]
TEXTS = {
    "name": "product_name",
    "uuid": "uuid",
    "serial": "serial",
    "pci_device_id": "pci/pci_device_id",
    "fabric_state": "fabric/state",
    "recovery_action": "gpu_recovery_action",
}
NUMBERS = {
    "memory_total_mib": "fb_memory_usage/total",
    "ecc_uncorrected_volatile": "ecc_errors/volatile/dram_uncorrectable",
    "remapped_uncorrectable": "remapped_rows/remapped_row_unc",
    "power_limit_watts": "gpu_power_readings/current_power_limit",
    "max_link_generation": "pci/pci_gpu_link_info/pcie_gen/max_link_gen",
    "link_width": "pci/pci_gpu_link_info/link_widths/current_link_width",
}
SWITCHES = {
    "persistence_mode": "persistence_mode",
    "mig_current": "mig_mode/current_mig",
    "ecc_pending": "ecc_mode/pending_ecc",
    "remapped_failure": "remapped_rows/remapped_row_failure",
    "retired_pending": "retired_pages/pending_retirement",
}


def one(path: str, text: str) -> Gpu:
    names = path.split("/")
    inner = "".join(f"<{name}>" for name in names) + text + "".join(f"</{name}>" for name in reversed(names))
    return gpu.parse_nvidia_smi(f"<nvidia_smi_log><gpu id='0:1:0'>{inner}</gpu></nvidia_smi_log>").gpus[0]


@pytest.mark.parametrize("nothing", NOTHING)
def test_every_spelling_of_not_available_is_none(nothing: str) -> None:
    for field, path in (TEXTS | NUMBERS | SWITCHES).items():
        assert getattr(one(path, nothing), field) is None, field


def test_units_and_forms_of_numbers() -> None:
    memory, power = NUMBERS["memory_total_mib"], NUMBERS["power_limit_watts"]
    forms = ("81559 MiB", "81559MiB", "81,559 MiB", "81559 MB", "81559.4 MiB", "81559")
    assert [one(memory, text).memory_total_mib for text in forms] == [81559] * 6
    assert one(memory, "80 GiB").memory_total_mib == 81920
    assert [one(power, text).power_limit_watts for text in ("700.00 W", "700W", "700", "700000 mW")] == [700.0] * 4
    assert one(memory, "9" * 40).memory_total_mib is None
    assert [one(NUMBERS["link_width"], text).link_width for text in ("16x", "0x", "255x")] == [16, None, None]


def _trimmed(document: str) -> str:
    """The document as the sed program of the probe leaves it."""
    fragment = probe.script(("gpu",))
    found = re.search(r"(?s)\n(skip='.*?)\n *smi=.*?sh \\\n\s*(\"s/.*?\")\)\n", fragment)
    assert found
    command = f"{found[1]}\nsed -E {found[2]}"
    done = subprocess.run(["sh", "-c", command], input=document, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("file", [*sorted(FOLDER.iterdir()), *sorted(REAL.glob("*.xml"))], ids=lambda file: file.name)
def test_what_the_probe_trims_is_not_missed(file: Path) -> None:
    whole = file.read_text()
    trimmed = _trimmed(whole)
    assert gpu.parse_nvidia_smi(trimmed) == gpu.parse_nvidia_smi(whole)
    assert len(trimmed) < len(whole)


def test_an_answer_without_its_end_was_not_seen() -> None:
    """A program that floods is cut off by the probe, and its exit code with it."""
    for body in ("y\n" * 50, (FOLDER / "broken-off.txt").read_text(), "15 GPUs\n"):
        found = probe.Sections({"gpu/smi": tuple(body.splitlines())}, {"gpu/smi": "0"})
        said = gpu.parse(found).smi
        assert said is not None
        assert (said.complete, said.exit_code) != (True, 0)
        assert gpu.unseen(found) == {"gpu/smi"} or said.exit_code
