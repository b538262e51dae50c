"""A combination that the inventory accepts: every command goes on, and says what was accepted and why."""

import json
from pathlib import Path

from tests.engine.conftest import Command

WRONG = 'connection: local\nubuntu: "24.04"\ngpus: [GTX 1080]\ngroups: [desks]\ndriver: {branch: 610}\n'
ACCEPT = 'accept: [{code: CMP001, reason: "a beta of the vendor", until: 2099-12-31}]\n'
REASON = "Accepted until 2099-12-31: a beta of the vendor."


def test_without_the_entry_nothing_goes_on(fleet: Command, pyinfra: Command, folder: Path) -> None:
    (folder / "hosts" / "desk.yaml").write_text(WRONG)
    assert fleet("validate", str(folder)).returncode == 1
    assert "reached" not in pyinfra("-y", str(folder), "exec", "--", "echo", "reached").stderr


def test_with_the_entry_every_command_goes_on_and_tells_it(fleet: Command, pyinfra: Command, folder: Path) -> None:
    (folder / "hosts" / "desk.yaml").write_text(WRONG + ACCEPT)
    valid = fleet("validate", str(folder))
    assert (valid.returncode, REASON in valid.stdout) == (0, True), valid.stdout
    assert valid.stdout.splitlines()[-1] == f"1 host: valid, 1 accepted. next: fleet plan {folder}"
    done = pyinfra("-y", str(folder), "exec", "--", "echo", "reached")
    assert (done.returncode, "[desk] reached" in done.stderr, REASON in done.stderr) == (0, True, True), done.stderr
    drift = fleet("drift", "--format", "json", str(folder))
    (host,) = json.loads(drift.stdout)["hosts"]
    assert host["error"] is None, drift.stdout
    assert not {"GPU003", "GPU181"} & {item["code"] for item in host["findings"]}
    assert REASON in drift.stderr


def test_the_json_says_accepted(fleet: Command, folder: Path) -> None:
    (folder / "hosts" / "desk.yaml").write_text(WRONG + ACCEPT)
    made = json.loads(fleet("validate", "--format", "json", str(folder)).stdout)
    (problem,) = made["problems"]
    assert (made["ok"], problem["code"], problem["severity"], problem["accepted"]) == (True, "CMP001", "warning", True)
