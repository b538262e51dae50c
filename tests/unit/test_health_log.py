"""What the kernel's log tells of GPUs: Xids by kind, what is over, GPUs that are refused, lost or not started."""

import pytest

from schema import compat, plan
from schema.driver import DriverSpec
from schema.errors import Finding
from schema.gpu import Gpu, GpuSpec, NvidiaSmi
from schema.health import xid as health
from schema.host import HostSpec
from schema.log import Entry, LogState
from schema.snapshot import Snapshot
from tests.property import model

NODE = HostSpec(
    name="node",
    ubuntu="22.04",
    gpus=(GpuSpec(pci_id="10de:2330", count=2),),
    driver=DriverSpec(branch="580", modules="open"),
    reboot="if-needed",
)
LOAD = "nvidia-nvlink: Nvlink Core is being initialized, major device number 236"
UPTIME = 400_000.0


def healthy(**values: object) -> Snapshot:
    """The host as a run leaves it, with both GPUs named; `values` are those of each GPU."""
    seen = model.as_observed(NODE)
    smi = seen.gpu.smi
    assert smi is not None
    names = {"name": "NVIDIA H100 80GB HBM3", "pci_device_id": "233010DE", "recovery_none": True, **values}
    gpus = tuple(gpu.model_copy(update=names) for gpu in smi.gpus)
    return with_smi(seen, smi.model_copy(update={"gpus": gpus}))


def with_smi(seen: Snapshot, smi: NvidiaSmi) -> Snapshot:
    return seen.model_copy(update={"gpu": seen.gpu.model_copy(update={"smi": smi})})


def logged(seen: Snapshot, *lines: str, age: float = 60, count: int = 1) -> Snapshot:
    """The host with these lines in its log, all of one age in seconds."""
    entries = tuple(
        Entry(number=number, text=text, seconds=UPTIME - age, count=count) for number, text in enumerate(lines, start=1)
    )
    return seen.model_copy(update={"log": LogState(booted=1764000000, uptime=UPTIME, begins=0.0, entries=entries)})


def found(seen: Snapshot, spec: HostSpec = NODE) -> dict[str, Finding]:
    """The first finding of each code."""
    return {item.code: item for item in reversed(plan.diff(spec, seen).findings)}


def line_of(number: int, words: str = "pid=1, name=python, words", slot: str = "0000:01:00") -> str:
    return f"NVRM: Xid (PCI:{slot}): {number}, {words}"


def test_a_log_without_errors_has_no_finding() -> None:
    assert found(logged(healthy(), LOAD, "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.95.05")) == {}


@pytest.mark.parametrize("number", [13, 31, 32, 43, 45, 69])
def test_errors_of_programs_are_no_ill_health(number: int) -> None:
    assert found(logged(healthy(recovery_none=False), line_of(number), count=500)) == {}


