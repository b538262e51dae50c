"""PyTorch's wheels against Python, GPUs, driver, architecture and index, from its release and support matrices."""

from pathlib import Path

import pytest

from schema import rules
from schema.host import HostSpec
from schema.rules.breach import Breach
from tests.unit.test_load_refusals import problems
from tests.unit.test_rules_grid import spec

WHL = "https://download.pytorch.org/whl"


def host(packages: str, python: str | None, tag: str | None, gpus: str, **values: object) -> HostSpec:
    """A host with one environment; `packages` and `gpus` are lists with commas."""
    pip: dict[str, object] = {"packages": packages.split(", ")}
    if tag is not None:
        pip["indexes"] = [{"url": f"{WHL}/{tag}", "packages": ["torch", "torchvision"]}]
    environment = {"pip": pip} | ({"python": python} if python is not None else {})
    named = [{"model": gpu} for gpu in gpus.split(", ") if gpu]
    return spec(environments={"ds": environment}, gpus=named, **values)


def told(one: HostSpec) -> list[Breach]:
    return [breach for rule, _ in rules.WHOLE for breach in rule(one)]


# Requirement, Python, tag of the index, GPUs, code, parts of the hint.
BAD = [
    ("torch==2.8.0", "3.12", None, "GTX 1080", "CMP034", f"{WHL}/cu126"),
    ("torch==2.9.1", "3.12", "cu128", "Quadro P4000", "CMP034", f"{WHL}/cu126"),
    ("torch==2.11.0", "3.12", "cu128", "Tesla V100-SXM2-16GB", "CMP034", f"{WHL}/cu126"),
    ("torch==2.14.0", "3.12", None, "Tesla V100-SXM2-16GB", "CMP034", f"{WHL}/cu126"),
    ("torch", "3.12", None, "GTX 1080", "CMP034", f"{WHL}/cu126"),
    ("torch>=2.8", None, None, "GTX 1080, RTX 3090", "CMP034", f"{WHL}/cu126"),
    ("torch==2.8.0", "3.12", "cu126", "RTX 5090", "CMP034", f"{WHL}/cu128"),
    ("torch==2.7.1", "3.11", None, "RTX 5090", "CMP034", f"{WHL}/cu128"),
    ("torch==2.6.0", "3.12", "cu124", "B200", "CMP034", '"torch==2.14.*"'),
    ("torch==2.6.0", "3.12", None, "RTX PRO 6000", "CMP034", f"{WHL}/cu130"),
    ("torch==2.0.1", "3.10", "cu117", "H100 PCIe", "CMP034", f"{WHL}/cu118"),
    ("torch==1.12.1", "3.9", "cu102", "A100", "CMP034", f"{WHL}/cu116"),
    ("torch==0.4.1", "3.7", None, "RTX 3090", "CMP034", 'python: "3.12", "torch==2.14.*"'),
    ("torch==0.4.1", "3.6", None, "RTX 2080 Ti", "CMP034", f"{WHL}/cu130"),
    ("torch==0.4.1", "3.11", None, "GTX 1080", "CMP031", 'Set python: "3.7"'),
    ("torch==0.4.1", "3.8", "cu92", "GTX 1080", "CMP031", f"{WHL}/cu126"),
    ("torch==2.8.0", "3.14", "cu128", "RTX 4090", "CMP031", '"3.13"'),
    ("torch==2.5.1", "3.8", "cu124", "RTX 4090", "CMP031", "3.12"),
    ("torch==2.14.0", "3.9", "cu130", "RTX 4090", "CMP031", "3.14"),
    ("torch==1.13.1", "3.12", "cu117", "RTX 4090", "CMP031", "3.11"),
    ("torch==2.14.0", "3.12", "cu128", "RTX 4090", "CMP032", f"{WHL}/cu130"),
    ("torch==2.6.0", "3.12", "cu121", "RTX 4090", "CMP032", f"{WHL}/cu124"),
    ("torch==2.8.0+cu130", "3.12", "cu130", "RTX 4090", "CMP032", "torch==2.8.0+cu128"),
    ("torch==2.8.0+cu130", "3.12", None, "RTX 4090", "CMP032", "torch==2.8.0+cu128"),
    ("torch==2.8.0+cu130", "3.12", "cu126", "RTX 4090", "CMP032", "torch==2.8.0+cu128"),
    ("torch==2.8.0", "3.12", "rocm6.4", "RTX 4090", "CMP032", f"{WHL}/cu128"),
    ("torch==2.8.0+cu126", "3.12", None, "RTX 4090", "CMP036", f"{WHL}/cu126"),
    ("torch==2.8.0+cu126", "3.12", "cu128", "RTX 4090", "CMP036", f"{WHL}/cu126"),
    ("torch==2.8.0, torchvision==0.22.1", "3.12", "cu128", "RTX 4090", "CMP037", '"torchvision==0.23.*"'),
    ("torch==2.8.0, torchaudio==2.7.0", "3.12", "cu128", "RTX 4090", "CMP037", '"torchaudio==2.8.*"'),
    ("torch==1.13.1, torchaudio==0.12.1", "3.10", "cu117", "RTX 3090", "CMP037", '"torchaudio==0.13.*"'),
]


