"""Which cuDNN `auto` comes to, by CUDA major."""

from pathlib import Path

import pytest

from schema import choose, compat
from schema.cuda import CudaSpec
from schema.cudnn import CudnnSpec
from schema.model import version_key
from tests.property import model
from tests.unit.test_choose import host, pinned, written

NEWEST = {
    major: next(row.version for row in compat.cudnns() if row.confirmed and major in row.builds)
    for major in ("12", "13")
}
CUDNNS = [
    ("24.04", ["GTX 1080"], (), {"12": "9.10.2"}, "last with code for GTX 1080 (Pascal)"),
    ("24.04", ["GTX 1080", "RTX 3090"], (), {"12": "9.10.2"}, "last with code for GTX 1080 (Pascal)"),
    ("22.04", ["V100"], ("12.4", "11.8"), {"11": "9.10.2", "12": "9.10.2"}, "last with code for V100 (Volta)"),
    ("20.04", ["RTX 3090"], (), {"12": "9.10.2"}, "newest for CUDA 12 in the repository"),
    ("24.04", ["RTX 5090"], (), {"13": NEWEST["13"]}, "newest for CUDA 13 that is confirmed"),
    ("24.04", ["RTX 4090"], ("12.6", "13.0"), {"12": NEWEST["12"], "13": NEWEST["13"]}, ""),
    ("22.04", ["RTX 4090"], ("11.8",), {"11": "9.10.2"}, "last for CUDA 11"),
]


@pytest.mark.parametrize(("ubuntu", "gpus", "kits", "versions", "reason"), CUDNNS)
def test_cudnn_is_the_newest_that_has_code_for_all_gpus(
    ubuntu: str, gpus: list[str], kits: tuple[str, ...], versions: dict[str, str], reason: str
) -> None:
    cuda = CudaSpec(auto=not kits, toolkits=kits)
    spec = choose.settled(host(*gpus, ubuntu=ubuntu, cuda=cuda, cudnn=CudnnSpec(auto=True)), None)
    assert spec.cudnn == CudnnSpec(auto=True, versions=versions, chosen=versions)
    assert all(choice.reason.startswith(reason) for choice in choose.cudnn(spec, None).values())


def test_kepler_gets_a_cudnn_that_has_code_for_it() -> None:
    spec = choose.settled(host("K80", ubuntu="20.04", cudnn=CudnnSpec(auto=True)), None)
    (version,) = choose.cudnn(spec, None).values()
    row = compat.cudnn(version.value or "")
    assert row is not None and version_key(row.first_compute) <= (3, 7) and "11" in row.builds


def test_one_cuda_major_of_cudnn_may_be_auto(tmp_path: Path) -> None:
    text = "gpus: [T4]\ncuda: {toolkits: ['12.9', '13.0']}\ncudnn: {version: {'12': 9.10.2, '13': auto}}\n"
    spec = written(tmp_path, text)
    assert isinstance(spec.cudnn, CudnnSpec)
    assert (spec.cudnn.versions, spec.cudnn.chosen) == ({"12": "9.10.2", "13": NEWEST["13"]}, {"13": NEWEST["13"]})


def test_a_cudnn_that_is_there_or_written_stays() -> None:
    kits = CudaSpec(toolkits=("12.9", "13.0"))
    spec = host("RTX 4090", cuda=kits, cudnn=CudnnSpec(auto=True, versions={"13": "9.17.0"}))
    assert list(choose.cudnn(spec, None)) == ["12"]
    settled = choose.settled(spec, None).cudnn
    assert settled == CudnnSpec(auto=True, versions={"12": NEWEST["12"], "13": "9.17.0"}, chosen={"12": NEWEST["12"]})
    seen = pinned(model.bare(spec), ("libcudnn9-cuda-12", "9.10.2.21-1"), ("libcudnn9-cuda-13", "9.17.0.29-1"))
    assert choose.cudnn(spec, seen)["12"].said == "observed: chosen by an earlier run"
    assert choose.cudnn(spec, seen)["12"].value == "9.10.2"
    old = host("GTX 1080", cuda=CudaSpec(toolkits=("12.9",)), cudnn=CudnnSpec(auto=True))
    newer = pinned(model.bare(old), ("libcudnn9-cuda-12", "9.17.0.29-1"))
    assert choose.cudnn(old, newer)["12"].value == "9.10.2", "what has no code for the GPU does not stay"
