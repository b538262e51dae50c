"""What only a description of an existing machine asks: where conda stands, and what people asked for."""

import re

from pydantic import Field

from schema.environments import requirement_name
from schema.model import Model

# The file of a package, in an address that an explicit installation asked for: NAME-VERSION-BUILD.conda.
FILE = re.compile(r"(?:.*/)?([^/]+)-[^-/]+-[^-/]+\.(?:conda|tar\.bz2)")


class CondaPrefix(Model):
    """A folder that conda, or a part of it, was installed in; `conda` is the version, None where there is no conda.

    `channel` is where its own conda package came from; `distribution` what its packages say of the installer:
    "anaconda 2024.10"; `python` is the base environment's.
    """

    prefix: str
    conda: str | None = None
    channel: str | None = None
    distribution: str | None = None
    python: str | None = None


class EnvironmentOrigin(Model):
    """How an environment came about: `requested` as people typed it, the last word on each package.

    `channels`, the most used first; `wheels`: normalised names that pip was asked for; `foreign`: names of those that
    came from a URL, a folder or a repository; `recorded`: conda kept a history.
    """

    prefix: str
    requested: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    recorded: bool = False


class Discovery(Model):
    """`origins` by the environment's prefix; `elsewhere`: environments that lie in no prefix that was found."""

    prefixes: tuple[CondaPrefix, ...] = ()
    origins: dict[str, EnvironmentOrigin] = Field(default={})
    elsewhere: tuple[str, ...] = ()


def requested_name(spec: str) -> str:
    """The normalised name in "numpy>=2", "conda-forge/linux-64::numpy==2.3.1=py312_0" or the address of its file."""
    bare = re.sub(r"\[.*", "", spec)
    file = FILE.fullmatch(bare)
    return requirement_name(file[1] if file else bare.rsplit("/", 1)[-1])