@pytest.mark.parametrize(("packages", "python", "tag", "gpus", "code", "hint"), BAD)
def test_a_wheel_that_does_not_fit_is_refused_with_one_that_does(
    packages: str, python: str | None, tag: str | None, gpus: str, code: str, hint: str
) -> None:
    found = told(host(packages, python, tag, gpus))
    assert [(breach.code, breach.severity) for breach in found] == [(code, "error")]
    assert hint in (found[0].hint or "")
    assert found[0].path.startswith("environments.ds.pip.packages.")


GOOD = [
    ("torch==2.8.0", "3.12", "cu126", "GTX 1080"),
    ("torch==2.8.0+cu126", "3.12", "cu126", "GTX 1080, RTX 3090, RTX 4090"),
    ("torch==2.14.0", "3.12", "cu126", "Tesla V100-SXM2-16GB"),
    ("torch", "3.12", "cu126", "GTX 1080"),
    ("torch>=2.7", "3.12", None, "RTX 4090"),
    ("torch==2.8.0", "3.12", None, "RTX 5090"),
    ("torch==2.8.0", "3.12", "cu128", "Tesla V100-SXM2-16GB"),
    ("torch==2.7.1", "3.12", "cu128", "RTX 5090"),
    ("torch==2.14.0", "3.13", "cu130", "B300"),
    ("torch==2.14.0", None, None, "H100 80GB HBM3"),
    ("torch==2.6.0", "3.12", None, "RTX 4090"),
    ("torch==2.2.2", "3.12", "cu121", "A100"),
    ("torch==2.3.1", "3.12", "cu118", "A100"),
    ("torch==1.13.1", "3.10", "cu117", "RTX 3090"),
    ("torch==1.12.1", "3.9", "cu113", "Tesla K80"),
    ("torch==0.4.1", "3.6", None, "GTX 1080"),
    ("torch==0.4.1", "3.7", "cu92", "GTX 1080"),
    ("torch==0.4.1.post2", "3.7", "cu92", "Tesla V100-SXM2-16GB"),
    ("torch==2.8.0", "3.12", "cpu", "GTX 1080"),
    ("torch==2.8.0", "3.12", None, ""),
    ("torch==2.8.0, torchvision==0.23.0, torchaudio==2.8.0", "3.12", "cu128", "RTX 4090"),
    ("torch==2.12.1, torchvision==0.27.1, torchaudio==2.11.0", "3.12", "cu130", "RTX 4090"),
    ("torch==0.4.1, torchvision==0.2.2", "3.7", None, "GTX 1080"),
    ("torch==2.8.0; python_version < '3.9', numpy", "3.12", None, "GTX 1080"),
    ("numpy, scikit-learn", "3.11", None, "GTX 1080"),
    ("torch==2.8.0", "3.12", None, "a GPU of next year"),
]


@pytest.mark.parametrize(("packages", "python", "tag", "gpus"), GOOD)
def test_a_wheel_that_fits_is_not_spoken_of(packages: str, python: str | None, tag: str | None, gpus: str) -> None:
    assert told(host(packages, python, tag, gpus)) == []


@pytest.mark.parametrize(
    ("packages", "tag", "driver", "hint"),
    [
        ("torch==2.14.0", "cu130", "570", "Set driver.branch: 580."),
        ("torch==2.6.0", "cu124", "470", "Set driver.branch: 580."),
        ("torch==2.6.0", "cu118", "470", None),
        ("torch==2.8.0", "cu128", "535", None),
        ("torch==2.14.0", "cu130", "580", None),
    ],
)
def test_the_driver_must_run_the_cuda_in_the_wheel(packages: str, tag: str, driver: str, hint: str | None) -> None:
    found = told(host(packages, "3.12", tag, "A100", driver={"branch": driver}))
    assert [(breach.code, breach.severity, breach.hint) for breach in found] == (
        [] if hint is None else [("CMP035", "error", hint)]
    )


def test_an_old_driver_that_the_gpu_needs_gets_an_older_cuda() -> None:
    (breach,) = told(host("torch==2.3.1", "3.10", "cu121", "A100, Tesla K80", driver={"branch": "470"}))
    assert breach.code == "CMP034" and f"{WHL}/cu118" in (breach.hint or "")


