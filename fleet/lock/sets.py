"""Matched sets from a repository's index: what a transaction would bring, and what may stand beside it."""

import re
from collections.abc import Iterable, Mapping

from debian.debian_support import Version

from fleet import closure
from fleet.closure import Entry, Index
from fleet.errors import RunError
from fleet.lock.request import Asked
from schema import cuda, cudnn, driver
from schema.driver import names
from schema.driver.conflict import conflicts
from schema.lock.model import LockedPackage, PackageSet
from schema.lock.names import lockable, matched
from schema.repository.model import Package
from schema.wanted import upstream

# "nvidia-firmware-580-580.95.05": the firmware of each driver version is a package of its own.
FIRMWARE = re.compile(r"^nvidia-firmware-.*-([0-9]+(?:\.[0-9]+)+)$")


def members(index: Index, asked: Asked) -> tuple[PackageSet, PackageSet]:
    """The set, and what of it other sets share; sorted by name. Raises RunError for a version that is not there."""
    try:
        found = dict(closure.resolve(index, asked.requests, {}, driver.family))
    except KeyError as missing:
        raise _missing(index, asked, str(missing.args[0])) from None
    for entry in _beside(index, asked, found):
        found.setdefault(entry.name, entry)
    whole = {name: entry for name, entry in sorted(found.items()) if lockable(name) and _belongs(asked, name)}
    for name, entry in whole.items():
        if not entry.sha256:
            text = f"{asked.place.url}: the index gives no SHA256 for {name} {entry.version}"
            raise RunError("RUN302", text, hint="use a repository whose index has them, as apt's own tools make it")
    mine = {name: locked(entry) for name, entry in whole.items() if matched(name)}
    return mine, {name: locked(entry) for name, entry in whole.items() if not matched(name)}


def locked(entry: Entry) -> LockedPackage:
    return LockedPackage(version=entry.version, sha256=entry.sha256, size=entry.size)


def _belongs(asked: Asked, name: str) -> bool:
    """A set holds its own family: a toolkit's demo packages may ask for a driver, which is another set's matter."""
    if not matched(name):
        return asked.concern == "cuda"
    if asked.concern == "driver":
        return names.family(name)
    release = asked.name.split()[1]
    return cuda.release_in(name) == cuda.minor(release) if asked.concern == "cuda" else cudnn.family(name)


def _beside(index: Index, asked: Asked, found: Mapping[str, Entry]) -> Iterable[Entry]:
    """Packages of the same set that nothing at its top needs, but a host may have: they must move with it."""
    lead = found[asked.requests[0].name].version
    for name, entries in index.items():
        if asked.concern == "driver" and asked.driver is not None and names.family(name):
            yield from _of_driver(asked, lead, entries)
        elif asked.concern == "cuda" and cuda.release_in(name) == cuda.minor(asked.name.split()[1]):
            yield entries[0]
        elif asked.concern == "cudnn" and cudnn.sibling(name, asked.requests[0].name):
            yield from (entry for entry in entries if upstream(entry.version) == upstream(lead))


def _of_driver(asked: Asked, lead: str, entries: tuple[Entry, ...]) -> Iterable[Entry]:
    """That of the lead package's version. Of packages with versions of their own the newest, where the branch is in the
    name, or where the archive's driver recommends them, as nvidia-settings (apt installs what is recommended).
    """
    one, name = asked.driver, entries[0].name
    other = FIRMWARE.search(name)
    if one is None or (other is not None and other[1] != upstream(lead)):
        return
    same = [entry for entry in entries if upstream(entry.version) == upstream(lead)]
    loose = name in names.LOOSE and one.source == "ubuntu"
    own = loose or (not names.matched(name) and names.branch_in(name) == one.branch)
    for entry in same or (entries if own else ()):
        package = Package(name=name, version=entry.version, state="ii ", origin=asked.place.source)
        if not conflicts(package, one):
            yield entry
            return


def together(sets: Iterable[PackageSet]) -> PackageSet:
    """Shared packages of several sets, each at its newest version: what needs them needs at least its own."""
    found: PackageSet = {}
    for one in sets:
        for name, package in one.items():
            known = found.get(name)
            if known is None or Version(package.version) > Version(known.version):
                found[name] = package
    return dict(sorted(found.items()))


def _missing(index: Index, asked: Asked, name: str) -> RunError:
    request = next((item for item in asked.requests if item.name == name), asked.requests[0])
    entries = index.get(name, ())
    there = ", ".join(entry.version for entry in entries[:8])
    if not there:
        similar = sorted(other for other in index if other.startswith(name.rstrip("0123456789-")))[:8]
        there = f"no version of it; it has {', '.join(similar)}" if similar else "no version of it"
    chosen = f"auto chose it; declare {asked.concern} yourself" if asked.chosen else "declare a version that is there"
    example = f", such as {upstream(entries[0].version)}" if entries else ""
    return RunError(
        "RUN304",
        f"{asked.place.url} does not carry {name} {request.exact or request.within or ''}".rstrip(),
        evidence=f"{name}: {there}",
        hint=f"{chosen}{example}, or a mirror that has it",
    )
