"""Which index of PyTorch's wheels `auto` comes to: for each board, version, Python, driver and processor."""

from pathlib import Path

import pytest

from schema import choose, load
from schema.choose.indexes import PACKAGES
from schema.conda import CondaPackage, CondaSpec, CondaState, EnvironmentState
from schema.cuda import CudaSpec
from schema.driver import DriverSpec
from schema.environments import EnvironmentSpec, PipSpec
from schema.environments.model import PipIndex
from schema.errors import InvalidInventory
from tests.property import model
from tests.unit.test_choose import host, written


def environment(*packages: str, python: str = "3.12", **pip: object) -> EnvironmentSpec:
    return EnvironmentSpec(python=python, pip=PipSpec.model_validate({"packages": packages, "auto": PACKAGES} | pip))


def index(*gpus: str, asked: str = "torch==2.8.0", python: str = "3.12", **values: object) -> choose.Choice:
    spec = host(*gpus, environments={"ds": environment(asked, python=python)}, **values)
    return choose.wheels(spec, None)["ds"]


WHEELS = [
    (["GTX 1080"], "torch==2.8.0", "3.12", "cu126", "fits PyTorch 2.8; cu128 has no code for GTX 1080 (Pascal)"),
    (["GTX 1080"], "torch", "3.12", "cu126", "fits PyTorch 2.14; cu130 has no code for GTX 1080 (Pascal)"),
    (["GTX 1080", "RTX 3090"], "torch==2.8.0", "3.12", "cu126", "cu128 has no code for GTX 1080 (Pascal)"),
    (["V100"], "torch~=2.11.0", "3.12", "cu126", "cu130 has no code for V100 (Volta)"),
    (["T4"], "torch==2.8.0", "3.12", "cu128", "the build of PyTorch 2.8 that PyPI has too"),
    (["RTX 5090"], "torch==2.8.0", "3.12", "cu128", "the build of PyTorch 2.8 that PyPI has too"),
    (["RTX 5090"], "torch>=2.10,<2.14", "3.12", "cu130", "the build of PyTorch 2.13 that PyPI has too"),
    (["RTX 5090"], "torch==2.7.1", "3.12", "cu128", "cu126 has no code for RTX 5090 (Blackwell)"),
    (["RTX 4090"], "torchvision==0.23.0", "3.12", "cu128", "the build of PyTorch 2.8 that PyPI has too"),
    (["RTX 4090"], "torchaudio==2.7.1", "3.12", "cu126", "the build of PyTorch 2.7 that PyPI has too"),
    (["RTX 4090"], "torch==2.8.0+cu126", "3.12", "cu126", "fits PyTorch 2.8"),
    (["RTX 3090"], "torchaudio==0.13.1", "3.10", "cu117", "the build of PyTorch 1.13 that PyPI has too"),
    (["GTX 1080"], "torch==0.4.1", "3.6", "cu90", "the build of PyTorch 0.4.1 that PyPI has too"),
    (["B300"], "torch==2.11.0", "3.12", "cu130", "the build of PyTorch 2.11 that PyPI has too"),
    ([], "torch==2.8.0", "3.12", "cpu", "the host has no GPU"),
]


@pytest.mark.parametrize(("gpus", "asked", "python", "tag", "reason"), WHEELS)
def test_the_wheel_index_fits_gpus_python_and_version(
    gpus: list[str], asked: str, python: str, tag: str, reason: str
) -> None:
    found = index(*gpus, asked=asked, python=python)
    assert (found.value, found.by) == (tag, "rule")
    assert reason in found.reason


def test_the_wheel_index_fits_driver_and_processor() -> None:
    old = DriverSpec(branch="570")
    assert index("RTX 4090", asked="torch==2.11.0", driver=old).value == "cu128"
    assert index("RTX 4090", asked="torch==2.11.0", driver=old).reason.endswith("cu130 needs driver 580.65.06")
    assert index("RTX 4090", asked="torch==2.14.0", driver=DriverSpec(branch="580")).value == "cu130"
    assert index("GH200 480GB", asked="torch==2.11.0", arch="aarch64").value == "cu130"
    assert index("GH200 480GB", asked="torch==2.8.0", arch="aarch64").value == "cu129"
    strict = CudaSpec(policy="strict")
    assert index("RTX 4090", asked="torch==2.8.0", driver=DriverSpec(branch="565"), cuda=strict).value == "cu126"


def test_the_c_library_of_the_release_limits_the_wheels() -> None:
    found = index("A100", asked="torch==2.8.0", ubuntu="18.04")
    assert found.value is None
    assert found.reason == "PyTorch 2.8's wheels need glibc 2.28, and this Ubuntu has 2.27"
    assert found.hint.startswith("Write torch==2.6.*")
    assert index("A100", asked="torch==2.8.0", ubuntu="20.04").value == "cu128"
    assert "PyTorch 2.6" in index("A100", asked="torch", ubuntu="18.04").reason


