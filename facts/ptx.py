"""`python -m facts.ptx`: makes facts/compute/kernel.ptx of kernel.cu with the nvcc on PATH.

nvcc 13 writes PTX for compute capability 7.5 and newer alone. These kernels use nothing that PTX has not had since
version 5.0 and capability 3.0, so that two lines lowered make it one text for all drivers since R470 and all their
GPUs. tests/engine/test_kernel.py has ptxas take it for each capability that it knows.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "compute"
SOURCE, MADE = FOLDER / "kernel.cu", FOLDER / "kernel.ptx"
LINES = {".version": ".version 5.0", ".target": ".target sm_30"}


def compiled(arch: str = "compute_75") -> str:
    """What nvcc makes of the kernels. Raises FileNotFoundError, CalledProcessError."""
    command = ["nvcc", "-ptx", f"-arch={arch}", "-o", "/dev/stdout", str(SOURCE)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def lowered(ptx: str) -> str:
    """The same for old drivers and GPUs, without nvcc's comments."""
    lines = [line for line in ptx.splitlines() if line.strip() and not line.lstrip().startswith("//")]
    return "".join(f"{LINES.get(line.split()[0], line)}\n" for line in lines)


def head() -> str:
    """The comment that the file begins with."""
    return "".join(line for line in MADE.read_text().splitlines(keepends=True) if line.startswith("//"))


if __name__ == "__main__":
    MADE.write_text(head() + lowered(compiled()))
    sys.stdout.write(f"{MADE}\n")
