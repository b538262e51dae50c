"""cuDNN against CUDA majors, GPUs, drivers and repositories, from NVIDIA's support matrices."""

import pytest

from tests.unit.test_rules_grid import broken, spec

# GPU, toolkits, version, code that is told, severity, a part of the hint.
BAD = [
    ("GTX 1080", ["12.9"], "9.17.0", "CMP022", "error", '"9.10.2"'),
    ("GTX 1080", ["12.9"], "9.11.0", "CMP022", "error", '"9.10.2"'),
    ("Tesla V100-SXM2-16GB", ["12.9"], "9.13.0", "CMP022", "error", '"9.10.2"'),
    ("GTX 980", ["11.8"], "9.28.0", "CMP021", "error", '"9.10.2"'),
    ("GTX 1080", ["12.9"], "9", "CMP022", "warning", '"9.10.2"'),
    ("Tesla K80", ["11.8"], "8.9.7", "CMP022", "error", '"8.7.0"'),
    ("RTX 5090", ["12.8"], "9.5.1", "CMP022", "error", '"9.7.0"'),
    ("B200", ["12.8"], "9.0.0", "CMP022", "error", '"9.7.0"'),
    ("A100", ["12.9"], "9.99.0", "CMP020", "warning", "9.28.1"),
    ("A100", ["12.9"], "9.17.0.30", "CMP020", "warning", "9.17.0.29"),
    ("A100", ["11.8"], "9.17.0", "CMP021", "error", '"9.10.2"'),
    ("A100", ["13.0"], "9.10.2", "CMP021", "error", '"9.12.0"'),
    ("A100", ["11.8", "12.9"], "9.17.0", "CMP021", "error", '"9.10.2"'),
    ("A100", ["11.8", "13.0"], "9.17.0", "CMP021", "error", '{"11": "9.10.2", "13": "9.17.0"}'),
    ("A100", ["13.0"], "8.9.7", "CMP021", "error", '"9.12.0"'),
]


@pytest.mark.parametrize(("gpu", "toolkits", "version", "code", "level", "hint"), BAD)
def test_a_version_that_does_not_fit_is_told_once_with_one_that_does(
    gpu: str, toolkits: list[str], version: str, code: str, level: str, hint: str
) -> None:
    one = spec(gpus=[{"model": gpu}], cuda={"toolkits": toolkits}, cudnn={"version": version})
    found = [breach for breach in broken(one) if breach.code.startswith("CMP02")]
    assert [(breach.code, breach.severity, breach.path) for breach in found] == [(code, level, "cudnn.version")]
    assert hint in (found[0].hint or "")


GOOD = [
    ("GTX 1080", ["12.9"], "9.10.2"),
    ("GTX 1080", ["12.9"], "9.10.2.21"),
    ("Tesla V100-SXM2-16GB", ["12.9", "11.8"], "9.10.2"),
    ("Tesla V100-SXM2-16GB", ["12.4"], "9.5.1"),
    ("RTX 3090", ["12.9", "13.0"], "9.17.0"),
    ("RTX 4090", ["12.9"], "9.17"),
    ("RTX 4090", ["11.8"], "8.9.7"),
    ("H100 PCIe", ["12.2"], "8.9.7.29"),
    ("H100 PCIe", ["13.0"], "9.13.0"),
    ("RTX 5090", ["12.8"], "9.8.0"),
    ("RTX 5090", ["13.0"], "9.28.1"),
    ("B300", ["12.9"], "9.10.2"),
    ("Tesla K80", ["11.8"], "8.7.0"),
    ("Tesla T4", ["12.9"], "9.27.0.42"),
]


@pytest.mark.parametrize(("gpu", "toolkits", "version"), GOOD)
def test_a_version_that_fits_is_not_spoken_of(gpu: str, toolkits: list[str], version: str) -> None:
    one = spec(gpus=[{"model": gpu}], cuda={"toolkits": toolkits}, cudnn={"version": version})
    assert [breach for breach in broken(one) if breach.code.startswith("CMP02")] == []


def test_versions_by_major_are_each_judged_for_their_own() -> None:
    versions = {"12": "9.10.2", "13": "9.10.2"}
    one = spec(gpus=[{"model": "A100"}], cuda={"toolkits": ["12.9", "13.0"]}, cudnn={"versions": versions})
    (breach,) = (breach for breach in broken(one) if breach.code.startswith("CMP02"))
    assert (breach.code, breach.path, breach.hint) == ("CMP021", "cudnn.versions.13", 'Write "9.12.0".')


@pytest.mark.parametrize(("mirrored", "codes"), [(False, ["CMP024"]), (True, [])])
def test_the_repository_of_an_old_release_has_no_new_version(mirrored: bool, codes: list[str]) -> None:
    mirrors = {"cuda": {"url": "https://mirror/{distro}"}} if mirrored else {}
    one = spec(ubuntu="20.04", cuda={"toolkits": ["12.9"]}, cudnn={"version": "9.17.0"}, mirrors=mirrors)
    found = [breach for breach in broken(one) if breach.code.startswith("CMP02")]
    assert [breach.code for breach in found] == codes


def test_the_floor_of_the_build_counts_where_the_toolkit_is_content() -> None:
    """CUDA 11.0 ran on 450.51.06; cuDNN for CUDA 11 needs 450.80.02."""
    one = spec(ubuntu="20.04", driver={"version": "450.51.06"}, cuda={"toolkits": ["11.0"]}, cudnn={"version": "8.9.7"})
    found = [breach for breach in broken(one) if breach.severity == "error"]
    assert [breach.code for breach in found] == ["CMP023"]
    assert found[0].hint == "Set driver.version: 450.80.02 or newer."
