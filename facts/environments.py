"""conda environments, package by package, from the names of their own records, without starting conda."""

import re

from facts import probe
from facts.fact import FactBase
from schema.conda import CondaPackage, EnvironmentState


class Environments(FactBase[tuple[EnvironmentState, ...]]):
    """The environments in PREFIX/envs, by name.

    `[{"name": "ds", "prefix": "/opt/conda/envs/ds", "owner": "root", "kernel": true, "packages": [{"name": "numpy",
    "version": "2.3.1", "build": "py311h5da4532_0", "channel": null, "manager": "conda"}, {"name": "torch", "version":
    "2.8.0", "build": null, "channel": null, "manager": "pip"}]}]`; the base environment is not listed.
    """

    def command(self, prefix: str | None = None) -> str:
        return probe.script(("conda", "environments"), probe.prefix(prefix))

    def process(self, output: list[str]) -> tuple[EnvironmentState, ...]:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> tuple[EnvironmentState, ...]:
    """The environments of one run of the probe."""
    records = _records(found.of("environments/packages"))
    wheels = _wheels(found.of("environments/pip"))
    kernels = "\n".join(probe.texts(found, "environments/kernels").files.values())
    ownership = owners(found)
    states = []
    for prefix in sorted(records):
        mode_and_owner = ownership.get(f"{prefix}/conda-meta")
        states.append(
            EnvironmentState(
                name=prefix.rsplit("/", 1)[-1],
                prefix=prefix,
                owner=mode_and_owner[1] if mode_and_owner else None,
                kernel=f'"{prefix}/bin/python' in kernels,
                packages=_packages(records[prefix], wheels.get(prefix, [])),
            )
        )
    return tuple(states)


def owners(found: probe.Sections) -> dict[str, tuple[str, str]]:
    """Mode ("0755") and owner by path, the conda prefix first; lines `owner MODE OWNER PATH` of stat(1)."""
    result = {}
    for word, rest in found.words("conda/prefix"):
        match = re.fullmatch(r"([0-7]{1,5}) (\S+) (/.*)", rest)
        if word == "owner" and match:
            result[match.group(3)] = (match.group(1)[-4:].zfill(4), match.group(2))
    return result


def _records(lines: tuple[str, ...]) -> dict[str, list[CondaPackage]]:
    """Packages by environment: a line with its path, then its records' names."""
    result: dict[str, list[CondaPackage]] = {}
    prefix = None
    for line in lines:
        # NAME-VERSION-BUILD.json: only a name may hold a hyphen (conda's package naming conventions).
        match = re.fullmatch(r"(.+)-([^-]+)-([^-]+)\.json", line)
        if line.startswith("/"):
            prefix = line
            result[prefix] = []
        elif match and prefix is not None:
            name, version, build = match.groups()
            result[prefix].append(CondaPackage(name=name, version=version, build=build))
    return result


def _wheels(lines: tuple[str, ...]) -> dict[str, list[CondaPackage]]:
    """Packages by environment that something else than conda installed: lines with the paths of INSTALLER files."""
    result: dict[str, list[CondaPackage]] = {}
    for line in lines:
        match = re.fullmatch(r"(/.+?)/lib/python[^/]+/site-packages/([^/]+?)-([^/-]+)\.dist-info/INSTALLER", line)
        if match:
            prefix, name, version = match.groups()
            result.setdefault(prefix, []).append(CondaPackage(name=name, version=version, manager="pip"))
    return result


def _packages(records: list[CondaPackage], wheels: list[CondaPackage]) -> tuple[CondaPackage, ...]:
    """Both kinds by name. A wheel that conda lists in the same version is conda's, with its builder's mark."""
    known = {(_normalised(package.name), package.version) for package in records}
    others = {
        _normalised(wheel.name): wheel for wheel in wheels if (_normalised(wheel.name), wheel.version) not in known
    }
    renamed = [wheel.model_copy(update={"name": name}) for name, wheel in others.items()]
    return tuple(sorted([*records, *renamed], key=lambda package: (package.name, package.manager)))


def _normalised(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
