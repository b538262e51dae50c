"""What is installed beside the driver: cuDNN releases and PyTorch's wheels."""

import functools

from schema.compat import data
from schema.compat.models import Cudnn, Torch

Lists = dict[str, list[str]]
BOTH = ("x86_64", "aarch64")


@functools.cache
def _cudnns() -> dict[str, Cudnn]:
    """By release ("9.10.2"), newest first."""
    return {row.version: row for row in map(Cudnn.model_validate, data.rows("cudnn.yaml"))}


@functools.cache
def _torches() -> dict[str, Torch]:
    """By release ("2.8"), newest first."""
    lists = data.load("torch.yaml")["computes"]
    return {row.version: row for row in (_torch(values, lists) for values in data.rows("torch.yaml"))}


def _torch(row: data.Row, lists: Lists) -> Torch:
    """A row with its lists of compute capabilities spelt out, and the wheel for the CPU that every release has."""
    builds = row["builds"] if isinstance(row["builds"], dict) else {}
    spelt = {tag: _build(build, lists) for tag, build in builds.items()}
    return Torch.model_validate({**row, "builds": {"cpu": {"arches": BOTH}, **spelt}})


def _build(build: dict[str, object], lists: Lists) -> dict[str, object]:
    """`computes` and `aarch64` name a list; a build without the second is for x86_64 alone."""
    values = {key: value for key, value in build.items() if key not in {"computes", "aarch64"}}
    own, other = str(build.get("computes", "none")), build.get("aarch64")
    arches = build.get("arches", BOTH if other else ("x86_64",))
    return {**values, "computes": lists[own], "computes_aarch64": lists[str(other or "none")], "arches": arches}


def cudnn(version: str) -> Cudnn | None:
    """The release that a version ("9.10.2", "9.10.2.21") is of; None when the data does not have it."""
    return _cudnns().get(".".join(version.split(".")[:3]))


@functools.cache
def cudnns() -> tuple[Cudnn, ...]:
    """All known releases, newest first."""
    return tuple(_cudnns().values())


def torch(version: str) -> Torch | None:
    """The release that a version ("2.8.0", "2.8.0+cu126") is of; None when the data does not have it."""
    parts = version.split("+")[0].split(".")
    return _torches().get(".".join(parts[:2])) or _torches().get(".".join(parts[:3]))


@functools.cache
def torches() -> tuple[Torch, ...]:
    """All known releases, newest first."""
    return tuple(_torches().values())


@functools.cache
def wheel_index(tag: str) -> str:
    """The address of PyTorch's own index of the wheels with a tag ("cu126")."""
    return f"{data.load('torch.yaml')['index']}/{tag}"
