"""From a host's answers to results: what was asked and not answered is "not seen", never fine."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, get_args

from schema import compat
from schema.compute import torch
from schema.compute.answer import Answer, Device, Part
from schema.compute.model import Compute, Outcome, Reason, Request, Result, Way

if TYPE_CHECKING:
    from schema.snapshot import Snapshot

NO_PYTHON = "no python3 on the host, and none in conda's prefix (3.6 or newer, with ctypes)"
CUT_OFF = "the test ended before its turn"


def read(request: Request, answers: Sequence[Answer], snapshot: "Snapshot") -> Compute:
    """The results in the order of the ways and, within each, of the GPUs."""
    first = next((answer for answer in answers if answer.gpufleet is not None), None)
    said = next((answer.said for answer in answers if answer.said), "")
    if any(answer.python is False for answer in answers):
        return Compute(ran=False, seen=False, why=NO_PYTHON)
    if first is None or not isinstance(first.devices, tuple):
        return Compute(ran=False, seen=False, why=said or "the host gave no answer to the test")
    devices = {device.uuid: device for device in first.devices if device.uuid}
    nameless = [device for device in first.devices if not device.uuid]
    if not first.devices:
        return Compute(ran=False, seen=False, why=first.text or said or "nvidia-smi listed no GPU with a UUID")
    driver = _driver(devices, answers, snapshot)
    free = [uuid for uuid, device in devices.items() if not device.busy]
    sound = {result.uuid: result for result in driver if result.outcome == "passed" and result.uuid}
    found = [*driver, *map(_nameless, nameless), *_nvcc(request, answers, devices, list(sound))]
    for wanted in request.environments:
        answer = _of(answers, "torch", environment=wanted.name)
        found += torch.results(wanted, answer, devices, driver)
    whole = any(answer.end for answer in answers)
    return Compute(ran=bool(free), why="" if whole else said or CUT_OFF, seen=whole, results=tuple(found))


def _nameless(device: Device) -> Result:
    """A device without a UUID, such as one that fell off the bus, cannot be asked for by name."""
    if device.busy:
        return Result(way="driver", outcome="skipped", device=device.title, text=f"left alone: {device.busy}")
    return Result(way="driver", outcome="not-seen", device=device.title, text="nvidia-smi gives no UUID for it")


def _of(
    answers: Iterable[Answer], way: Way, device: str | None = None, environment: str | None = None
) -> Answer | None:
    wanted = (way, device, environment)
    return next((one for one in answers if (one.way, one.device, one.environment) == wanted), None)


def _driver(devices: Mapping[str, Device], answers: Sequence[Answer], snapshot: "Snapshot") -> list[Result]:
    found = []
    for uuid, device in devices.items():
        if device.busy:
            text = f"left alone: {device.busy}"
            found.append(Result(way="driver", outcome="skipped", uuid=uuid, device=device.title, text=text))
            continue
        made = result("driver", uuid, device, _of(answers, "driver", uuid))
        found.append(made.model_copy(update={"known_tflops": _known(device, snapshot)}))
    return found


def _known(device: Device, snapshot: "Snapshot") -> float | None:
    """The vendor's peak of a whole board of ours; a slice of one, or an unconfirmed figure, has none."""
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    pci_id = next((gpu.pci_id for gpu in gpus if gpu.uuid == device.uuid), None)
    known = compat.gpu_by_pci_id(pci_id) if pci_id is not None else None
    return known.fp32_tflops if known is not None and known.fp32_confirmed and not device.mig else None


def _nvcc(
    request: Request, answers: Sequence[Answer], devices: Mapping[str, Device], sound: Sequence[str]
) -> list[Result]:
    """The toolkit's way is asked of the GPUs that the driver's own found sound."""
    if request.nvcc is None:
        return []
    return [result("nvcc", uuid, devices[uuid], _of(answers, "nvcc", uuid)) for uuid in sound]


def result(way: Way, uuid: str, device: Device, part: Part | None, environment: str | None = None) -> Result:
    """What one device answered. No answer, and one that says nothing known, are "not seen"."""
    if part is None or part.outcome not in get_args(Outcome):
        text = part.text if part is not None else ""
        return Result(
            way=way, outcome="not-seen", uuid=uuid, device=device.title, environment=environment, text=text or CUT_OFF
        )
    text = part.text + (f"\n{part.slow}" if part.slow else "")
    return Result.model_validate(
        {
            "way": way,
            "outcome": part.outcome,
            "uuid": uuid,
            "device": device.title,
            "environment": environment,
            "reason": _reason(part),
            "number": part.number,
            "text": text.strip(),
            "capability": part.capability,
            "rate_tflops": _tera(part.rate),
            "peak_tflops": _tera(part.peak),
            "seconds": part.seconds,
        }
    )


def _reason(part: Part) -> str | None:
    if part.outcome != "failed":
        return None
    return part.reason if part.reason in get_args(Reason) else "exception"


def _tera(amount: float | None) -> float | None:
    return None if amount is None else round(amount / 1e12, 3)
