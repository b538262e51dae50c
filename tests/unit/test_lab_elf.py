"""The lab's minimal ELF files, given to the programs that read them."""

import subprocess
import sys
from pathlib import Path

from lab import elf


def test_a_library_without_symbols_can_be_loaded(tmp_path: Path) -> None:
    library = tmp_path / "libcuda.so.1"
    library.write_bytes(elf.shared_object("libcuda.so.1"))
    code = f"import ctypes; assert not hasattr(ctypes.CDLL({str(library)!r}), 'cuInit')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