@pytest.mark.parametrize(
    ("number", "words", "code", "severity"),
    [
        (48, "pid=9, name=python, Ch 00000008", "GPU234", "error"),
        (62, "pid=9, 2027(2d50) 8503d428", "GPU231", "error"),
        (64, "pid=9, Row Remapper: Failed to remap", "GPU234", "error"),
        (63, "pid=9, Row Remapper: New row marked for remapping, reset gpu to activate.", "GPU234", "info"),
        (92, "High single-bit ECC error rate", "GPU234", "warning"),
        (94, "pid=9, Contained: SM (0x1). RST: No, D-RST: No", "GPU234", "warning"),
        (95, "pid=9, Uncontained: LTC TAG (0x2,0x0). RST: Yes, D-RST: No", "GPU234", "error"),
        (74, "NVLink: fatal error detected on link 6(0x10000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0)", "GPU232", "warning"),
        (149, "NETIR_LINK_EVT  Fatal   XC0 i0 Link 01 (0x021425c6 0x00000000)", "GPU232", "error"),
        (145, "RLW_REMAP Nonfatal XC1 i0 Link 02 (0x004505c6 0x00000000)", "GPU232", "warning"),
        (119, "pid=9, name=nvidia-smi, Timeout after 6s of waiting for RPC response from GPU0 GSP!", "GPU233", "error"),
        (120, "pid=9, GSP task exception: Instruction access fault", "GPU233", "error"),
        (109, "pid=9, name=python, CTX SWITCH TIMEOUT, Info 0x6c006", "GPU231", "error"),
        (54, "auxiliary power is not connected", "GPU251", "error"),
        (61, "pid=9, 0cec(3098) 00000000 00000000", "GPU249", "info"),
        (999, "something of a newer driver", "GPU249", "info"),
    ],
)
def test_each_kind_of_xid_has_its_finding(number: int, words: str, code: str, severity: str) -> None:
    """The driver does not say whether a recovery is needed, as drivers before R555 do not."""
    seen = found(logged(healthy(recovery_none=False), LOAD, line_of(number, words)))
    assert set(seen) == {code}
    assert seen[code].severity == severity
    assert f"Xid {number} (" in seen[code].message
    assert "2025-11-29 07:05 UTC" in seen[code].message
    assert words in seen[code].evidence
    assert "GPU 0 NVIDIA H100 80GB HBM3 0000:01:00.0" in seen[code].evidence


def test_an_error_that_is_over_warns_and_says_when() -> None:
    line = line_of(95, "pid=9, Uncontained: LTC TAG")
    answering = found(logged(healthy(), line))["GPU234"]
    assert (answering.severity, "works again" in answering.hint) == ("warning", True)
    old = found(logged(healthy(recovery_none=False), line, age=90_000))["GPU234"]
    assert (old.severity, "2025-11-28 06:06 UTC" in old.message) == ("warning", True)
    asked = found(logged(healthy(recovery_action="Reset", recovery_none=False), line, age=90_000))
    assert (asked["GPU234"].severity, asked["GPU129"].severity) == ("error", "error")
    assert "--gpu-reset -i 0,1" in asked["GPU129"].hint


def test_errors_before_the_drivers_last_load_are_not_told() -> None:
    assert found(logged(healthy(), line_of(79, "GPU has fallen off the bus."), line_of(48), LOAD)) == {}


def test_gpus_with_the_same_error_are_one_finding() -> None:
    seen = found(logged(healthy(recovery_none=False), line_of(119), line_of(120), line_of(119, slot="0000:02:00")))
    assert set(seen) == {"GPU233"}
    assert seen["GPU233"].message.startswith("2 GPUs: ")
    assert len(seen["GPU233"].evidence.splitlines()) == 3


def test_a_recovery_action_is_told_where_nvidia_smi_cannot() -> None:
    change = line_of(154, "GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)")
    back = line_of(154, "GPU recovery action changed from 0x1 (GPU Reset Required) to 0x0 (None)")
    hung = with_smi(healthy(), NvidiaSmi(exit_code=124, text="no answer within 15 seconds"))
    assert found(logged(hung, change))["GPU231"].severity == "error"
    assert "GPU231" not in found(logged(hung, change, back))
    assert found(logged(healthy(), change)) == {}


LOST = line_of(79, "pid='<unknown>', name=<unknown>, GPU has fallen off the bus.", "0000:02:00")


def test_a_gpu_that_fell_off_the_bus_is_an_error_until_it_answers() -> None:
    seen = healthy()
    smi = seen.gpu.smi
    assert smi is not None
    alone = with_smi(seen, smi.model_copy(update={"gpus": smi.gpus[:1]}))
    lost = found(logged(alone, LOST))
    assert (lost["GPU230"].severity, lost["GPU123"].severity) == ("error", "error")
    assert lost["GPU230"].message == "NVIDIA H100 80GB HBM3 0000:02:00 fell off the bus"
    assert "2025-11-29 07:05 UTC: NVRM: Xid (PCI:0000:02:00): 79" in lost["GPU230"].evidence
    back = found(logged(seen, LOST))
    assert (back["GPU230"].severity, set(back)) == ("warning", {"GPU230"})


