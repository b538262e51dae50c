"""sudo passwords on real hosts: needed, given by each way, wrong; and never where another user could read them."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.host import LabHost

pytestmark = pytest.mark.hosts

PASSWORD = "correct-horse-7"
ROOT = Path(__file__).resolve().parents[2]
Boot = Callable[..., LabHost]
Write = Callable[..., Path]

# Command lines and environments of all processes, as root sees them, until the file `stop` is there.
WATCH = """rm -f /run/seen /run/stop
while ! test -e /run/stop; do
for p in /proc/[0-9]*; do
test "$p" = "/proc/$$" || tr '\\0' ' ' <"$p/cmdline"; tr '\\0' ' ' <"$p/environ"
done 2>/dev/null
done >>/run/seen"""


@pytest.fixture(scope="module")
def host(lasting_host: Boot) -> LabHost:
    return lasting_host("asks", sudo="password", password=PASSWORD)


def site(write: Write, **connection: object) -> Path:
    return write(asks={"ubuntu": "24.04", "gpus": [], "connection": connection})


def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / script), *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
    )


def at_terminal(typed: str, script: str, *arguments: str) -> tuple[int, str]:
    """Run a command at a terminal of its own and type a line at its first question; exit code and what it showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(str(Path(sys.executable).parent / script), [script, *arguments])  # noqa: S606 - a test's own command.
    shown, asked = b"", False
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 1)
        try:
            shown += os.read(terminal, 65536) if ready else b""
        except OSError:
            break
        if not asked and b"assword" in shown:
            asked = True
            time.sleep(0.2)
            os.write(terminal, f"{typed}\n".encode())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode(errors="replace")


def status(done: subprocess.CompletedProcess[str]) -> str:
    row = json.loads(done.stdout)["hosts"][0]
    return str(row["error"]["code"] if row["error"] else row["status"])


def attempts(host: LabHost) -> int:
    """Failed authentications that the host's journal has."""
    return host.run("journalctl -q -o cat _COMM=sudo", check=False).stdout.count("authentication failure")


def test_a_password_that_is_needed_is_asked_for_by_name(host: LabHost, write_inventory: Write) -> None:
    done = run("fleet", "drift", "--format", "json", str(site(write_inventory)))
    assert (done.returncode, status(done)) == (1, "RUN210")
    assert "sudo_password" in done.stdout and "-K" in done.stdout
    plain = run("pyinfra", "-y", str(site(write_inventory)), "deploys/gpu.py")
    assert plain.returncode == 1
    assert "RUN210" in plain.stderr and "Traceback" not in plain.stderr


@pytest.mark.parametrize("kind", ["env", "file", "command"])
def test_a_declared_password_is_used(host: LabHost, write_inventory: Write, tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_text(PASSWORD + "\n")
    (tmp_path / "secret").chmod(0o600)
    references = {
        "env": {"env": "ASKS_SUDO"},
        "file": {"file": str(tmp_path / "secret")},
        "command": {"command": ["cat", str(tmp_path / "secret")]},
    }
    folder = site(write_inventory, sudo_password=references[kind])
    done = run("fleet", "drift", "--format", "json", str(folder), ASKS_SUDO=PASSWORD)
    assert not status(done).startswith("RUN"), done.stdout
    assert PASSWORD not in done.stdout + done.stderr


def test_a_password_typed_once_is_used(host: LabHost, write_inventory: Write) -> None:
    folder = str(site(write_inventory))
    code, shown = at_terminal(PASSWORD, "fleet", "drift", "-K", folder)
    assert (code in (0, 2), "RUN21" in shown, PASSWORD in shown) == (True, False, False), shown
    code, shown = at_terminal(PASSWORD, "pyinfra", "--same-sudo-password", folder, "fact", "facts.host.Host")
    assert (code, PASSWORD in shown) == (0, False), shown
    assert '"root"' in shown


def test_a_wrong_password_is_tried_once(host: LabHost, write_inventory: Write) -> None:
    folder = site(write_inventory, sudo_password={"env": "ASKS_SUDO"})
    before = attempts(host)
    done = run("fleet", "drift", "--format", "json", str(folder), ASKS_SUDO="wrong-battery")
    assert (done.returncode, status(done)) == (1, "RUN211")
    assert attempts(host) == before + 1
    plain = run("pyinfra", "-y", str(folder), "deploys/gpu.py", ASKS_SUDO="wrong-battery")
    assert plain.returncode == 1
    assert "RUN211" in plain.stderr and "Traceback" not in plain.stderr
    assert attempts(host) == before + 2
    assert "wrong-battery" not in done.stdout + done.stderr + plain.stdout + plain.stderr


def test_a_secret_that_cannot_be_read_fails_its_host(host: LabHost, write_inventory: Write) -> None:
    folder = site(write_inventory, sudo_password={"env": "NOT_SET_ANYWHERE"})
    done = run("fleet", "drift", "--format", "json", str(folder))
    assert (done.returncode, status(done)) == (1, "RUN220")


def test_the_password_is_in_no_process_list_and_no_environment(host: LabHost, write_inventory: Write) -> None:
    folder = site(write_inventory, sudo_password={"env": "ASKS_SUDO"})
    host.run("cat >/run/watch && systemd-run -q --unit=watch sh /run/watch", stdin=WATCH)
    done = run("pyinfra", "-y", str(folder), "exec", "--", "sleep", "3.1459", ASKS_SUDO=PASSWORD)
    host.run("touch /run/stop; sleep 0.5")
    seen = host.run("cat /run/seen").stdout
    assert done.returncode == 0, done.stderr
    # The watch sees what it should: the command itself, and sudo around it.
    assert "sleep 3.1459" in seen and "sudo -H -S" in seen
    assert PASSWORD not in seen
    assert PASSWORD not in host.run("journalctl -q -o cat").stdout
    assert PASSWORD not in done.stdout + done.stderr


def test_a_host_that_asks_none_does_not_hand_it_to_the_command(bare_host: Boot, write_inventory: Write) -> None:
    easy = bare_host("easy")
    folder = write_inventory(
        easy={"ubuntu": "24.04", "gpus": [], "connection": {"sudo_password": {"env": "ASKS_SUDO"}}}
    )
    done = run("pyinfra", "-y", str(folder), "exec", "--", "cat; echo end", ASKS_SUDO=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert "[easy] end" in done.stderr and PASSWORD not in done.stderr
    before = sudo_commands(easy)
    run("fleet", "drift", str(folder), ASKS_SUDO=PASSWORD)
    assert sudo_commands(easy) == before + 1


def sudo_commands(host: LabHost) -> int:
    return host.run("journalctl -q -o cat _COMM=sudo", check=False).stdout.count("COMMAND=")
