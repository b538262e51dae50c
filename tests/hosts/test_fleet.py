"""The fleet command on real hosts: plan with sizes, apply, nothing to do the second time, drift after a change."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import running

from lab.host import LabHost

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

Boot = Callable[..., LabHost]
Write = Callable[..., Path]
DRIVEN = {"ubuntu": "22.04", "gpus": [{"pci_id": "10de:2330"}], "driver": {"branch": 580, "modules": "open"}}
TOOLKIT = {"ubuntu": "24.04", "gpus": [], "cuda": {"toolkits": ["12.9"]}}


def fleet(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("fleet")), *arguments]
    return subprocess.run(
        command, cwd="/", env=os.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=500
    )


def rows(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, object]]:
    assert "Traceback" not in done.stderr, done.stderr
    return {row["host"]: row for row in json.loads(done.stdout)["hosts"]}


def test_two_bare_hosts_of_different_kinds(bare_host: Boot, write_inventory: Write) -> None:
    node, box = bare_host("node", "10de:2330", ubuntu="22.04"), bare_host("box")
    folder = str(write_inventory(node=DRIVEN, box=TOOLKIT))

    planned = fleet("plan", "--format", "json", folder)
    plan = rows(planned)
    assert planned.returncode == 2, planned.stderr
    assert (plan["node"]["reboot"], plan["box"]["reboot"]) == ("run", "none")
    for name in plan:
        assert plan[name]["status"] == "changes"
        assert int(str(plan[name]["download_bytes"])) > 0, plan[name]["unknown"]
    names = {move["name"]: move for move in plan["node"]["packages"]}  # type: ignore[attr-defined]
    assert names["nvidia-driver-580-open"]["old"] is None
    assert str(names["nvidia-driver-580-open"]["new"]).startswith("580.")

    done = fleet("apply", "-y", "--format", "json", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: row["status"] for name, row in rows(done).items()} == {"node": "done", "box": "done"}
    for name, move in names.items():
        if move["new"] is not None and "unknown" not in str(move["new"]):
            assert running.version(node, name) == move["new"], name

    before = running.commands_seen(node), running.commands_seen(box)
    again = fleet("apply", "-y", "--format", "json", folder)
    assert {name: row["status"] for name, row in rows(again).items()} == {"node": "unchanged", "box": "unchanged"}
    assert again.returncode == 0
    assert (running.commands_seen(node), running.commands_seen(box)) == (before[0] + 1, before[1] + 1)
    assert (fleet("drift", folder).returncode, fleet("plan", folder).returncode) == (0, 0)

    node.run("rm /etc/apt/preferences.d/gpufleet")
    drifted = fleet("drift", "--format", "json", folder)
    assert drifted.returncode == 2
    found = rows(drifted)
    assert (found["node"]["status"], found["box"]["status"]) == ("drift", "in-sync")
    assert "/etc/apt/preferences.d/gpufleet" in json.dumps(found["node"]["changes"])


def test_a_reboot_that_is_left_to_the_user_is_pending(bare_host: Boot, write_inventory: Write) -> None:
    node = bare_host("node", "10de:2330", ubuntu="22.04")
    folder = str(write_inventory(node=DRIVEN | {"reboot": "never"}))
    boot_id = node.boot_id()
    done = fleet("apply", "-y", folder)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "pending" in done.stdout and "next: reboot" in done.stdout
    assert node.boot_id() == boot_id


def test_one_host_that_cannot_be_reached_does_not_stop_the_other(bare_host: Boot, write_inventory: Write) -> None:
    bare_host("box")
    down = {"ubuntu": "24.04", "gpus": [], "connection": {"address": "127.0.0.1", "port": 1}}
    folder = str(write_inventory(box=TOOLKIT, down=down))
    done = fleet("apply", "-y", "--format", "json", folder)
    assert done.returncode == 1
    assert {name: row["status"] for name, row in rows(done).items()} == {"box": "done", "down": "unreachable"}
    assert "log: " in done.stderr
