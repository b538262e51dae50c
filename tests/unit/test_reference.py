"""docs/inventory.md says what the models say, of every key and of no other."""

from pathlib import Path

from schema import reference

ROOT = Path(__file__).parents[2]
STALE = "docs/inventory.md is stale; type: make docs"


def test_every_key_has_a_meaning_and_every_meaning_a_key() -> None:
    assert {path for path, _, _ in reference.paths()} == set(reference.meanings())


def test_the_page_is_not_stale() -> None:
    assert (ROOT / "docs" / "inventory.md").read_text() == reference.page(), STALE
