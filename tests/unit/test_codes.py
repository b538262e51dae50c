"""Every code that the program can name has an entry, and every entry a code that the program names."""

import re
from pathlib import Path

from schema import codes

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[\"'](?:fleet explain )?((?:INV|CMP|GPU|RUN)[0-9]{3})[\"'.]")


def named() -> dict[str, set[str]]:
    """The codes in the rooms' Python files, by file."""
    files = [path for room in ("schema", "facts", "deploys", "fleet") for path in (ROOT / room).rglob("*.py")]
    files.append(ROOT / "config.py")
    return {str(path.relative_to(ROOT)): set(CODE.findall(path.read_text())) for path in files if path.exists()}


def test_every_code_in_the_source_has_an_entry() -> None:
    missing = {f"{file}: {code}" for file, found in named().items() for code in found if codes.entry(code) is None}
    assert not missing


def test_every_entry_of_inventories_and_versions_is_named_in_the_source() -> None:
    used = set().union(*named().values())
    ours = {code for code in codes.all_codes() if code[:3] in {"INV", "CMP"}}
    assert ours <= used


def test_an_entry_is_found_in_any_case() -> None:
    assert codes.entry("inv001") == codes.entry("INV001") is not None
    assert codes.entry("INV999") is None
