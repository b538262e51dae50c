"""conda environments in a lock: those that did not change stay, the rest is solved for the host's platform."""

import json
import re
from collections.abc import Callable

from fleet.errors import RunError
from fleet.lock.request import resolved_driver, unseen
from fleet.lock.update import Update
from fleet.solve import conda, pip
from fleet.solve.conda import CondaRequest, Platform
from fleet.solve.pip import PipRequest
from schema import compat
from schema.choose import gpus
from schema.conda import declared as managed_conda
from schema.environments.change import conda_requirements
from schema.environments.model import EnvironmentSpec, ExplicitPackage, requirement_name
from schema.gpu import GpuSpec
from schema.host import HostSpec
from schema.lock.inputs import digest
from schema.lock.model import Lock, LockedEnvironment
from schema.model import version_key

CUDA_PACKAGES = frozenset({"cuda", "cuda-toolkit", "cuda-version", "cudatoolkit", "pytorch-cuda"})
PLATFORMS: dict[str, Platform] = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}


class Environments:
    """The lock's environments by the name of their entry, as hosts ask for them."""

    def __init__(self, old: Lock | None, update: Update, told: Callable[[str], None]) -> None:
        self.old, self.update, self.told = old, update, told
        self.entries: dict[str, LockedEnvironment] = {}
        self.notes: list[str] = []
        groups = old.hosts if old is not None else ()
        self.before = {host: group.environments for group in groups for host in group.hosts}

    def of(self, spec: HostSpec) -> dict[str, str]:
        """The entries of a host's environments, by their names. Raises RunError where one has no solution."""
        if managed_conda(spec) is None or spec.external:
            return {}
        return {
            name: self._entry(spec, name, one)
            for name, one in sorted(spec.environments.items())
            if isinstance(one, EnvironmentSpec)
        }

    def _entry(self, spec: HostSpec, name: str, one: EnvironmentSpec) -> str:
        """The name says what it was solved from, so that equal environments of different hosts are one."""
        asked = _request(spec, name, one)
        parts = [asked.model_dump(mode="json", exclude={"ca_pem", "proxy"}), _pip_text(spec, one)]
        parts.append([item.url for item in one.explicit])
        entry = f"{name} {asked.platform} {digest(json.dumps(parts, sort_keys=True))}"
        if entry in self.entries:
            return entry
        known = self.old.environments.get(entry) if self.old is not None else None
        if known is None or self.update.environment(name, known):
            known = self._solved(spec, name, one, asked)
        self.entries[entry] = known
        return entry

    def _solved(self, spec: HostSpec, name: str, one: EnvironmentSpec, asked: CondaRequest) -> LockedEnvironment:
        brings = f" with CUDA {asked.virtual['__cuda']}" if "__cuda" in asked.virtual else ""
        self.told(f"solving environment {name} for {asked.platform}{brings}")
        before = self._kept(spec, name)
        if one.explicit:
            packages, python = one.explicit, _python(one.explicit)
        else:
            found = conda.solve(asked.model_copy(update={"keep": before.packages}))
            packages, python = found.packages, found.python
            self.notes += [f"environment {name}: {note}" for note in found.notes]
        wheels = pip.solve(_pip(spec, name, one, python, before)).packages if one.pip.wanted else ()
        virtual = tuple(f"{key}={value}" for key, value in sorted(asked.virtual.items()))
        return LockedEnvironment(platform=asked.platform, virtual=virtual, packages=packages, pip=wheels)

    def _kept(self, spec: HostSpec, name: str) -> LockedEnvironment:
        """What of the host's old environment stays where it can: all but the packages that are to be renewed."""
        entry = self.before.get(spec.name, {}).get(name)
        known = self.old.environments[entry] if self.old is not None and entry is not None else None
        names = self.update.names
        if known is None or self.update.everything or names & {"environments", name, f"environments.{name}"}:
            return LockedEnvironment(platform=PLATFORMS[spec.arch])
        wanted = {requirement_name(item) for item in names}
        return LockedEnvironment(
            platform=known.platform,
            packages=tuple(item for item in known.packages if requirement_name(item.name) not in wanted),
            pip=tuple(item for item in known.pip if requirement_name(item.name) not in wanted),
        )


