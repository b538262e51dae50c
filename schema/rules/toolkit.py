"""CUDA toolkits against the driver and against NVIDIA's repository for the release and architecture."""

from schema import choose, compat
from schema.cuda import CudaSpec
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import advice, branch, cards, carried, floor, target, window
from schema.rules.breach import Breach, severity


def declared(spec: HostSpec) -> tuple[tuple[int, str], ...]:
    """The toolkits with their indexes."""
    return tuple(enumerate(spec.cuda.toolkits)) if isinstance(spec.cuda, CudaSpec) else ()


def known(spec: HostSpec) -> list[Breach]:
    """A toolkit that the data does not know is a warning; an update of a known release is checked as that."""
    names = compat.toolkits()
    breaches = []
    for index, version in declared(spec):
        if compat.toolkit(version) is not None:
            continue
        same = [full for full in compat.data.toolkits() if version_key(full)[:2] == version_key(version)[:2]]
        rest = f"it is checked as {min(same, key=len)}" if same else "nothing is checked against it"
        message = f"CUDA {version} is not a release that gpufleet knows; {rest}."
        hint = f"Known: {', '.join(sorted(same, key=version_key) or names[-8:])}."
        path = f"cuda.toolkits.{index}"
        breaches.append(Breach(code="CMP009", path=path, message=message, hint=hint, severity="warning"))
    return breaches


def driver(spec: HostSpec) -> list[Breach]:
    """The declared driver must reach each toolkit's floor: that of its major, or under `strict` its own.

    A toolkit that makes no code for a GPU is another rule's (target), and no driver mends that.
    """
    number, managed, policy = branch.number(spec), spec.managed_driver, advice.policy(spec)
    if number is None or managed is None:
        return []
    text = managed.version or str(number)
    breaches = []
    for index, version in declared(spec):
        needed = floor.of(version, policy)
        if needed is None or not target.suits(spec, version):
            continue
        path = f"cuda.toolkits.{index}"
        if needed.version is None:
            breaches += _unknown(path, version, number)
        elif not floor.reached(text, needed.version):
            said = managed.version or f"branch {number}"
            message = f"CUDA {version} needs driver {needed.version} or newer (policy {policy}); declared is {said}."
            hint = _hint(spec, version, needed.version)
            level = severity(needed.confirmed)
            breaches.append(Breach(code="CMP004", path=path, message=message, hint=hint, severity=level))
    return breaches


def auto_driver(spec: HostSpec) -> list[Breach]:
    """With `branch: auto`, some branch that drives the GPUs must reach each toolkit."""
    managed, policy = spec.managed_driver, advice.policy(spec)
    if managed is None or managed.source == "external" or branch.number(spec) is not None:
        return []
    if choose.branch(spec, None).value is not None:
        return []  # It reaches them all.
    drivers = advice.drivers(spec) if window.drivable(spec) else []
    breaches = []
    for index, version in declared(spec):
        needed = floor.of(version, policy)
        if not drivers or needed is None or needed.version is None or not target.suits(spec, version):
            continue
        if any(floor.reached(driver, needed.version) for driver in drivers):
            continue
        gpus = cards.joined(card.name for card in cards.of(spec) if card.kinds)
        newest = max(drivers, key=version_key)
        message = (
            f"CUDA {version} needs driver {needed.version} or newer (policy {policy});"
            f" the newest branch that drives {gpus} is {newest}."
        )
        path, hint = f"cuda.toolkits.{index}", _older(spec, version, newest)
        breach = Breach(code="CMP006", path=path, message=message, hint=hint, severity=severity(needed.confirmed))
        breaches.append(breach.model_copy(update={"undecided": True}))
    return breaches


def _unknown(path: str, version: str, number: int) -> list[Breach]:
    """Under `strict` with a driver of an older CUDA than the toolkit, where no source says which driver it needs."""
    row = compat.branch(number)
    reports = getattr(row, "cuda", None)
    if reports is None or version_key(reports) >= version_key(version)[:2]:
        return []
    message = f"which driver CUDA {version} needs is not known; branch {number} is that of CUDA {reports}."
    hint = "Set cuda.policy: minor-compatible, or a branch of that toolkit."
    return [Breach(code="CMP004", path=path, message=message, hint=hint, severity="warning")]


def _hint(spec: HostSpec, version: str, needed: str) -> str:
    """The driver that would work where the GPUs can use it, else the toolkit or the policy that would."""
    number, managed = branch.number(spec) or 0, spec.managed_driver
    found = advice.branch(spec, version_key(needed)[0])
    if found is not None and floor.runs(str(found), version, advice.policy(spec)):
        near = version_key(needed)[0]
        same_branch = managed is not None and managed.version is not None and number == near
        return f"Set driver.version: {needed} or newer." if same_branch else advice.branch_hint(spec, near)
    return _older(spec, version, str(number))


def _older(spec: HostSpec, version: str, driver: str) -> str:
    """The toolkit that works with `driver`, or the policy under which this one does."""
    other = advice.toolkit_hint(spec, version)
    relaxed = advice.policy(spec) == "strict" and floor.runs(driver, version, "minor-compatible")
    return f"{other[:-1]}, or set cuda.policy: minor-compatible." if relaxed else other


def release(spec: HostSpec) -> list[Breach]:
    """NVIDIA's repository for the release must carry each toolkit; where that is not known it is a warning."""
    row = compat.release(spec.ubuntu)
    # On a host that something else keeps, a toolkit may have come from anywhere.
    if spec.external:
        return []
    breaches = []
    for index, version in declared(spec):
        found = carried.toolkit(spec, version)
        if found is True or row is None or floor.of(version, "minor-compatible") is None:
            continue
        first = carried.first(spec, row)
        last = f" to {row.last_cuda}" if row.last_cuda is not None else " and newer"
        where = f"Ubuntu {row.version}" + (" on aarch64" if spec.arch == "aarch64" else "")
        verb = "does not have" if found is False else "is not known to have"
        message = f"NVIDIA's repository for {where} {verb} CUDA {version}; it has CUDA {first}{last}."
        hint = _elsewhere(spec, version)
        path, level = f"cuda.toolkits.{index}", severity(found is False)
        breaches.append(Breach(code="CMP005", path=path, message=message, hint=hint, severity=level))
    return breaches


def _elsewhere(spec: HostSpec, version: str) -> str:
    """A toolkit that works here, and the releases whose repository has the one that was asked for."""
    others = [
        name
        for name in ("20.04", "22.04", "24.04", "26.04")
        if name != spec.ubuntu and carried.toolkit(spec.model_copy(update={"ubuntu": name}), version) is True
    ]
    found = advice.toolkit(spec, version)
    if others and found is not None and carried.toolkit(spec, found) is not True:
        return f"Use Ubuntu {cards.joined(others, 'or')}."
    hint = f'Write "{found}"' if found is not None else "Delete the toolkit"
    return f"{hint}, or use Ubuntu {cards.joined(others, 'or')}." if others else f"{hint}."
