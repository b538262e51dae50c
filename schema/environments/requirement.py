"""pip's requirements (PEP 508) against what is installed; the reading is PyPA's own, `packaging`."""

import functools

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version


def applies(text: str, python: str | None) -> bool:
    """Whether a requirement is asked for under this Python ("3.12.4"): its marker, if any, holds on Linux."""
    requirement = _read(text)
    if requirement is None or requirement.marker is None:
        return True
    release = python or ""
    names = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": ""}
    if release:
        names |= {"python_full_version": release, "python_version": ".".join(release.split(".")[:2])}
    return requirement.marker.evaluate(names)


def fits(text: str, version: str) -> bool:
    """Whether an installed version satisfies a requirement; one that names a URL, or cannot be read, is satisfied."""
    requirement = _read(text)
    if requirement is None or requirement.url is not None:
        return True
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return not requirement.specifier


def wish(text: str) -> str:
    """ "==2.8.0" of "torch==2.8.0", "" where any version will do."""
    requirement = _read(text)
    return str(requirement.specifier) if requirement is not None else ""


@functools.lru_cache(1024)
def _read(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None
