"""Every code that the program can name has an entry, every entry a place that names it, and the page shows them all."""

import ast
import re
from pathlib import Path

from schema import codes
from schema.codes import page

ROOT = Path(__file__).parents[2]
MENTION = re.compile(r"\b(?:INV|CMP|GPU|RUN)[0-9]{3}\b")
STALE = "docs/codes.md is stale; type: make docs"


def texts() -> dict[str, list[str]]:
    """Every text in the rooms' Python files, docstrings and the constant parts of f-strings too, by file."""
    files = [path for room in ("schema", "facts", "deploys", "fleet") for path in (ROOT / room).rglob("*.py")]
    files.append(ROOT / "config.py")
    return {str(path.relative_to(ROOT)): _constants(ast.parse(path.read_text())) for path in files}


def _constants(tree: ast.AST) -> list[str]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_every_code_in_the_source_has_an_entry() -> None:
    named = {(file, code) for file, found in texts().items() for text in found for code in MENTION.findall(text)}
    assert len(named) > 100
    assert sorted(f"{file}: {code}" for file, code in named if codes.entry(code) is None) == []


def test_every_entry_is_a_code_that_the_source_gives() -> None:
    """A text that is the code alone; one in the midst of a hint or a docstring does not count."""
    given = {text for found in texts().values() for text in found if codes.is_code(text)}
    assert sorted(set(codes.all_codes()) - given) == []


def test_a_code_in_an_entry_a_document_or_an_example_has_an_entry() -> None:
    files = [
        path for kind in ("*.md", "docs/*.md", "examples/**/*.yaml", "schema/codes/*.yaml") for path in ROOT.glob(kind)
    ]
    named = {(path.name, code) for path in files for code in MENTION.findall(path.read_text())}
    assert sorted(f"{file}: {code}" for file, code in named if codes.entry(code) is None) == []


def test_no_code_stands_in_two_files() -> None:
    lines = [
        line for file in sorted((ROOT / "schema" / "codes").glob("*.yaml")) for line in file.read_text().splitlines()
    ]
    keys = [line for line in lines if re.fullmatch(r"[A-Z]{3}[0-9]{3}:", line)]
    assert len(keys) == len(set(keys)) == len(codes.all_codes())


def test_every_file_that_an_entry_names_is_there() -> None:
    path = re.compile(r"\b(?:schema|facts|deploys|fleet|docs|lab)/[\w*/.-]+\.(?:py|yaml|md|sh)\b")
    named = {(entry.code, found) for entry in codes.all_codes().values() for found in path.findall(str(entry))}
    assert len(named) > 30
    assert sorted(f"{code}: {file}" for code, file in named if not list(ROOT.glob(file))) == []


def test_an_entry_is_found_in_any_case() -> None:
    assert codes.entry("inv001") == codes.entry("INV001") is not None
    assert codes.entry("INV999") is None


def test_the_page_is_not_stale() -> None:
    assert (ROOT / "docs" / "codes.md").read_text() == page.page(), STALE


def test_the_page_has_a_heading_for_each_code_and_escapes_what_markdown_would_eat() -> None:
    headings = re.findall(r"^### (\S+)$", page.page(), re.MULTILINE)
    assert headings == list(codes.all_codes())
    assert r"hosts/\*\*/NAME.yaml" in page.page()
