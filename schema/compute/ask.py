"""What to ask of a host: which ways there are on it, and why it is not asked at all."""

from typing import TYPE_CHECKING

from schema.compute.model import Request, Torch
from schema.conda import CondaSpec
from schema.cuda import default
from schema.environments.model import EnvironmentSpec, requirement_name

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

PYTORCH = frozenset({"torch", "pytorch"})
# Packages that only an environment without CUDA asks for (conda-forge, pytorch channel).
WITHOUT_CUDA = frozenset({"pytorch-cpu", "cpuonly"})


def not_run(spec: "HostSpec", snapshot: "Snapshot") -> str:
    """Why nothing is computed on a host in this state, "" where it can be."""
    driver, smi = snapshot.driver, snapshot.gpu.smi
    if spec.platform != "generic":
        return "boards are not tested"
    if not snapshot.gpu.nvidia and not (smi is not None and smi.gpus):
        return "no NVIDIA GPU is there"
    if driver.loaded_version is None:
        return "no NVIDIA driver is loaded"
    if driver.libraries and driver.loaded_version not in driver.libraries:
        libraries = ", ".join(driver.libraries)
        return f"the loaded driver is {driver.loaded_version} and its libraries are {libraries}: a reboot is pending"
    if snapshot.apt.transaction == "running":
        return "an apt transaction is at work"
    if smi is None:
        return "nvidia-smi is not installed, and without it nobody knows who uses the GPUs"
    return "" if smi.exit_code == 0 and smi.gpus else "nvidia-smi does not answer"


def request(spec: "HostSpec", snapshot: "Snapshot") -> Request:
    """The default toolkit's nvcc where it stands, and each declared environment that has PyTorch."""
    release = default(spec)
    standing = {toolkit.version for toolkit in snapshot.cuda.toolkits}
    prefix = spec.conda.prefix if isinstance(spec.conda, CondaSpec) else "/opt/conda"
    return Request(
        nvcc=f"/usr/local/cuda-{release}/bin/nvcc" if release in standing else None,
        environments=_environments(spec, snapshot),
        prefix=prefix,
    )


def _environments(spec: "HostSpec", snapshot: "Snapshot") -> tuple[Torch, ...]:
    found = []
    for state in snapshot.conda.environments if snapshot.conda is not None else ():
        wish = spec.environments.get(state.name)
        names = {package.name for package in state.packages}
        if isinstance(wish, EnvironmentSpec) and names & PYTORCH:
            found.append(Torch(name=state.name, prefix=state.prefix, cpu=without_cuda(wish)))
    return tuple(found)


def without_cuda(wish: EnvironmentSpec) -> bool:
    """Whether an environment asks for a PyTorch without CUDA: by name, by version, by build or by index."""
    names = {requirement_name(text) for text in (*wish.packages, *wish.pip.wanted)}
    texts = [text for text in (*wish.packages, *wish.pip.wanted) if requirement_name(text) in PYTORCH]
    indexes = [index for index in wish.pip.indexes if index.url.rstrip("/").endswith("/cpu")]
    about = [index for index in indexes if not index.packages or "torch" in index.packages]
    return bool(names & WITHOUT_CUDA or about or any("+cpu" in text or "cpu" in text.split("=")[-1] for text in texts))
