"""CUDA toolkits: declared side by side, and observed in /usr/local."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schema.model import Model

ToolkitVersion = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}\.[0-9]{1,2}(\.[0-9]{1,2})?$")]


class CudaSpec(Model):
    """`toolkits` are wanted, `absent` are removed; the newest wanted is the default where none is named."""

    toolkits: tuple[ToolkitVersion, ...] = Field(default=(), max_length=16)
    absent: tuple[ToolkitVersion, ...] = ()
    default: ToolkitVersion | None = None
    policy: Literal["minor-compatible", "strict"] = "minor-compatible"
    path: bool = True


class Toolkit(Model):
    """One /usr/local/cuda-X.Y: `version` "12.9", `full_version` "12.9.1", and the `package` that owns it."""

    version: str
    full_version: str | None = None
    path: str
    package: str | None = None


class CudaState(Model):
    """`default` is the version that /usr/local/cuda leads to; `alternative` how update-alternatives chose it."""

    toolkits: tuple[Toolkit, ...] = ()
    default: str | None = None
    alternative: Literal["auto", "manual"] | None = None
