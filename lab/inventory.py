"""Inventory folders for hosts of any lab, of the same shape as the shipped one."""

import copy
import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from lab import paths
from lab.errors import LabError
from lab.lab import Lab, default

SHIPPED = paths.CHECKOUT / "inventory"


def write(lab: Lab, folder: Path, hosts: Mapping[str, Mapping[str, object]]) -> Path:
    """Write fleet.yaml, hosts/NAME.yaml and keys/ for a lab that is up; return the folder.

    Each host is what its file shall say; `groups: [lab]` and its address in the lab are added where they are missing.
    The group `lab` is the shipped one with this lab's addresses and keys. Raises `LabError` for a host without address.
    """
    (folder / "hosts").mkdir(parents=True, exist_ok=True)
    shutil.copytree(SHIPPED / "keys", folder / "keys", dirs_exist_ok=True)
    (folder / "fleet.yaml").write_text(_fleet(lab))
    addresses = known_addresses(lab)
    for name, content in hosts.items():
        (folder / "hosts" / f"{name}.yaml").write_text(_host(name, content, addresses))
    return folder


def known_addresses(lab: Lab) -> dict[str, str]:
    """Address of each host that the lab has a folder for."""
    return {path.parent.name: path.read_text().strip() for path in (lab.state / "hosts").glob("*/address")}


def _fleet(lab: Lab) -> str:
    """The shipped fleet.yaml with another lab's subnet and state folder in the place of the default lab's."""
    text = (SHIPPED / "fleet.yaml").read_text().replace(f"{default().subnet}.", f"{lab.subnet}.")
    return text.replace("~/.local/state/gpufleet/lab/", f"{lab.state}/")


def _host(name: str, content: Mapping[str, object], addresses: Mapping[str, str]) -> str:
    merged = dict(copy.deepcopy(content))
    merged.setdefault("groups", ["lab"])
    connection = merged.setdefault("connection", {})
    if isinstance(connection, dict) and "address" not in connection:
        if name not in addresses:
            raise LabError(f"{name} is no host of this lab: it has {', '.join(sorted(addresses)) or 'none'}")
        connection["address"] = addresses[name]
    return yaml.safe_dump(merged, sort_keys=False)
