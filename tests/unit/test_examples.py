"""Every inventory and every host file that the repository shows is valid, without a warning."""

import re
from pathlib import Path

import pytest

from schema import load

ROOT = Path(__file__).parents[2]
INVENTORIES = [*sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir()), ROOT / "inventory"]
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
