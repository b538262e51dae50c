"""`auto`: what the rule makes of it, and where nothing can be chosen."""

from schema import choose, compat
from schema.choose import branches, gpus, needs, repository
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.host import HostSpec
from schema.rules import window
from schema.rules.breach import Breach


def branch(spec: HostSpec) -> int | None:
    """The rule's branch for `branch: auto`; None where no driver is managed, no GPU known, or none suits."""
    found = choose.branch(spec, None)
    known = bool(choose.kinds(spec, None).known)
    return int(found.value) if found.value is not None and known and found.by != "declared" else None


def flavour(spec: HostSpec) -> str | None:
    """The rule's module flavour for `modules: auto`, for the declared or the rule's branch."""
    return choose.modules(spec, None).value if spec.managed_driver is not None else None


def driver(spec: HostSpec) -> list[Breach]:
    """A branch for `branch: auto` must have the flavour that is asked for.

    GPUs without a common branch, a flavour that does not drive one of them, and toolkits that no branch for them
    reaches are other rules'.
    """
    managed = spec.managed_driver
    if managed is None or choose.branch(spec, None).value is not None or choose.kinds(spec, None).unknown:
        return []
    wanted = needs.of(spec, managed, None)
    free = branches.by_rule(wanted._replace(modules="auto"))
    if managed.modules == "auto" or _drives_none(managed.modules, wanted) or free.value is None:
        return []
    message, hint = f"{choose.branch(spec, None).reason}.", "Set driver.modules: auto."
    return [Breach(code="CMP006", path="driver.modules", message=message, hint=hint, undecided=True)]


def carried(spec: HostSpec) -> list[Breach]:
    """A branch for `branch: auto` that was not seen in its source is a warning: NVIDIA's repositories have none from
    before they opened.
    """
    managed, found = spec.managed_driver, choose.branch(spec, None)
    if managed is None or found.value is None or found.by != "rule" or needs.of(spec, managed, None).mirrored:
        return []
    lacking = repository.lacks(int(found.value), spec.ubuntu, managed.source)
    if lacking is None:
        return []
    other = "ubuntu" if managed.source == "nvidia" else "nvidia"
    message, hint = f"branch {found.value}: {lacking}.", f"Set driver.source: {other}, or use another Ubuntu release."
    return [Breach(code="CMP061", path="driver", message=message, hint=hint, severity="warning")]


def _drives_none(modules: str, wanted: needs.Needs) -> bool:
    """Whether the flavour drives one of the GPUs in no branch at all."""
    rows = [compat.architecture(kind.generation) for kind in wanted.kinds]
    return any(row is not None and modules not in row.flavours for row in rows)


def toolkit(spec: HostSpec) -> list[Breach]:
    """`cuda.toolkits: auto` must come to something."""
    if not isinstance(spec.cuda, CudaSpec) or not spec.cuda.auto or _told(spec):
        return []
    return _nothing("cuda.toolkits", choose.toolkit(spec, None))


def cudnn(spec: HostSpec) -> list[Breach]:
    """`cudnn.version: auto` must come to something for each CUDA major."""
    asked = isinstance(spec.cudnn, CudnnSpec) and spec.cudnn.auto
    found = choose.cudnn(spec, None) if asked and not _told(spec) else {}
    return [breach for choice in found.values() for breach in _nothing("cudnn.versions", choice)][:1]


def index(spec: HostSpec) -> list[Breach]:
    """`pip.indexes: auto` must come to something in each environment; the files that they name were read."""
    found = choose.wheels(spec, None)
    return [
        breach
        for name, choice in (found if found and not _told(spec) else {}).items()
        for breach in _nothing(f"environments.{name}.pip.indexes", choice)
    ]


def vague(spec: HostSpec) -> list[Breach]:
    """A vague name, of which one meaning has a driver beside the other GPUs and another has not: the host will tell."""
    found = choose.branch(spec, None)
    if spec.managed_driver is None or found.value is not None or choose.kinds(spec, None).unknown or _told(spec):
        return []
    if not window.drivable(spec):
        return []
    message = f"driver.branch: auto is not settled before the host is seen: {found.reason}."
    return [Breach(code="CMP060", path="gpus", message=message, hint=found.hint, severity="warning")]


def _told(spec: HostSpec) -> bool:
    """Whether no driver can be chosen, and other rules say so as an error: of GPUs that are known without doubt."""
    if spec.managed_driver is None or choose.branch(spec, None).value is not None:
        return False
    found = choose.kinds(spec, None)
    if found.unknown:
        return False
    alone = window.drivable(spec)
    if alone:  # Toolkits or the flavour stand in the way, if it is not a vague name.
        return gpus.vague(spec) is None
    return all((row := compat.architecture(kind.generation)) is None or row.confirmed for kind in found.known)


def _nothing(path: str, choice: choose.Choice) -> list[Breach]:
    if choice.value is not None:
        return []
    message = f"auto cannot be chosen: {choice.reason}."
    return [Breach(code="CMP060", path=path, message=message, hint=choice.hint, undecided=True)]
