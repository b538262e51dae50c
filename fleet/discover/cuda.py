"""CUDA toolkits and cuDNN of a machine as declarations, and in comments what none can say."""

import re

from fleet.discover.draft import plain, quoted, some
from schema import cuda
from schema.cudnn import NAME
from schema.model import version_key
from schema.repository import Package
from schema.snapshot import Snapshot


def toolkits(snapshot: Snapshot, path: bool) -> list[str]:
    """The section of the toolkits that packages own; `path`: whether gpufleet's file of login shells is said."""
    owned = [toolkit for toolkit in snapshot.cuda.toolkits if toolkit.package is not None]
    foreign = [toolkit.path for toolkit in snapshot.cuda.toolkits if toolkit.package is None]
    lines = [f"# {plain(folder)} belongs to no package and is left alone." for folder in foreign]
    distribution = snapshot.apt.installed("nvidia-cuda-toolkit")
    if distribution is not None:
        lines.append(
            f"# Ubuntu's own CUDA toolkit, nvidia-cuda-toolkit {plain(distribution.version)}, is no key's business."
        )
    if not owned:
        return lines
    full = [toolkit.full_version for toolkit in owned if toolkit.full_version is not None]
    comment = f"  # {', '.join(map(plain, full))}" if full else ""
    lines += ["cuda:", f"  toolkits: {quoted([toolkit.version for toolkit in owned])}{comment}"]
    default = snapshot.cuda.default
    if default in {toolkit.version for toolkit in owned}:
        lines.append(f"  default: {quoted(default)}")
    elif default is not None:
        lines.append(f"  # {cuda.LINK} leads to {plain(default)}, which belongs to no package")
    if path and cuda.PROFILE not in snapshot.apt.files:
        lines.append("  path: false  # nvcc is on nobody's PATH by gpufleet")
    return lines


def cudnn(snapshot: Snapshot) -> list[str]:
    """The section of the cuDNN that packages brought, for the CUDA majors that a toolkit is declared of."""
    majors = {toolkit.version.split(".")[0] for toolkit in snapshot.cuda.toolkits if toolkit.package is not None}
    found = _versions(snapshot)
    versions = {major: version for major, version in sorted(found.items()) if major in majors}
    lines = [
        f"# cuDNN {version} for CUDA {major} is there, and no toolkit of that major from a package."
        for major, version in sorted(found.items())
        if major not in majors
    ]
    loose = [one for one in snapshot.cudnn.libraries if version_key(one)[:3] not in map(version_key, found.values())]
    if loose and "repository/packages" not in snapshot.not_seen:
        lines.append(
            f"# cuDNN {some(loose)} is there by its files and in no package, as an unpacked archive leaves it."
        )
    if not versions:
        return lines
    missing = sorted(majors - set(versions))
    one = set(versions.values())
    if missing:
        lines += [f"# cuDNN is there for CUDA {', '.join(versions)} and not for CUDA {', '.join(missing)}:"]
        return [*lines, f"# cudnn: {{version: {quoted(versions)}}}"]
    value = one.pop() if len(one) == 1 else versions
    return [*lines, f"cudnn: {{version: {quoted(value)}}}"]


def _versions(snapshot: Snapshot) -> dict[str, str]:
    """cuDNN's version by CUDA major; version 8 names the CUDA release behind a plus sign."""
    versions: dict[str, str] = {}
    for name, package in snapshot.apt.packages.items():
        parts = NAME.match(name)
        key = version_key(package.version)[:3]
        major = parts[3] or _build(package) if parts is not None and parts[2] is None else None
        if major and package.installed and len(key) == 3:
            versions[major] = ".".join(map(str, key))
    return versions


def _build(package: Package) -> str | None:
    found = re.search(r"\+cuda([0-9]{1,2})\.", package.version)
    return found[1] if found else None
