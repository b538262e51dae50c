"""fleet import ansible as a command: what it writes, what it refuses, and that nothing half-written is left."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fleet import staged
from fleet.errors import RunError

FOLDER = Path(__file__).parents[1] / "captures" / "ansible"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_inventory_is_written_and_the_next_command_named(fleet: Command, tmp_path: Path) -> None:
    into = tmp_path / "new" / "site"
    done = fleet("import", "ansible", str(FOLDER / "hosts.ini"), "--into", str(into))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"next: fleet discover -i {into}"
    assert "not valid yet" in done.stdout
    assert "hosts/alias1.yaml" in files(into)
    assert "s3 cret" not in done.stdout + "".join(path.read_text() for path in into.rglob("*.yaml"))
    shown = fleet("validate", str(into), "--format", "json")
    assert {problem["code"] for problem in json.loads(shown.stdout)["problems"]} == {"INV014"}


def test_the_report_as_json_names_everything_that_is_left_out(fleet: Command, tmp_path: Path) -> None:
    done = fleet("import", "ansible", str(FOLDER / "hosts.ini"), "--into", str(tmp_path / "a"), "--format", "json")
    report = json.loads(done.stdout)
    assert (report["version"], len(report["hosts"]), report["next"]) == (1, 14, f"fleet discover -i {tmp_path / 'a'}")
    assert report["renamed"][0]["to"] == "2001-db8-5"
    assert {"http_port", "motd", "ntp", "ansible_become_password"} <= {one["name"] for one in report["left_out"]}
    assert files(tmp_path / "a") == report["files"]


def test_nothing_is_written_over_without_force(fleet: Command, tmp_path: Path) -> None:
    into = tmp_path / "site"
    (into / "hosts").mkdir(parents=True)
    (into / "hosts" / "alias1.yaml").write_text("# mine\n")
    words = ("import", "ansible", str(FOLDER / "hosts.ini"), "--into", str(into))
    refused = fleet(*words)
    assert refused.returncode == 1
    assert "RUN383" in refused.stderr
    assert "hosts/alias1.yaml" in refused.stderr
    assert files(into) == ["hosts/alias1.yaml"]
    assert (into / "hosts" / "alias1.yaml").read_text() == "# mine\n"
    assert fleet(*words, "--force").returncode == 0
    assert "10.1.1.1" in (into / "hosts" / "alias1.yaml").read_text()


@pytest.mark.parametrize(
    ("content", "code"),
    [("#!/bin/sh\n", "RUN382"), ("[a\n", "RUN381"), ("", "RUN384"), ("a ansible_connection=winrm\n", "RUN384")],
)
def test_what_is_refused_leaves_no_folder(content: str, code: str, fleet: Command, tmp_path: Path) -> None:
    (tmp_path / "source").write_text(content)
    done = fleet("import", "ansible", str(tmp_path / "source"), "--into", str(tmp_path / "site"))
    assert (done.returncode, code in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    assert "next: " in done.stderr
    assert not (tmp_path / "site").exists()


def test_a_file_that_is_not_there_and_a_verb_that_is_not(fleet: Command, tmp_path: Path) -> None:
    gone = fleet("import", "ansible", str(tmp_path / "gone"), "--into", str(tmp_path / "site"))
    assert (gone.returncode, "RUN380" in gone.stderr) == (1, True)
    folder = fleet("import", "ansible", str(tmp_path), "--into", str(tmp_path / "site"))
    assert (folder.returncode, "RUN382" in folder.stderr) == (1, True)
    assert fleet("import", "ansible", "x", "--nonsense").returncode == 64
    assert fleet("import", "chef", "x").returncode != 0
    assert "ansible" in fleet("import", "--help").stdout


def test_a_folder_that_cannot_be_written_keeps_what_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts" / "a.yaml").write_text("old\n")
    real = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if Path(target).name == "b.yaml":
            raise OSError(28, os.strerror(28))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(RunError, match="No space left"):
        staged.write(tmp_path, {"hosts/a.yaml": "new\n", "hosts/b.yaml": "new\n", "x/y/c.yaml": "new\n"})
    assert files(tmp_path) == ["hosts/a.yaml"]
    assert (tmp_path / "hosts" / "a.yaml").read_text() == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["hosts"]


def test_a_new_folder_that_cannot_be_filled_is_gone_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Path, target: Path) -> Path:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(RunError, match="cannot write"):
        staged.write(tmp_path / "deep" / "site", {"hosts/a.yaml": "new\n"})
    assert list(tmp_path.iterdir()) == []


def test_files_have_the_mode_of_the_users_own(tmp_path: Path) -> None:
    staged.write(tmp_path / "site", {"hosts/a.yaml": "a\n"})
    (tmp_path / "own").write_text("")
    wanted = stat.S_IMODE((tmp_path / "own").stat().st_mode)
    assert stat.S_IMODE((tmp_path / "site" / "hosts" / "a.yaml").stat().st_mode) == wanted
    shutil.rmtree(tmp_path / "site")


def test_what_ansible_prints_comes_by_standard_input(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("fleet")), "import", "ansible", "-", "--into", str(tmp_path / "site")]
    text = (FOLDER / "expected" / "plain.ini.json").read_text()
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(files(tmp_path / "site")) > 10
