"""Hosts that mean harm, beside one that does not: each fails alone, within its time, and nothing of it gets through."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paramiko
import pytest

from fleet.report.form import FORMS
from tests.engine import hostile
from tests.engine.conftest import ROOT

CAPTURE = (ROOT / "tests" / "captures" / "lab" / "node-bare.txt").read_text()
ESCAPES = (
    "\x1b[2J\x1b]8;;http://x\x1b\\\x1b]52;c;aGk=\x07\x9b31m\u202e\u2066\u200b\u2028<script>%s{0}${jndi:ldap://x}|`*_"
)
LIMIT_SECONDS = 60


class Site:
    """An inventory in a folder, and a drift check of it in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = folder / "user"
        (folder / "hosts").mkdir()
        paramiko.ECDSAKey.generate().write_private_key_file(str(self.key))

    def host(self, name: str, port: int, known: Path | None = None) -> None:
        if known is not None:
            text = known.read_text()
            known.write_text(text if text.startswith("[") else f"[127.0.0.1]:{port} {text}")
        connection = {
            "address": "127.0.0.1",
            "port": port,
            "user": "root",
            "key": str(self.key),
            "timeout": 2,
            "known_hosts": str(known or self.folder / "none"),
        }
        text = f'ubuntu: "22.04"\ngpus: []\nconnection: {json.dumps(connection)}\n'
        (self.folder / "hosts" / f"{name}.yaml").write_text(text)

    def drift(self, *flags: str, look_seconds: int = 20) -> subprocess.CompletedProcess[str]:
        """`fleet drift`, with a shorter patience for looks; the last line of stderr is its peak memory in MiB."""
        patience = f"import fleet.session; fleet.session.LOOK_SECONDS = {look_seconds}"
        # getrusage's peak is that of the test's own process, which it was forked from; the kernel's VmHWM is its own.
        peak = "import atexit, re, sys; status = lambda: open('/proc/self/status').read()\n"
        peak += "at_end = lambda: int(re.search(r'VmHWM:\\s+([0-9]+)', status())[1]) >> 10\n"
        code = f"{peak}atexit.register(lambda: print(at_end(), file=sys.stderr))\n"
        code += f"from gevent import monkey; monkey.patch_all()\n{patience}\n"
        code += "from fleet import cli\nsys.argv[0] = 'fleet'; sys.exit(cli.main())\n"
        return subprocess.run(
            [sys.executable, "-c", code, "drift", str(self.folder), *flags],
            cwd=ROOT,
            env=os.environ | {"XDG_STATE_HOME": str(self.folder / "state"), "SSH_AUTH_SOCK": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)),
        )

    def looked(self, **more: Any) -> dict[str, dict[str, Any]]:
        done = self.drift("--format", "json", **more)
        assert "Traceback" not in done.stderr, done.stderr
        assert int(done.stderr.splitlines()[-1]) < 300, "memory"
        return {row["host"]: row for row in json.loads(done.stdout)["hosts"]}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def whole(channel: paramiko.Channel, _command: str) -> None:
    """An ordinary host: the probe's answer, recorded."""
    channel.sendall(CAPTURE.encode())
    channel.send_exit_status(0)


WAYS = [
    hostile.silent,
    hostile.floods,
    hostile.greets_for_ever,
    hostile.drips,
    hostile.no_ssh,
    hostile.closes,
    hostile.giant_packet,
    hostile.ignore_flood,
]


def test_servers_that_are_none_fail_alone_and_soon(site: Site, tmp_path: Path) -> None:
    with ExitStack() as stack:
        for number, way in enumerate(WAYS):
            site.host(f"bad-{number}", stack.enter_context(hostile.raw(way)))
        site.host("good", stack.enter_context(hostile.shell(whole, tmp_path / "good-key")), tmp_path / "good-key")
        begun = time.monotonic()
        found = site.looked()
        assert time.monotonic() - begun < 30
    assert found["good"]["error"] is None
    for number, way in enumerate(WAYS):
        row = found[f"bad-{number}"]
        assert (row["status"], row["error"]["code"]) == ("unreachable", "RUN201"), way
        assert row["error"]["message"].isprintable()
        assert len(row["error"]["message"]) < 400


def endless(channel: paramiko.Channel, _command: str) -> None:
    while True:
        channel.sendall(b"y\n" * 16_000)


def endless_errors(channel: paramiko.Channel, _command: str) -> None:
    while True:
        channel.sendall_stderr(b"\x00\xff\x1b[H" * 8_000)


def endless_empty_lines(channel: paramiko.Channel, _command: str) -> None:
    while True:
        channel.sendall(b"\n" * 32_000)


def hangs(channel: paramiko.Channel, _command: str) -> None:
    time.sleep(60)


def slow(channel: paramiko.Channel, _command: str) -> None:
    for byte in CAPTURE.encode():
        channel.sendall(bytes((byte,)))
        time.sleep(0.05)


