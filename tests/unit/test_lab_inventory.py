"""The shipped inventory and the lab it is for must say the same."""

from pathlib import Path

import yaml

from lab import installers

CHECKOUT = Path(__file__).parents[2]


def test_the_shipped_inventory_names_the_hash_of_the_labs_installer() -> None:
    desk = yaml.safe_load((CHECKOUT / "inventory/hosts/desk.yaml").read_text())
    name = f"Miniforge3-{desk['conda']['version']}-Linux-x86_64.sh"
    assert desk["conda"]["sha256"] == installers.sha256(name)
