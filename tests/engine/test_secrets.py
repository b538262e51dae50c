"""Secrets: where they come from, what is refused, and that nothing shows one."""

import copy
import json
import sys
from pathlib import Path

import pytest

from fleet import secrets, shell
from fleet.errors import RunError
from schema.connection import SecretReference


def reveal(folder: Path, **reference: object) -> str:
    return secrets.of(SecretReference.model_validate(reference), folder).reveal()


def test_each_kind_of_reference_gives_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_TEST_SECRET", "from env")
    (tmp_path / "secret").write_text("from file\n")
    assert reveal(tmp_path, env="FLEET_TEST_SECRET") == "from env"
    assert reveal(tmp_path, file="secret") == "from file"
    assert reveal(tmp_path, file=str(tmp_path / "secret")) == "from file"
    assert reveal(tmp_path, command=["printf", "from command\nmore"]) == "from command"


def test_a_command_runs_once_for_all_hosts_that_share_it(tmp_path: Path) -> None:
    count = tmp_path / "count"
    reference = SecretReference(command=(sys.executable, "-c", f"open({str(count)!r}, 'a').write('x'); print('pw')"))
    for _ in range(3):
        assert secrets.of(reference, tmp_path).reveal() == "pw"
    assert count.read_text() == "x"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ({"env": "FLEET_TEST_UNSET"}, "RUN220"),
        ({"file": "no-such-file"}, "RUN220"),
        ({"file": "."}, "RUN220"),
        ({"command": ["false"]}, "RUN220"),
        ({"command": ["/no/such/program"]}, "RUN220"),
        ({"command": ["true"]}, "RUN221"),
        ({"file": "two-lines"}, "RUN221"),
        ({"file": "empty"}, "RUN221"),
    ],
)
def test_what_gives_no_line_is_refused(tmp_path: Path, reference: dict[str, object], code: str) -> None:
    (tmp_path / "two-lines").write_text("hunter2\nhunter3\n")
    (tmp_path / "empty").write_text("")
    with pytest.raises(RunError) as raised:
        reveal(tmp_path, **reference)
    assert raised.value.code == code
    assert "hunter2" not in raised.value.text()


def test_nothing_shows_a_secret() -> None:
    secret = secrets.given("hunter2")
    shown = (
        f"{secret} {secret!r} {copy.copy(secret)!r} {json.dumps(secret.to_json())} {[secret]} {vars(secret)['origin']}"
    )
    assert "hunter2" not in shown
    secret.reveal()
    assert "hunter2" not in f"{secret} {secret!r}"
    assert copy.copy(secret).reveal() == "hunter2"


def test_output_that_is_not_utf_8_is_read_all_the_same() -> None:
    found, marked = shell.output(b"caf\xe9\n\nlast", f"{shell.MARKER}\nwarning\n".encode())
    assert (found.stdout_lines, found.stderr_lines, marked) == (["caf\ufffd", "", "last"], ["warning"], True)
