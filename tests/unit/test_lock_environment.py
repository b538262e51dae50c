"""What a host brings to its environments when these are locked: the driver's CUDA, and what its GPUs have code for."""

import pytest

from fleet.lock import environment
from schema.driver import DriverSpec
from schema.environments import EnvironmentSpec
from schema.gpu import GpuSpec
from schema.host import HostSpec

DS = EnvironmentSpec(packages=("pytorch",))


def host(*models: str, branch: int = 580, **more: object) -> HostSpec:
    gpus = tuple(GpuSpec(model=model) for model in models)
    fields = {"name": "desk", "ubuntu": "24.04", "gpus": gpus, "driver": DriverSpec(branch=str(branch))}
    return HostSpec.model_validate(fields | more)


@pytest.mark.parametrize(
    ("models", "branch", "last"),
    [
        (["GTX 1080"], 580, "12.10"),
        (["RTX 3090", "GTX 1080"], 580, "12.10"),
        (["V100", "Tesla K80"], 470, "11.9"),
        (["RTX 3090"], 580, None),
        (["H100"], 580, None),
        (["A card nobody knows"], 580, None),
    ],
)
def test_an_environment_is_held_to_the_last_cuda_with_code_for_every_gpu(
    models: list[str], branch: int, last: str | None
) -> None:
    found = environment.limits(host(*models, branch=branch), DS)
    assert set(found) == ({f"cuda-version <{last}", f"cudatoolkit <{last}"} if last is not None else set())


def test_the_reason_names_the_gpu() -> None:
    assert "CUDA 12.9 is the last with code for GTX 1080" in environment.limits(host("GTX 1080"), DS).values()


@pytest.mark.parametrize("package", ["cuda-version=13.0", "conda-forge::cuda-version>=13", "cudatoolkit=11.8"])
def test_who_asks_for_a_cuda_version_decides(package: str) -> None:
    assert environment.limits(host("GTX 1080"), EnvironmentSpec(packages=("pytorch", package))) == {}


@pytest.mark.parametrize(("branch", "cuda"), [(470, "11.4"), (580, "13.0"), (581, "13.0"), (999, "13.4"), (340, None)])
def test_a_branch_that_is_not_known_runs_what_the_one_below_it_runs(branch: int, cuda: str | None) -> None:
    assert environment.virtual(host("GTX 1080", branch=branch)).get("__cuda") == cuda


def test_a_host_without_gpus_is_held_to_nothing() -> None:
    spec = HostSpec(name="web", ubuntu="24.04", gpus=())
    assert environment.limits(spec, DS) == {}
    assert "__cuda" not in environment.virtual(spec)
    assert environment.virtual(host("GTX 1080")) == {"__cuda": "13.0", "__glibc": "2.39"}
