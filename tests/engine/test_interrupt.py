"""Ctrl-C in the middle of a run: one word, exit code 130, no traceback."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engine.conftest import ROOT


@pytest.mark.parametrize(
    "command",
    [["fleet", "drift"], ["fleet", "apply", "-y"], ["pyinfra", "-y", "SITE", "exec", "--", "true"]],
    ids=["drift", "apply", "pyinfra"],
)
def test_ctrl_c_ends_with_130(command: list[str], tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        (tmp_path / "hosts").mkdir()
        connection = f"{{address: 127.0.0.1, port: {silent.getsockname()[1]}, timeout: 60}}"
        (tmp_path / "hosts" / "silent.yaml").write_text(f'ubuntu: "24.04"\ngpus: []\nconnection: {connection}\n')
        words = [str(tmp_path) if word == "SITE" else word for word in command]
        words += [] if "SITE" in command else [str(tmp_path)]
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / words[0]), *words[1:]],
            cwd=ROOT,
            env=os.environ | {"XDG_STATE_HOME": str(tmp_path / "state")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        silent.settimeout(60)
        accepted, _ = silent.accept()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
        accepted.close()
    assert process.returncode == 130, said
    assert "interrupted" in said and "Traceback" not in said, said