def test_wheels_that_are_written_down_need_a_driver_too() -> None:
    def branch(policy: str, gpu: str = "RTX 4090", **pip: object) -> str | None:
        one = EnvironmentSpec(pip=PipSpec.model_validate(pip))
        cuda = CudaSpec.model_validate({"policy": policy})
        return choose.branch(host(gpu, cuda=cuda, environments={"ds": one}), None).value

    newer = {"indexes": [{"url": "https://download.pytorch.org/whl/cu132", "packages": ["torch"]}]}
    assert (branch("strict", **newer), branch("minor-compatible", **newer)) == ("595", "580")
    assert branch("strict", packages=["torch==2.14.0+cu132"]) == "595"
    assert branch("strict", gpu="GTX 1080", **newer) == "580", "the wheel is what is wrong there"


@pytest.mark.parametrize(
    ("gpus", "asked", "python", "reason", "hint"),
    [
        (["GTX 1080"], "torch==2.99", "3.12", "no PyTorch that is known is 'torch==2.99'", "whl/cu130"),
        (
            ["GTX 1080"],
            "torch==2.8.0",
            "3.14",
            "PyTorch 2.8 has no wheels for Python 3.14",
            "3.9, 3.10, 3.11, 3.12, 3.13",
        ),
        (["RTX 5090"], "torch==2.6.0", "3.12", "no build of PyTorch 2.6 fits: cu118 has no code", "Write torch=="),
        (["GTX 1080"], "torch==2.8.0+cu128", "3.12", "cu128 has no code for GTX 1080 (Pascal)", "Write torch==2.14.*"),
        (["RTX 2080 Ti"], "torch==0.4.1", "3.6", "has no code for RTX 2080 Ti (Turing)", "Write torch==1.10.*"),
        (["Foo 9000"], "torch", "3.12", "nothing is known of Foo 9000", "packages: [torch, torchvision, torchaudio]"),
    ],
)
def test_where_no_wheel_fits_the_message_says_why_and_what_to_type(
    gpus: list[str], asked: str, python: str, reason: str, hint: str
) -> None:
    found = index(*gpus, asked=asked, python=python)
    assert found.value is None
    assert reason in found.reason
    assert hint in found.hint


INDEXES = """
conda: {version: 25.3.1-0}
environments:
  ds:
    python: "3.12"
    pip:
      packages: ["torch==2.8.0"]
      indexes: %s
"""


@pytest.mark.parametrize(
    ("said", "packages", "others"),
    [
        ("auto", PACKAGES, 0),
        ("[auto]", PACKAGES, 0),
        ("[{url: auto, packages: [torch]}]", ("torch",), 0),
        ("[{url: auto}, {url: 'https://x.example/simple', packages: [foo]}]", PACKAGES, 1),
    ],
)
def test_every_spelling_of_an_index_becomes_its_address(
    tmp_path: Path, said: str, packages: tuple[str, ...], others: int
) -> None:
    one = written(tmp_path, "gpus: [GTX 1080]\n" + INDEXES % said).environments["ds"]
    assert isinstance(one, EnvironmentSpec)
    assert len(one.pip.written) == others
    address = "https://download.pytorch.org/whl/cu126"
    assert one.pip.indexes[-1] == PipIndex(url=address, packages=packages, chosen=True)


def test_a_mirror_of_the_wheels_has_a_folder_for_each_tag(tmp_path: Path) -> None:
    text = "gpus: []\nmirrors: {torch: 'https://m.example/whl/'}\n" + INDEXES % "auto"
    one = written(tmp_path, text).environments["ds"]
    assert isinstance(one, EnvironmentSpec)
    assert one.pip.indexes[0].url == "https://m.example/whl/cpu"


def test_an_environment_file_says_what_the_index_is_for(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    text = "dependencies: [python=3.9, pip: [torch==2.8.0]]\n"
    (tmp_path / "environments" / "ds.yml").write_text(text)
    host = "gpus: [GTX 1080]\nconda: {version: 25.3.1-0}\n"
    host += "environments: {ds: {file: environments/ds.yml, pip: {indexes: auto}}}\n"
    one = written(tmp_path, host).environments["ds"]
    assert isinstance(one, EnvironmentSpec)
    assert one.pip.indexes[0].url.endswith("/cu126")
    (tmp_path / "environments" / "ds.yml").write_text(text.replace("3.9", "3.6"))
    with pytest.raises(InvalidInventory) as caught:
        load.fleet(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path, problem.line) == ("CMP060", "environments.ds.pip.indexes", 4)


def test_torch_that_is_installed_and_suits_keeps_its_index() -> None:
    spec = host("RTX 4090", conda=CondaSpec(version="25.3.1-0"), environments={"ds": environment("torch")})
    seen = model.bare(spec)

    def installed(version: str) -> choose.Choice:
        package = CondaPackage(name="torch", version=version, build="0", manager="pip")
        state = EnvironmentState(name="ds", prefix="/opt/conda/envs/ds", packages=(package,))
        conda = CondaState(prefix="/opt/conda", environments=(state,))
        return choose.wheels(spec, seen.model_copy(update={"conda": conda}))["ds"]

    assert installed("2.8.0+cu126").said == "observed: torch 2.8.0+cu126 is installed on the host"
    assert installed("2.8.0").value == "cu128", "PyPI's own"
    assert installed("2.8.0+cpu").by == "rule"
    assert installed("2.6.0+cu92").by == "rule"
