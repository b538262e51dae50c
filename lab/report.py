"""What `fleet lab status` tells: which hosts there are, whether they run, and how to log in."""

from typing import Literal, TypedDict

from lab import boot, process
from lab.definition import Definition, Device
from lab.lab import Lab


class HostStatus(TypedDict):
    """`state`: "up" takes logins, "starting" runs without sshd, "off" has a disk, "missing" was never made."""

    name: str
    address: str
    ubuntu: str
    gpus: list[str]
    state: Literal["up", "starting", "off", "missing"]
    login: str


class LabStatus(TypedDict):
    """The shape of `fleet lab status --format json`; `server` is the base URL, None when it does not run."""

    version: int
    name: str
    server: str | None
    key: str
    known_hosts: str
    hosts: list[HostStatus]


def status(lab: Lab, definition: Definition) -> LabStatus:
    """Look at the process table and the disks; needs no root."""
    return {
        "version": 1,
        "name": lab.name,
        "server": f"https://{lab.address}/" if process.find(lab.server_marker) else None,
        "key": str(lab.key),
        "known_hosts": str(lab.known_hosts),
        "hosts": [
            {
                "name": spec.name,
                "address": f"{lab.subnet}.{spec.address}",
                "ubuntu": spec.ubuntu,
                "gpus": [_gpu(device) for device in spec.gpus],
                "state": _state(lab, spec.name, f"{lab.subnet}.{spec.address}"),
                "login": f"ssh -i {lab.key} -o UserKnownHostsFile={lab.known_hosts} ubuntu@{lab.subnet}.{spec.address}",
            }
            for spec in definition.hosts
        ],
    }


def _gpu(device: Device) -> str:
    return f"{device.count} x {device.board.name} ({device.pci_id})"


def _state(lab: Lab, name: str, address: str) -> Literal["up", "starting", "off", "missing"]:
    if boot.running(f"{lab.name}-{name}"):
        return "up" if boot.banner(address) else "starting"
    return "off" if (lab.state / "hosts" / name / "disk").exists() else "missing"


def text(found: LabStatus) -> str:
    """The same in lines: one per host, then how to log in."""
    rows = [
        f"{each['name']:12} {each['state']:9} {each['address']:15} Ubuntu {each['ubuntu']}  "
        f"{', '.join(each['gpus']) or 'no GPU'}"
        for each in found["hosts"]
    ]
    rows.append(f"server       {found['server'] or 'does not run'}")
    up = [each for each in found["hosts"] if each["state"] == "up"]
    rows.append(f"log in: {up[0]['login']}" if up else "next: sudo fleet lab up")
    return "\n".join(rows)