@pytest.mark.parametrize(
    "lines",
    [
        ("NVRM: GPU 0000:02:00.0: GPU has fallen off the bus.",),
        (
            "NVRM: The NVIDIA GPU 0000:02:00.0",
            "NVRM: (PCI ID: 10de:2330) installed in this system has",
            "NVRM: fallen off the bus and is not responding to commands.",
        ),
    ],
)
def test_the_drivers_other_words_of_a_lost_gpu(lines: tuple[str, ...]) -> None:
    seen = healthy()
    smi = seen.gpu.smi
    assert smi is not None
    lost = found(logged(with_smi(seen, smi.model_copy(update={"gpus": smi.gpus[:1]})), *lines))
    assert "0000:02:00 fell off the bus" in lost["GPU230"].message


@pytest.mark.parametrize(
    "text",
    [
        "Unable to determine the device handle for GPU0000:02:00.0: Unknown Error",
        "Unable to determine the device handle for GPU 0000:02:00.0: GPU is lost.  Reboot the system",
    ],
)
def test_nvidia_smis_words_of_a_lost_gpu(text: str) -> None:
    lost = found(with_smi(healthy(), NvidiaSmi(exit_code=15, text=text)))
    assert {"GPU113", "GPU230"} <= set(lost)
    assert "0000:02:00 fell off the bus" in lost["GPU230"].message
    assert text.partition(": ")[2] in lost["GPU230"].evidence


def test_a_link_that_reads_as_ones_is_a_lost_gpu() -> None:
    seen = healthy()
    dead = seen.gpu.devices[1].model_copy(update={"unreadable": True})
    smi = seen.gpu.smi
    assert smi is not None
    state = seen.gpu.model_copy(
        update={"devices": (seen.gpu.devices[0], dead), "smi": smi.model_copy(update={"gpus": smi.gpus[:1]})}
    )
    lost = found(seen.model_copy(update={"gpu": state}))
    assert "every bit of its PCI configuration reads as 1" in lost["GPU230"].evidence


REFUSED: list[tuple[tuple[str, ...], str, str]] = [
    (("NVRM: installed in this system requires use of the NVIDIA open kernel modules.",), "needs the open", "open"),
    (
        (
            "NVRM: installed in this system is not supported by open",
            "NVRM: nvidia.ko because it does not include the required GPU",
            "NVRM: System Processor (GSP).",
        ),
        "is too old for the open kernel modules",
        "proprietary",
    ),
    (
        (
            "NVRM: installed in this system is supported through the",
            "NVRM: NVIDIA 470.xx Legacy drivers. Please visit",
            "NVRM: http://www.nvidia.com/object/unix.html for more",
        ),
        "470 is its last",
        "branch: auto",
    ),
    (
        ("NVRM: installed in this system is not supported by the", "NVRM: NVIDIA 470.256.02 driver release."),
        "is not supported by this driver's release",
        "branch: auto",
    ),
]


@pytest.mark.parametrize(("lines", "words", "hint"), REFUSED)
def test_a_gpu_that_the_driver_refuses_is_named_with_its_reason(lines: tuple[str, ...], words: str, hint: str) -> None:
    nothing = with_smi(healthy(), NvidiaSmi(exit_code=6, text="No devices were found"))
    first = "NVRM: The NVIDIA GPU 0000:02:00.0 (PCI ID: 10de:2330)"
    seen = found(logged(nothing, LOAD, first, *lines, "NVRM: GPU 0000:02:00.0: RmInitAdapter failed! (0x22:0x56:1017)"))
    assert {"GPU236"} == set(seen), "one reason, told once"
    assert words in seen["GPU236"].message
    assert "0000:02:00.0" in seen["GPU236"].message
    assert hint in seen["GPU236"].hint
    answering = found(logged(healthy(), LOAD, first, *lines))
    assert answering == {}, "a GPU that answers is not refused"


