"""How the environments on a host differ from the declared ones.

A declared package counts as satisfied by any version that its requirement admits. The record of the last apply, where
it has a version that the requirement admits too, says which one it was, so that a package that moved is found; a
version from the record only ever stands in a difference, never in a request for a package that is not declared.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from schema import conda
from schema.change import Change
from schema.conda import CondaPackage, CondaSpec, EnvironmentState
from schema.environments import locked, match, obey, requirement
from schema.environments.model import EnvironmentSpec, requirement_name

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# What a version looks like: a record that says anything else is not used.
PLAIN = re.compile(r"^[0-9A-Za-z][0-9A-Za-z.+!_-]{0,63}$")
KERNEL, OWNER = "jupyter-kernel", "owner"


def changes(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Change, ...]:
    """The differences of all declared environments, by name; () where conda is not managed or was not seen."""
    managed = conda.declared(spec)
    if managed is None or any(name.startswith(("conda", "environments")) for name in snapshot.not_seen):
        return ()
    there = {item.name: item for item in snapshot.conda.environments} if snapshot.conda is not None else {}
    found: list[Change] = []
    for name, declared in sorted(obey.every(spec).items()):
        state = there.get(name)
        if not isinstance(declared, EnvironmentSpec):
            found += [locked.difference(name, "present", None)] if state is not None else []
        elif state is None:
            found.append(locked.difference(name, None, "present"))
        else:
            found += _inside(managed, declared, state, recorded(snapshot, name))
    return tuple(found)


def recorded(snapshot: "Snapshot", name: str) -> dict[str, str]:
    """The environment's versions by normalised name at the last apply, {} without a record."""
    record = snapshot.applied.environments.get(name, {}) if snapshot.applied is not None else {}
    return {requirement_name(key): version for key, version in record.items() if PLAIN.match(version)}


def _inside(
    managed: CondaSpec, declared: EnvironmentSpec, state: EnvironmentState, record: dict[str, str]
) -> list[Change]:
    packages = by_name(state.packages)
    if declared.explicit:
        found = locked.conda(declared, state)
    else:
        found = _requested(declared, state, packages, record)
    found += locked.pip(declared, state) if declared.pinned is not None else _pip(declared, state, packages, record)
    if declared.exact and locked.whole(declared):
        found += locked.beyond(declared, state)
    elif declared.exact:
        found += _exact(state, packages, record, requested(declared))
    if declared.kernel and not state.kernel:
        found.append(locked.difference(f"{state.name}/{KERNEL}", None, "registered"))
    owner = declared.owner or managed.owner
    if state.owner not in {None, owner}:
        found.append(locked.difference(f"{state.name}/{OWNER}", state.owner, owner))
    return found


def by_name(packages: Iterable[CondaPackage]) -> dict[str, CondaPackage]:
    """Packages by normalised name; conda's record of a name wins over another installer's."""
    found: dict[str, CondaPackage] = {}
    for package in packages:
        key = requirement_name(package.name)
        if key not in found or package.manager == "conda":
            found[key] = package
    return found


def conda_requirements(declared: EnvironmentSpec) -> list[str]:
    python = [f"python={declared.python}"] if declared.python else []
    needed = [name for name, use in (("ipykernel", declared.kernel), ("pip", declared.pip.wanted)) if use]
    return list({requirement_name(item): item for item in [*needed, *python, *declared.packages]}.values())


def requested(declared: EnvironmentSpec) -> set[str]:
    """Normalised names of everything declared."""
    names = [*conda_requirements(declared), *declared.pip.wanted]
    return {requirement_name(item) for item in names} | set(locked.names(declared))


def _requested(
    declared: EnvironmentSpec, state: EnvironmentState, packages: dict[str, CondaPackage], record: dict[str, str]
) -> list[Change]:
    found = []
    for text in conda_requirements(declared):
        name = requirement_name(text)
        package, last = packages.get(name), record.get(name)
        last = last if last is not None and match.fits(text, last, None) else None
        wish = last or match.constraint(text)[0].lstrip("= ") or "present"
        if package is None:
            found.append(locked.difference(f"{state.name}/{name}", None, wish))
        elif not match.fits(text, package.version, package.build) or (last and last != package.version):
            found.append(locked.difference(f"{state.name}/{name}", package.version, wish))
    return found


def _pip(
    declared: EnvironmentSpec, state: EnvironmentState, packages: dict[str, CondaPackage], record: dict[str, str]
) -> list[Change]:
    found = []
    python = packages["python"].version if "python" in packages else declared.python
    for text in declared.pip.wanted:
        if not requirement.applies(text, python):
            continue
        name = requirement_name(text)
        package, last = packages.get(name), record.get(name)
        last = last if last is not None and requirement.fits(text, last) else None
        wish = last or requirement.wish(text).removeprefix("==") or "present"
        if package is None:
            found.append(locked.difference(f"{state.name}/{name}", None, wish))
        elif not requirement.fits(text, package.version) or (last and last != package.version):
            found.append(locked.difference(f"{state.name}/{name}", package.version, wish))
    return found


def _exact(
    state: EnvironmentState, packages: dict[str, CondaPackage], record: dict[str, str], asked: set[str]
) -> list[Change]:
    """Against the last apply's whole list: what came since must go, what moved must return. Without a record, nothing:
    what a declared package needs is not known then.
    """
    if not record:
        return []
    found = []
    for name in sorted((set(packages) | set(record)) - asked):
        package, last = packages.get(name), record.get(name)
        if package is None or package.version != last:
            observed = package.version if package is not None else None
            found.append(
                locked.difference(f"{state.name}/{package.name if package is not None else name}", observed, last)
            )
    return found
