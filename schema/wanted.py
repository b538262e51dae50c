"""What apt is asked for: packages by name, and the versions that satisfy the declaration."""

from schema.change import Change
from schema.model import Model, within
from schema.repository.model import Package


class Wanted(Model):
    """One top-level package: any version, one `within` a branch or release ("580", "12.9"), or `exact`ly this upstream.

    `build` must be part of the version where it is given: "+cuda12." in those of cuDNN 8.
    """

    name: str
    within: str | None = None
    exact: str | None = None
    build: str | None = None

    def admits(self, version: str) -> bool:
        """Whether this version of the package satisfies the declaration."""
        fits = self.limit is None or within(upstream(version), self.limit)
        return fits and (self.build is None or self.build in version)

    @property
    def limit(self) -> str | None:
        return self.exact or self.within


def upstream(version: str) -> str:
    """ "580.95.05" of "1:580.95.05-0ubuntu1" (Debian Policy 5.6.12: epoch and revision)."""
    return version.split(":", 1)[-1].rsplit("-", 1)[0]


def present(package: Package | None) -> bool:
    """Whether dpkg has files of it: neither unknown nor removed with its configuration left (dpkg-query(1))."""
    return package is not None and package.state[1:2] not in {"n", "c", ""}


def observed(package: Package | None) -> str | None:
    """The installed version, marked where dpkg has not finished with it; None when it is absent."""
    if package is None or not present(package):
        return None
    return f"{package.version} (not configured)" if package.broken else package.version


def difference(concern: str, wanted: Wanted, package: Package | None, pin: str | None) -> Change | None:
    """How `package` differs from what is wanted of it; `pin` is the exact version that our own preferences name."""
    desired = pin or wanted.limit or "present"
    found = observed(package)
    if package is None or found is None or package.broken or not package.installed:
        return Change(concern=concern, item=wanted.name, observed=found, desired=desired)
    if pin is not None and package.version != pin:
        return Change(concern=concern, item=wanted.name, observed=found, desired=pin)
    if not wanted.admits(package.version):
        return Change(concern=concern, item=wanted.name, observed=found, desired=desired)
    return None


def removal(concern: str, package: Package) -> Change:
    return Change(concern=concern, item=package.name, observed=observed(package), desired=None)
