"""CUDA toolkits against the driver and against the Ubuntu release."""

from typing import Literal

from schema import compat
from schema.cuda import CudaSpec
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import architecture
from schema.rules.breach import Breach


def declared(spec: HostSpec) -> CudaSpec | None:
    return spec.cuda if isinstance(spec.cuda, CudaSpec) else None


def known(spec: HostSpec) -> list[Breach]:
    """A toolkit that the data does not know is a warning: no driver can be checked against it."""
    cuda = declared(spec)
    names = compat.toolkits()
    return [
        Breach(
            code="CMP009",
            path=f"cuda.toolkits.{index}",
            message=f"CUDA {version} is not a release that gpufleet knows; nothing is checked against it.",
            hint=f"Known: {', '.join(names[-8:])}.",
            severity="warning",
        )
        for index, version in enumerate(cuda.toolkits if cuda is not None else ())
        if compat.toolkit(version) is None
    ]


def driver(spec: HostSpec) -> list[Breach]:
    """The declared driver must reach each toolkit's floor: that of its major, or under `strict` its own."""
    cuda, number, managed = declared(spec), architecture.branch_number(spec), spec.managed_driver
    if cuda is None or number is None or managed is None:
        return []
    breaches = []
    for index, version in enumerate(cuda.toolkits):
        row = compat.toolkit(version)
        floor = row and (row.floor_full if cuda.policy == "strict" else row.floor_minor)
        if row is None or not floor or _reaches(managed.version or str(number), floor):
            continue
        message = f"CUDA {version} needs driver {floor} or newer (policy {cuda.policy}); declared is {_said(spec)}."
        severity: Literal["error", "warning"] = "error" if row.confirmed else "warning"
        path = f"cuda.toolkits.{index}"
        breaches.append(Breach(code="CMP004", path=path, message=message, hint=_hint(spec, floor), severity=severity))
    return breaches


def _reaches(version: str, floor: str) -> bool:
    """A branch without an exact version is taken at its newest, so only its number counts."""
    own, wanted = version_key(version), version_key(floor)
    return own[0] >= wanted[0] if len(own) == 1 else own >= wanted


def _said(spec: HostSpec) -> str:
    managed = spec.managed_driver
    return str(managed.version or f"branch {managed.branch}") if managed is not None else "none"


def _hint(spec: HostSpec, floor: str) -> str:
    """The branch that would work, or, where the GPUs cannot use it, the newest toolkit that would."""
    needed = version_key(floor)[0]
    limits = [row.last_branch for row in architecture.generations(spec).values() if row.last_branch is not None]
    managed, number = spec.managed_driver, architecture.branch_number(spec) or 0
    if managed is not None and managed.version and number >= needed:
        return f"Set driver.version: {floor} or newer."
    if not limits or needed <= min(limits):
        best = next(
            (row.number for row in reversed(compat.branches()) if row.number >= needed and row.confirmed), needed
        )
        return f"Set driver.branch: {best}."
    fitting = _fitting(spec, number)
    return f'Write "{fitting}".' if fitting else "Delete the toolkit."


def _fitting(spec: HostSpec, number: int) -> str | None:
    cuda = declared(spec)
    strict = cuda is not None and cuda.policy == "strict"
    rows = [row for version in compat.toolkits() if (row := compat.toolkit(version)) is not None]
    floors = [(row.version, row.floor_full if strict else row.floor_minor) for row in rows]
    release = compat.release(spec.ubuntu)
    fitting = [
        version
        for version, floor in floors
        if floor and version_key(floor)[0] <= number and (release is None or release.carries(version) is not False)
    ]
    return fitting[-1] if fitting else None


def release(spec: HostSpec) -> list[Breach]:
    """NVIDIA's repository for the release must carry each toolkit; where that is not known it is a warning."""
    cuda, row = declared(spec), compat.release(spec.ubuntu)
    if cuda is None or row is None:
        return []
    breaches = []
    for index, version in enumerate(cuda.toolkits):
        carried = row.carries(version)
        if carried is True:
            continue
        last = f" to {row.last_cuda}" if row.last_cuda is not None else " and newer"
        span = f"it has CUDA {row.first_cuda}{last}"
        newer = row.last_cuda is not None and version_key(version)[:2] > version_key(row.last_cuda)
        nearest = row.last_cuda if newer else row.first_cuda
        verb = "does not have" if carried is False else "is not known to have"
        message = f"NVIDIA's repository for Ubuntu {row.version} {verb} CUDA {version}; {span}."
        others = [name for name, other in _others(version) if other and name != row.version]
        hint = f'Write "{nearest}"' + (f", or use Ubuntu {' or '.join(others)}." if others else ".")
        severity: Literal["error", "warning"] = "error" if carried is False else "warning"
        path = f"cuda.toolkits.{index}"
        breaches.append(Breach(code="CMP005", path=path, message=message, hint=hint, severity=severity))
    return breaches


def _others(version: str) -> list[tuple[str, bool]]:
    names = ("20.04", "22.04", "24.04", "26.04")
    return [(name, row.carries(version) is True) for name in names if (row := compat.release(name)) is not None]
