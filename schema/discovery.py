"""What only a description of an existing machine asks: where conda stands, and what people asked for."""

from pydantic import Field

from schema.model import Model


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
