"""An environment's PyTorch: is it one for these GPUs, does it see them, and does it reckon right on each."""

import re
from collections.abc import Iterable, Mapping, Sequence

from schema.compute import read
from schema.compute.answer import Answer, Device
from schema.compute.model import Reason, Result, Torch

# "sm_86" is code for one capability, "sm_90a" for just it, "sm_100f" for its family, "compute_90" is PTX for all later.
BUILT = re.compile(r"^(sm|compute)_([0-9]{1,2})([0-9])([af]?)$")


def covers(built: Iterable[str], capability: str) -> bool:
    """Whether a build runs on a GPU: code for its major capability and no higher minor, or PTX that is not newer.

    https://docs.nvidia.com/cuda/cuda-c-programming-guide/ ("Binary Compatibility", "PTX Compatibility").
    """
    major, _, minor = capability.partition(".")
    wanted = (int(major), int(minor))
    for text in built:
        match = BUILT.fullmatch(text)
        if match is None:
            continue
        kind, has = match[1], (int(match[2]), int(match[3]))
        if match[4] == "a":
            fits = has == wanted
        else:
            fits = has <= wanted and (has[0] == wanted[0] or (kind == "compute" and match[4] == ""))
        if fits:
            return True
    return False


def results(
    wanted: Torch, answer: Answer | None, devices: Mapping[str, Device], driver: Sequence[Result]
) -> list[Result]:
    """The environment as a whole first, then each device that its Python worked on."""
    sound = {result.uuid: result for result in driver if result.outcome == "passed" and result.uuid}
    whole = _whole(wanted, answer, devices, driver)
    if answer is None or not isinstance(answer.devices, dict) or whole.reason not in {None, "count", "architecture"}:
        return [whole]
    if whole.outcome in {"skipped", "not-seen"}:
        return [whole]
    parts = [read.result("torch", uuid, devices[uuid], answer.devices.get(uuid), wanted.name) for uuid in sound if uuid]
    return [whole, *parts]


def _whole(wanted: Torch, answer: Answer | None, devices: Mapping[str, Device], driver: Sequence[Result]) -> Result:
    def told(outcome: str, reason: Reason | None = None, text: str = "", number: int | None = None) -> Result:
        values = {"way": "torch", "environment": wanted.name, "outcome": outcome, "reason": reason, "text": text}
        return Result.model_validate({**values, "number": number})

    if answer is None or (answer.version is None and not answer.failed_import):
        text = answer.text if answer is not None else ""
        if answer is None or answer.outcome == "not-seen":
            return told("not-seen", None, text or read.CUT_OFF)
        return told("failed", "import", text or "its Python gave no answer")
    if answer.failed_import:
        return told("failed", "import", answer.failed_import)
    build = f"PyTorch {answer.version}"
    if answer.cuda is None:
        if wanted.cpu:
            return told("skipped", None, f"{build}: a build without CUDA, as the environment asks for")
        return told("failed", "cpu-only", f"{build}, built for {'ROCm' if answer.rocm else 'the CPU'}")
    build += f", built for CUDA {answer.cuda}"
    if not answer.survey:
        return told("not-seen", None, f"{build}; {answer.text or read.CUT_OFF}")
    if answer.outcome != "passed":
        return _unready(told("failed", "unavailable", f"{build}; {answer.text}", _number(answer.text)), answer, driver)
    return _sees(told("passed", None, f"{build} for {', '.join(answer.built)}"), answer, devices, driver)


def _number(text: str) -> int | None:
    """CUDA's number in PyTorch's words: "Error 802: system not yet initialized"."""
    found = re.search(r"[Ee]rror (\d{1,4}):", text)
    return int(found[1]) if found else None


def _unready(made: Result, answer: Answer, driver: Sequence[Result]) -> Result:
    """A hang is one; and where no GPU computes by its driver alone, PyTorch is not to blame."""
    tried = [result for result in driver if result.outcome in {"passed", "failed"}]
    if tried and all(result.outcome == "failed" for result in tried):
        return made.model_copy(update={"outcome": "not-seen", "reason": None, "text": f"no GPU computes; {made.text}"})
    if answer.reason == "hang":
        return made.model_copy(update={"reason": "hang"})
    return made


def _sees(made: Result, answer: Answer, devices: Mapping[str, Device], driver: Sequence[Result]) -> Result:
    """As many devices as there are, and code for each that was reckoned on; of MIG devices a process sees one only."""
    expected = len(devices) if not any(device.mig for device in devices.values()) else 1
    if answer.count is not None and answer.count < expected:
        text = f"it sees {answer.count} of {expected} GPUs; {made.text}"
        return made.model_copy(update={"outcome": "failed", "reason": "count", "text": text})
    bare = [r for r in driver if r.capability is not None and answer.built and not covers(answer.built, r.capability)]
    if bare:
        text = f"no code for compute capability {bare[0].capability} ({bare[0].device}); {made.text}"
        return made.model_copy(update={"outcome": "failed", "reason": "architecture", "text": text})
    return made
