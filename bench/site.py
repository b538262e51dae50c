"""One converged lab host under N addresses, and an inventory that names each of them as a host of its own."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import definition, installers, inventory, lab, seed
from lab.host import LabHost

FIRST = 20
LIMIT = 200


@dataclass(frozen=True)
class Site:
    """`folder` is the inventory of `names`; `addresses` all lead to `host`'s sshd."""

    lab: lab.Lab
    host: LabHost
    folder: Path
    addresses: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"n{address.rsplit('.', 1)[1]}" for address in self.addresses)


SPEC: dict[str, object] = {
    "ubuntu": "24.04",
    "gpus": ["GTX 1080"],
    "driver": {"branch": 580},
    "cuda": {"toolkits": ["12.9", "12.6"]},
    "cudnn": {"version": "9.10.2"},
    "conda": {"version": "25.3.1-0", "sha256": installers.sha256("Miniforge3-25.3.1-0-Linux-x86_64.sh")},
    "environments": {"ds": {"python": "3.11", "packages": ["numpy", "scikit-learn"]}},
    "reboot": "if-needed",
}


@contextlib.contextmanager
def site(count: int, state: Path) -> Iterator[Site]:
    """Boot one host, converge it, give it `count` addresses; nothing of it is left afterwards."""
    own = lab.numbered(os.getpid(), state / "lab")
    try:
        hosts = lab.up(own, definition.check({"hosts": [bare()]}, "bench"), say)
        folder = state / "alone"
        inventory.write(own, folder, {"one": {**SPEC, "connection": {"address": hosts[0].address}}})
        converge(folder)
        addresses = tuple(f"{own.subnet}.{FIRST + number}" for number in range(count))
        listen(hosts[0], addresses)
        trust(own, hosts[0], addresses)
        many = state / "many"
        inventory.write(own, many, {f"n{a.rsplit('.', 1)[1]}": entry(a) for a in addresses})
        yield Site(own, hosts[0], many, addresses)
    finally:
        lab.down(own, say)


def bare() -> dict[str, object]:
    return {"name": "one", "address": 11, "ubuntu": "24.04", "gpus": [{"pci_id": "10de:1b80"}]}


def entry(address: str) -> dict[str, object]:
    return {**SPEC, "connection": {"address": address}}


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def converge(folder: Path) -> None:
    """`fleet apply`, for real. Raises CalledProcessError with its output on the terminal."""
    say("converging the host with fleet apply")
    subprocess.run([sys.executable, "-m", "fleet", "apply", str(folder), "-y"], check=True, stdout=sys.stderr)


def listen(host: LabHost, addresses: tuple[str, ...]) -> None:
    """More addresses for the host's one interface; sshd listens on all. Many logins at once need its limits raised.

    They are no sessions of logind's (pam_systemd(8)): the look lists these, and each "host" would list all the others'.
    """
    host.run("sed -i /pam_systemd/d /etc/pam.d/common-session")
    lines = "\n".join(f"addr add {address}/24 dev eth0" for address in addresses)
    host.run("ip -batch -", stdin=lines)
    limits = "MaxStartups 1000\nPerSourceMaxStartups none\nMaxSessions 100\n"
    host.run("cat > /etc/ssh/sshd_config.d/bench.conf && systemctl reload-or-restart ssh", stdin=limits)
    host.wait()


def trust(own: lab.Lab, host: LabHost, addresses: tuple[str, ...]) -> None:
    """The one host key under each address."""
    kind, key = seed.host_key(host.folder).with_suffix(".pub").read_text().split()[:2]
    with own.known_hosts.open("a") as known:
        known.writelines(f"{address} {kind} {key}\n" for address in addresses)


def smaller(chosen: Site, count: int, folder: Path) -> Site:
    """The first hosts of a site, as a site with an inventory of its own."""
    addresses = chosen.addresses[:count]
    inventory.write(chosen.lab, folder, {f"n{a.rsplit('.', 1)[1]}": entry(a) for a in addresses})
    return Site(chosen.lab, chosen.host, folder, addresses)
