"""Sets that are known to work are accepted, sets that are known not to are refused with a value that does."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from schema import rules
from schema.host import HostSpec
from schema.rules.breach import Breach
from tests.unit.test_rules_grid import spec

DATA = Path(__file__).parent / "data"
GOOD: dict[str, Any] = yaml.safe_load((DATA / "known_good.yaml").read_text())
BAD: list[dict[str, Any]] = yaml.safe_load((DATA / "known_bad.yaml").read_text())


def errors(one: HostSpec) -> list[Breach]:
    every = rules.RULES + rules.GENERIC + rules.WHOLE
    return [breach for rule, _ in every for breach in rule(one) if breach.severity == "error"]


SETS = [row for rows in GOOD["drivers"].values() for row in rows]


@pytest.mark.parametrize(("ubuntu", "arch", "gpu", "driver", "modules", "toolkits"), SETS)
@pytest.mark.parametrize("key", ["version", "branch"])
def test_a_set_of_a_cloud_is_accepted(
    key: str, ubuntu: str, arch: str, gpu: str, driver: str, modules: str, toolkits: list[str]
) -> None:
    value = driver if key == "version" else driver.split(".")[0]
    one = spec(
        ubuntu=ubuntu,
        arch=arch,
        gpus=[{"model": gpu}],
        driver={key: value, "modules": modules},
        cuda={"toolkits": toolkits},
    )
    assert errors(one) == []


WHEELS = [
    (torch, vision, audio, python, tag)
    for torch, vision, audio, pythons, tags in GOOD["torch"]
    for python in pythons
    for tag in tags
]


@pytest.mark.parametrize(("torch", "vision", "audio", "python", "tag"), WHEELS)
def test_a_set_of_wheels_is_accepted(torch: str, vision: str, audio: str, python: str, tag: str) -> None:
    """On a Turing GPU, which every one of these builds has code for, and on a host without a GPU."""
    index = {"url": f"https://download.pytorch.org/whl/{tag}", "packages": ["torch", "torchvision", "torchaudio"]}
    packages = [f"torch=={torch}+{tag}", f"torchvision=={vision}", f"torchaudio=={audio}"]
    environment = {"python": python, "pip": {"packages": packages, "indexes": [index]}}
    for gpus in ([{"model": "Tesla V100-SXM2-16GB" if tag == "cu102" else "Tesla T4"}], []):
        one = spec(gpus=gpus, environments={"ds": environment}, conda={"version": "25.3.1-0"})
        assert errors(one) == []


@pytest.mark.parametrize("row", BAD, ids=lambda row: f"{row['code']} {row['host']}")
def test_a_set_that_cannot_work_is_refused_with_what_would(row: dict[str, Any]) -> None:
    found = [breach for breach in errors(spec(**{"ubuntu": "24.04", **row["host"]})) if breach.code == row["code"]]
    assert found, row
    assert all(row["hint"] in (breach.hint or "") for breach in found), found


def test_there_are_enough_sets() -> None:
    assert len(SETS) >= 40 and len(WHEELS) >= 100 and len(BAD) >= 60
