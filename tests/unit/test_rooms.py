"""What import-linter cannot hold: modules of external packages, Python in the inventory, and where rooms lie."""

import ast
import importlib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
ROOMS = ("schema", "facts", "deploys", "fleet", "lab")


def imported(path: Path) -> set[str]:
    """Every module a file names in an import statement."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_the_checkouts_own(room: str) -> None:
    where = importlib.import_module(room).__file__
    assert where is not None
    assert Path(where).parent == CHECKOUT / room


def test_facts_do_not_write() -> None:
    for path in (CHECKOUT / "facts").rglob("*.py"):
        assert not {name for name in imported(path) if name.startswith("pyinfra.operations")}, path


def test_pyinfras_command_line_is_used_by_its_hook_file_only() -> None:
    for room in ROOMS:
        for path in (CHECKOUT / room).rglob("*.py"):
            assert not {name for name in imported(path) if name.startswith("pyinfra_cli")}, path


def test_an_inventory_holds_data_only() -> None:
    assert not list((CHECKOUT / "inventory").rglob("*.py"))


def test_no_room_but_the_verb_that_loads_it_knows_the_lab() -> None:
    for room in ("schema", "facts", "deploys", "fleet"):
        for path in (CHECKOUT / room).rglob("*.py"):
            names = {name for name in imported(path) if name == "lab" or name.startswith("lab.")}
            assert not names or path.relative_to(CHECKOUT) in {Path("fleet/verbs/lab.py"), Path("fleet/cli.py")}, path


def test_test_files_that_run_together_have_names_of_their_own() -> None:
    """pytest imports them by their bare names: two of one name stop the whole run (its "import file mismatch")."""
    together = [path for room in ("unit", "property", "engine") for path in (CHECKOUT / "tests" / room).glob("*.py")]
    names = [path.name for path in together]
    assert sorted(set(names)) == sorted(names)
