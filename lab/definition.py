"""What a lab consists of: hosts with an Ubuntu release, PCI devices and the ways of a real machine, as YAML."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lab import boards
from lab.errors import LabError

PciId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
DEFAULT = Path(__file__).with_name("lab.yaml")


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Device(Model):
    """PCI devices of one kind. What is left out is taken from `lab.boards` by `pci_id`; memory in MiB."""

    pci_id: PciId
    count: int = Field(default=1, ge=1, le=16)
    name: str | None = None
    memory_mib: int | None = Field(default=None, ge=0)
    architecture: str | None = None
    compute_capability: str | None = None
    kind: Literal["vga", "3d", "nvswitch", "audio"] | None = None
    link_width: int = Field(default=16, ge=1, le=32)

    @property
    def board(self) -> boards.Board:
        """The known board with this definition's own values laid over it."""
        known = boards.lookup(self.pci_id)
        return boards.Board(
            name=self.name or known.name,
            memory_mib=known.memory_mib if self.memory_mib is None else self.memory_mib,
            architecture=self.architecture or known.architecture,
            compute_capability=self.compute_capability or known.compute_capability,
            kind=self.kind or known.kind,
            audio=known.audio,
        )


class Host(Model):
    """One host. `address` is the last number of its IPv4 address; `password` is that of sudo where it asks for one."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
    address: int = Field(ge=2, le=254)
    ubuntu: Literal["22.04", "24.04", "26.04"] = "24.04"
    gpus: tuple[Device, ...] = ()
    secure_boot: bool = False
    sudo: Literal["nopasswd", "password"] = "nopasswd"
    password: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")] = "lab-password"  # noqa: S105 - not secret
    disk_mib: int | None = Field(default=None, ge=64, description="size of the disk; None: as this machine's")


class Definition(Model):
    hosts: tuple[Host, ...] = Field(min_length=1, max_length=250)


def load(path: Path = DEFAULT) -> Definition:
    """Read a definition; raises `LabError` that names the file and every wrong key."""
    try:
        return check(yaml.safe_load(path.read_text(encoding="utf-8")), str(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error


def check(content: object, origin: str) -> Definition:
    """Validate what was read; names and addresses must be unique."""
    try:
        definition = Definition.model_validate(content)
    except ValidationError as error:
        said = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
        raise LabError(f"{origin}: {'; '.join(said)}") from error
    for kind, values in (
        ("name", [host.name for host in definition.hosts]),
        ("address", [str(host.address) for host in definition.hosts]),
    ):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise LabError(f"{origin}: hosts: the {kind} {twice[0]} is given twice")
    return definition
