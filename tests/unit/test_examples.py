"""Every inventory and every host file that the repository shows is valid, without a warning."""

import re
from pathlib import Path

import pytest

from schema import compat, load
from schema.errors import InvalidInventory, Problem

ROOT = Path(__file__).parents[2]
INVENTORIES = [*sorted(path.parent for path in (ROOT / "examples").glob("*/hosts")), ROOT / "inventory"]
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*.md")),
]
BLOCK = re.compile(r"^```ya?ml\n(.*?)^```|((?:^ {4}\S.*\n|^ {4} +\S.*\n|^\n)+)", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("folder", INVENTORIES, ids=lambda path: path.name)
def test_an_inventory_is_valid_without_a_warning(folder: Path) -> None:
    found = load.fleet(folder)
    assert found.hosts
    assert [problem.text() for problem in found.problems] == []


GUIDE = (ROOT / "examples/seed/fleet.yaml").read_text()


def guide(folder: Path, host: str) -> list[Problem]:
    """What is told of a host in the group of the original guide's environment."""
    (folder / "hosts").mkdir()
    (folder / "fleet.yaml").write_text(GUIDE)
    (folder / "hosts/a.yaml").write_text(f"groups: [guide]\n{host}")
    try:
        return list(load.fleet(folder).problems)
    except InvalidInventory as error:
        return error.problems


@pytest.mark.parametrize("python", ["3.6", "3.7"])
def test_the_guide_s_packages_are_accepted_on_a_gtx_1080(tmp_path: Path, python: str) -> None:
    host = f'gpus: [GTX 1080]\nenvironments: {{guide: {{python: "{python}"}}}}\n'
    assert [problem.text() for problem in guide(tmp_path, host)] == []


@pytest.mark.parametrize(
    ("gpu", "python", "code", "reason", "index"),
    [
        ("RTX 3090", "3.6", "CMP034", "does not run on RTX 3090", "cu130"),
        ("GTX 1080", "3.11", "CMP031", "no wheel for Python 3.11", "cu126"),
    ],
)
def test_elsewhere_they_are_refused_with_their_modern_equivalent(
    tmp_path: Path, gpu: str, python: str, code: str, reason: str, index: str
) -> None:
    (problem,) = guide(tmp_path, f'gpus: [{gpu}]\nenvironments: {{guide: {{python: "{python}"}}}}\n')
    assert (problem.code, problem.severity) == (code, "error")
    assert reason in problem.message
    newest = next(row.version for row in compat.torches() if row.confirmed)
    assert f"torch=={newest}" in (problem.hint or "")
    assert f"/whl/{index}" in (problem.hint or "")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_host_file_in_a_document_is_valid(document: Path, tmp_path: Path) -> None:
    """A block with a line `ubuntu:` at its margin is a host file."""
    for number, match in enumerate(BLOCK.finditer(document.read_text())):
        text = match[1] or re.sub(r"^ {4}", "", match[2] or "", flags=re.MULTILINE)
        if not re.search(r"^ubuntu:", text, re.MULTILINE):
            continue
        file = tmp_path / f"block-{number}.yaml"
        file.write_text(text)
        assert [problem.text() for problem in load.fleet(file).problems] == []
