"""nvidia-smi's XML: real boards' outputs, the editions of its document type, and text that is broken or hostile."""

import os
from pathlib import Path

import pytest

from facts import smi
from schema.gpu import GpuProcess

CAPTURES = os.environ.get("GPUFLEET_CAPTURES")


def capture(board: str) -> str:
    if not CAPTURES:
        pytest.skip("set GPUFLEET_CAPTURES to the folder that holds nvidia-smi/qx-*.xml of real boards")
    return (Path(CAPTURES) / "nvidia-smi" / f"qx-{board}.xml").read_text()


def document(
    gpu: str, head: str = "<driver_version>580.95.05</driver_version><cuda_version>13.0</cuda_version>"
) -> str:
    kind = '<?xml version="1.0" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">'
    return f"{kind}\n<nvidia_smi_log>{head}{gpu}</nvidia_smi_log>\n"


@pytest.mark.parametrize(
    ("board", "driver", "cuda", "count", "slot", "name", "architecture", "pci_id", "memory"),
    [
        ("t4", "595.91.07", "13.2", 1, "0000:00:1e.0", "Tesla T4", "Turing", "10de:1eb8", 15360),
        ("l40s", "595.91.07", "13.2", 1, "0000:30:00.0", "NVIDIA L40S", "Ada Lovelace", "10de:26b9", 46068),
        ("a100", "570.148.08", "12.8", 1, "0000:06:00.0", "NVIDIA A100-SXM4-40GB", "Ampere", "10de:20b0", 40960),
        ("h100", "580.105.08", "13.0", 8, "0000:53:00.0", "NVIDIA H100 80GB HBM3", "Hopper", "10de:2330", 81559),
    ],
)
def test_a_real_board_is_read(
    board: str, driver: str, cuda: str, count: int, slot: str, name: str, architecture: str, pci_id: str, memory: int
) -> None:
    seen = smi.parse(capture(board), 0)
    assert (seen.exit_code, seen.text, seen.driver_version, seen.cuda_version) == (0, "", driver, cuda)
    assert [gpu.index for gpu in seen.gpus] == list(range(count))
    first = seen.gpus[0]
    assert (first.slot, first.name, first.architecture) == (slot, name, architecture)
    assert (first.pci_id, first.memory_total_mib, first.persistence_mode) == (pci_id, memory, True)
    assert (first.ecc_uncorrected_volatile, first.recovery_action, first.max_link_width) == (0, None, 16)


def test_what_a_real_board_has_not_got_is_none() -> None:
    t4, h100 = smi.parse(capture("t4"), 0).gpus[0], smi.parse(capture("h100"), 0).gpus[0]
    assert (t4.mig_current, t4.remapped_pending, t4.retired_pending, t4.fabric_state, t4.link_width) == (
        None,
        None,
        False,
        None,
        8,
    )
    assert (h100.mig_current, h100.remapped_pending, h100.remapped_failure, h100.retired_pending) == (
        False,
        False,
        False,
        None,
    )
    assert (h100.fabric_state, h100.fabric_status) == ("Completed", "Success")


def test_processes_name_their_gpu_and_kind() -> None:
    gpu = """<gpu id="00000001:0A:00.0"><processes>
    <process_info><pid>4711</pid><type>C</type><process_name>/opt/conda/bin/python</process_name></process_info>
    <process_info><pid>17</pid><type>M+C</type><process_name>N/A</process_name></process_info>
    <process_info><pid>N/A</pid><type>G</type><process_name>lost</process_name></process_info></processes></gpu>"""
    assert smi.parse(document(gpu), 0).processes == (
        GpuProcess(gpu="0001:0a:00.0", pid=4711, name="/opt/conda/bin/python", kind="C"),
        GpuProcess(gpu="0001:0a:00.0", pid=17, name="", kind="M+C"),
    )


