"""Containers with GPUs, as far as the host's files tell: the engine, its control groups, and CDI's files."""

from pydantic import Field

from schema.model import Model


class ContainerState(Model):
    """`installed`: NVIDIA's runtime or its command is there. `docker`: Docker's daemon is.

    `cgroup_driver`: what /etc/docker/daemon.json asks for, None where it says nothing: then it is systemd with control
    groups of version 2. `mode` is that of NVIDIA's runtime. `specifications`: by path of a CDI file, the
    versions of the driver whose libraries it names.
    """

    installed: bool = False
    docker: bool = False
    cgroup_v2: bool = False
    cgroup_driver: str | None = None
    mode: str | None = None
    specifications: dict[str, tuple[str, ...]] = Field(default={})

    @property
    def systemd(self) -> bool:
        """Whether Docker leaves its control groups to systemd (dockerd(8), native.cgroupdriver)."""
        return self.cgroup_driver == "systemd" or (self.cgroup_driver is None and self.cgroup_v2)

    @property
    def loses_gpus(self) -> bool:
        """Whether Docker's containers may lose their GPUs when systemd is reloaded (container toolkit issue 48)."""
        return self.installed and self.docker and self.systemd and self.mode != "cdi"
