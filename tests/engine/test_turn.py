"""No overlap of two runs: real fleet processes, on a host that takes connections and says nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

FLEET = Path(sys.executable).with_name("fleet")
Process = subprocess.Popen[str]


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Process]]:
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def folder(at: Path, port: int, *names: str, timeout: int = 60) -> Path:
    (at / "hosts").mkdir(parents=True)
    for name in names:
        text = f"connection: {{address: 127.0.0.1, port: {port}, timeout: {timeout}}}\nubuntu: '24.04'\ngpus: []\n"
        (at / "hosts" / f"{name}.yaml").write_text(text)
    return at


def begin(state: Path, *words: str | Path) -> Process:
    environment = {**os.environ, "XDG_STATE_HOME": str(state), "HOME": str(state)}
    return subprocess.Popen(
        [str(FLEET), *map(str, words)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores SIGINT, and so do these tests' children (sh(1), "&").
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def end(process: Process) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def running(state: Path, verb: str = "drift") -> list[Path]:
    return sorted((state / "gpufleet" / "running").glob(f"*/{verb}-*.json"))


def at_work(state: Path, process: Process, verb: str = "drift") -> None:
    """Wait until a run has its turn."""
    for _ in range(300):
        if any(f"-{process.pid}-" in file.name and file.stat().st_size for file in running(state, verb)):
            return
        assert process.poll() is None, end(process)
        time.sleep(0.1)
    raise AssertionError("it never began")


def test_the_second_check_of_the_same_hosts_ends_at_once_and_names_the_first(
    tmp_path: Path, silent: int, started: list[Process]
) -> None:
    inventory = folder(tmp_path / "site", silent, "a", "b")
    link = tmp_path / "other-name"
    link.symlink_to(inventory)
    first = begin(tmp_path, "drift", inventory)
    started.append(first)
    at_work(tmp_path, first)
    report = tmp_path / "drift.json"
    code, out, err = end(begin(tmp_path, "drift", link, "--format", "json", "--limit", "b"))
    assert (code, out) == (1, "")
    begun = json.loads(running(tmp_path)[0].read_text())["started"]
    assert f"RUN450 another fleet drift of this inventory is at work: process {first.pid}, since {begun}" in err
    assert "both have b" in err
    assert "next: " in err
    assert not report.exists()
    assert first.poll() is None


@pytest.mark.parametrize("with_what", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_was_ended_leaves_nothing_in_the_way(
    tmp_path: Path, silent: int, started: list[Process], with_what: signal.Signals
) -> None:
    inventory = folder(tmp_path / "site", silent, "a")
    first = begin(tmp_path, "drift", inventory)
    started.append(first)
    at_work(tmp_path, first)
    first.send_signal(with_what)
    first.wait(timeout=30)
    second = begin(tmp_path, "drift", inventory)
    started.append(second)
    at_work(tmp_path, second)
    assert [f"-{second.pid}-" in file.name for file in running(tmp_path)] == [True]


def test_other_inventories_other_hosts_and_other_verbs_do_not_disturb_each_other(
    tmp_path: Path, silent: int, started: list[Process]
) -> None:
    inventory, other = folder(tmp_path / "site", silent, "a", "b"), folder(tmp_path / "other", silent, "a")
    runs = [
        ("drift", begin(tmp_path, "drift", inventory, "--limit", "a")),
        ("drift", begin(tmp_path, "drift", inventory, "--limit", "b")),
        ("drift", begin(tmp_path, "drift", other)),
        ("apply", begin(tmp_path, "apply", "-y", inventory)),
    ]
    for verb, process in runs:
        started.append(process)
        at_work(tmp_path, process, verb)
    code, _, err = end(begin(tmp_path, "apply", "-y", inventory, "--limit", "a"))
    assert code == 1
    assert f"RUN450 another fleet apply of this inventory is at work: process {runs[3][1].pid}" in err
    assert [process.poll() for _, process in runs] == [None] * 4


def test_a_check_beside_an_apply_says_so(tmp_path: Path, silent: int, started: list[Process]) -> None:
    inventory = folder(tmp_path / "site", silent, "a")
    apply = begin(tmp_path, "apply", "-y", inventory)
    started.append(apply)
    at_work(tmp_path, apply, "apply")
    folder(tmp_path / "quick", silent, "a", timeout=1)
    (inventory / "hosts/a.yaml").write_text((tmp_path / "quick/hosts/a.yaml").read_text())
    code, out, err = end(begin(tmp_path, "drift", inventory))
    assert (code, "1 host: 1 unreachable" in out) == (1, True)
    assert f"a fleet apply of the same hosts is at work (process {apply.pid}, since " in err


def test_waiting_for_the_first_looks_after_it(tmp_path: Path, silent: int, started: list[Process]) -> None:
    inventory = folder(tmp_path / "site", silent, "a", timeout=2)
    report = tmp_path / "drift.json"
    end(begin(tmp_path, "drift", inventory, "-o", report))
    before = json.loads(report.read_text())["time"]
    first = begin(tmp_path, "drift", inventory, "-o", report)
    started.append(first)
    at_work(tmp_path, first)
    later = tmp_path / "later.json"
    code, out, err = end(
        begin(tmp_path, "drift", inventory, "--wait", "50", "--baseline", report, "-o", "-", "-o", later)
    )
    # What it compares with is what the first one wrote meanwhile.
    assert json.loads(later.read_text())["baseline"]["time"] == json.loads(report.read_text())["time"] > before
    assert first.poll() is not None
    assert f"waiting for another fleet drift: process {first.pid}" in err
    assert (code, "1 host: 1 unreachable" in out) == (1, True)
    assert running(tmp_path) == []


def test_a_state_folder_that_takes_no_files_is_said_and_the_run_goes_on(tmp_path: Path, silent: int) -> None:
    inventory = folder(tmp_path / "site", silent, "a", timeout=1)
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    code, out, err = end(begin(blocked, "drift", inventory))
    assert (code, "1 host: 1 unreachable" in out) == (1, True)
    assert "RUN451" in err
