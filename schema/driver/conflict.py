"""Which installed packages of the driver's family cannot stand beside the driver that is wanted."""

from schema.driver import names
from schema.driver.resolve import ResolvedDriver
from schema.model import within
from schema.repository.model import Package
from schema.wanted import upstream


def conflicts(package: Package, driver: ResolvedDriver) -> bool:
    """Whether an installed package of the family cannot stand beside `driver`: old branch, other flavour or origin."""
    name = names.bare(package.name)
    flavour, branch = names.flavour_of(name), names.branch_in(name)
    if flavour is not None and flavour != driver.flavour:
        return True
    if branch is None:
        return _unsuffixed_conflicts(name, package, driver)
    if branch != driver.branch:
        return True
    if driver.source == "nvidia":
        return names.is_server(name) or names.is_prebuilt(name) or (not driver.tag and not names.FABRIC.match(name))
    if names.FABRIC.match(name) or name.startswith("cuda-drivers"):
        return name.startswith("cuda-drivers") and not names.FABRIC.match(name)
    return name.startswith("nvidia-open") or names.is_server(name) != (driver.variant == "server")


def _unsuffixed_conflicts(name: str, package: Package, driver: ResolvedDriver) -> bool:
    """Names without a branch are NVIDIA's: from 590 on, and metapackages that follow the newest branch before."""
    if driver.source == "ubuntu":
        return name not in names.LOOSE - {"nvidia-persistenced"} and package.origin != "ubuntu"
    if name in names.LOOSE or names.FABRIC.match(name) or not driver.tag or not names.matched(name):
        return False
    return not within(upstream(package.version), str(driver.branch))
