"""Containers with GPUs: Docker's and NVIDIA's configuration, and the files of the container device interface (CDI)."""

from facts import probe, text
from facts.fact import FactBase
from schema.container import ContainerState

DOCKER = "/etc/docker/daemon.json"
RUNTIME = "/etc/nvidia-container-runtime/config.toml"
VERSION = r"libcuda\.so\.([0-9]{2,4}(?:\.[0-9]+){1,3})"


class Containers(FactBase[ContainerState]):
    """What containers get GPUs by.

    `{"installed": true, "docker": true, "cgroup_v2": true, "cgroup_driver": null, "mode": "auto", "specifications":
    {"/etc/cdi/nvidia.yaml": ["580.95.05"]}}`; `installed` is false where NVIDIA's part of it is not there.
    """

    def command(self) -> str:
        return probe.script(("container",))

    def process(self, output: list[str]) -> ContainerState:
        return parse(probe.sections(output))


def parse(found: probe.Sections) -> ContainerState:
    """The containers' side of one run of the probe."""
    if found.status.get("container/runtime") in {None, "absent"}:
        return ContainerState()
    lines, files = found.of("container/runtime"), probe.texts(found, "container/runtime").files
    specifications = {
        path: tuple(sorted(versions))
        for path, content in files.items()
        if "/cdi/" in path and (versions := _versions(content))
    }
    return ContainerState(
        installed=True,
        docker="engine docker" in lines,
        cgroup_v2="cgroup v2" in lines,
        cgroup_driver=text.first(r"native\.cgroupdriver=([a-z]+)", files.get(DOCKER, "")),
        mode=text.first(r"(?m)^\s*mode\s*=\s*\"([a-z-]+)\"", files.get(RUNTIME, "")),
        specifications=specifications,
    )


def _versions(content: str) -> set[str]:
    return {version for line in content.splitlines() if (version := text.first(VERSION, line))}
