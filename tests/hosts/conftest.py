"""Real booted hosts for tests. Each test process has a lab of its own; a new host takes half a second."""

import itertools
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from lab import definition, inventory, server, trial
from lab import lab as labs
from lab.errors import LabError
from lab.host import LabHost
from lab.lab import Lab


class HostFactory(Protocol):
    """Boots a bare host: `gpus` are PCI ids; more keywords are those of `lab.definition.Host`."""

    def __call__(self, name: str = ..., *gpus: str, ubuntu: str = ..., **more: object) -> LabHost: ...


class InventoryWriter(Protocol):
    def __call__(self, **hosts: Mapping[str, object]) -> Path: ...


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A lab with network and server, without hosts; taken down at the end, also on Ctrl-C and SIGTERM."""
    try:
        labs.check_machine()
    except LabError as error:
        pytest.fail(str(error)) if os.environ.get("CI") == "true" else pytest.skip(str(error))
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: pytest.exit("ended by SIGTERM", 143))
    try:
        with trial.claim() as claimed:
            labs.start(claimed, print)
            yield claimed
    finally:
        signal.signal(signal.SIGTERM, before)


def _factory(lab: Lab) -> Iterator[HostFactory]:
    """Hosts that live as long as the fixture that asks for them."""
    made: list[LabHost] = []

    def boot(name: str = "host", *gpus: str, ubuntu: str = "24.04", **more: object) -> LabHost:
        devices = [{"pci_id": gpu} for gpu in gpus]
        spec = {"name": name, "address": _free(lab), "ubuntu": ubuntu, "gpus": devices, **more}
        made.append(labs.add(lab, definition.Host.model_validate(spec)))
        return made[-1]

    try:
        yield boot
    finally:
        for host in made:
            host.remove()


def _free(lab: Lab) -> int:
    used = {int(address.rpartition(".")[2]) for address in inventory.known_addresses(lab).values()}
    return next(number for number in itertools.count(11) if number not in used)


@pytest.fixture
def bare_host(lab: Lab) -> Iterator[HostFactory]:
    """A factory of bare hosts that are removed after the test."""
    yield from _factory(lab)


@pytest.fixture(scope="module")
def lasting_host(lab: Lab) -> Iterator[HostFactory]:
    """A factory of hosts that are removed after the last test of the module, for tests that build on each other."""
    yield from _factory(lab)


@pytest.fixture
def desk(bare_host: HostFactory) -> LabHost:
    """The desktop of the shipped inventory, bare."""
    return _shipped(bare_host, "desk")


@pytest.fixture
def node(bare_host: HostFactory) -> LabHost:
    """The compute node of the shipped inventory, bare."""
    return _shipped(bare_host, "node")


def _shipped(boot: HostFactory, name: str) -> LabHost:
    spec = next(host for host in definition.load().hosts if host.name == name)
    ids = [device.pci_id for device in spec.gpus for _ in range(device.count)]
    return boot(name, *ids, ubuntu=spec.ubuntu)


@pytest.fixture
def write_inventory(lab: Lab, tmp_path: Path) -> InventoryWriter:
    """Write an inventory folder for hosts of this lab: write_inventory(desk={"ubuntu": "24.04", ...})."""

    def write(**hosts: Mapping[str, object]) -> Path:
        return inventory.write(lab, tmp_path / "inventory", hosts)

    return write


@pytest.fixture
def requests_served(lab: Lab) -> Callable[[], list[str]]:
    """The request lines that the lab's server has answered so far."""
    return lambda: list(server.requests(lab.access_log))
