"""conda: the distribution declared, and what stands in its prefix."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schema.model import Mode, Model, Prefix, Sha256, UserName

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
