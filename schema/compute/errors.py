"""CUDA's error numbers that say something of a host: which finding each is, in words, and what mends it.

The numbers are those of the driver API and of the runtime alike
(https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html, CUresult; 35 is the runtime's alone).
"""

from typing import NamedTuple


class CudaError(NamedTuple):
    code: str
    words: str
    mend: str


_FIT = "reboot, so that module and libraries are of one version; then fleet drift --deep"
_KERNEL = "see why: sudo dmesg | grep -E 'NVRM|Xid'; end its work and reset the GPU (nvidia-smi --gpu-reset) or reboot"
_NODES = "look at ls -l /dev/nvidia* and lsmod | grep nvidia_uvm; sudo modprobe nvidia-uvm; then sudo dmesg | grep NVRM"

ERRORS = {
    2: CudaError("GPU266", "no memory for 40 MiB", "see who holds it: nvidia-smi; sudo fuser -v /dev/nvidia*"),
    3: CudaError("GPU264", "the driver does not start", _NODES),
    34: CudaError(
        "GPU263",
        "the libcuda.so.1 that was found is a toolkit's stub",
        "take the toolkit's lib64/stubs folder out of /etc/ld.so.conf.d, then sudo ldconfig",
    ),
    35: CudaError(
        "GPU263",
        "the driver is older than this CUDA needs",
        "declare a newer driver.branch, or an older toolkit; fleet validate says which go together",
    ),
    36: CudaError("GPU263", "the driver's library is a stub or too old for the call", _FIT),
    46: CudaError("GPU264", "all devices are busy or not available", "see nvidia-smi -q -d COMPUTE for a held mode"),
    100: CudaError("GPU264", "no CUDA device is seen", _NODES),
    101: CudaError("GPU264", "the device is not one of CUDA's", _NODES),
    209: CudaError("GPU263", "no code for this GPU", "declare a driver or a toolkit that knows it"),
    214: CudaError("GPU265", "an uncorrectable memory error (ECC)", _KERNEL),
    218: CudaError("GPU263", "the driver's compiler refuses the kernel", _FIT),
    220: CudaError("GPU265", "an uncorrectable NVLink error", _KERNEL),
    222: CudaError("GPU263", "the driver's compiler is older than the kernel's text", _FIT),
    226: CudaError("GPU265", "an uncorrectable error, contained to one process", _KERNEL),
    304: CudaError("GPU264", "a call of the operating system failed", _NODES),
    700: CudaError("GPU265", "a wrong address in a kernel that has none", _KERNEL),
    702: CudaError("GPU265", "a kernel of milliseconds ran into the display's time limit", _KERNEL),
    715: CudaError("GPU265", "an instruction that the GPU does not know", _KERNEL),
    716: CudaError("GPU265", "a misaligned address in a kernel that has none", _KERNEL),
    719: CudaError("GPU265", "the kernel ended with a failure", _KERNEL),
    802: CudaError(
        "GPU262",
        "the system is not ready: GPUs that NVSwitches join wait for the fabric manager",
        "look at systemctl status nvidia-fabricmanager and nvidia-smi -q | grep -A 3 Fabric; it must be of the "
        "driver's version, and takes up to three minutes after a boot",
    ),
    803: CudaError("GPU263", "driver and library are of versions that do not go together", _FIT),
    804: CudaError(
        "GPU263",
        "a forward-compatibility library (cuda-compat) is used on a board that it is not for",
        "remove cuda-compat-*, or its folder from /etc/ld.so.conf.d, then sudo ldconfig; it is for data centre boards",
    ),
    805: CudaError("GPU264", "the MPS server cannot be reached", "stop it: echo quit | nvidia-cuda-mps-control"),
    999: CudaError("GPU264", "CUDA does not know what failed", _NODES),
}
OTHER = CudaError("GPU264", "CUDA failed", _NODES)


def error(number: int | None) -> CudaError:
    """What a number says; OTHER for one that is not in the table."""
    return ERRORS.get(number, OTHER) if number is not None else OTHER
