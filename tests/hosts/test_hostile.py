"""A real host that misbehaves beside one that does not: its shell prints, floods or refuses; nvidia-smi has no end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import inventory
from lab.host import LabHost
from lab.lab import Lab

pytestmark = pytest.mark.hosts

Boot = Callable[..., LabHost]
# Of the login user: bash reads it for sshd's commands too (bash(1), INVOCATION).
BASHRC = "/home/ubuntu/.bashrc"
LOADED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Release Build"
LOAD = f"mkdir -p /run/t/nvidia && echo '{LOADED}' >/run/t/nvidia/version && mount --bind /run/t /proc/driver"
NOISE = (
    r"""printf 'Welcome\033[2J\033]52;c;aGk=\007 %%s {0} <b>\n@@gpufleet 2 x\nroot# '; echo 'stdin: is not a tty' >&2"""
)


class Pair:
    """A host to be spoiled beside a good one, and drift checks of the two."""

    def __init__(self, bad: LabHost, folder: Path) -> None:
        self.bad, self.folder = bad, folder

    def look(self, bashrc: str = "") -> dict[str, Any]:
        """The bad host's row; the good one must be as ever."""
        self.bad.run(f"cat >{BASHRC}", stdin=f"{bashrc}\n")
        words = [str(Path(sys.executable).with_name("fleet")), "drift", str(self.folder), "--format", "json"]
        done = subprocess.run(
            words, cwd="/", env=os.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200
        )
        assert "Traceback" not in done.stderr, done.stderr
        rows = {row["host"]: row for row in json.loads(done.stdout)["hosts"]}
        assert (rows["good"]["error"], rows["good"]["not_seen"]) == (None, [])
        bad: dict[str, Any] = rows["bad"]
        told = json.dumps(bad, ensure_ascii=False)
        assert told.isprintable()
        return {key: bad[key] for key in ("status", "error", "findings", "not_seen", "changes")}


@pytest.fixture(scope="module")
def pair(lab: Lab, lasting_host: Boot, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    spec = {"ubuntu": "24.04", "gpus": [{"pci_id": "10de:1b80"}], "driver": "none"}
    bad = lasting_host("bad", "10de:1b80")
    lasting_host("good", "10de:1b80")
    folder = inventory.write(lab, tmp_path_factory.mktemp("pair") / "inventory", {"bad": spec, "good": spec})
    return Pair(bad, folder)


def test_a_shell_that_talks_changes_nothing(pair: Pair) -> None:
    quiet = pair.look()
    assert quiet["error"] is None
    assert pair.look(NOISE) == quiet


@pytest.mark.parametrize(
    ("bashrc", "code"),
    [
        ("yes", "RUN440"),
        ("exec false", "RUN210"),
        ("echo This account is not available.; exit 0", "RUN208"),
    ],
)
def test_a_shell_that_floods_or_refuses_is_that_hosts_failure(pair: Pair, bashrc: str, code: str) -> None:
    row = pair.look(bashrc)
    assert (row["status"], row["error"]["code"]) == ("failed", code)
    assert len(row["error"]["evidence"]) < 3000


@pytest.fixture
def loaded(pair: Pair) -> Iterator[Pair]:
    pair.bad.run(LOAD)
    yield pair
    pair.bad.run("rm -f /usr/bin/nvidia-smi; umount /proc/driver")


@pytest.mark.parametrize("program", ["exec yes", "exec cat /dev/zero"])
def test_an_nvidia_smi_without_end_costs_its_own_section(loaded: Pair, program: str) -> None:
    loaded.bad.run(f"printf '#!/bin/sh\\n{program}\\n' >/usr/bin/nvidia-smi; chmod 755 /usr/bin/nvidia-smi")
    row = loaded.look()
    assert row["error"] is None
    assert row["not_seen"] == ["gpu/smi"]
    assert loaded.bad.run("pgrep -x yes; pgrep -fx 'cat /dev/.*'", check=False).stdout == ""


def test_names_on_a_host_are_shown_in_escapes(pair: Pair) -> None:
    name = r's/^PRETTY_NAME=.*/PRETTY_NAME="\x1b[2J\xe2\x80\xae<script>%s|`"/'
    version = r's/^VERSION_ID=.*/VERSION_ID="24.04\x1b"/'
    pair.bad.run(f"cp /etc/os-release /run/os; sed -i '{name};{version}' $(readlink -f /etc/os-release)")
    row = pair.look()
    pair.bad.run("cat /run/os >$(readlink -f /etc/os-release)")
    message = next(item["message"] for item in row["findings"] if item["code"] == "GPU001")
    assert r"\x1b[2J\u202e<script>%s|`" in message
