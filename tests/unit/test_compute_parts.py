"""What a host's own Python runs in a smoke test: its reckoning, which GPUs it leaves alone, and the kernels' PTX."""

import ast
import os
import random
import re
import time
from array import array
from pathlib import Path
from typing import Any

import ptx
import pytest

from facts import compute
from schema.compute import Request

FOLDER = compute.FOLDER
CAPTURES = Path(os.environ.get("GPUFLEET_CAPTURES", "/nonexistent")) / "nvidia-smi"
PTX = (FOLDER / "kernel.ptx").read_text()


def parts(*names: str) -> dict[str, Any]:
    """The names that some parts of the program define."""
    found: dict[str, Any] = {}
    for name in names:
        exec(compile((FOLDER / name).read_text(), name, "exec"), found)  # noqa: S102
    return found


GPUS = parts("begin.py", "gpus.py")
DRIVER = parts("begin.py", "driver.py")
BEGIN = parts("begin.py")


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.py")))
def test_every_part_is_python_3_6(name: str) -> None:
    tree = ast.parse((FOLDER / name).read_text(), feature_version=(3, 6))
    later = {"capture_output", "text", "removeprefix", "removesuffix", "cached_property", "dataclass", "dirs_exist_ok"}
    used = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    opened = [node for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr in {"Popen", "run"}]
    assert not used & (later - {"text"})
    assert not [word.arg for node in opened for word in node.keywords if word.arg == "text"]


def test_the_program_is_one_text_that_compiles_and_holds_no_heredocs_end() -> None:
    text = compute.script(Request(nvcc="/usr/local/cuda-12.9/bin/nvcc", prefix="/srv/conda"))
    assert text.startswith("@@begin\n")
    program = text.partition("<<'@@python' 2>&1\n")[2].removesuffix("\n@@python\n")
    assert "\n@@python" not in program
    ast.parse(program, feature_version=(3, 6))
    assert " /srv/conda/bin/python " in text
    assert text.isascii() and len(text) < 65536


def test_only_what_is_asked_for_is_sent() -> None:
    plain = compute.script(Request())
    assert "cudaMalloc" not in plain and "get_arch_list" not in plain and ".entry gpufleet_product" in plain


def xml(*gpus: str) -> str:
    return "<nvidia_smi_log>" + "".join(gpus) + "</nvidia_smi_log>"


def gpu(
    used: int = 4, free: int = 80000, mode: str = "Default", mig: str = "Disabled", inner: str = "None", **more: str
) -> str:
    processes = more.get("processes", "")
    return (
        f'<gpu id="00000000:1E:00.0"><product_name>NVIDIA H100 80GB HBM3</product_name>'
        f"<mig_mode><current_mig>{mig}</current_mig></mig_mode><mig_devices>{inner}</mig_devices>"
        f"<uuid>{more.get('uuid', 'GPU-1')}</uuid><gpu_virtualization_mode><virtualization_mode>"
        f"{more.get('virtual', 'None')}</virtualization_mode></gpu_virtualization_mode><fb_memory_usage><total>8155 MiB"
        f"</total><reserved>600 MiB</reserved><used>{used} MiB</used><free>{free} MiB</free></fb_memory_usage>"
        f"<compute_mode>{mode}</compute_mode><processes>{processes}</processes></gpu>"
    )


def process(kind: str, memory: str = "512 MiB", gi: str = "N/A", ci: str = "N/A", name: str = "python3") -> str:
    return (
        f"<process_info><gpu_instance_id>{gi}</gpu_instance_id><compute_instance_id>{ci}</compute_instance_id>"
        f"<pid>4711</pid><type>{kind}</type><process_name>{name}</process_name><used_memory>{memory}</used_memory>"
        "</process_info>"
    )


@pytest.mark.parametrize(
    ("text", "busy", "light"),
    [
        (gpu(), "", False),
        (gpu(used=900), "", False),
        (gpu(used=20000), "20000 MiB of its memory are in use, and by no process", False),
        (gpu(used=600, processes=process("C")), "in use by python3 (process 4711, 512 MiB)", False),
        (gpu(processes=process("C", "N/A")), "in use by python3 (process 4711)", False),
        (gpu(processes=process("C+G")), "in use by python3", True),
        (gpu(processes=process("M+C", name="nvidia-cuda-mps-server")), "in use by nvidia-cuda-mps-server", False),
        (gpu(used=700, processes=process("G", "650 MiB", name="/usr/lib/xorg/Xorg")), "", True),
        (gpu(used=9000, processes=process("G", "650 MiB", name="Xorg")), "8350 MiB of its memory", True),
        (gpu(used=1900, free=100, processes=process("G", "1800 MiB", name="Xorg")), "only 100 MiB", True),
        (gpu(mode="Prohibited"), "its compute mode is Prohibited", False),
        (gpu(mode="Exclusive_Process"), "", False),
        (gpu(virtual="Host VGPU"), "it serves virtual machines (Host VGPU)", False),
        (gpu(virtual="Pass-Through"), "", False),
        (gpu(mig="Enabled", inner=""), "MIG mode is on, and no MIG device is made", False),
    ],
)
def test_a_gpu_with_somebodys_work_is_left_alone(text: str, busy: str, light: bool) -> None:
    (found,) = GPUS["devices"](xml(text), "")
    assert (busy in found["busy"]) if busy else found["busy"] == ""
    assert (found["light"], found["slot"], found["uuid"]) == (light, "0000:1e:00.0", "GPU-1")