def test_older_and_newer_editions_use_other_names() -> None:
    old = """<gpu id="0:1:0.0"><ecc_errors><volatile><double_bit><device_memory>2</device_memory><total>3</total>
    </double_bit></volatile></ecc_errors><retired_pages><pending_blacklist>Yes</pending_blacklist></retired_pages>
    <gpu_reset_status><reset_required>Yes</reset_required></gpu_reset_status></gpu>"""
    gpu = smi.parse(document(old), 0).gpus[0]
    assert (gpu.ecc_uncorrected_volatile, gpu.retired_pending, gpu.recovery_action) == (3, True, "Reset")
    new = smi.parse(document("", "<kmd_version>610.43.02</kmd_version><cuda_umd_version>13.3</cuda_umd_version>"), 0)
    assert (new.driver_version, new.cuda_version) == ("610.43.02", "13.3")


def test_faults_are_told() -> None:
    gpu = """<gpu id="00000000:01:00.0"><mig_mode><current_mig>Enabled</current_mig></mig_mode>
    <ecc_errors><volatile><sram_uncorrectable_parity>1</sram_uncorrectable_parity>
    <sram_uncorrectable_secded>N/A</sram_uncorrectable_secded><dram_uncorrectable>4</dram_uncorrectable></volatile></ecc_errors>
    <remapped_rows><remapped_row_pending>Yes</remapped_row_pending><remapped_row_failure>No</remapped_row_failure>
    </remapped_rows><gpu_recovery_action>Drain and Reset</gpu_recovery_action>
    <fabric><state>In Progress</state><status>N/A</status></fabric></gpu>"""
    seen = smi.parse(document(gpu), 0).gpus[0]
    assert (seen.mig_current, seen.ecc_uncorrected_volatile, seen.remapped_pending, seen.remapped_failure) == (
        True,
        5,
        True,
        False,
    )
    assert (seen.recovery_action, seen.fabric_state, seen.fabric_status) == ("Drain and Reset", "In Progress", None)


@pytest.mark.parametrize(
    "nothing",
    [
        "N/A",
        "[N/A]",
        "[Not Supported]",
        "ERR!",
        "[Unknown Error]",
        "Requested functionality has been deprecated",
        "",
        "GPU is lost",
    ],
)
def test_no_value_has_many_names(nothing: str) -> None:
    total = f"<fb_memory_usage><total>{nothing}</total></fb_memory_usage>"
    gpu = f"<gpu id='0000:01:00.0'><uuid>{nothing}</uuid>{total}</gpu>"
    seen = smi.parse(document(gpu), 0).gpus[0]
    assert (seen.uuid, seen.memory_total_mib) == (None, None)


def test_words_of_failure_are_kept() -> None:
    mismatch = "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.82\n"
    seen = smi.parse(mismatch, 18)
    assert (seen.exit_code, seen.text, seen.gpus) == (18, mismatch.strip(), ())
    both = smi.parse("Unable to determine the device handle for GPU0000:CB:00.0: Unknown Error\n" + document(""), 15)
    assert both.driver_version == "580.95.05"
    assert both.text.startswith("Unable to determine")


def test_process_names_that_are_no_xml_do_not_hide_the_gpus() -> None:
    process = "<process_info><pid>1</pid><process_name>a&b\x01</process_name></process_info>"
    gpu = f'<gpu id="00000000:01:00.0"><processes>{process}</processes></gpu>'
    assert [process.name for process in smi.parse(document(gpu), 0).processes] == ["a&b?"]


BOMB = """<?xml version="1.0"?><!DOCTYPE nvidia_smi_log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<nvidia_smi_log><driver_version>&b;</driver_version></nvidia_smi_log>"""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "No devices were found",
        document("")[:80],
        BOMB,
        "<?xml</nvidia_smi_log>",
        "<gpu>" * 9999,
    ],
)
def test_text_that_is_no_answer_is_no_answer(text: str) -> None:
    seen = smi.parse(text, 0)
    assert (seen.driver_version, seen.gpus, seen.processes) == (None, (), ())
    assert len(seen.text) <= 2000


def test_deep_nesting_does_not_raise() -> None:
    smi.parse(document("<a>" * 100_000 + "</a>" * 100_000), 0)
