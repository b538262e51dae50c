"""The exact driver version, and the branch in its source, as far as what was published is known."""

from schema import compat
from schema.choose import repository
from schema.host import HostSpec
from schema.model import version_key
from schema.rules import advice, branch, window
from schema.rules.breach import Breach

# Branches whose packages in Ubuntu's archive are dummies that bring another branch
# (https://packages.ubuntu.com/source/resolute-updates/libs/nvidia-graphics-drivers-580, and nvidia-590 there).
TRANSITIONAL = {535: 580, 570: 580, 590: 595}
SEEN_IN = "26.04"
NEAREST = 3


def exact(spec: HostSpec) -> list[Breach]:
    """`version` names one release; one that was not seen published is a warning, with the nearest that were."""
    managed = spec.managed_driver
    if managed is None or managed.version is None or managed.source == "external":
        return []
    key = version_key(managed.version)
    row = compat.branch(key[0])
    known = row.versions if row is not None else ()
    if len(key) == 1:
        newest = f", or an exact one as {known[-1]}" if known else ""
        message = f"{managed.version} is a branch and no exact version."
        hint = f"Write driver.branch: {managed.version}{newest}."
    elif not known or key in {version_key(version) for version in known}:
        return []
    else:
        message = f"driver {managed.version} was not seen published; apt may not find it."
        hint = f"The nearest that were: {', '.join(_nearest(key, known))}."
    return [Breach(code="CMP011", path="driver.version", message=message, hint=hint, severity="warning")]


def _nearest(key: tuple[int, ...], known: tuple[str, ...]) -> list[str]:
    """The known versions around a place in their order."""
    below = sum(version_key(version) < key for version in known)
    start = max(0, min(below - NEAREST + 1, len(known) - NEAREST))
    return list(known[start : start + NEAREST])


def carried(spec: HostSpec) -> list[Breach]:
    """A declared branch that its source was not seen to have, or only as packages that bring another, is a warning."""
    managed, number = spec.managed_driver, branch.number(spec)
    if managed is None or number is None or managed.source == "external":
        return []
    mirror = spec.mirrors.ubuntu if managed.source == "ubuntu" else spec.mirrors.cuda
    if mirror is not None or compat.branch(number) is None or not window.drives_all(spec, number):
        return []
    where = (number, spec.ubuntu, managed.source)
    lacking = repository.lacks(*where) or repository.too_late(*where)
    if managed.source == "ubuntu" and number in TRANSITIONAL and managed.variant != "server":
        have = "are" if spec.ubuntu == SEEN_IN else "may have become"
        message = f"Ubuntu's packages of branch {number} {have} transitional: they bring {TRANSITIONAL[number]}."
        hint = advice.branch_hint(spec, TRANSITIONAL[number])
    elif lacking is not None:
        message = f"branch {number} is declared, and {lacking}."
        other = "ubuntu" if managed.source == "nvidia" else "nvidia"
        hint = f"Set driver.source: {other}, or use another Ubuntu release."
    else:
        return []
    return [Breach(code="CMP013", path=branch.path(spec), message=message, hint=hint, severity="warning")]