def test_each_mig_device_is_one_and_only_that_in_use_is_left_alone() -> None:
    def part(number: int, gi: int, used: int = 12) -> str:
        return (
            f"<mig_device><index>{number}</index><gpu_instance_id>{gi}</gpu_instance_id><compute_instance_id>0"
            f"</compute_instance_id><uuid>wrong</uuid><fb_memory_usage><total>9984 MiB</total><used>{used} MiB</used>"
            "<free>9000 MiB</free></fb_memory_usage></mig_device>"
        )

    listed = (
        "GPU 0: NVIDIA L4 (UUID: GPU-0)\nGPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-1)\n"
        "  MIG 1g.10gb     Device  0: (UUID: MIG-aa)\n  MIG 1g.10gb     Device  1: (UUID: MIG-bb)\n"
        "  MIG 2g.20gb     Device  2: (UUID: MIG-GPU-1/5/0)\n"
    )
    parent = gpu(
        used=70000, mig="Enabled", inner=part(0, 7) + part(1, 8) + part(2, 5), processes=process("C", gi="8", ci="0")
    )
    found = GPUS["devices"](xml(gpu(uuid="GPU-0"), parent), listed)
    assert [(row["uuid"], row["busy"]) for row in found] == [
        ("GPU-0", ""),
        ("MIG-aa", ""),
        ("MIG-bb", "in use by python3 (process 4711, 512 MiB)"),
        ("MIG-GPU-1/5/0", ""),
    ]
    assert [row.get("mig") for row in found] == [None, "0", "1", "2"]
    assert found[3]["name"] == "NVIDIA H100 80GB HBM3 MIG 2g.20gb"


def test_a_gpu_that_is_lost_has_no_name_to_ask_for() -> None:
    (found,) = GPUS["devices"](xml(gpu(uuid="[GPU is lost]")), "")
    assert found["uuid"] == ""


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="set GPUFLEET_CAPTURES to the folder of real nvidia-smi outputs")
@pytest.mark.parametrize(("name", "count"), [("t4", 1), ("a100", 1), ("h100", 8), ("l40s", 8)])
def test_real_idle_gpus_are_free(name: str, count: int) -> None:
    text = (CAPTURES / f"qx-{name}.xml").read_text()
    found = GPUS["devices"](text, "")
    assert len(found) == text.count("<gpu id=")
    assert {row["busy"] for row in found} == {""}
    assert all(row["slot"].startswith("0000:") for row in found)


@pytest.mark.parametrize(
    ("capability", "lanes"),
    [
        *[("3.7", 192), ("5.2", 128), ("6.0", 64), ("6.1", 128), ("7.0", 64), ("7.5", 64), ("8.0", 64), ("8.6", 128)],
        *[("8.9", 128), ("9.0", 128), ("10.0", 128), ("10.3", 128), ("11.0", 128), ("12.0", 128), ("12.1", 128)],
        ("13.0", 0),
    ],
)
def test_lanes_of_a_multiprocessor(capability: str, lanes: int) -> None:
    assert DRIVER["lanes"](capability) == lanes


@pytest.mark.parametrize(
    ("capability", "multiprocessors", "mhz", "tflops"),
    [("6.1", 20, 1733, 8.873), ("7.0", 80, 1530, 15.7), ("8.0", 108, 1410, 19.5), ("9.0", 132, 1980, 66.9)],
)
def test_the_peak_is_that_of_the_vendors_sheets(capability: str, multiprocessors: int, mhz: int, tflops: float) -> None:
    """GTX 1080, V100 SXM2, A100 and H100 SXM: multiprocessors and boost clocks of the vendor's whitepapers."""
    peak = multiprocessors * DRIVER["lanes"](capability) * 2 * mhz * 1e6 / 1e12
    assert peak == pytest.approx(tflops, rel=0.01)


