"""Conda environments solved by py-rattler over a real server: CUDA, platforms, channels that misbehave."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import web
from web import Site, record, write_channel

from fleet.errors import RunError
from fleet.solve import conda
from fleet.solve.conda import CondaRequest, CondaResult
from lab import certificates, channel, paths

DRIVER = {"__cuda": "13.0", "__glibc": "2.39"}
PYTHON = record("python", "3.12.11", "h9_0_cpython")
CPU = record("pytorch", "2.8.0", "cpu_generic_py312_h1_5", "python >=3.12,<3.13.0a0")
CUDA = record("pytorch", "2.8.0", "cuda126_py312_h2_0", "__cuda >=12.6", "python >=3.12,<3.13.0a0")
OLDER = record("pytorch", "2.5.1", "cuda118_py312_h3_0", "__cuda >=11.8", "python >=3.12,<3.13.0a0")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with web.serving(tmp_path / "web") as made:
        yield made


def solved(site: Site, *specs: str, **more: object) -> CondaResult:
    fields = {"environment": "ds", "specs": specs, "mirror": site.url, "virtual": DRIVER}
    return conda.solve(CondaRequest.model_validate(fields | more))


def refused(site: Site, *specs: str, **more: object) -> RunError:
    with pytest.raises(RunError) as error:
        solved(site, *specs, **more)
    assert "Traceback" not in error.value.text()
    return error.value


def builds(result: CondaResult) -> dict[str, str]:
    return {item.name: f"{item.version} {item.build}" for item in result.packages}


def test_the_labs_channel_gives_a_build_for_cuda_where_there_is_a_driver_and_none_where_there_is_none(
    site: Site,
) -> None:
    channel.build(site.folder)
    mirror = f"{site.url}/conda"
    gpu = solved(site, "python=3.12", "pytorch=2.8", "pip", mirror=mirror)
    cpu = solved(site, "python=3.12", "pytorch=2.8", "pip", mirror=mirror, virtual={"__glibc": "2.39"})
    assert builds(gpu)["pytorch"].startswith("2.8.0 cuda126_")
    assert builds(cpu)["pytorch"].startswith("2.8.0 cpu_")
    assert gpu == solved(site, "python=3.12", "pytorch=2.8", "pip", mirror=mirror)
    names = [item.name for item in gpu.packages]
    assert names.index("python") < names.index("numpy") < names.index("pytorch")
    assert all(item.sha256 and item.size and item.url.startswith(f"{mirror}/conda-forge/") for item in gpu.packages)
    assert {"python", "numpy", "pytorch", "pip"} <= set(gpu.python)
    assert not {"libopenblas", "cudnn", "openssl"} & set(gpu.python)


def test_a_build_without_cuda_that_its_channel_numbers_higher_does_not_slip_in(site: Site) -> None:
    write_channel(site.folder / "conda-forge", PYTHON, CPU, CUDA)
    result = solved(site, "pytorch")
    assert builds(result)["pytorch"] == "2.8.0 cuda126_py312_h2_0"
    note = "a build for CUDA instead of 2.8.0 cpu_generic_py312_h1_5: 2.8.0 cuda126_py312_h2_0"
    assert result.notes == (f"pytorch: {note}",)


def test_a_driver_that_is_too_old_for_the_newest_version_gets_an_older_one_with_cuda(site: Site) -> None:
    write_channel(site.folder / "conda-forge", PYTHON, CPU, CUDA, OLDER)
    assert builds(solved(site, "pytorch", virtual={"__cuda": "12.2"}))["pytorch"] == "2.5.1 cuda118_py312_h3_0"


def test_a_version_that_has_no_cuda_for_the_driver_is_refused_with_what_to_type(site: Site) -> None:
    write_channel(site.folder / "conda-forge", PYTHON, CPU, CUDA, OLDER)
    error = refused(site, "pytorch=2.8", virtual={"__cuda": "12.2"})
    assert error.code == "RUN351"
    assert "pytorch would be a build without CUDA (2.8.0 cpu_generic_py312_h1_5)" in error.failure.message
    assert "2.8.0 cuda126, which need a driver with CUDA >=12.6" in error.failure.evidence
    assert "this host's driver: CUDA 12.2" in error.failure.evidence
    assert "pytorch=*=cpu*" in error.failure.hint


def test_what_the_gpus_have_no_code_for_is_not_chosen(site: Site) -> None:
    rows = [record("cuda-version", version, "h1_0", constrains=["__cuda >=12"]) for version in ("12.9", "13.0")]
    rows += [
        record("pytorch", "2.9", "cuda130_py312_h1_0", "__cuda", "cuda-version >=13.0,<14"),
        record("pytorch", "2.9", "cuda129_py312_h1_0", "__cuda", "cuda-version >=12.9,<13"),
    ]
    write_channel(site.folder / "conda-forge", *rows)
    limits = {"cuda-version <12.10": "CUDA 12.9 is the last with code for GTX 1080"}
    assert builds(solved(site, "pytorch"))["pytorch"] == "2.9 cuda130_py312_h1_0"
    assert builds(solved(site, "pytorch", limits=limits)) == {
        "pytorch": "2.9 cuda129_py312_h1_0",
        "cuda-version": "12.9 h1_0",
    }
    error = refused(site, "pytorch=*=cuda130*", limits=limits)
    assert "held to cuda-version <12.10: CUDA 12.9 is the last with code for GTX 1080" in error.failure.evidence


def test_a_build_without_cuda_that_comes_in_as_a_dependency_is_avoided_too(site: Site) -> None:
    rows = [
        record("libxgboost", "3.0", "cpu_h1_3"),
        record("libxgboost", "3.0", "cuda128_h2_0", "cuda-version >=12.8,<13"),
        record("cuda-version", "12.9", "h4_0", constrains=["__cuda >=12"]),
        record("py-xgboost", "3.0", "py_0", "libxgboost 3.0.*", subdir="noarch", noarch="python"),
    ]
    write_channel(site.folder / "conda-forge", PYTHON, *rows)
    assert builds(solved(site, "py-xgboost"))["libxgboost"] == "3.0 cuda128_h2_0"


@pytest.mark.parametrize("spec", ["pytorch=*=cpu*", "pytorch=2.8=cpu_generic*", "pytorch[build='cpu*']", "pytorch-cpu"])
def test_a_build_without_cuda_that_is_asked_for_is_given(site: Site, spec: str) -> None:
    metapackage = record("pytorch-cpu", "2.8.0", "pyhd_0", "pytorch 2.8.0 cpu*", subdir="noarch")
    write_channel(site.folder / "conda-forge", PYTHON, CPU, CUDA, metapackage)
    assert builds(solved(site, spec))["pytorch"] == "2.8.0 cpu_generic_py312_h1_5"


def test_a_package_that_its_channel_has_for_the_processor_alone_is_given(site: Site) -> None:
    write_channel(site.folder / "conda-forge", PYTHON, CPU)
    assert builds(solved(site, "pytorch"))["pytorch"] == "2.8.0 cpu_generic_py312_h1_5"


def test_each_architecture_gets_its_own_packages_and_noarch_ones(site: Site) -> None:
    row = record("six", "1.17.0", "py_0", "python", subdir="noarch", noarch="python")
    write_channel(site.folder / "conda-forge", PYTHON, row, subdir="linux-aarch64")
    found = solved(site, "six", platform="linux-aarch64")
    assert {item.url.split("/")[-2] for item in found.packages} == {"linux-aarch64", "noarch"}
    error = refused(site, "python", channels=["conda-forge"], platform="linux-64")
    assert error.code == "RUN350"
    assert "not built for linux-64, only for linux-aarch64" in error.failure.message


def test_the_hosts_glibc_decides_what_fits(site: Site) -> None:
    rows = record("tool", "2.0", "h1_0", "__glibc >=2.34"), record("tool", "1.0", "h1_0", "__glibc >=2.17")
    write_channel(site.folder / "conda-forge", *rows)
    assert builds(solved(site, "tool", virtual={"__glibc": "2.27"})) == {"tool": "1.0 h1_0"}
    assert builds(solved(site, "tool")) == {"tool": "2.0 h1_0"}


def test_the_first_channel_that_has_a_package_is_the_only_one_for_it(site: Site) -> None:
    write_channel(site.folder / "site", record("tool", "1.0"))
    write_channel(site.folder / "conda-forge", record("tool", "2.0"), record("other", "1.0"))
    found = solved(site, "tool", "other", channels=["site", "conda-forge"])
    assert builds(found) == {"tool": "1.0 h1_0", "other": "1.0 h1_0"}
    assert refused(site, "tool=2", channels=["site", "conda-forge"]).code == "RUN350"
    assert builds(solved(site, "conda-forge::tool", channels=["site"])) == {"tool": "2.0 h1_0"}


def test_what_an_earlier_lock_has_stays_where_it_can(site: Site) -> None:
    write_channel(site.folder / "conda-forge", record("tool", "1.0"), record("base", "1.0"))
    first = solved(site, "tool", "base")
    write_channel(site.folder / "conda-forge", *(record(name, v) for name in ("tool", "base") for v in ("1.0", "2.0")))
    (site.folder.parent / "cache").rename(site.folder.parent / "cache-of-before")
    assert builds(solved(site, "tool>=2", "base", keep=first.packages)) == {"tool": "2.0 h1_0", "base": "1.0 h1_0"}
    assert builds(solved(site, "tool", "base")) == {"tool": "2.0 h1_0", "base": "2.0 h1_0"}


def test_a_package_without_sha256_is_refused(site: Site) -> None:
    write_channel(site.folder / "conda-forge", record("tool", sha256=None))
    error = refused(site, "tool")
    assert error.code == "RUN354"
    assert "only an md5" in error.failure.evidence


def test_a_package_whose_address_is_elsewhere_is_refused(site: Site) -> None:
    write_channel(site.folder / "conda-forge", record("tool"), base_url="https://elsewhere.example.org/packages/")
    error = refused(site, "tool")
    assert error.code == "RUN355"
    assert "https://elsewhere.example.org/packages/tool-1.0-h1_0.conda" in error.failure.evidence


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        (["tol"], "no channel has a package 'tol'"),
        (["tool=9"], "no channel has tool in what is asked for"),
        (["tool=1", "needs-two"], "has no solution"),
    ],
)
def test_what_has_no_solution_says_why(site: Site, specs: list[str], said: str) -> None:
    rows = record("tool", "1.0"), record("tool", "2.0"), record("needs-two", "1.0", "h1_0", "tool >=2")
    write_channel(site.folder / "conda-forge", *rows)
    error = refused(site, *specs)
    assert error.code == "RUN350"
    assert said in error.failure.message and "environment ds" in error.failure.message
    assert error.failure.evidence and error.failure.hint


def test_a_mistyped_name_is_answered_with_the_right_one(site: Site) -> None:
    write_channel(site.folder / "conda-forge", record("scikit-learn"))
    assert refused(site, "scikit-lern").failure.hint == "write scikit-learn"


def test_a_specification_that_conda_does_not_know_is_refused(site: Site) -> None:
    write_channel(site.folder / "conda-forge", record("tool"))
    assert refused(site, "tool===1 =2").code == "RUN356"


@pytest.mark.parametrize("text", ["", "{", '{"packages": 3}', "<html>Please log in</html>"])
def test_a_channel_that_is_half_written_is_refused(site: Site, text: str) -> None:
    write_channel(site.folder / "conda-forge", record("tool"))
    (site.folder / "conda-forge/linux-64/repodata.json").write_text(text)
    assert refused(site, "tool").code == "RUN352"


def test_a_mirror_that_answers_a_page_for_what_it_does_not_have_is_read_all_the_same(site: Site) -> None:
    write_channel(site.folder / "conda-forge", record("tool"))
    site.otherwise = b"<html>There is no such file, but 200 says that there is.</html>"
    assert builds(solved(site, "tool")) == {"tool": "1.0 h1_0"}


def test_python_brings_pip_as_conda_has_it_where_a_channel_has_pip(site: Site) -> None:
    write_channel(site.folder / "conda-forge", PYTHON)
    assert list(builds(solved(site, "python"))) == ["python"]
    write_channel(site.folder / "other", PYTHON, record("pip", "25.0", "py_0", "python", subdir="noarch"))
    assert list(builds(solved(site, "python", channels=["other"]))) == ["python", "pip"]


def test_channels_may_be_spelled_as_conda_lets_them(site: Site) -> None:
    write_channel(site.folder / "conda-forge", record("tool"))
    write_channel(site.folder / "nvidia/label/cuda-12.9.1", record("cuda-nvcc"))
    specs = ("conda-forge/linux-64::tool", "nvidia/label/cuda-12.9.1::cuda-nvcc")
    found = solved(site, *specs, channels=["conda-forge", "nodefaults"])
    assert builds(found) == {"tool": "1.0 h1_0", "cuda-nvcc": "1.0 h1_0"}


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_channel_that_does_not_answer_well_is_refused(site: Site, status: int) -> None:
    write_channel(site.folder / "conda-forge", record("tool"))
    site.status = status
    error = refused(site, "tool")
    assert error.code == "RUN352"
    assert str(status) in error.failure.evidence


def test_a_server_that_is_down_is_refused(site: Site) -> None:
    error = refused(site, "tool", mirror="http://127.0.0.1:1")
    assert error.code == "RUN352"
    assert "Connection refused" in error.failure.evidence and "mirrors.conda" in error.failure.hint


def test_a_server_that_is_slow_ends_in_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conda, "READING_SECONDS", 1.0)
    site.delay_seconds = 30.0
    assert refused(site, "tool", seconds=1).code == "RUN353"


def test_a_mirror_that_answers_from_another_place_is_followed(site: Site, tmp_path: Path) -> None:
    with web.serving(tmp_path / "other") as other:
        write_channel(other.folder / "conda-forge", record("tool"))
        site.moved["/conda-forge/"] = other.url
        assert solved(site, "tool").packages[0].url == f"{site.url}/conda-forge/linux-64/tool-1.0-h1_0.conda"


def test_a_sites_own_authority_is_trusted_where_it_is_declared(tmp_path: Path) -> None:
    certificates.make_leaf(tmp_path, "127.0.0.1")
    with web.serving(tmp_path / "web", tmp_path) as site:
        write_channel(site.folder / "conda-forge", record("tool"))
        assert builds(solved(site, "tool", ca_pem=paths.CA_PEM.read_text())) == {"tool": "1.0 h1_0"}
        error = refused(site, "tool")
    assert error.code == "RUN352"
    assert "ca_bundle" in error.failure.hint


def test_the_controllers_own_conda_settings_change_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    write_channel(site.folder / "conda-forge", PYTHON, CPU, CUDA)
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "")
    monkeypatch.setenv("CONDA_CHANNEL_PRIORITY", "disabled")
    assert builds(solved(site, "pytorch"))["pytorch"] == "2.8.0 cuda126_py312_h2_0"


def test_relations_of_a_channel_bring_no_other_channel(site: Site) -> None:
    write_channel(site.folder / "other", record("needed"))
    relations = {"base": "../other"}
    write_channel(site.folder / "conda-forge", record("tool", "1.0", "h1_0", "needed"), channel_relations=relations)
    assert json.loads((site.folder / "conda-forge/linux-64/repodata.json").read_text())["info"]["channel_relations"]
    assert refused(site, "tool").code == "RUN350"
    assert not [path for path in site.asked if path.startswith("/other/")]