def test_grace_gets_the_index_that_has_wheels_for_it() -> None:
    values = {"arch": "aarch64"}
    assert [breach.code for breach in told(host("torch==0.4.1", "3.7", "cu92", "GH200 480GB", **values))] == ["CMP033"]
    (plain,) = told(host("torch==2.8.0", "3.12", None, "GH200 480GB", **values))
    assert (plain.code, plain.severity) == ("CMP036", "warning") and "cu129" in (plain.hint or "")
    assert told(host("torch==2.14.0", "3.12", "cu130", "GB200", **values)) == []


def test_of_two_indexes_the_greater_tag_is_taken() -> None:
    indexes = [{"url": f"{WHL}/{tag}"} for tag in ("cu126", "cu128")]
    pip = {"packages": ["torch==2.8.0"], "indexes": indexes}
    one = spec(gpus=[{"model": "GTX 1080"}], environments={"ds": {"pip": pip}})
    assert [breach.code for breach in told(one)] == ["CMP034"]


def test_what_is_not_known_warns() -> None:
    (newer,) = told(host("torch==2.99.0", "3.12", "cu130", "RTX 4090"))
    assert (newer.code, newer.severity) == ("CMP030", "warning")
    (cudnn,) = told(host("torch==2.6.0", "3.12", "cu118", "Tesla K80"))
    assert (cudnn.code, cudnn.severity) == ("CMP034", "warning") and "cuDNN 9.1.0" in cudnn.message


def test_no_rule_speaks_on_a_jetson() -> None:
    assert told(host("torch==2.8.0", "3.12", None, "Jetson AGX Orin", platform="jetson", l4t="36.4")) == []


@pytest.mark.parametrize(
    ("package", "gpu", "told_as", "hint"),
    [
        ("cuda-version=13.0", "GTX 1080", ("CMP038", "error"), "cuda-version=12.9"),
        ("pytorch-cuda=12.1", "Tesla K80", ("CMP038", "error"), "pytorch-cuda=11.8"),
        ("cudatoolkit=10.2", "RTX 3090", ("CMP038", "warning"), "cudatoolkit=11.0"),
        ("pytorch-cuda=11.8", "RTX 5090", ("CMP038", "warning"), "pytorch-cuda=12.8"),
        ("cuda-version=12.6", "GTX 1080", None, ""),
        ("cuda-version>=12,<14", "GTX 1080", None, ""),
        ("cudatoolkit=11.3", "RTX 3090", None, ""),
        ("pytorch=2.5.1", "RTX 5090", None, ""),
    ],
)
def test_the_cuda_of_conda_must_have_code_for_the_gpu(
    package: str, gpu: str, told_as: tuple[str, str] | None, hint: str
) -> None:
    one = spec(environments={"ds": {"packages": [package]}}, gpus=[{"model": gpu}])
    found = told(one)
    assert [(breach.code, breach.severity) for breach in found] == ([] if told_as is None else [told_as])
    assert all(hint in (breach.hint or "") for breach in found)


FILES = {
    "base.txt": "# torch==2.8.0 is for later\nscipy\n  torch==2.8.0 --hash=sha256:" + "a" * 64 + "\n",
    "requirements.txt": "numpy\n-r base.txt\n",
    "ds.yml": "dependencies:\n  - python=3.12\n  - pip:\n      - torch==2.8.0\n",
    "cuda.yml": "dependencies:\n  - pytorch\n  - cuda-version=13.0\n",
}


@pytest.mark.parametrize(
    ("written", "code", "place"),
    [
        ("{python: '3.12', pip: {requirements: environments/requirements.txt}}", "CMP034", "base.txt:3:3"),
        ("{file: environments/ds.yml}", "CMP034", "ds.yml:4:9"),
        ("{file: environments/cuda.yml}", "CMP038", "cuda.yml:3:5"),
    ],
)
def test_what_files_ask_for_is_told_at_its_line(tmp_path: Path, written: str, code: str, place: str) -> None:
    text = f'ubuntu: "24.04"\ngpus: [GTX 1080]\nconda: {{version: 25.3.1-0}}\nenvironments: {{ds: {written}}}\n'
    files = {f"environments/{name}": content for name, content in FILES.items()}
    found = [one for one in problems(tmp_path, {"hosts/a.yaml": text, **files}) if one.code.startswith("CMP")]
    assert [(one.code, one.severity, one.host) for one in found] == [(code, "error", "a")]
    assert f"{found[0].file}:{found[0].line}:{found[0].column}" == f"environments/{place}"


def test_an_accepted_wheel_is_a_warning(tmp_path: Path) -> None:
    text = (
        'ubuntu: "24.04"\ngpus: [GTX 1080]\nconda: {version: 25.3.1-0}\n'
        'environments: {ds: {python: "3.12", pip: {packages: ["torch==2.8.0"]}}}\n'
        "accept: [{code: CMP034, reason: the processor alone is used, until: 2099-01-31}]\n"
    )
    (found,) = problems(tmp_path, {"hosts/a.yaml": text})
    assert (found.code, found.severity, found.accepted) == ("CMP034", "warning", True)