def test_a_product_is_accepted_and_one_wrong_value_anywhere_is_not() -> None:
    size = DRIVER["SIZE"] = 16
    a, b = DRIVER["small"](2, size * size), DRIVER["small"](3, size * size)
    right = array(
        "f", [sum(a[i * size + k] * b[k * size + j] for k in range(size)) for i in range(size) for j in range(size)]
    )
    DRIVER["compare"](a, b, right)
    for place in (0, 17, 100, size * size - 1):
        for wrong in (right[place] + 1, float("nan"), float("inf")):
            made = array("f", right)
            made[place] = wrong
            with pytest.raises(DRIVER["WrongError"], match=f"row {place // size}, column {place % size}"):
                DRIVER["compare"](a, b, made)


def test_jobs_run_at_once_and_each_ends_in_its_own_way() -> None:
    def dies() -> None:
        os.kill(os.getpid(), 11)

    def raises() -> None:
        raise ValueError("no such thing")

    jobs = {
        "sound": lambda: {"outcome": "passed"},
        "hangs": lambda: time.sleep(60),
        "dies": dies,
        "raises": raises,
        "silent": lambda: os._exit(3),
        "floods": lambda: {"text": "x" * (2 << 20)},
    }
    found = dict(BEGIN["together"](jobs, 1.0))
    assert found["sound"] == {"outcome": "passed"}
    assert found["hangs"]["reason"] == "hang"
    assert (found["dies"]["reason"], "signal 11" in found["dies"]["text"]) == ("died", True)
    assert found["raises"]["text"] == "ValueError: no such thing"
    assert found["silent"]["reason"] == found["floods"]["reason"] == "died"
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_program_is_given_its_input_and_is_ended_with_what_it_started() -> None:
    run = BEGIN["run"]
    assert run(["sh", "-c", "cat; echo more >&2; exit 3"], 10, "x" * 300000)[0] == 3
    assert run(["sh", "-c", "cat | wc -c"], 10, "x" * 300000) == (0, "300000\n")
    assert run(["/nonexistent"], 10)[0] == 127
    code, said = run(["sh", "-c", "echo $$; sleep 60 & wait"], 0.5)
    assert code is None
    deadline = time.monotonic() + 5
    while Path(f"/proc/{said.strip()}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{said.strip()}").exists()
    code, said = run(["sh", "-c", "yes"], 20)
    assert code is None and len(said) < 6 << 20


def words(values: "array[Any]", address: int) -> dict[int, Any]:
    return {address // 4 + place: value for place, value in enumerate(values)}


def test_the_ptx_mixes_integers_as_the_host_does() -> None:
    kernel = ptx.kernels(PTX)["gpufleet_mix"]
    chance = random.Random(7)  # noqa: S311 - numbers to reckon with.
    given = array("I", [chance.getrandbits(32) for _ in range(600)])
    memory = words(given, 0x1000)
    for block in range(3):
        ptx.run(kernel, [0x1000, 0x8000, len(given)], memory, threads=256, cta=(block, 0, 0))
    made = [memory[0x8000 // 4 + place] for place in range(len(given))]
    assert made == [DRIVER["mixed"](place, value) for place, value in enumerate(given)]
    assert 0x8000 // 4 + len(given) not in memory


@pytest.mark.parametrize(("size", "cta"), [(128, (0, 0, 0)), (256, (1, 0, 1))])
def test_the_ptx_multiplies_matrices(size: int, cta: tuple[int, int, int]) -> None:
    """One block, and one that is neither the first in its row nor in the first layer."""
    kernel = ptx.kernels(PTX)["gpufleet_product"]
    a, b = DRIVER["small"](2, size * size), DRIVER["small"](3, size * size)
    left, right, to = 0x100000, 0x200000, 0x300000
    memory = words(a, left) | words(b, right)
    before = len(memory)
    ptx.run(kernel, [left, right, to, size], memory, threads=256, cta=cta)
    assert len(memory) == before + 128 * 128
    start = to // 4 + cta[2] * size * size
    columns = [b[column::size] for column in range(cta[0] * 128, cta[0] * 128 + 128)]
    for row in range(cta[1] * 128, cta[1] * 128 + 128):
        line = a[row * size : (row + 1) * size]
        wanted = [float(sum(x * y for x, y in zip(line, column, strict=True))) for column in columns]
        place = start + row * size + cta[0] * 128
        assert [memory[place + number] for number in range(128)] == wanted


def test_the_ptx_asks_for_nothing_that_old_drivers_and_gpus_lack() -> None:
    assert re.search(r"^\.version 5\.0$", PTX, re.MULTILINE) and re.search(r"^\.target sm_30$", PTX, re.MULTILINE)
    assert set(ptx.kernels(PTX)) == {"gpufleet_mix", "gpufleet_product"}
