"""The machine a command runs on, by its /etc/os-release."""

import distro
import pytest

from fleet import machine
from fleet.errors import RunError


def test_another_distribution_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distro, "id", lambda: "debian")
    monkeypatch.setattr(distro, "name", lambda pretty: "Debian GNU/Linux 13 (trixie)")
    with pytest.raises(RunError, match="Debian GNU/Linux 13"):
        machine.check_ubuntu()


def test_ubuntu_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distro, "id", lambda: "ubuntu")
    machine.check_ubuntu()
