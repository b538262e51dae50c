"""Which builds are for CUDA, which for the processor alone, and which of these came in unasked."""

import pytest

from fleet.solve import variant
from fleet.solve.variant import Asked, Build

CUDA = Build("pytorch", "2.8.0", "cuda126_generic_py312_h1_200", ("__cuda >=12.6", "cuda-version >=12.6,<13"))
CPU = Build("pytorch", "2.8.0", "cpu_generic_py312_h2_0", ("numpy >=1.21",))


@pytest.mark.parametrize(
    ("name", "build", "depends"),
    [
        ("pytorch", "py3.12_cuda12.4_cudnn9.1.0_0", ("pytorch-cuda >=12.4,<12.5",)),
        ("tensorflow-base", "gpu_py39h29c2da4_0", ()),
        ("jaxlib", "cuda126py312h3a0a3c5_200", ("__cuda",)),
        ("cupy", "py312h78400a1_2", ("cupy-core 13.6.0", "cuda-version >=12,<13")),
        ("pytorch", "py3.6_cuda80_cudnn7_0", ("cudatoolkit 8.0",)),
        ("libarrow", "h1b2_5_cuda", ()),
    ],
)
def test_builds_for_cuda_are_known_by_their_text_or_their_needs(
    name: str, build: str, depends: tuple[str, ...]
) -> None:
    assert variant.for_cuda(Build(name, "1", build, depends))


@pytest.mark.parametrize(
    ("name", "build", "depends"),
    [
        ("pytorch", "cpu_mkl_py312_h2_0", ()),
        ("pytorch", "py3.12_cpu_0", ("pytorch-mutex 1.0 cpu",)),
        ("libarrow", "h1b2_5_cpu", ()),
        ("numpy", "py312h13a2d03_0", ("libblas >=3.9.0",)),
        ("accuracy", "pyhd8ed1ab_0", ("scuba-cuda",)),
    ],
)
def test_other_builds_are_not_for_cuda(name: str, build: str, depends: tuple[str, ...]) -> None:
    assert not variant.for_cuda(Build(name, "1", build, depends))


def test_a_build_for_the_processor_slipped_in_where_its_channel_has_one_for_cuda() -> None:
    assert variant.slipped_in(CPU, [CPU, CUDA])
    assert not variant.slipped_in(CPU, [CPU])


def test_an_older_build_for_cuda_counts_where_the_chosen_one_names_the_processor() -> None:
    older = Build("pytorch", "2.5.1", "cuda118_py312_h3_200", ("__cuda >=11.8",))
    assert variant.slipped_in(CPU, [CPU, older])


def test_a_package_that_left_cuda_behind_is_no_accident() -> None:
    old = Build("solver", "1.0", "cuda112_h1_0", ("cudatoolkit 11.2.*",))
    assert not variant.slipped_in(Build("solver", "2.0", "h2_0"), [old])


def test_what_a_channel_ranks_lower_is_left_alone_unless_it_is_a_framework() -> None:
    arrow = Build("libarrow", "20.0", "h1_0_cpu"), Build("libarrow", "20.0", "h2_0_cuda", features=True)
    assert not variant.slipped_in(arrow[0], arrow)
    ranked = Build("pytorch", "2.8.0", CUDA.build, CUDA.depends, features=True)
    assert variant.slipped_in(CPU, [CPU, ranked])


@pytest.mark.parametrize(
    "asked",
    [
        Asked("pytorch", "cpu*"),
        Asked("pytorch", "cpu_generic_py312_h2_0"),
        Asked("pytorch-cpu"),
        Asked("libtorch", "cpu*"),
    ],
)
def test_a_build_that_was_asked_for_in_words_is_meant(asked: Asked) -> None:
    chosen = [
        Build("pytorch-cpu", "2.8.0", "pyhd8ed1ab_1", ("pytorch 2.8.0 cpu*",)),
        Build("pytorch", "2.8.0", "cpu_generic_py312_h2_0", ("libtorch 2.8.0 cpu_generic_h5_0",)),
        Build("torchvision", "0.23.0", "cpu_py312_h4_0", ("pytorch * cpu*",)),
        Build("libtorch", "2.8.0", "cpu_generic_h5_0"),
    ]
    assert {"pytorch", "libtorch", "torchvision"} <= variant.chosen_by_name([asked], chosen)


def test_asking_for_one_package_on_the_processor_means_no_other() -> None:
    chosen = [Build("faiss-cpu", "1.9", "h1_0", ("faiss 1.9 *cpu*",)), Build("faiss", "1.9", "py312_cpu"), CPU]
    assert variant.chosen_by_name([Asked("faiss-cpu"), Asked("pytorch")], chosen) == {"faiss-cpu", "faiss"}


def test_packages_without_kinds_are_not_looked_at() -> None:
    assert not variant.watched(Build("six", "1.17.0", "pyhd8ed1ab_0"), frozenset())
    assert variant.watched(CPU, frozenset())
    assert not variant.watched(CUDA, frozenset({"pytorch"}))


def test_kinds_are_spelled_as_a_person_types_them() -> None:
    assert variant.spelled(["cuda126_py312_0", "cuda129_py312_0"]) == "cuda*"
    assert variant.spelled(["py3.12_cuda12.4_0", "py3.12_cuda11.8_0"]) == "*cuda*"
    assert variant.spelled(["gpu_py39_0"]) == "*gpu*"
    assert variant.kinds([CUDA, Build("pytorch", "2.8.0", "cuda129_generic_py312_h1_200")]) == "2.8.0 cuda126, cuda129"
    assert variant.floors([CUDA, CUDA]) == (">=12.6",)
    assert variant.exactly("a", ["cuda_1", "cuda+2"]) == r"a[build='^(cuda\+2|cuda_1)$']"