def _request(spec: HostSpec, name: str, one: EnvironmentSpec) -> CondaRequest:
    return CondaRequest(
        environment=name,
        specs=tuple(conda_requirements(one)),
        channels=one.channels,
        platform=PLATFORMS[spec.arch],
        virtual=virtual(spec),
        limits=limits(spec, one),
        mirror=spec.mirrors.conda,
        ca_pem=spec.ca_pem,
        proxy=spec.proxy,
    )


def virtual(spec: HostSpec) -> dict[str, str]:
    """What the host brings: `__glibc` of its release, and `__cuda` of its driver's branch, none without a GPU."""
    release = compat.release(spec.ubuntu)
    if release is None:
        raise RunError("RUN308", f"{spec.name}: glibc of Ubuntu {spec.ubuntu} is not known", hint="declare another")
    version = cuda(spec)
    return {"__glibc": release.glibc} | ({"__cuda": version} if version is not None else {})


def limits(spec: HostSpec, one: EnvironmentSpec) -> dict[str, str]:
    """Libraries of a newer CUDA hold no code for an old GPU, whatever its driver runs. Who asks for a CUDA version
    decides for himself.
    """
    asked = {requirement_name(item) for item in one.packages}
    if cuda(spec) is None or asked & CUDA_PACKAGES:
        return {}
    found = [last for gpu in spec.gpus or () if (last := _last_cuda(gpu)) is not None]
    if not found:
        return {}
    version, name = min(found, key=lambda item: version_key(item[0]))
    major, minor = version_key(version)[:2]
    reason = f"CUDA {version} is the last with code for {name}"
    return {f"{package} <{major}.{minor + 1}": reason for package in ("cuda-version", "cudatoolkit")}


def _last_cuda(gpu: GpuSpec) -> tuple[str, str] | None:
    """The last CUDA for a GPU in every meaning of its name, and that name; None where one of them has no last."""
    rows = [compat.architecture(product.architecture) for product in gpus.products(gpu)]
    versions = [row.last_cuda for row in rows if row is not None and row.confirmed and row.last_cuda is not None]
    if not versions or len(versions) < len(rows):
        return None
    return max(versions, key=version_key), gpu.model or gpu.pci_id or "the GPU"


def cuda(spec: HostSpec) -> str | None:
    """The highest CUDA version that the driver's branch runs, None where no driver is managed. Of a branch that is not
    in the data it is that of the newest one below: a driver runs what older ones ran, and without any CUDA the host
    would get programs for the processor alone.
    """
    if not spec.gpus or spec.platform != "generic":
        return None
    driver = resolved_driver(spec, unseen(spec))
    if driver is None:
        return None
    below = [row for row in compat.branches() if row.number <= driver.branch and row.cuda is not None]
    return max(below, key=lambda row: row.number).cuda if below else None


def _pip_text(spec: HostSpec, one: EnvironmentSpec) -> list[object]:
    indexes = [index.model_dump(mode="json") for index in one.pip.indexes]
    return [list(one.pip.wanted), indexes, spec.mirrors.pypi]


def _pip(
    spec: HostSpec, name: str, one: EnvironmentSpec, python: dict[str, str], before: LockedEnvironment
) -> PipRequest:
    release = compat.release(spec.ubuntu)
    version = python.get("python") or one.python
    if version is None or release is None:
        raise RunError(
            "RUN308",
            f"{spec.name}: environment {name} has pip packages, and no Python is known",
            hint=f"declare environments.{name}.python",
        )
    return PipRequest(
        environment=name,
        requirements=one.pip.wanted,
        indexes=one.pip.indexes,
        python=version,
        platform=PLATFORMS[spec.arch],
        glibc=release.glibc,
        mirror=spec.mirrors.pypi,
        ca_pem=spec.ca_pem,
        proxy=spec.proxy,
        keep=before.pip,
        conda=python,
    )


def _python(packages: tuple[ExplicitPackage, ...]) -> dict[str, str]:
    """conda's packages in the environment's Python: their builds say so ("py312h...", "pyhd8ed1ab_0")."""
    inside = (item for item in packages if item.name == "python" or re.search(r"(^|_)py(\d|hd)", item.build))
    return {item.name: item.version for item in inside}
