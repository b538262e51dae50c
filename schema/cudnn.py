"""cuDNN: one version, or one per CUDA major version."""

from pydantic import Field

from schema.model import DottedVersion, Model


class CudnnSpec(Model):
    """`version` for every declared CUDA major; `versions` by CUDA major ("12", "13") when they differ."""

    version: DottedVersion | None = None
    versions: dict[str, DottedVersion] = Field(default={})


class CudnnState(Model):
    """`header` is the version that cudnn_version.h says, `libraries` those of libcudnn.so.X.Y.Z files, oldest first."""

    header: str | None = None
    libraries: tuple[str, ...] = ()
