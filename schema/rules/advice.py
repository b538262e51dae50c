"""The values that a hint names: found by trying what is known against all GPUs, toolkits and sources of the host."""

from schema import compat
from schema.cuda import CudaSpec
from schema.driver import DriverSpec
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import cards, carried, floor, target, window

LONG_LIVED = frozenset({"production", "long-term"})


def policy(spec: HostSpec) -> floor.Policy:
    return spec.cuda.policy if isinstance(spec.cuda, CudaSpec) else "minor-compatible"


def wanted(spec: HostSpec) -> tuple[str, ...]:
    return spec.cuda.toolkits if isinstance(spec.cuda, CudaSpec) else ()


def branches(spec: HostSpec) -> list[int]:
    """The known branches that drive all GPUs, in the declared flavour where some branch has it, newest first."""
    modules = spec.managed_driver.modules if spec.managed_driver is not None else "auto"
    rows = [row for row in compat.branches() if row.confirmed or row.state == "ended"]
    asked = [row.number for row in rows if window.drives_all(spec, row.number, modules)]
    return asked or [row.number for row in rows if window.drives_all(spec, row.number)]


def branch(spec: HostSpec, near: int) -> int | None:
    """The branch to type: one that is kept up before others, then the nearest to `near`; None where none works.

    It reaches every declared toolkit that some branch for these GPUs can reach.
    """
    driving = branches(spec)
    toolkits = [version for version in wanted(spec) if any(_runs(spec, one, version) for one in driving)]
    fitting = [one for one in driving if all(_runs(spec, one, version) for version in toolkits)] or driving
    source = spec.managed_driver.source if spec.managed_driver is not None else "nvidia"
    carried_by = [one for one in fitting if carried.branch(spec, one) is not False] if source == "ubuntu" else fitting

    def order(number: int) -> tuple[bool, bool, int]:
        row = compat.branch(number)
        return row is None or row.state not in LONG_LIVED, row is None or not row.confirmed, abs(number - near)

    return min(carried_by or fitting, key=order, default=None)


def _runs(spec: HostSpec, number: int, toolkit: str) -> bool:
    return floor.runs(str(number), toolkit, policy(spec)) and target.suits(spec, toolkit)


def branch_hint(spec: HostSpec, near: int) -> str:
    """ "Set driver.branch: 580.", with the version to delete where one is declared."""
    found = branch(spec, near)
    if found is None:
        return "Put the GPUs into hosts of their own."
    driver = spec.managed_driver
    if not isinstance(driver, DriverSpec) or driver.version is None:
        return f"Set driver.branch: {found}."
    row = compat.branch(found)
    newest = row.versions[-1] if row is not None and row.versions else "one of that branch"
    if driver.branch == "auto" and row is not None and row.versions:
        return f"Set driver.version: {newest}."
    return f"Set driver.branch: {found}, and delete driver.version or write {newest}."


def toolkits(spec: HostSpec) -> list[str]:
    """The known toolkits that suit the GPUs, the release, the architecture and the driver, oldest first."""
    found = [version for version in compat.toolkits() if _usable(spec, version)]
    sure = [version for version in found if carried.toolkit(spec, version) is True and _exact(spec, version)]
    return sure or [version for version in found if carried.toolkit(spec, version) is True] or found


def _usable(spec: HostSpec, version: str) -> bool:
    return (
        carried.toolkit(spec, version) is not False
        and target.suits(spec, version)
        and any(floor.runs(driver, version, policy(spec)) for driver in drivers(spec))
    )


def _exact(spec: HostSpec, version: str) -> bool:
    return cards.possible(spec, lambda kind: target.fit(kind, version) == "exact")


def drivers(spec: HostSpec) -> list[str]:
    """The drivers that the host can have: the declared one where it drives the GPUs, else each that does."""
    driver = spec.managed_driver
    if driver is None or (driver.source == "external" and driver.branch == "auto" and driver.version is None):
        return [str(max(row.number for row in compat.branches()))]
    declared = driver.version or (driver.branch if driver.branch != "auto" else None)
    if declared is not None and window.drives_all(spec, version_key(declared)[0]):
        return [declared]
    return [str(number) for number in branches(spec)]


def toolkit(spec: HostSpec, near: str) -> str | None:
    """The toolkit to type: the nearest to `near` that is not listed already; None where none works."""
    listed = {version_key(version)[:2] for version in wanted(spec)}
    free = [version for version in toolkits(spec) if version_key(version) not in listed]
    return min(free or toolkits(spec), key=lambda version: distance(version, near), default=None)


def distance(version: str, near: str) -> int:
    one, other = version_key(version), version_key(near)
    return abs(one[0] * 100 + one[1] - other[0] * 100 - other[1])


def toolkit_hint(spec: HostSpec, near: str) -> str:
    found = toolkit(spec, near)
    if found is None:
        return "Delete the toolkit."
    newer = version_key(found) > version_key(near) and found != toolkits(spec)[-1] == compat.toolkits()[-1]
    return f'Write "{found}" or newer.' if newer else f'Write "{found}".'
