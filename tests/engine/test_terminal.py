"""Problems on a real terminal (a pseudo-terminal), and the same off one: every verb and the plain pyinfra command."""

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.conftest import ROOT, Command

WRONG = 'connection: local\nubuntu: "24.04"\ngpus: [GTX 1080]\ndriver: {branch: 610}\n'
PLACE = "hosts/desk.yaml:4:18: error CMP001 driver.branch: "
EXCERPT = ["    4 | driver: {branch: 610}", "      |                  ^^^"]
COMMANDS = [["fleet", verb] for verb in ("validate", "plan", "drift", "apply")] + [["pyinfra"]]


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    (tmp_path / "site" / "hosts").mkdir(parents=True)
    (tmp_path / "site" / "hosts" / "desk.yaml").write_text(WRONG)
    return tmp_path / "site"


def on_terminal(command: list[str], folder: Path, **environment: str) -> tuple[int, str]:
    """Exit code and all that a terminal of 100 columns would get."""
    program, *verb = command
    arguments = [*verb, str(folder)] + (["exec", "--", "true"] if program == "pyinfra" else [])
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    size = {"COLUMNS": "100", "TERM": "xterm", "XDG_STATE_HOME": str(folder / ".state")}
    ours, theirs = pty.openpty()
    started = subprocess.Popen(
        [str(Path(sys.executable).parent / program), *arguments],
        cwd=ROOT,
        env=kept | size | environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    text = _written(ours, started)
    os.close(ours)
    return started.wait(60), text.decode().replace("\r\n", "\n")


def _written(terminal: int, started: subprocess.Popen[bytes]) -> bytes:
    """All that a program writes until it ends. Where gevent has patched this process a copy of the other side stays
    open, so that its closing alone does not tell the end.
    """
    text = b""
    while True:
        ended = started.poll() is not None
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                text += os.read(terminal, 65536)
            except OSError:  # EIO: the other side is closed (pty(7) on Linux).
                return text
        elif ended:
            return text


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("command", COMMANDS, ids="-".join)
def test_on_a_terminal_there_is_an_excerpt_in_colours(command: list[str], wrong: Path) -> None:
    code, text = on_terminal(command, wrong)
    assert code == 1
    assert "\x1b[31m" in text
    lines = [line.rstrip() for line in bare(text).splitlines()]
    at = next(index for index, line in enumerate(lines) if f"{wrong}/{PLACE}" in line)
    assert [*lines[at + 1 : at + 3], lines[at + 3].strip()] == [*EXCERPT, "Set driver.branch: 580."]
    assert "1 error" in lines[-1] and "next: mend them, or read fleet explain CMP001" in lines[-1]


def test_without_colours_there_is_none(wrong: Path) -> None:
    for command in COMMANDS[:2]:
        code, text = on_terminal(command, wrong, NO_COLOR="1")
        assert code == 1
        assert "\x1b" not in text
        assert EXCERPT[1] in text


def test_off_a_terminal_every_problem_is_one_line_and_nothing_is_coloured(
    fleet: Command, pyinfra: Command, wrong: Path
) -> None:
    done = [fleet(*command[1:], str(wrong)) for command in COMMANDS[:-1]]
    for one in [*done, pyinfra(str(wrong), "exec", "--", "true")]:
        text = one.stdout + one.stderr
        (line,) = [line for line in text.splitlines() if "CMP001 driver.branch" in line]
        assert line.startswith(f"{wrong}/{PLACE}") and line.endswith(" Set driver.branch: 580."), text
        assert "\x1b" not in text and "^^^" not in text


def test_a_report_in_a_file_is_plain_though_a_terminal_is_there(wrong: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    code, text = on_terminal(["fleet", "validate", "-o", str(file)], wrong)
    assert (code, text) == (1, "")
    assert "\x1b" not in file.read_text() and "^^^" not in file.read_text()


def test_no_secret_reaches_a_terminal(wrong: Path) -> None:
    (wrong / "hosts" / "desk.yaml").write_text(
        'ubuntu: "24.04"\nconnection: {sudo_password: hunter2, adress: x}\nproxy: {http: "http://me:hunter2@p:1"}\n'
        "mirrors:\n  pypi: https://hunter2@index.example/simple\n  pasword: hunter2\n"
    )
    for command in COMMANDS:
        code, text = on_terminal(command, wrong)
        assert code == 1
        assert text.count("error INV") >= 5
        assert "hunter2" not in text