def binary(channel: paramiko.Channel, _command: str) -> None:
    channel.sendall(bytes(range(256)) * 4_000)
    channel.send_exit_status(0)


SHELLS = {
    "endless": (endless, "RUN440"),
    "endless-errors": (endless_errors, "RUN440"),
    "endless-empty-lines": (endless_empty_lines, "RUN440"),
    "hangs": (hangs, "RUN207"),
    "slow": (slow, "RUN207"),
    "binary": (binary, "RUN208"),
}


def test_shells_that_say_too_much_or_too_little(site: Site, tmp_path: Path) -> None:
    with ExitStack() as stack:
        for name, (answer, _) in {**SHELLS, "good": (whole, "")}.items():
            key = tmp_path / f"{name}-key"
            site.host(name, stack.enter_context(hostile.shell(answer, key)), key)
        found = site.looked(look_seconds=8)
    assert found["good"]["error"] is None
    for name, (_, code) in SHELLS.items():
        error = found[name]["error"]
        assert error["code"] == code, name
        assert all(line.isprintable() for text in error.values() for line in text.replace("\t", " ").split("\n")), name


def half(rest: Callable[[paramiko.Channel], None]) -> Callable[[paramiko.Channel, str], None]:
    """The probe's answer up to the packages, and then something else."""

    def answer(channel: paramiko.Channel, _command: str) -> None:
        channel.sendall(CAPTURE[: CAPTURE.index(" repository/packages ")].encode())
        rest(channel)

    return answer


HALVES: dict[str, tuple[Callable[[paramiko.Channel], None], str]] = {
    "hung": (lambda channel: time.sleep(60), "no end within 8 s"),
    "gone": (lambda channel: None, "the connection was lost, or the command was killed, before its end"),
    "mad": (lambda channel: endless(channel, ""), "the host sent more than 8 MiB for one command"),
}


def test_a_look_that_breaks_off_keeps_what_it_saw(site: Site, tmp_path: Path) -> None:
    with ExitStack() as stack:
        for name, (rest, _) in HALVES.items():
            key = tmp_path / f"{name}-key"
            site.host(name, stack.enter_context(hostile.shell(half(rest), key)), key)
        found = site.looked(look_seconds=8)
    for name, (_, why) in HALVES.items():
        row = found[name]
        assert row["error"] is None or row["error"]["code"] == "RUN236", name
        assert "repository/packages" in row["not_seen"] and "kernel/releases" not in row["not_seen"]
        assert {"GPU122", "GPU285"} <= {item["code"] for item in row["findings"]}, name
        assert [item["evidence"].splitlines()[0] for item in row["findings"] if item["code"] == "GPU285"] == [why]


def noisy(channel: paramiko.Channel, _command: str) -> None:
    """A banner, a prompt without a line end, forged marks, noise on both streams; and then the answer."""
    channel.sendall_stderr(b"stdin: is not a tty\nmesg: ttyname failed: Inappropriate ioctl for device\n")
    channel.sendall(f"Welcome to node!\r\n{ESCAPES}\n@@gpufleet 2 x\n@@0 gpu/smi 0\nroot@node:~# ".encode())
    whole(channel, "")
    channel.sendall(b"\x1b]0;logout\x07bye\n")


def poisoned(channel: paramiko.Channel, _command: str) -> None:
    """Names on the host that mean harm wherever they are shown."""
    text = CAPTURE.replace("hostname node", f"hostname {ESCAPES}").replace("jammy", ESCAPES)
    text = text.replace("PRETTY_NAME=", f"PRETTY_NAME={ESCAPES}").replace(
        'VERSION_ID="22.04"', f'VERSION_ID="{ESCAPES}"'
    )
    channel.sendall(text.encode("utf-8", "surrogatepass"))
    channel.send_exit_status(0)


def test_noise_around_the_answer_is_no_part_of_it(site: Site, tmp_path: Path) -> None:
    with hostile.shell(noisy, tmp_path / "key-1") as one, hostile.shell(whole, tmp_path / "key-2") as two:
        site.host("noisy", one, tmp_path / "key-1")
        site.host("quiet", two, tmp_path / "key-2")
        found = site.looked()
    for row in found.values():
        for key in ("host", "seen", "seconds"):
            row.pop(key, None)
    assert found["noisy"] == found["quiet"]


@pytest.mark.parametrize("form", FORMS)
def test_what_a_host_calls_itself_moves_no_cursor_in_any_form(site: Site, tmp_path: Path, form: str) -> None:
    with hostile.shell(poisoned, tmp_path / "key") as port:
        site.host("node", port, tmp_path / "key")
        done = site.drift("--format", form)
    told = done.stdout + "".join(done.stderr.splitlines(keepends=True)[:-1])
    assert "x1b[2J" in told and "u202e" in told
    # The page's own script has characters of the private use area.
    shown = told if form != "html" else told.replace("\ue001", "")
    assert not [one for one in shown if not one.isprintable() and one not in "\n\t"]
    assert form != "html" or "<script>%s" not in told
