"""PyTorch's wheels against the C library of the Ubuntu release."""

from pathlib import Path

import pytest

from tests.unit.test_load_refusals import problems

HOST = (
    'ubuntu: "{ubuntu}"\ngpus: [GTX 1080]\ndriver: {{branch: 535, modules: proprietary}}\n'
    "conda: {{version: 25.3.1-0}}\n"
)
ENVIRONMENT = (
    "environments: {{e: {{python: '3.10', pip: {{packages: ['{torch}'], "
    "indexes: [{{url: 'https://download.pytorch.org/whl/cu126', packages: [torch]}}]}}}}}}\n"
)


def told(folder: Path, ubuntu: str, torch: str) -> list[tuple[str, str]]:
    text = HOST.format(ubuntu=ubuntu) + ENVIRONMENT.format(torch=torch)
    return [(one.severity, one.hint or "") for one in problems(folder, {"hosts/x.yaml": text}) if one.code == "CMP056"]


def test_wheels_for_a_newer_glibc_are_refused_with_the_newest_for_this_one(tmp_path: Path) -> None:
    assert told(tmp_path, "18.04", "torch==2.8.0") == [("error", 'Write "torch==2.6.*", or use a newer Ubuntu.')]


@pytest.mark.parametrize(
    ("ubuntu", "torch"), [("18.04", "torch==2.6.0"), ("18.04", "torch>=2.4"), ("20.04", "torch==2.8.0")]
)
def test_a_release_with_wheels_for_this_glibc_is_not(tmp_path: Path, ubuntu: str, torch: str) -> None:
    assert told(tmp_path, ubuntu, torch) == []
