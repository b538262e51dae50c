"""One conda environment as a declaration: what people asked for, in versions that are there, and pip's packages."""

import re

from pydantic import TypeAdapter, ValidationError

from fleet.discover.draft import plain, quoted, some, text
from schema import compat
from schema.conda import CondaPackage, EnvironmentState
from schema.discovery import EnvironmentOrigin, requested_name
from schema.environments import match, requirement
from schema.environments.model import MatchSpec, Requirement, requirement_name
from schema.model import Channel, version_key

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# PyTorch's wheel index for each build; the local version names it (https://pytorch.org/get-started/previous-versions/).
BUILD = re.compile(r"\+((?:cu|rocm|cpu|xpu)[0-9.]*)$")
MATCH: TypeAdapter[str] = TypeAdapter(MatchSpec)
REQUIREMENT: TypeAdapter[str] = TypeAdapter(Requirement)
CHANNEL: TypeAdapter[str] = TypeAdapter(Channel)


def lines(
    state: EnvironmentState, origin: EnvironmentOrigin | None, conda_owner: str | None, alias: str = ""
) -> list[str]:
    """The entry below `environments:`; comments for what cannot be declared. `alias`: the mirror that is declared."""
    if NAME.fullmatch(state.name) is None or state.name in {"base", "root"}:
        return [f"# The environment {plain(state.name)} has a name that cannot be declared."]
    there = {requirement_name(item.name): item for item in state.packages if item.manager == "conda"}
    wheels = [item for item in state.packages if item.manager == "pip" and requirement_name(item.name) not in there]
    known = origin or EnvironmentOrigin(prefix=state.prefix)
    if not there and not wheels:
        return [f"# The environment {state.name} is empty."]
    python = there.get("python")
    found = [f"{state.name}:"]
    found += [f"  python: {quoted('.'.join(map(str, version_key(python.version)[:2])))}"] if python is not None else []
    found += _channels(known, alias)
    kernel = state.kernel and "ipykernel" in there.keys() | {requirement_name(item.name) for item in wheels}
    # What a declaration brings by itself goes without saying.
    implied = {"python": python is not None, "pip": bool(wheels), "ipykernel": kernel}
    said = {name for name, goes in implied.items() if goes}
    found += _packages(there, known, said)
    installer = "pip" in there.keys() | {requirement_name(item.name) for item in wheels}
    found += _pip([item for item in wheels if requirement_name(item.name) not in said], known, installer)
    found += ["  kernel: true"] if kernel else []
    if state.owner not in {None, conda_owner}:
        found.append(f"  owner: {quoted(state.owner)}")
    twice = [item.name for item in state.packages if item.manager == "pip" and requirement_name(item.name) in there]
    found += [f"  # pip replaced conda's {some(twice)}; declared is conda's"] if twice else []
    return found


def _channels(origin: EnvironmentOrigin, alias: str) -> list[str]:
    """conda-forge alone is the default, and goes without saying; below a mirror a channel has its own name."""
    short = [name.removeprefix(f"{alias}/") if alias else name for name in origin.channels]
    names = [name for name in dict.fromkeys(short) if _valid(CHANNEL, name)]
    return [f"  channels: [{', '.join(map(text, names))}]"] if names not in ([], ["conda-forge"]) else []


def _packages(there: dict[str, CondaPackage], origin: EnvironmentOrigin, said: set[str]) -> list[str]:
    """conda's packages: those asked for, as they were asked for where that holds still; without a record, all."""
    if not origin.recorded or not origin.requested:
        # Helpers such as _libgcc_mutex come with what needs them, and no specification of ours begins so.
        every = [f"{item.name}={item.version}" for name, item in sorted(there.items()) if name not in said]
        every = [spec for spec in every if _valid(MATCH, spec)]
        note = "" if not every else "  # nothing records what was asked for, so this is everything"
        return [f"  packages: [{', '.join(map(text, every))}]{note}"] if every else []
    asked = {requested_name(spec): spec for spec in origin.requested}
    specs = [_spec(spec, there[name]) for name, spec in asked.items() if name in there and name not in said]
    specs = [spec for spec in specs if _valid(MATCH, spec)]
    gone = [name for name in asked if name not in there]
    versions = [f"{there[name].name} {there[name].version}" for name in asked if name in there and name not in said]
    found = [f"  packages: [{', '.join(map(text, specs))}]"] if specs else []
    found += [f"  # there: {some(versions, 12)}"] if versions else []
    return [*found, *([f"  # asked for once and not there: {some(gone)}"] if gone else [])]


def _spec(spec: str, package: CondaPackage) -> str:
    """The specification as it was asked for; what is there, where that is no specification or holds no more."""
    plain_spec = spec if "://" not in spec and "[" not in spec and "/" not in spec.split("::")[0] else ""
    fits = bool(plain_spec) and _valid(MATCH, plain_spec) and match.fits(plain_spec, package.version, package.build)
    return plain_spec if fits else f"{package.name}={package.version}"


def _pip(wheels: list[CondaPackage], origin: EnvironmentOrigin, installer: bool) -> list[str]:
    """pip's packages: those asked for where pip recorded it, else all; of foreign ones the name alone, in a comment.

    `installer`: pip itself is there. A declaration of packages brings it, so that without it they are a comment.
    """
    if not wheels:
        return []
    asked = set(origin.wheels) & {requirement_name(item.name) for item in wheels}
    chosen = [item for item in wheels if not asked or requirement_name(item.name) in asked]
    foreign = [item.name for item in chosen if requirement_name(item.name) in origin.foreign]
    listed = [item for item in chosen if item.name not in foreign and _expressible(item)]
    odd = [item.name for item in chosen if item.name not in foreign and item not in listed]
    found = [f"  pip: {_inside(listed)}"] if listed and installer else []
    if listed and not installer:
        found = ["  # There without pip, as uv installs; with pip in the environment:", f"  # pip: {_inside(listed)}"]
    if foreign:
        found.append(
            f"  # pip installed from a URL, a folder or a repository, so no version says them: {some(foreign)}"
        )
    found += [f"  # pip's packages of versions that no requirement can say: {some(odd)}"] if odd else []
    if listed and not asked:
        found.append("  # nothing records what pip was asked for, so this is everything that it installed")
    return found


def _expressible(item: CondaPackage) -> bool:
    text = f"{item.name}=={item.version}"
    return _valid(REQUIREMENT, text) and requirement.fits(text, item.version) and bool(version_key(item.version))


def _inside(listed: list[CondaPackage]) -> str:
    packages = ", ".join(quoted(f"{item.name}=={item.version}") for item in listed)
    builds: dict[str, list[str]] = {}
    for item in listed:
        if build := BUILD.search(item.version):
            builds.setdefault(build[1], []).append(item.name)
    if not builds:
        return f"{{packages: [{packages}]}}"
    indexes = ", ".join(
        f"{{url: {quoted(compat.wheel_index(tag))}, packages: [{', '.join(map(text, sorted(names)))}]}}"
        for tag, names in builds.items()
    )
    return f"{{packages: [{packages}], indexes: [{indexes}]}}"


def _valid(kind: TypeAdapter[str], value: str) -> bool:
    try:
        kind.validate_python(value)
    except ValidationError:
        return False
    return True
