"""What the smoke test says of a host's health: a finding for each GPU, toolkit or environment that failed it."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from schema.compute import errors
from schema.compute.model import SLOW, Compute, Result
from schema.errors import Finding, Severity
from schema.health.accepted import accept

if TYPE_CHECKING:
    from schema.host import HostSpec

RESET = "see sudo dmesg | grep -E 'NVRM|Xid'; take it out of use, reset it or reboot; replace it if that comes back"
HOLD = "see sudo dmesg | grep -E 'NVRM|Xid'; a reset or a reboot ends what hangs"
TORCH = "see docs/codes.md; the build must fit the GPU and the driver: fleet validate, fleet show HOST"


def findings(spec: "HostSpec", compute: Compute, today: date | None = None) -> tuple[Finding, ...]:
    """One for each failed result and each slow GPU, marked where the inventory accepts it."""
    found = [item for result in compute.results for item in _of(result)]
    codes = {item.code for item in found}
    # What a plain look has no finding for is told as unused or expired by that look alone.
    entries = tuple(entry for entry in spec.accept if entry.code in codes)
    return tuple(accept(spec.model_copy(update={"accept": entries}), found, today))


def _of(result: Result) -> Iterable[Finding]:
    if result.outcome == "failed":
        yield {"driver": _driver, "nvcc": _nvcc, "torch": _torch}[result.way](result)
    share = result.share
    if result.outcome == "passed" and share is not None and share < SLOW:
        rate = f"{result.rate_tflops} of {result.peak_tflops} TFLOPS in FP32"
        message = f"{result.device} reckons at {share:.1%} of its peak"
        hint = "see what holds its clock down: nvidia-smi -q -d CLOCK,PERFORMANCE,POWER; a locked clock (-lgc) is one"
        yield _finding("GPU267", "warning", message, f"{rate}\n{result.text}".strip(), hint)


def _finding(code: str, severity: Severity, message: str, evidence: str, hint: str) -> Finding:
    return Finding(code=code, severity=severity, message=message, evidence=evidence, hint=hint)


def _driver(result: Result) -> Finding:
    where, text = result.device, result.text
    if result.reason == "wrong":
        return _finding("GPU260", "error", f"{where} computes wrong results", text, RESET)
    if result.reason in {"hang", "died"}:
        words = "does not end a computation of milliseconds" if result.reason == "hang" else "ended the test's process"
        return _finding("GPU261", "error", f"{where} {words}", text, HOLD)
    if result.reason == "library":
        hint = "look at ldconfig -p | grep libcuda.so.1; fleet plan says which package is missing"
        return _finding("GPU263", "error", f"libcuda.so.1 cannot be used on {where}", text, hint)
    known = errors.error(result.number)
    number = f" (CUDA error {result.number})" if result.number is not None else ""
    return _finding(known.code, "error", f"{where} does not compute: {known.words}{number}", text, known.mend)


def _nvcc(result: Result) -> Finding:
    if result.reason == "compile":
        message = f"the default toolkit's nvcc does not compile for {result.device}"
        return _finding("GPU268", "warning", message, result.text, _compiler(result.text))
    known = errors.error(result.number) if result.reason == "cuda" else None
    words = f": {known.words} (CUDA error {result.number})" if known is not None else ""
    message = f"a program of the default toolkit fails on {result.device}{words}"
    return _finding("GPU269", "error", message, result.text, known.mend if known is not None else RESET)


def _compiler(text: str) -> str:
    """What to do about nvcc's own words (13.0; older ones say the same)."""
    if "Unsupported gpu architecture" in text:
        return "declare a toolkit that knows this GPU; fleet validate names one"
    if "unsupported GNU version" in text:
        return "install the gcc that this toolkit takes, for example gcc-13, and give it to nvcc with -ccbin"
    if "host compiler" in text or "gcc" in text or "g++" in text:
        return "install a host compiler: sudo apt-get install g++"
    return "run it by hand on the host: nvcc --version; nvcc -o /tmp/x x.cu"


def _torch(result: Result) -> Finding:
    name, text = f"environment {result.environment}", result.text
    if result.reason == "cpu-only":
        hint = "declare pip.indexes: auto, or PyTorch's index for the driver's CUDA; in conda pytorch-gpu"
        return _finding("GPU270", "error", f"{name} has a PyTorch without CUDA", text, hint)
    if result.reason == "architecture":
        hint = "declare a PyTorch build that holds this GPU's code; pip.indexes: auto chooses one"
        return _finding("GPU271", "error", f"{name} has a PyTorch that is not built for its GPU", text, hint)
    if result.reason == "count":
        hint = "look at nvidia-smi -L, ls -l /dev/nvidia*, and CUDA_VISIBLE_DEVICES in the environment"
        return _finding("GPU272", "error", f"PyTorch in {name} does not see all GPUs", text, hint)
    if result.reason == "import":
        hint = "try it on the host: the environment's bin/python -c 'import torch'; fleet plan says what differs"
        return _finding("GPU275", "error", f"PyTorch in {name} cannot be imported", text, hint)
    if result.reason == "unavailable":
        mend = errors.error(result.number).mend if result.number is not None else TORCH
        return _finding("GPU273", "error", f"CUDA is not available to PyTorch in {name}", text, mend)
    where = f"PyTorch in {name}" + (f" on {result.device}" if result.device else "")
    words = {"wrong": "computes wrong results", "hang": "does not end", "died": "ends without an answer"}
    said = words.get(result.reason or "", "fails to compute")
    return _finding("GPU274", "error", f"{where} {said}", text, RESET if result.reason == "wrong" else TORCH)
