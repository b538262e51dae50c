"""GPU generation against driver branch, kernel module flavour and toolkit."""

from schema import compat
from schema.host import HostSpec
from schema.model import version_key
from schema.rules.breach import Breach


def models(spec: HostSpec) -> list[tuple[int, tuple[compat.GpuModel, ...]]]:
    """The products that each declared GPU may be, with its index; () where the data does not know it."""
    found = []
    for index, gpu in enumerate(spec.gpus or ()):
        by_id = compat.gpu_by_pci_id(gpu.pci_id) if gpu.pci_id is not None else None
        by_name = compat.gpus_by_name(gpu.model) if gpu.model is not None else ()
        found.append((index, (by_id,) if by_id is not None else by_name))
    return found


def generations(spec: HostSpec) -> dict[str, compat.Architecture]:
    """The generations of the declared GPUs; of a name that means products of several, all of them."""
    names = dict.fromkeys(model.architecture for _, found in models(spec) for model in found)
    return {name: row for name in names if (row := compat.architecture(name)) is not None}


def named(spec: HostSpec, architecture: str) -> str:
    """What the user calls the GPU of that generation."""
    for index, found in models(spec):
        if any(model.architecture == architecture for model in found):
            gpu = (spec.gpus or ())[index]
            return gpu.model or gpu.pci_id or found[0].name
    return architecture


def branch_number(spec: HostSpec) -> int | None:
    """The declared branch, from `version` where only that is given; None for auto and for no driver of ours."""
    driver = spec.managed_driver
    if driver is None:
        return None
    if driver.branch != "auto":
        return int(driver.branch)
    return version_key(driver.version)[0] if driver.version else None


def branch_path(spec: HostSpec) -> str:
    driver = spec.managed_driver
    return "driver.version" if driver is not None and driver.branch == "auto" and driver.version else "driver.branch"


def known_gpus(spec: HostSpec) -> list[Breach]:
    """A GPU that the data does not know is a warning: nothing can be checked against it."""
    breaches = []
    for index, found in models(spec):
        gpu = (spec.gpus or ())[index]
        if found or (gpu.model is None and gpu.pci_id is None):
            continue
        near = compat.nearest_gpu(gpu.model) if gpu.model is not None else None
        hint = f"Did you mean {near.name!r}? " if near is not None else ""
        breaches.append(
            Breach(
                code="CMP008",
                path=f"gpus.{index}",
                message=f"{gpu.model or gpu.pci_id!r} is not a GPU that gpufleet knows; nothing is checked against it.",
                hint=f"{hint}Otherwise write driver.branch and driver.modules yourself.",
                severity="warning",
            )
        )
    return breaches


def branch(spec: HostSpec) -> list[Breach]:
    """The declared branch must drive every declared GPU; the largest or smallest that does is named."""
    number = branch_number(spec)
    if number is None:
        return []
    breaches = []
    for name, row in generations(spec).items():
        gpu, severity = named(spec, name), "error" if row.confirmed else "warning"
        if row.last_branch is not None and number > row.last_branch:
            message = f"{number} does not drive {gpu} ({row.title}); the last branch that does is {row.last_branch}."
        elif row.first_branch is not None and number < row.first_branch:
            message = f"{number} does not drive {gpu} ({row.title}); the first branch that does is {row.first_branch}."
        else:
            continue
        wanted = row.last_branch if row.last_branch is not None and number > row.last_branch else _works(spec, name)
        breach = Breach(code="CMP001", path=branch_path(spec), message=message, hint=f"Set driver.branch: {wanted}.")
        breaches.append(breach.model_copy(update={"severity": severity}))
    return breaches


def _works(spec: HostSpec, architecture: str) -> int:
    return compat.rule_branch([architecture], spec.ubuntu)


def modules(spec: HostSpec) -> list[Breach]:
    """The declared module flavour must exist in the branch and drive every declared GPU."""
    driver, number = spec.managed_driver, branch_number(spec)
    if driver is None or driver.modules == "auto":
        return []
    breaches = []
    if number is not None and driver.modules not in compat.flavours(number):
        row = compat.branch(number)
        message = f"branch {number} has no {driver.modules} modules."
        breach = Breach(code="CMP003", path="driver.modules", message=message, hint="Set driver.modules: auto.")
        unsure = row is None or not row.confirmed
        breaches.append(breach.model_copy(update={"severity": "warning" if unsure else "error"}))
    for name, one in generations(spec).items():
        if driver.modules not in one.flavours:
            message = f"{named(spec, name)} ({one.title}) is not driven by {driver.modules} modules."
            hint = f"Set driver.modules: {one.flavours[0]}."
            breach = Breach(code="CMP002", path="driver.modules", message=message, hint=hint)
            breaches.append(breach.model_copy(update={"severity": "error" if one.confirmed else "warning"}))
    return breaches


def toolkits(spec: HostSpec) -> list[Breach]:
    """nvcc of each declared toolkit must be able to make code for every declared GPU."""
    if spec.cuda is None or spec.cuda == "none":
        return []
    breaches = []
    for index, version in enumerate(spec.cuda.toolkits):
        for name, row in generations(spec).items():
            told = _limits(row, version)
            if told is None:
                continue
            limit, hint = told
            message = f"CUDA {version} makes no code for {named(spec, name)} ({row.title}); {limit}."
            breach = Breach(code="CMP007", path=f"cuda.toolkits.{index}", message=message, hint=hint)
            breaches.append(breach.model_copy(update={"severity": "error" if row.confirmed else "warning"}))
    return breaches


def _limits(row: compat.Architecture, version: str) -> tuple[str, str] | None:
    """Which toolkit is the last or the first for a generation, and what to write; None where `version` is between."""
    key = version_key(version)[:2]
    if row.last_cuda is not None and key > version_key(row.last_cuda):
        return f"the last that does is {row.last_cuda}", f'Write "{row.last_cuda}".'
    if row.first_cuda is not None and key < version_key(row.first_cuda):
        return f"the first that does is {row.first_cuda}", f'Write "{row.first_cuda}" or newer.'
    return None
