"""What is asked of the conda solver's process, and what it answers: JSON in both directions."""

import difflib
from collections.abc import Sequence
from typing import Literal

from schema.model import Model

Kind = Literal["spec", "unsolvable", "unknown", "version", "platform", "processor", "priority", "channel"]


class VirtualPackage(Model):
    """What the host itself brings: `__cuda` 13.0, `__glibc` 2.39, `__archspec` 1 with the build x86_64."""

    name: str
    version: str
    build: str = "0"


class Question(Model):
    """`channels` are URLs in the order of their priority; `keep` URLs of packages that stay where they can."""

    specs: tuple[str, ...]
    channels: tuple[str, ...]
    platform: str
    virtual: tuple[VirtualPackage, ...]
    limits: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    kept_names: tuple[str, ...] = ()
    cache: str
    seconds: float
    request_seconds: int = 60

    @property
    def cuda(self) -> bool:
        """Whether the host has a driver that runs CUDA programs."""
        return any(item.name == "__cuda" for item in self.virtual)


class Package(Model):
    """One package of a solution; `python`: it belongs to the environment's Python, as pip's packages do."""

    name: str
    version: str
    build: str
    url: str
    sha256: str | None
    md5: str | None
    size: int | None
    subdir: str
    python: bool


class Answer(Model):
    """Packages in the order of installation, or why there are none, in the solver's words and in parts."""

    packages: tuple[Package, ...] = ()
    notes: tuple[str, ...] = ()
    error: Kind | None = None
    text: str = ""
    name: str = ""
    available: str = ""
    chosen: str = ""
    needs: str = ""
    spelled: str = ""
    processor: str = ""


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that is most like a mistyped one, "" where none is."""
    found = difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=0.75)
    return found[0] if found else ""
