"""conda: the distribution declared, and what stands in its prefix."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from schema import compat
from schema.change import Change
from schema.model import Mode, Model, Prefix, Sha256, UserName
from schema.repository.model import OwnedFile

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

PROFILE = "/etc/profile.d/gpufleet-conda.sh"
HEADER = "# Written by gpufleet; what is changed here is written again.\n"
# conda's own hook for POSIX shells; it refers to no unset variable, so shells with `set -u` take it.
PROFILE_TEXT = HEADER + "if [ -r PREFIX/etc/profile.d/conda.sh ]; then\n    . PREFIX/etc/profile.d/conda.sh\nfi\n"

# Miniforge "25.3.1-0", Miniconda "py313_26.5.3-1" and "4.7.12.1", Anaconda "2025.12-2" and "5.3.1".
InstallerVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=40)]


class CondaSpec(Model):
    distribution: Literal["miniforge", "miniconda", "anaconda"] = "miniforge"
    version: InstallerVersion
    sha256: Sha256 | None = None
    prefix: Prefix = "/opt/conda"
    owner: UserName = "root"
    mode: Mode = "0755"
    shell: bool = True
    accept_anaconda_terms: bool = False


class CondaPackage(Model):
    """One package of an environment; `manager` is what installed it."""

    name: str
    version: str
    build: str | None = None
    channel: str | None = None
    manager: Literal["conda", "pip"] = "conda"


class EnvironmentState(Model):
    """An environment, read from its own records without starting conda; `kernel`: a Jupyter kernel is registered."""

    name: str
    prefix: str
    owner: str | None = None
    kernel: bool = False
    packages: tuple[CondaPackage, ...] = Field(default=())


class CondaState(Model):
    """`version` is that of the conda package in the base environment, None when no conda is in `prefix`.

    `installer` is what gpufleet recorded in the prefix when it ran one: "miniforge 25.3.1-0".
    """

    prefix: str
    version: str | None = None
    installer: str | None = None
    owner: str | None = None
    mode: str | None = None
    environments: tuple[EnvironmentState, ...] = ()


def declared(spec: "HostSpec") -> CondaSpec | None:
    return spec.conda if isinstance(spec.conda, CondaSpec) else None


def wanted(spec: "HostSpec") -> compat.Installer | None:
    """The declared installer with its address and sha256: the lock's, else the declared one, our data's, or None."""
    conda = declared(spec)
    if conda is None:
        return None
    known = compat.installer(conda.distribution, conda.version, spec.arch)
    mirror = spec.mirrors.installers
    url = known.url if mirror is None else f"{mirror.rstrip('/')}/{known.file}"
    locked = spec.locked.installer if spec.locked is not None else None
    if locked is not None and locked.url == url:
        return known.model_copy(update={"url": url, "sha256": locked.sha256})
    return known.model_copy(update={"url": url, "sha256": conda.sha256 or known.sha256})


def installer_record(spec: "HostSpec") -> str:
    """What is written into the prefix once the installer ran: "miniforge 25.3.1-0"; "" where conda is not managed."""
    conda = declared(spec)
    return f"{conda.distribution} {conda.version}" if conda is not None else ""


def needs_installer(spec: "HostSpec", snapshot: "Snapshot") -> bool:
    """Whether the installer must run: no conda there, or not the one that is declared."""
    state = snapshot.conda
    if declared(spec) is None:
        return False
    return state is None or state.version is None or state.installer != installer_record(spec)


def changes(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Change, ...]:
    """The prefix: what stands in it, its owner and its mode; () where it could not be looked into."""
    conda, state = declared(spec), snapshot.conda
    if conda is None or snapshot.not_seen & {"conda", "conda/prefix"}:
        return ()
    found = []
    if needs_installer(spec, snapshot):
        observed = None if state is None else state.installer or _unrecorded(state)
        found.append(Change(concern="conda", item=conda.prefix, observed=observed, desired=installer_record(spec)))
    if state is not None and state.version is not None:
        pairs = (("owner", state.owner, conda.owner), ("mode", state.mode, conda.mode))
        found += [
            Change(concern="conda", item=f"{conda.prefix} ({name})", observed=seen, desired=wish)
            for name, seen, wish in pairs
            if seen is not None and seen != wish
        ]
    return tuple(found)


def _unrecorded(state: CondaState) -> str:
    return f"conda {state.version}, installer not recorded" if state.version else "no conda"


def files(spec: "HostSpec", snapshot: "Snapshot") -> tuple[OwnedFile, ...]:
    """conda in every login shell (`shell: true`), and the mirror for a user's own use."""
    conda, found = declared(spec), []
    if conda is not None and conda.shell:
        text = PROFILE_TEXT.replace("PREFIX", conda.prefix)
        found.append(OwnedFile(path=PROFILE, content=text, description="conda in new login shells"))
    if conda is not None and spec.mirrors.conda is not None:
        text = f"{HEADER}channel_alias: {spec.mirrors.conda.rstrip('/')}\nchannels:\n  - conda-forge\n"
        found.append(OwnedFile(path=f"{conda.prefix}/.condarc", content=text, description="conda's mirror"))
    return tuple(found)
