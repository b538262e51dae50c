"""Builds for CUDA and builds for the processor alone: which of them a solver chose, and what else there is.

conda-forge and the channels of the vendors name the kind in the build text ("cuda126_generic_py312_h...",
"cpu_py312_h...", "py3.12_cuda12.4_cudnn9.1.0_0", "gpu_py39h...") and let builds for CUDA depend on `__cuda`,
`cuda-version` or `cudatoolkit` (https://conda-forge.org/docs/maintainer/knowledge_base/#cuda-builds).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CUDA_NAMES = frozenset({"__cuda", "cudatoolkit", "cudnn", "libcublas", "libcudart", "pytorch-cuda"})
CUDA = re.compile(r"(?:^|[_.-])(?:cuda|cu|gpu)[0-9]*(?![a-z])")
CPU = re.compile(r"(?:^|[_.-])cpu(?![a-z])")
# Packages that people install for the sake of the GPU, whatever else a channel's maintainers prefer.
FRAMEWORKS = frozenset(
    {
        "catboost", "cupy", "faiss", "jaxlib", "libfaiss", "libtorch", "libxgboost", "lightgbm", "llama.cpp",
        "mxnet-base", "onnxruntime", "paddlepaddle", "py-xgboost", "pytorch", "tensorflow", "tensorflow-base",
        "torchaudio", "torchvision", "vllm", "xgboost",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Build:
    """One package of a channel; `features`: the channel ranks it below its siblings (track_features)."""

    name: str
    version: str
    build: str
    depends: tuple[str, ...] = ()
    features: bool = False

    @property
    def label(self) -> str:
        return f"{self.version} {self.build}"


@dataclass(frozen=True)
class Asked:
    """One requested package: the name, and the constraint on its build, "" where there is none."""

    name: str
    build: str = ""


def for_processor(build: Build) -> bool:
    return CPU.search(build.build) is not None or "cuda_none" in build.build.lower()


def for_cuda(build: Build) -> bool:
    names = {item.split()[0] for item in build.depends if item.split()}
    needs = bool(names & CUDA_NAMES) or any(name.startswith("cuda-") for name in names)
    return not for_processor(build) and (needs or CUDA.search(build.build) is not None)


def chosen_by_name(asked: Iterable[Asked], chosen: Sequence[Build]) -> set[str]:
    """The packages whose kind of build was asked for in words: `pytorch=*=cpu*`, `pytorch-cpu`, `cpuonly`; and those
    that follow from these, in either direction of a dependency that names a build for the processor.
    """
    found = {item.name for item in asked if item.build not in {"", "*"}}
    found |= {item.name for item in asked if item.name.endswith("-cpu") or item.name == "cpuonly"}
    pairs = {(build.name, item.split()[0]) for build in chosen for item in build.depends if CPU.search(_last(item))}
    while True:
        more = {b for a, b in pairs if a in found} | {a for a, b in pairs if b in found}
        if more <= found:
            return found
        found |= more


def _last(dependency: str) -> str:
    """The build constraint of a dependency: "cpu*" of "pytorch 2.8.0 cpu*"."""
    parts = dependency.split()
    return parts[2].lstrip("*") if len(parts) > 2 else ""


def watched(build: Build, asked: frozenset[str]) -> bool:
    """Whether a chosen package is worth a look at its siblings."""
    return not for_cuda(build) and (for_processor(build) or build.name in asked or build.name in FRAMEWORKS)


def slipped_in(build: Build, siblings: Sequence[Build]) -> bool:
    """Whether `build` is for the processor alone although its channel has the package for CUDA.

    Two cases are no accident: a channel that ranks its builds for CUDA lower (track_features), unless the package is
    a framework; and a package that dropped CUDA in the version chosen.
    """
    cuda = [item for item in siblings if for_cuda(item)]
    if not cuda:
        return False
    if build.name not in FRAMEWORKS and not build.features and all(item.features for item in cuda):
        return False
    return for_processor(build) or any(item.version == build.version for item in cuda)


def exactly(name: str, builds: Iterable[str]) -> str:
    """A match specification that admits these builds of a package and no others."""
    alternatives = "|".join(re.escape(item) for item in sorted(set(builds)))
    return f"{name}[build='^({alternatives})$']"


def spelled(builds: Iterable[str]) -> str:
    """How a person types these builds: "cuda*", "*cuda*" or "*gpu*", else the first of them."""
    texts = sorted(set(builds))
    for pattern, test in (("cuda*", str.startswith), ("*cuda*", str.__contains__), ("*gpu*", str.__contains__)):
        if texts and all(test(item, pattern.strip("*")) for item in texts):
            return pattern
    return texts[0] if texts else "*"


def kinds(builds: Iterable[Build]) -> str:
    """The kinds of CUDA builds in a few words: "2.8.0 cuda126, cuda129"."""
    found: dict[str, list[str]] = {}
    for item in builds:
        match = re.search(r"(?:cuda|gpu)[0-9.]*", item.build)
        word = match[0] if match else item.build
        if word not in found.setdefault(item.version, []):
            found[item.version].append(word)
    return "; ".join(f"{version} {', '.join(sorted(words))}" for version, words in found.items())


def floors(builds: Iterable[Build]) -> tuple[str, ...]:
    """The constraints that builds put on the driver's CUDA version: ">=12.6"."""
    texts: Mapping[str, None] = {
        item.partition(" ")[2].strip(): None for build in builds for item in build.depends if item.startswith("__cuda ")
    }
    return tuple(text for text in texts if text)


def spelled_processor(build: str) -> str:
    """How a person types that the build for the processor is meant."""
    return "cpu*" if build.startswith("cpu") else "*cpu*" if CPU.search(build) else build
