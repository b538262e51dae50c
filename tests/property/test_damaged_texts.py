"""Every kind of file of an inventory, damaged: loaded or refused in words. `python -m bench fuzz` does more."""

from pathlib import Path

import pytest

from bench import fuzz, promises, sample
from schema import load

INPUTS = 600


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "site"
    sample.write(folder, fuzz.everything())
    return folder


def test_the_sample_that_is_damaged_is_sound(site: Path) -> None:
    assert load.read(site).problems == ()


@pytest.mark.parametrize("part", range(4))
def test_a_damaged_inventory_is_loaded_or_refused_in_words(site: Path, part: int) -> None:
    sound, verdicts = fuzz.everything(), set()
    for number in range(part, INPUTS, 4):
        name, data = fuzz.damaged(0, number)
        (site / name).write_bytes(data)
        verdict, broken = promises.imported(site / name) if "foreign" in name else promises.outcome(site)
        (site / name).write_bytes(sound[name])
        assert not broken, f"python -m bench fuzz --seed 0 --only {number}"
        verdicts.add(verdict)
    assert verdicts == {"loaded", "refused"}
