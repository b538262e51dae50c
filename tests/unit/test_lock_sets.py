"""Matched sets from an index: what moves together, and what does not belong."""

import pytest

from fleet import closure
from fleet.errors import RunError
from fleet.lock import request, sets
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.driver import DriverSpec
from schema.gpu import GpuSpec
from schema.host import HostSpec
from tests.engine.repository import package, toolkit


def host(**values: object) -> HostSpec:
    return HostSpec.model_validate({"name": "x", "ubuntu": "24.04", "gpus": (GpuSpec(model="H100 SXM"),), **values})


def found(spec: HostSpec, concern: str, *paragraphs: str) -> dict[str, str]:
    one = next(item for item in request.asked(spec) if item.concern == concern)
    index = closure.parse("\n".join(paragraphs).encode(), ("amd64", "all"))
    own, shared = sets.members(index, one)
    return {name: row.version for name, row in (own | shared).items()}


def unsuffixed(version: str) -> list[str]:
    full = f"{version}-1ubuntu1"
    return [
        package("nvidia-open", full, f"nvidia-driver-open (= {full})"),
        package("nvidia-driver-open", full, f"libnvidia-compute (= {full})", "dkms"),
        package("libnvidia-compute", full),
        package("nvidia-dkms", full),
        package("cuda-drivers", full, f"nvidia-driver (= {full})"),
        package("nvidia-driver-pinning-595", full),
        package("nvidia-container-toolkit", "1.18.0-1"),
    ]


def test_a_branch_without_its_number_in_names_is_told_by_its_version() -> None:
    driver = DriverSpec(branch="595", modules="open")
    index = [*unsuffixed("595.58.03"), *unsuffixed("595.71.05"), *unsuffixed("610.43.02")]
    assert found(host(driver=driver), "driver", *index) == dict.fromkeys(
        ["libnvidia-compute", "nvidia-driver-open", "nvidia-open"], "595.71.05-1ubuntu1"
    )


def test_an_exact_version_takes_its_own_packages_and_its_own_firmware() -> None:
    driver = DriverSpec(branch="580", version="580.82.07", modules="open")
    rows = []
    for version in ("580.82.07", "580.95.05"):
        full = f"{version}-0ubuntu1"
        needs = f"nvidia-firmware-580-{version} (= {full})"
        rows += [package("nvidia-open-580", full, needs), package(f"nvidia-firmware-580-{version}", full)]
    assert found(host(driver=driver), "driver", *rows) == dict.fromkeys(
        ["nvidia-firmware-580-580.82.07", "nvidia-open-580"], "580.82.07-0ubuntu1"
    )


def test_a_toolkit_takes_its_release_and_what_releases_share_and_no_driver() -> None:
    rows = [
        *toolkit("12.9", "12.9.1"),
        *toolkit("12.8", "12.8.1"),
        package("cuda-12-9", "12.9.1-1", "cuda-drivers (>= 575)"),
        package("cuda-drivers", "610.43.02-1ubuntu1"),
        package("nsight-systems-2025.1.3", "2025.1.3.140-1"),
        package("cuda-nsight-systems-12-9", "12.9.1-1", "nsight-systems-2025.1.3 (>= 2025.1.3)"),
    ]
    rows[0] = rows[0].replace("cuda-nvcc-12-9", "cuda-nsight-systems-12-9 (>= 12.9), cuda-nvcc-12-9")
    assert found(host(cuda=CudaSpec(toolkits=("12.9",))), "cuda", *rows) == {
        "cuda-12-9": "12.9.1-1",
        "cuda-nsight-systems-12-9": "12.9.1-1",
        "cuda-nvcc-12-9": "12.9.1-1",
        "cuda-toolkit-12-9": "12.9.1-1",
        "cuda-toolkit-config-common": "12.9.1-1",
        "nsight-systems-2025.1.3": "2025.1.3.140-1",
    }


def test_cudnn_8_is_told_by_the_cuda_in_its_version() -> None:
    rows = [
        package(name, f"8.9.7.29-1+cuda{release}")
        for release in ("11.8", "12.2")
        for name in ("libcudnn8", "libcudnn8-dev")
    ]
    spec = host(cuda=CudaSpec(toolkits=("11.8",)), cudnn=CudnnSpec(version="8.9.7"))
    assert found(spec, "cudnn", *rows) == dict.fromkeys(["libcudnn8", "libcudnn8-dev"], "8.9.7.29-1+cuda11.8")


def test_what_an_index_does_not_carry_is_told_with_what_it_carries() -> None:
    with pytest.raises(RunError, match=r"does not carry cuda-toolkit-12-9 12\.9\.2") as caught:
        found(host(cuda=CudaSpec(toolkits=("12.9.2",))), "cuda", *toolkit("12.9", "12.9.1"))
    assert "12.9.1-1" in caught.value.text()


def test_a_driver_that_only_the_host_could_tell_is_not_guessed() -> None:
    spec = host(gpus=None, driver=DriverSpec(modules="open"))
    with pytest.raises(RunError, match=r"x: driver\.branch: auto cannot be resolved"):
        request.choices(spec)
        request.asked(spec)
