"""The smoke test's kernels against NVIDIA's own compiler, where it is: nothing here needs a GPU.

GPUFLEET_PTXAS names further ptxas to ask, with ":" between them: those of older toolkits know older GPUs.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from facts import ptx

NVCC = shutil.which("nvcc")
pytestmark = pytest.mark.skipif(NVCC is None, reason="needs nvcc on PATH: apt-get install cuda-nvcc-13-0 (NVIDIA)")
# Since Kepler; what a ptxas does not know of these it says.
KEPLER_TO_VOLTA = (35, 37, 50, 52, 53, 60, 61, 62, 70, 72)
CAPABILITIES = (*KEPLER_TO_VOLTA, 75, 80, 86, 87, 88, 89, 90, 100, 101, 103, 110, 120, 121)


def assemblers() -> list[str]:
    """ptxas beside nvcc, and those that were named."""
    home = subprocess.run([NVCC or "nvcc", "--dryrun", "x.cu"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"^#\$ _HERE_=(.*)$", home, re.MULTILINE)
    own = Path(found.group(1)) / "ptxas" if found else Path(shutil.which("ptxas") or "ptxas")
    return [str(own), *filter(None, os.environ.get("GPUFLEET_PTXAS", "").split(":"))]


def ran(*words: str | Path, **more: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False, timeout=300)


def version() -> str:
    return re.search(r"V([0-9.]+)", ran("nvcc", "--version").stdout).group(1)  # type: ignore[union-attr]


def test_the_committed_ptx_is_what_nvcc_makes_of_the_source() -> None:
    if not version().startswith("13.0."):
        pytest.skip(f"the file was made by nvcc 13.0, and this is {version()}")
    assert ptx.MADE.read_text() == ptx.head() + ptx.lowered(ptx.compiled())


def test_ptxas_takes_it_for_each_gpu_that_it_knows(tmp_path: Path) -> None:
    for assembler in assemblers():
        taken = []
        for capability in CAPABILITIES:
            done = ran(assembler, "-v", f"-arch=sm_{capability}", ptx.MADE, "-o", tmp_path / "made.cubin")
            if "is not defined for option 'gpu-name'" in done.stderr + done.stdout:
                continue
            said = done.stderr + done.stdout
            assert done.returncode == 0, f"{assembler} sm_{capability}: {said}"
            # Two blocks of 256 threads on a multiprocessor of 64 Ki registers, and nothing kept in slow memory.
            assert all(int(number) <= 128 for number in re.findall(r"Used (\d+) registers", said)), said
            assert set(re.findall(r"(\d+) bytes spill stores", said)) == {"0"}, said
            taken.append(capability)
        assert {75, 80, 86, 89, 90} <= set(taken), assembler
        print(f"{assembler}: {taken}")


def test_the_source_compiles_for_every_gpu_and_says_why_it_cannot_run(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("needs a host compiler: apt-get install g++")
    done = ran("nvcc", "-O1", "-Werror", "all-warnings", "-arch=all", "-o", tmp_path / "smoke", ptx.SOURCE)
    assert done.returncode == 0, done.stdout + done.stderr
    run = ran(tmp_path / "smoke")
    if run.returncode == 0:
        assert run.stdout == "passed\n"
    else:
        assert re.match(r"cuda (35|100) cudaMalloc: cudaError", run.stdout), run.stdout


def test_nvccs_own_words_are_known(tmp_path: Path) -> None:
    """What the findings' hints are chosen by (schema/health/compute.py)."""
    unknown = ran("nvcc", "-gencode", "arch=compute_99,code=sm_99", "-o", tmp_path / "x", ptx.SOURCE)
    assert "Unsupported gpu architecture" in unknown.stdout + unknown.stderr
    words = ["env", "PATH=/nonexistent", str(Path(assemblers()[0]).with_name("nvcc"))]
    without = ran(*words, "-arch=sm_90", "-o", tmp_path / "x", ptx.SOURCE)
    assert "gcc" in without.stdout + without.stderr and without.returncode != 0
