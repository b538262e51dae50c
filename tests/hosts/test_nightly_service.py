"""docs/nightly.md with a lab host as the controller: its own commands install the service, which then runs."""

import dataclasses
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.host import LabHost
from lab.lab import Lab
from tests.hosts.running import CHECKOUT

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

FORMS = {"drift.html", "drift.json", "drift.md", "drift.txt", "drift.xml", "gpufleet.prom"}
SERVICE = "gpufleet-drift.service"
HOME = "/var/lib/gpufleet-drift"
# Lab hosts have no Python: this machine's own, with its libraries, lent to the one that plays the controller.
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
LAUNCHER = f"""#!/bin/sh
export PYTHONHOME=/opt/python PYTHONPATH=/opt/gpufleet:/opt/packages PYTHONDONTWRITEBYTECODE=1
exec /opt/libraries/ld-linux-x86-64.so.2 --library-path /opt/python/lib:/opt/libraries \\
    /opt/python/bin/python{sys.version_info[0]}.{sys.version_info[1]} -m fleet "$@"
"""


def blocks() -> list[list[str]]:
    """The commands of the page's indented blocks, one list for each."""
    text = (CHECKOUT / "docs/nightly.md").read_text()
    found = re.findall(r"(?:^    \S.*\n)+", text, re.MULTILINE)
    return [[line.strip() for line in block.splitlines()] for block in found]


@pytest.fixture(scope="module")
def controller(lasting_host: Callable[..., LabHost], tmp_path_factory: pytest.TempPathFactory) -> LabHost:
    host = lasting_host("controller")
    host.power_off()
    made = tmp_path_factory.mktemp("venv")
    (made / "bin").mkdir(mode=0o755)
    (made / "bin/fleet").write_text(LAUNCHER)
    (made / "bin/fleet").chmod(0o755)
    made.chmod(0o755)
    packages = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    lent = {
        CHECKOUT: "/opt/gpufleet",
        made: "/opt/gpufleet/.venv",
        Path(sys.base_prefix): "/opt/python",
        packages: "/opt/packages",
        Path(LIBRARIES): "/opt/libraries",
    }
    binds = tuple(f"--bind-ro={source}:{target}" for source, target in lent.items())
    host = dataclasses.replace(host, binds=(*host.binds, *binds))
    host.boot()
    return host


def write(host: LabHost, target: LabHost, **more: object) -> None:
    """The inventory on the controller: one host without a GPU."""
    spec = {"ubuntu": "24.04", "gpus": [], "connection": {"address": target.address, "user": "ubuntu"}, **more}
    host.run("mkdir -p /etc/gpufleet/inventory/hosts")
    host.run("cat >/etc/gpufleet/inventory/hosts/target.yaml", stdin=yaml.safe_dump(spec))


def start(host: LabHost) -> tuple[int, str, int]:
    """systemctl's own exit code, the unit's result, and the check's exit code."""
    code = host.run(f"systemctl start {SERVICE}", check=False, timeout=120).returncode
    shown = host.run(f"systemctl show -p Result,ExecMainStatus {SERVICE}").stdout
    values = dict(line.split("=", 1) for line in shown.splitlines())
    return code, values["Result"], int(values["ExecMainStatus"])


def report(host: LabHost) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(host.run(f"cat {HOME}/report/drift.json").stdout)
    return found


def said(host: LabHost, unit: str) -> str:
    return host.run(f"journalctl -o cat --no-pager -u {unit}", check=False).stdout


def told(host: LabHost, word: str) -> str:
    """What gpufleet-alert@WORD wrote; it is started without waiting for it."""
    for _ in range(100):
        if text := said(host, f"gpufleet-alert@{word}.service"):
            return text
        time.sleep(0.1)
    return ""


@pytest.fixture(scope="module")
def target(lasting_host: Callable[..., LabHost]) -> LabHost:
    return lasting_host("target")


def test_the_pages_commands_install_a_service_that_does_its_work(
    lab: Lab, controller: LabHost, target: LabHost
) -> None:
    write(controller, target)
    install, keys, by_hand = blocks()[:3]
    for command in install:
        controller.run(f"cd /opt/gpufleet && {command}")
    controller.run("mkdir -p /srv/nightly && cat >/srv/nightly/known_hosts", stdin=lab.known_hosts.read_text())
    for command in keys:
        controller.run(f"cd /srv/nightly && {command}")
    public = controller.run(f"cat {HOME}/.ssh/id_ed25519.pub").stdout
    target.run("cat >>/home/ubuntu/.ssh/authorized_keys", stdin=public)
    shown = [controller.run(command, check=False) for command in by_hand]
    assert [done.returncode for done in shown] == [0] * len(by_hand), said(controller, SERVICE)
    assert "ExecMainStatus=0" in shown[1].stdout
    assert SERVICE in shown[2].stdout
    assert "1 host: 1 in-sync" in shown[3].stdout
    assert set(shown[4].stdout.split()) == FORMS
    assert said(controller, "gpufleet-alert@*") == ""
    assert controller.run(f"stat -c '%U %a' {HOME} {HOME}/report").stdout == "gpufleet 750\n" * 2


def test_drift_ends_the_unit_well_and_is_told(controller: LabHost, target: LabHost) -> None:
    write(controller, target, ubuntu="22.04")
    assert start(controller) == (0, "success", 2)
    assert report(controller)["summary"]["unhealthy"] == 1
    # What is new since last night is in the report.
    assert report(controller)["baseline"]
    assert "GPU hosts drift or are unhealthy: 1 host: 1 unhealthy" in told(controller, "drift")
    assert controller.run("systemctl is-failed gpufleet-drift.service", check=False).returncode != 0


def test_a_host_that_cannot_be_reached_fails_the_unit_and_is_told(controller: LabHost, target: LabHost) -> None:
    write(controller, target, connection={"address": target.address, "port": 1, "user": "ubuntu", "timeout": 2})
    assert start(controller) == (1, "exit-code", 1)
    assert "could not tell of every host: 1 host: 1 unreachable" in told(controller, "failed")
    assert report(controller)["summary"]["unreachable"] == 1


def test_the_same_for_one_person_without_root(controller: LabHost, target: LabHost) -> None:
    write(controller, target)
    controller.run(
        "install -d -m 700 -o ubuntu /home/ubuntu/.ssh && ln -s /opt/gpufleet /home/ubuntu/gpufleet && "
        "cp -r /etc/gpufleet/inventory /home/ubuntu/my-fleet && cd /home/ubuntu/.ssh && "
        f"cp {HOME}/.ssh/id_ed25519 {HOME}/.ssh/known_hosts . && chown ubuntu id_ed25519"
    )
    for command in [*blocks()[4], "systemctl --user start gpufleet-drift.service"]:
        done = controller.ssh(f"cd gpufleet && {command}", timeout=120)
        assert done.returncode == 0, command + done.stdout + done.stderr
    made = controller.ssh("systemctl --user list-timers --no-pager; ls .local/state/gpufleet/report").stdout
    assert "gpufleet-drift.timer" in made
    assert {"drift.html", "drift.json", "drift.txt"} <= set(made.split())
