"""How an environment on a host differs from its lock, which names every package: conda's by build, pip's by version."""

from packaging.version import InvalidVersion, Version

from schema.change import Change
from schema.conda import CondaPackage, EnvironmentState
from schema.environments.model import EnvironmentSpec, requirement_name


def difference(item: str, observed: str | None, desired: str | None) -> Change:
    return Change(concern="environments", item=item, observed=observed, desired=desired)


def whole(declared: EnvironmentSpec) -> bool:
    """Whether the lock names everything that the environment should hold."""
    return bool(declared.explicit) and (declared.pinned is not None or not declared.pip.wanted)


def names(declared: EnvironmentSpec) -> list[str]:
    """Normalised names of everything in the lock."""
    found = [item.name for item in declared.explicit] + [item.name for item in declared.pinned or ()]
    return [requirement_name(name) for name in found]


def conda(declared: EnvironmentSpec, state: EnvironmentState) -> list[Change]:
    """conda's packages: name, version and build must be those of the lock."""
    there = {requirement_name(item.name): item for item in state.packages if item.manager == "conda"}
    found = []
    for item in declared.explicit:
        package = there.get(requirement_name(item.name))
        if package is None or (package.version, package.build or item.build) != (item.version, item.build):
            same = package is not None and package.version == item.version
            observed = f"{package.version} {package.build or ''}".strip() if package is not None else None
            desired = f"{item.version} {item.build}" if same else item.version
            found.append(difference(f"{state.name}/{item.name}", observed, desired))
    return found


def pip(declared: EnvironmentSpec, state: EnvironmentState) -> list[Change]:
    """pip's packages, with the local part of a version too: 2.8.0+cu126 is not 2.8.0+cu128, nor 2.8.0."""
    there: dict[str, CondaPackage] = {}
    for package in state.packages:
        # pip's own copy is the one that Python finds, where conda has the name too.
        if package.manager == "pip" or requirement_name(package.name) not in there:
            there[requirement_name(package.name)] = package
    found = []
    for item in declared.pinned or ():
        seen = there.get(requirement_name(item.name))
        if seen is None or not same_version(seen.version, item.version):
            observed = seen.version if seen is not None else None
            found.append(difference(f"{state.name}/{requirement_name(item.name)}", observed, item.version))
    return found


def same_version(one: str, other: str) -> bool:
    """Whether two versions are one in PEP 440's sense: 1.0 and 1.0.0 are, 2.8.0 and 2.8.0+cu126 are not."""
    try:
        return one == other or Version(one) == Version(other)
    except InvalidVersion:
        return False


def beyond(declared: EnvironmentSpec, state: EnvironmentState) -> list[Change]:
    """What the lock does not name and an exact environment must not hold."""
    named = set(names(declared))
    extra = {item.name: item for item in state.packages if requirement_name(item.name) not in named}
    return [difference(f"{state.name}/{name}", extra[name].version, None) for name in sorted(extra)]
