"""The nightly templates: units as systemd reads them, CI files by their form, and their commands run in order."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
NIGHTLY = ROOT / "examples/nightly"
FLEET = Path(sys.executable).with_name("fleet")
UNITS = ("gpufleet-drift.service", "gpufleet-drift.timer", "gpufleet-alert@.service")
Step = dict[str, Any]


def units(kind: str, folder: Path) -> Path:
    """The templates of a kind, with programs that are on this machine."""
    for name in UNITS:
        text = (NIGHTLY / kind / name).read_text()
        text = text.replace("/opt/gpufleet/.venv/bin/fleet", "/bin/true").replace(
            "%h/gpufleet/.venv/bin/fleet", "/bin/true"
        )
        text = text.replace("/etc/gpufleet/alert", "/bin/true").replace(
            "%h/gpufleet/examples/nightly/alert", "/bin/true"
        )
        (folder / name).write_text(text.replace("User=gpufleet", "User=root"))
    return folder


def analyze(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:", "XDG_RUNTIME_DIR": str(folder)}
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, env=environment, cwd=folder, timeout=60
    )


needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze (systemd)")


@needs_systemd
@pytest.mark.parametrize("kind", ["system", "user"])
def test_systemd_has_nothing_to_say_about_the_units(kind: str, tmp_path: Path) -> None:
    words = ["verify", "--man=no", f"--{kind}", *(f"./{name.replace('@.', '@failed.')}" for name in UNITS)]
    good = analyze(units(kind, tmp_path), *words)
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    text = (tmp_path / UNITS[0]).read_text()
    (tmp_path / UNITS[0]).write_text(text.replace("SuccessExitStatus=2", "SucessExitStatus=2"))
    assert "SucessExitStatus" in analyze(tmp_path, *words).stderr


@needs_systemd
def test_the_system_service_is_confined(tmp_path: Path) -> None:
    folder = units("system", tmp_path)
    done = analyze(folder, "security", "--offline=yes", "--threshold=25", "--no-pager", f"./{UNITS[0]}")
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.mark.parametrize(
    ("word", "said"), [("drift", "drift or are unhealthy: 2 hosts"), ("failed", "not tell of every")]
)
def test_the_alert_says_what_the_report_counts(word: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "drift.txt").write_text("a  drift\n2 hosts: 1 in-sync, 1 drift\n")
    for folder in (tmp_path, tmp_path / "none"):
        done = subprocess.run([NIGHTLY / "alert", word, folder], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("<3>")
        assert said in done.stdout or folder.name == "none"


def github() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((NIGHTLY / "ci/github-actions.yml").read_text())
    return found


def gitlab() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((NIGHTLY / "ci/gitlab-ci.yml").read_text())
    return found


def test_github_pins_its_actions_and_has_no_secret_in_a_command() -> None:
    found = github()
    # YAML 1.1 reads the key `on` as true.
    assert set(found[True]) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert found["permissions"] == {"contents": "read"}
    steps = [step for job in found["jobs"].values() for step in job["steps"]]
    for step in steps:
        assert ("uses" in step) != ("run" in step)
        assert "uses" not in step or re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40}", step["uses"])
        assert "${{" not in step.get("run", "")
    assert re.fullmatch(r"[0-9a-f]{40}", found["env"]["GPUFLEET_COMMIT"])
    drift = found["jobs"]["drift"]
    assert drift["concurrency"] == {"group": "gpufleet-drift", "cancel-in-progress": False}
    kept = [step for step in drift["steps"] if "report" in str(step.get("with"))]
    assert all("always()" in step["if"] for step in kept if "restore" not in step["uses"])


def test_gitlab_keeps_the_report_of_a_red_job_and_runs_one_at_a_time() -> None:
    found = gitlab()
    drift = found["drift"]
    assert drift["artifacts"]["when"] == "always"
    assert drift["artifacts"]["reports"] == {"junit": "report/drift.xml"}
    assert drift["resource_group"]
    assert re.fullmatch(r"[0-9a-f]{40}", found["variables"]["GPUFLEET_COMMIT"])


class Machine:
    """A runner: a home folder, an inventory as its working folder, and a `make install` that finds all installed."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.inventory, self.home = folder, folder / "inventory", folder / "home"
        (self.inventory / "hosts").mkdir(parents=True)
        self.home.mkdir()
        host = f"connection: {address}\nubuntu: '24.04'\ngpus: []\n"
        (self.inventory / "hosts/a.yaml").write_text(host)
        (folder / "bin").mkdir()
        make = folder / "bin/make"
        make.write_text(f'#!/bin/sh\n[ "$1 $3" = "-C install" ] && ln -s {FLEET.parents[1]} "$2/.venv"\n')
        make.chmod(0o755)
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
        self.values = {
            "GPUFLEET_REPOSITORY": str(ROOT),
            "GPUFLEET_COMMIT": commit.stdout.strip(),
            "INVENTORY": ".",
            "HOME": str(self.home),
            "RUNNER_TEMP": str(folder / "temp"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        (folder / "temp").mkdir()

    def run(self, script: str, **more: str) -> int:
        """As GitHub's runner and GitLab's do: bash -e, in the repository."""
        environment = {**os.environ, **self.values, **more}
        done = subprocess.run(["bash", "-e", "-c", script], cwd=self.inventory, env=environment, timeout=120)
        return done.returncode

    def drift(self) -> int:
        return self.run(f"{FLEET} drift .")


DEAD = "{address: 127.0.0.1, port: 1, timeout: 2}"


@pytest.mark.parametrize("address", [DEAD, "local"])
def test_githubs_commands_in_their_order(address: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path, address)
    secrets = {"SSH_KEY": "not a key", "KNOWN_HOSTS": "127.0.0.1 ssh-ed25519 AAAA"}
    codes: dict[str, int] = {}
    for name, job in github()["jobs"].items():
        for step in job["steps"]:
            failed = any(codes.values())
            if "run" in step and (not failed or "always()" in step.get("if", "")):
                given = {key: secrets[key] for key in step.get("env", {})}
                codes[step["name"]] = machine.run(step["run"], **given)
                if step["name"] == "Key and known hosts":
                    key = tmp_path / "temp/home/.ssh/id_ed25519"
                    assert (key.stat().st_mode & 0o777, key.read_text()) == (0o600, "not a key\n")
        if name == "validate":
            assert set(codes.values()) == {0}
            shutil.rmtree(tmp_path / "temp/gpufleet")
    assert codes.pop("Drift") == machine.drift()
    assert set(codes.values()) == {0}
    report = machine.inventory / "report"
    assert sorted(path.name for path in report.iterdir()) == ["drift.html", "drift.json", "drift.md", "drift.xml"]
    assert (tmp_path / "summary.md").read_text() == (report / "drift.md").read_text()
    assert not (tmp_path / "temp/home").exists()


def test_gitlabs_commands_in_their_order(tmp_path: Path) -> None:
    machine = Machine(tmp_path, DEAD)
    found = gitlab()
    files = {name: tmp_path / name for name in ("GPUFLEET_SSH_KEY", "GPUFLEET_KNOWN_HOSTS")}
    for file in files.values():
        file.write_text("text\n")
    given = {name: str(file) for name, file in files.items()}
    clone = str(tmp_path / "gpufleet")
    before = [line.replace("/tmp/gpufleet", clone) for line in found["default"]["before_script"]]
    assert machine.run("\n".join([*before, found["validate"]["script"][0].replace("/tmp/gpufleet", clone)])) == 0
    for night in (1, 2):
        script = [line.replace("/tmp/gpufleet", clone) for line in found["drift"]["script"]]
        assert machine.run("\n".join(script), **given) == machine.drift() == 1, night
        assert {path.name for path in (machine.inventory / "report").iterdir()} >= {"drift.json", "drift.xml"}
    assert (machine.home / ".ssh/id_ed25519").stat().st_mode & 0o777 == 0o600


def test_the_services_command_writes_all_forms_and_compares_with_last_night(tmp_path: Path) -> None:
    """The command of ExecStart itself, for both kinds of service, twice."""
    for kind in ("system", "user"):
        (tmp_path / kind).mkdir()
        machine = Machine(tmp_path / kind, DEAD)
        text = (NIGHTLY / kind / UNITS[0]).read_text().replace("\\\n", " ")
        (command,) = re.findall(r"^ExecStart=\S+ (.*)$", text, re.MULTILINE)
        report = machine.folder / "report" if kind == "system" else machine.home / ".local/state/gpufleet/report"
        report.mkdir(parents=True)
        command = command.replace("%h", str(machine.home))
        for night in (1, 2):
            code = machine.run(f"cd {report}\n{FLEET} {command}", GPUFLEET_INVENTORY=str(machine.inventory))
            assert code == 1, night
        names = {path.name for path in report.iterdir()}
        assert names >= {"drift.txt", "drift.json", "drift.html"}
        assert kind == "user" or names >= {"drift.xml", "drift.md", "gpufleet.prom"}


def test_every_file_that_the_page_names_is_there() -> None:
    text = (ROOT / "docs/nightly.md").read_text()
    for path in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / "docs" / path).exists(), path
    for pattern in re.findall(r"(?<=[ (])examples/nightly/[a-z]\S*[a-z*]", text):
        assert list(ROOT.glob(pattern)), pattern
