"""The stand-in of libcuda.so.1, compiled once from lab/standin/libcuda.c; each driver has it with its version."""

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from lab import elf

SOURCE = Path(__file__).parent / "standin" / "libcuda.c"
COMPILER = "gcc"
# The place in the file where the driver's version goes.
SLOT = b"@VERSION@".ljust(48, b"\0")


def shared_object(version: str) -> bytes:
    """The library of one driver; one without a symbol where there is no compiler (lab.tools asks for one)."""
    made = _compiled()
    return (
        made.replace(SLOT, version.encode().ljust(len(SLOT), b"\0"), 1) if made else elf.shared_object("libcuda.so.1")
    )


@functools.cache
def _compiled() -> bytes:
    if shutil.which(COMPILER) is None:
        return b""
    # Nothing of the C library is linked, so that it loads beside any version of it.
    flags = ["-O3", "-fPIC", "-shared", "-nostdlib", "-fno-builtin", "-Wl,-soname,libcuda.so.1"]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "libcuda.so.1"
        subprocess.run([COMPILER, *flags, "-o", str(made), str(SOURCE)], check=True)
        return made.read_bytes()
