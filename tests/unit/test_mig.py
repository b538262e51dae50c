"""MIG in the inventory: boards that have it and boards that have not, the driver's floor, and its place in the file."""

from pathlib import Path

import pytest

from schema import compat, load
from schema.errors import InvalidInventory, Problem
from schema.host import HostSpec
from schema.rules import mig
from schema.rules.breach import Breach

WITH = [
    "A30",
    "A100-SXM4-40GB",
    "A100 80GB PCIe",
    "A100X",
    "A800 80GB PCIe",
    "H100 SXM5 94GB",
    "H100 PCIe",
    "H100 NVL",
    "H800 PCIe",
    "H20",
    "H200",
    "H200 NVL",
    "GH200 120GB",
    "B200",
    "GB200",
    "B300 SXM6 AC",
    "GB300",
    "RTX PRO 6000 Blackwell Server Edition",
    "RTX PRO 6000 Blackwell Max-Q Workstation Edition",
    "RTX PRO 4500 Blackwell",
]
WITHOUT = [
    "GTX 1080",
    "Tesla V100-SXM2-32GB",
    "Tesla T4",
    "A10",
    "A40",
    "RTX A6000",
    "RTX 3090",
    "L4",
    "L40S",
    "RTX 4090",
    "RTX 5090",
    "GB10",
    "CMP 170HX",
    "RTX PRO 4000 Blackwell",
    "RTX PRO 5000 Blackwell Generation Laptop GPU",
]


def spec(model: str, **values: object) -> HostSpec:
    return HostSpec.model_validate({"name": "a", "ubuntu": "24.04", "gpus": [{"model": model, "mig": True}], **values})


def broken(model: str, **values: object) -> list[Breach]:
    return mig.supported(spec(model, **values))


@pytest.mark.parametrize("name", WITH)
def test_a_board_with_mig_may_be_declared_so(name: str) -> None:
    assert compat.gpus_by_name(name)
    assert broken(name) == []


@pytest.mark.parametrize("name", WITHOUT)
def test_a_board_without_mig_is_refused_at_its_key(name: str) -> None:
    assert compat.gpus_by_name(name)
    (breach,) = broken(name)
    assert (breach.code, breach.severity, breach.path) == ("CMP070", "error", "gpus.0.mig")
    assert "H100" in (breach.hint or "")


def test_a_name_that_is_not_known_is_not_refused() -> None:
    assert broken("Something of tomorrow") == []


def test_mig_off_may_be_declared_of_any_board() -> None:
    one = HostSpec.model_validate({"name": "a", "ubuntu": "24.04", "gpus": [{"model": "GTX 1080", "mig": False}]})
    assert mig.supported(one) == []


@pytest.mark.parametrize(
    ("model", "driver", "warns"),
    [
        ("RTX PRO 6000 Blackwell Server Edition", {"branch": "570"}, True),
        ("RTX PRO 6000 Blackwell Server Edition", {"branch": "575"}, False),
        ("RTX PRO 6000 Blackwell Server Edition", {"branch": "575", "version": "575.51.02"}, True),
        ("RTX PRO 6000 Blackwell Server Edition", {"source": "external", "branch": "570"}, False),
        ("H100 PCIe", {"branch": "535"}, False),
        ("H200", {"branch": "535"}, True),
        ("A100 80GB PCIe", {}, False),
    ],
)
def test_a_driver_that_is_older_than_mig_on_the_board_warns(model: str, driver: dict[str, str], warns: bool) -> None:
    found = broken(model, driver=driver)
    assert [(item.code, item.severity) for item in found] == ([("CMP071", "warning")] if warns else [])


def problems(tmp_path: Path, gpus: str) -> list[Problem]:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts" / "a.yaml").write_text(f'ubuntu: "24.04"\ngpus:\n{gpus}')
    with pytest.raises(InvalidInventory) as caught:
        load.fleet(tmp_path)
    return caught.value.problems


def test_the_problem_is_told_at_its_line(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "  - A10\n  - {model: A10G, mig: true}\n")
    assert (problem.code, problem.file, problem.line, problem.path) == ("CMP070", "hosts/a.yaml", 4, "gpus.1.mig")


def test_a_word_that_is_no_switch_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "  - {model: H100 PCIe, mig: 7g.80gb}\n")
    assert (problem.code[:3], problem.path) == ("INV", "gpus.0.mig")
    assert "true or false" in problem.message