def test_a_gpu_that_could_not_be_started_is_told_with_what_was_said_before() -> None:
    seen = healthy()
    smi = seen.gpu.smi
    assert smi is not None
    alone = with_smi(seen, smi.model_copy(update={"gpus": smi.gpus[:1]}))
    failed = found(
        logged(
            alone,
            "NVRM: RmInitAdapter: Cannot initialize GSP firmware RM",
            "NVRM: GPU 0000:02:00.0: RmInitAdapter failed! (0x62:0x65:1792)",
            "NVRM: GPU 0000:02:00.0: rm_init_adapter failed, device minor number 1",
        )
    )
    assert set(failed) == {"GPU123", "GPU235"}
    assert "Cannot initialize GSP firmware RM" in failed["GPU235"].evidence
    assert "could not start NVIDIA H100 80GB HBM3 0000:02:00.0" in failed["GPU235"].message


def test_libraries_of_another_version_in_a_program_warn_for_a_day() -> None:
    line = "NVRM: API mismatch: the client has the version 570.172.08, but"
    assert found(logged(healthy(), line))["GPU237"].severity == "warning"
    assert found(logged(healthy(), line, age=90_000)) == {}


def test_no_room_for_the_gpus_memory_is_an_error() -> None:
    line = "nvidia-uvm: uvm_pmm_gpu.c:3176 devmem_alloc_pagemap[pid:92821] request_free_mem_region() err -34"
    seen = found(logged(healthy(), line))
    assert "uvm_disable_hmm=1" in seen["GPU238"].hint
    assert line in seen["GPU238"].evidence


def test_pcie_errors_count_when_they_are_a_gpus() -> None:
    bad = "nvidia 0000:01:00.0: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer"
    corrected = "nvidia 0000:01:00.0: PCIe Bus Error: severity=Corrected, type=Data Link Layer, (Transmitter ID)"
    disk = "nvme 0000:7f:00.0: PCIe Bus Error: severity=Uncorrected (Fatal), type=Transaction Layer"
    assert found(logged(healthy(), disk, corrected)) == {}
    assert found(logged(healthy(), bad))["GPU239"].severity == "warning"
    assert found(logged(healthy(), corrected, count=4000))["GPU239"].severity == "info"
    port = "pcieport 0000:00:01.0: AER: Uncorrected (Non-Fatal) error received: 0000:01:00.0"
    assert found(logged(healthy(), port))["GPU239"].severity == "warning"


def test_every_xid_of_the_data_is_once_and_has_a_kind_that_something_tells() -> None:
    kinds = {row.kind for number in range(1, 200) if (row := compat.xid(number)) is not None}
    assert kinds == {*health.KINDS, "program", "bus"}
    for number in (48, 62, 63, 64, 74, 79, 92, 94, 95, 119, 120, 154):
        row = compat.xid(number)
        assert row is not None and row.kind != "program", number


def test_a_gpu_is_named_as_far_as_it_is_known() -> None:
    spec = NODE.model_copy(update={"gpus": (GpuSpec(model="RTX 4090"),)})
    bare = model.bare(spec)
    unknown = with_smi(bare, NvidiaSmi(exit_code=0, driver_version="580.95.05", gpus=(Gpu(index=0),)))
    assert found(logged(unknown, line_of(48)), spec)["GPU234"].message.startswith("GeForce RTX 4090 0000:01:00: ")


def test_a_fatal_error_of_a_switch_is_told_and_another_is_not() -> None:
    harmless = "nvidia-nvswitch3: SXid (PCI:0000:c4:00.0): 12028, Non-fatal, Link 32 egress non-posted PRIV error"
    fatal = "nvidia-nvswitch2: SXid (PCI:0000:c3:00.0): 20034, Fatal, Link 30 LTSSM Fault Up"
    assert found(logged(healthy(), harmless)) == {}
    seen = found(logged(healthy(), harmless, fatal))["GPU259"]
    assert (seen.severity, "SXid 20034" in seen.message, harmless in seen.evidence) == ("error", True, False)
    assert found(logged(healthy(), fatal, age=90_000))["GPU259"].severity == "warning"
